"""What the corpora hold: texts with a secret in them, and texts with none.

Three ways of reading, the same for every corpus, sealed or not:

* *rules* of a secret scanner: made-up secrets after each rule's own shape, one third of the rules
  sealed by their name, put into error texts of ours;
* *tests* of redactors: what a test asserts to be ``not in`` a result is a secret if it looks like one at
  all (letters and digits, one word), and the texts of that test which hold it, and more, are taken as
  they stand;
* *error texts* of libraries: what they raise, what their tests expect to be raised, and the texts with
  long words in their tests; without those that set a value beside "password", "token", "cookie" and
  the like, of which nobody could say that they are harmless.
"""

from __future__ import annotations

import ast
import json
import random
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rstr import Rstr

from benchmarks.redaction.corpora import Corpus
from benchmarks.redaction.texts import with_secret

_SAMPLES_A_RULE = 3
_SECRET = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[^\s\[\]<>\"'(){}]{8,}")
_OUT_OF_SCOPE = re.compile(
    r"\S*\.(?:py|json|txt|log|db|yaml)|/\S*|[^@\s:/]*@[^@\s:/]*|[\d.:/TZ-]+|(?:[\da-fA-F]*:){3,}.*"
    r"|[A-Z]{2}\d[\dA-Z]{0,20}|[\w-]+="
)
"""What redactors of personal data mask, or tests speak of: paths, addresses, numbers of people."""
_NO_SECRET_RULE = re.compile(r"generic|curl|.*-(?:id|url|host|domain|username|cookie)(?:\.\d+)?$")
_MAY_HOLD_ONE = re.compile(
    r"://[^/\s]*@|(?i:password|secret|token|session\w*|cookie\w*|sid|auth\w*|signature)[\"']?\s*[=:]\s*\S"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and, unless it is harmless, the secret in it."""

    corpus: str
    kind: str
    text: str
    secret: str | None = None


def is_sealed_kind(name: str) -> bool:
    """Whether a rule belongs to the third that is kept for the end."""
    return sha256(name.encode()).digest()[0] % 3 == 0


def samples(corpus: Corpus, *, sealed: bool) -> list[Sample]:
    """The corpus's samples; of a scanner's rules those of the sealed third, or the others."""
    rules = next(corpus.folder().rglob("config/betterleaks.toml"), None)
    if rules:
        return list(_of_rules(corpus.name, rules, sealed=sealed))
    if corpus.sealed is not sealed:
        return []
    shapes = next(corpus.folder().rglob("credsweeper/rules/config.yaml"), None)
    if shapes:
        return list(_of_shapes(corpus.name, shapes))
    patterns = next(corpus.folder().rglob("deepsecrets/rules/regexes.json"), None)
    if patterns:
        return list(_of_named(corpus.name, _listed(patterns)))
    for where in ("tartufo/data/default_regexes.json", "truffleHogRegexes/regexes.json"):
        if named := next(corpus.folder().rglob(where), None):
            return list(_of_named(corpus.name, _mapped(named)))
    plugins = next(corpus.folder().rglob("detect_secrets/plugins"), None)
    if plugins:
        return list(_of_named(corpus.name, _compiled(plugins)))
    found = _of_tests(corpus) if corpus.holds == "secrets" else _harmless(corpus)
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- a scanner's rules


def _of_rules(corpus: str, path: Path, *, sealed: bool) -> Iterator[Sample]:
    for rule in tomllib.loads(path.read_text())["rules"]:
        name = rule["id"]
        if "regex" not in rule or _NO_SECRET_RULE.match(name):
            continue
        if is_sealed_kind(name) is sealed:
            for number in range(_SAMPLES_A_RULE):
                secret = _made_up(rule["regex"], f"{name} {number}")
                if secret and len(secret) >= 10 and not re.search(r"\s", secret):
                    text = with_secret(secret, name, number)
                    yield Sample(corpus, name, text, secret)


def _of_shapes(corpus: str, path: Path) -> Iterator[Sample]:
    """Of a second scanner's rules: those that it says are shapes of tokens, not of what stands around."""
    for rule in re.split(r"(?m)^- ", path.read_text())[1:]:
        name = rule.partition("\n")[0].removeprefix("name: ").lower().replace(" ", "-")
        values = re.findall(r"(?m)^    - (\(.*)$", rule)
        if "type: pattern" not in rule or "TokenPattern" not in rule or _NO_SECRET_RULE.match(name):
            continue
        for number in range(_SAMPLES_A_RULE):
            secret = _made_up(values[0], f"{name} {number}") if values else None
            if secret and 10 <= len(secret) <= 400 and not re.search(r"\s", secret):
                yield Sample(corpus, name, with_secret(secret, name, number), secret)


def _of_named(corpus: str, rules: Iterable[tuple[str, str]]) -> Iterator[Sample]:
    """Made-up secrets after rules of a name and a regular expression."""
    for name, regex in rules:
        if _NO_SECRET_RULE.match(name):
            continue
        for number in range(_SAMPLES_A_RULE):
            secret = _made_up(regex, f"{name} {number}")
            if secret and 10 <= len(secret) <= 400 and not re.search(r"\s", secret):
                yield Sample(corpus, name, with_secret(secret, name, number), secret)


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    for rule in json.loads(path.read_text()):
        yield rule["name"].lower().replace(" ", "-"), rule["pattern"]


def _mapped(path: Path) -> Iterator[tuple[str, str]]:
    for name, rule in json.loads(path.read_text()).items():
        pattern = rule["pattern"] if isinstance(rule, dict) else rule
        yield name.lower().replace(" ", "-"), str(pattern)


def _compiled(folder: Path) -> Iterator[tuple[str, str]]:
    """A detector's own expressions; those that look for names or for entropy have no shape."""
    for path in sorted(folder.glob("*.py")):
        if path.stem in ("keyword", "high_entropy_strings", "ip_public", "private_key", "base"):
            continue
        place = 0
        for each in ast.walk(ast.parse(path.read_text())):
            match each:
                case ast.Call(func=ast.Attribute(attr="compile"), args=[first, *_]):
                    if regex := _folded(first, {}):
                        yield f"{path.stem.replace('_', '-')}.{place}", regex
                        place += 1


def _made_up(regex: str, seed: str) -> str | None:
    """A secret of a rule's shape: its first group, or all of it."""
    pattern = regex.replace("[[:alnum:]]", "[a-zA-Z0-9]").replace(r"\z", r"\Z")
    try:
        wanted = re.compile(pattern)
        text = Rstr(random.Random(seed)).xeger(pattern)
    except (re.error, KeyError, ValueError, RecursionError):
        return None
    found = wanted.search(text)
    return next((group for group in found.groups() if group), found[0]).strip() if found else None


# ---------------------------------------------------------------- tests of redactors


def _of_tests(corpus: Corpus) -> Iterator[Sample]:
    for tree in _parsed(corpus, tests_only=True):
        known = _constants(tree.body)
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _of_test(corpus.name, function, known)


def _of_test(
    corpus: str, function: ast.FunctionDef | ast.AsyncFunctionDef, known: dict[str, str]
) -> Iterator[Sample]:
    known = known | _constants(ast.walk(function))
    secrets = set()
    for each in ast.walk(function):
        if isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.NotIn):
            text = _folded(each.left, known)
            if text and _SECRET.fullmatch(text) and not _OUT_OF_SCOPE.fullmatch(text):
                secrets.add(text)
    folded = (_folded(each, known) for each in ast.walk(function) if isinstance(each, ast.expr))
    texts = sorted({text for text in folded if text and len(text) < 900 and "\0" not in text})
    for secret in sorted(secrets):
        for text in texts:
            if secret in text and text.strip() != secret:
                yield Sample(corpus, function.name, text, secret)


def _constants(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Names that stand for a text, as far as it can be told without running anything."""
    known: dict[str, str] = {}
    for each in nodes:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            value = _folded(each.value, known)
            if value is not None:
                known[each.targets[0].id] = value
    return known


def _folded(node: ast.expr, known: dict[str, str]) -> str | None:
    """The text an expression stands for: literals, their sums and multiples, names, f-strings."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(op=ast.Add()):
            left, right = _folded(node.left, known), _folded(node.right, known)
            return left + right if left is not None and right is not None else None
        case ast.BinOp(op=ast.Mult(), right=ast.Constant(value=int() as times)):
            once = _folded(node.left, known)
            return once * times if once and times < 200 else None
        case ast.JoinedStr():
            parts = [
                _folded(part.value if isinstance(part, ast.FormattedValue) else part, known)
                for part in node.values
            ]
            return None if None in parts else "".join(part for part in parts if part)
    return None


# ---------------------------------------------------------------- error texts


def _harmless(corpus: Corpus) -> Iterator[Sample]:
    for tree in _parsed(corpus, tests_only=False):
        for each in ast.walk(tree):
            match each:
                case ast.Raise(exc=ast.Call(args=[first, *_])):
                    yield from _harmless_text(corpus.name, "raised", _folded(first, {}))
                case ast.keyword(arg="match", value=value):
                    text = _folded(value, {})
                    plain = re.sub(r"\\(.)", r"\1", text) if text else None
                    yield from _harmless_text(corpus.name, "expected", plain)
                case ast.Constant(value=str() as text) if re.search(r"\S{16}", text):
                    yield from _harmless_text(corpus.name, "long words", text)


def _harmless_text(corpus: str, kind: str, text: str | None) -> Iterator[Sample]:
    if not text or len(text.split()) < 3 or len(text) > 400 or not text.isprintable():
        return
    if not _MAY_HOLD_ONE.search(text):
        yield Sample(corpus, kind, text)


def _parsed(corpus: Corpus, *, tests_only: bool) -> Iterator[ast.Module]:
    for path in sorted(corpus.folder().rglob("*.py")):
        if not tests_only or "test" in str(path.relative_to(corpus.folder())).lower():
            try:
                yield ast.parse(path.read_text())
            except (SyntaxError, ValueError):
                continue
