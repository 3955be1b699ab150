"""Which names stand for a secret, and which values are none although such a name stands before them."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

import re2


class Sense(IntEnum):
    """What a name says of the value beside it."""

    NOTHING = 0
    MAYBE = 1
    """Often an identifier, sometimes a secret: the value's looks decide."""
    SECRET = 2
    PASSWORD = 3
    """Secret even if it is an ordinary word or a number."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PASSWORD = _words(
    """
    password passwords passwd passphrase passwort passcode pwd pass pw pin otp totp cvv cvc ssn
    contrasena senha motdepasse wachtwoord kennwort clave
    """
)
_SECRET = _words(
    """
    secret secrets token tokens apikey apikeys credential credentials creds cred auth
    authorization authentication authn cookie cookies session sessionid sessid sid sig signature
    hmac bearer jwt pat accesskey secretkey privatekey authkey authtoken accesstoken sas saskey
    dsn seed mnemonic recovery webhook xsrf csrf phpsessid jsessionid license licence
    """
)
_MAYBE = _words(
    """
    key keys code access login nonce salt verifier challenge assertion ticket grant connection
    conn client cert certificate invite share link refresh registration confirm reset magic
    """
)
# Beside one of these "key" is a secret: "api key", not "primary key".
_KEY_OF = _words(
    """
    api access secret private signing sign encryption encrypt master account shared client
    service app application consumer storage auth ssh webhook admin root license licence deploy
    subscription functions host function x ocp apim developer dev live test prod publishable
    restricted server personal integration write read ingest read_write routing hmac aes rsa
    """
)
_KEY_NOT_OF = _words(
    """
    primary foreign sort partition cache composite unique row hash range group object bucket s3
    index duplicate not missing
    """
)
# Words that a secret's own name ends in; with another word in front, all in small letters.
_ENDINGS = (
    *("password", "passwd", "passphrase", "passwort", "secret", "apikey", "accesskey", "secretkey"),
    *("privatekey", "credential", "credentials", "token", "sessionid"),
)
# "token type", "password length", "auth method": what is said of a secret is none itself.
_ABOUT = _words(
    """
    type types count counts url uri endpoint name names length len size limit limits policy
    expiry expires expired expiration ttl timeout at in age method methods mode modes version
    status state error errors required enabled disabled file filename path field header headers
    provider scheme position index line host port username class algorithm alg format hint id
    ids usage used budget remaining rate reset per max min total valid invalid issuer audience
    scope scopes location attempts retries failed failures failure not is was has required
    missing domain samesite
    """
)
_COUNTED = _words(
    """
    max min total num number count limit prompt completion input output used remaining per
    cached reasoning estimated generated rate budget
    """
)
# Words of authentication schemes, and of SQL, that stand before a secret.
_SCHEMES = _words(
    """
    basic digest negotiate aws4 identified
    """
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _any_of_them() -> str:
    """A pattern that every text with one of these words in it fits; short ones only as a whole word,
    or half the language would."""
    words = _PASSWORD | _SECRET | _MAYBE | {*_ENDINGS} | _SCHEMES
    long = sorted(word for word in words if len(word) > 4)
    short = "|".join(sorted(word for word in words if len(word) <= 4))
    capital = "|".join(sorted(word.capitalize() for word in words if len(word) <= 4))
    return (
        rf"(?i:{'|'.join(long)})|(?:^|[^a-zA-Z]|%[0-9a-fA-F][a-fA-F])(?i:{short})(?:[^a-z]|$)"
        rf"|[a-z0-9](?:{capital}|{capital.upper()})(?:[^a-z]|$)"
    )


_SAYS_SO = re2.compile(_any_of_them())


def speaks_of_secrets(text: str) -> bool:
    """Whether any name that `sense_of` knows can stand in ``text``."""
    return _SAYS_SO.search(text) is not None


@lru_cache(maxsize=4096)
def sense_of(name: str) -> Sense:
    """What ``name`` (``clientSecret``, ``X-Api-Key``, ``spring.datasource.password``) says.

    >>> sense_of("MY_API_KEY"), sense_of("max_tokens"), sense_of("author")
    (<Sense.SECRET: 2>, <Sense.NOTHING: 0>, <Sense.NOTHING: 0>)
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or (words[-1] in ("key", "keys") and "public" in words):
        return Sense.NOTHING
    said = max(map(_sense_of_word, words))
    if words[-1] in ("key", "keys") and (_KEY_OF & set(words[:-1]) or _is_setting(name, words)):
        said = Sense.SECRET
    if said <= Sense.MAYBE:
        return said
    if words[-1] == "tokens" and _COUNTED & set(words):
        return Sense.NOTHING
    return Sense.MAYBE if len(words) > 1 and words[-1] in _ABOUT else said


def _is_setting(name: str, words: list[str]) -> bool:
    """Whether it is an environment's ``SOMETHING_KEY``, and not one of a table or a cache."""
    return name.isupper() and name.endswith("_KEY") and not _KEY_NOT_OF & set(words)


def _sense_of_word(word: str) -> Sense:
    if word in _PASSWORD:
        return Sense.PASSWORD
    if word in _SECRET:
        return Sense.SECRET
    if word.endswith(_ENDINGS):
        return Sense.PASSWORD if word.endswith(("word", "passwd", "phrase")) else Sense.SECRET
    return Sense.MAYBE if word in _MAYBE else Sense.NOTHING


_NO_VALUES = _words(
    """
    true false null none nil undefined nan empty missing invalid expired required unset ok yes
    no failed failure error denied rejected unauthorized forbidden revoked disabled enabled
    wrong bad unknown unsupported malformed mismatch incorrect present absent redacted removed
    hidden masked filtered string str bytes int integer object array boolean optional any type
    closed open opened basic bearer digest negotiate ntlm oauth oauth2 saml ldap kerberos jwt
    apikey default internal external active inactive started ended created deleted updated not
    found header query body
    """
)
_PLACEHOLDER = re.compile(
    r"\$\{?[\w.()\[\] -]*\}?|\{+[\w .\[\]'\"-]*\}*|<[\w -]*>|%\(?\w*\)?[sdr]?|[*.x•X?_-]{1,16}|\[.*"
    r"|(?:process|os|env|self|this|config|settings|secrets|vars)\.[\w.\[\]'\"]+"
    r"|[A-Za-z_][\w.:]*\(.*"
)


def is_no_value(value: str) -> bool:
    """Whether ``value`` is a state, a type, a placeholder or code, and so gives nothing away."""
    bare = value.strip(" .,;:!?'\"")
    return not bare or bare.lower() in _NO_VALUES or _PLACEHOLDER.fullmatch(value) is not None
