"""``python -m benchmarks.redaction [--sealed | --hostile] [--misses N]``"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from benchmarks.figures import Aim, Figure, table
from benchmarks.redaction import hostile
from benchmarks.redaction.corpora import corpora
from benchmarks.redaction.samples import Sample, samples
from meshhook_alerts.domain.redaction import VERSION, redact

_LEFT = 6  # characters in a row of a secret that must not be left


def main() -> int:
    """Measures and prints."""
    wanted = _arguments()
    if wanted.hostile:
        print(table(list(hostile.figures())))
        return 0
    found = [each for corpus in corpora() for each in samples(corpus, sealed=wanted.sealed)]
    secrets = [each for each in found if each.secret]
    harmless = [each for each in found if not each.secret]
    print(f"redaction, version {VERSION}; {'sealed' if wanted.sealed else 'open'} corpora")
    print(table([*_removed(secrets), *_touched(harmless)]))
    _show("left as they came", [each for each in secrets if not is_removed(each)], wanted.misses)
    _show("touched", [each for each in harmless if is_touched(each)], wanted.misses)
    return 0


def is_removed(sample: Sample) -> bool:
    """Whether nothing worth knowing of the secret is left: no quarter of it, and no 12 characters."""
    secret, left = sample.secret or "", redact(sample.text)
    size = max(_LEFT, min(12, len(secret) // 4))
    pieces = (secret[at : at + size] for at in range(len(secret) - size + 1))
    around = sample.text.replace(secret, "\0")
    return not any(piece in left and piece not in around for piece in pieces)


def is_touched(sample: Sample) -> bool:
    """Whether redaction changed a text in which nothing is secret."""
    return redact(sample.text) != sample.text


def _removed(found: list[Sample]) -> Iterable[Figure]:
    for name in [*dict.fromkeys(each.corpus for each in found), "all"]:
        own = [each for each in found if name in (each.corpus, "all")]
        share = sum(map(is_removed, own)) / max(1, len(own))
        aim = Aim(0.95) if name == "all" else None
        yield Figure("removed", f"{name}, {len(own)} secrets", "share", share, aim=aim)


def _touched(found: list[Sample]) -> Iterable[Figure]:
    for name in [*dict.fromkeys(each.corpus for each in found), "all", "long words"]:
        own = [each for each in found if name in (each.corpus, each.kind, "all")]
        share = sum(map(is_touched, own)) / max(1, len(own))
        aim = Aim(0.05, at_least=False) if name == "all" else None
        yield Figure("touched", f"{name}, {len(own)} texts", "share", share, aim=aim)


def _show(title: str, found: list[Sample], most: int) -> None:
    for each in found[:most]:
        print(f"\n{title}: {each.corpus}, {each.kind}\n  {each.text!r}\n  {redact(each.text)!r}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.redaction", description=__doc__)
    parser.add_argument("--sealed", action="store_true", help="the corpora kept for the end")
    parser.add_argument("--hostile", action="store_true", help="texts made to be slow, instead")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show so many of each")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
