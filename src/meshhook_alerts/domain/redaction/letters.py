"""How unlike written language a word is: the test that tells a random token from a long name.

The costs are of pairs of letters in English prose and in names of programs (8,200 words of Python's
own documentation and standard library; each pair's cost is how surprising its second letter is after
its first, in half bits). Words and names cost about 3.5 bits a letter, random letters 6 to 7.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

_PAIRS = [
    "XJHJTOLYJXMGJHUKWGHFLMOOMU",
    "GQJNGSUZHJSFNQHMZJJOGZVVJQ",
    "GULOGQRHKZIIMTEOSJMGKPVZQZ",
    "INNJDNTTFVYKQPHOYKINJOSVNZ",
    "JPIHLLMROZSJJGPKMFGHRMOJOW",
    "HTNLHHTQEXVHMQGPUILKIZTZMZ",
    "KOORDSKKGZWJNHLPUHILJQSUUQ",
    "EUPOEXTVGZRNMSFUWJNKLUTWPZ",
    "LMIKKKKZSZSIJEGKULIGXLXMZM",
    "IUNUCNUUIUUUUUGOUOJUFUUUUU",
    "JRQMCPLRHZZJZKOLZNGLKWJZZZ",
    "GONKEORVGZQHRPGOZQJJKRQZJS",
    "FKVNEPTVHZROKQHFZPKKJVZZQZ",
    "IQIHGMGRJXNMPLINXRHFLMXXPZ",
    "NMIIONMUNZMJIELIZFJJILJQWR",
    "FSNNFPQOJZQHSQGIZFLHLQPZLZ",
    "WPRNRRWWOWWITPWOWLNWAWWRWW",
    "GQMLEOLWHZOOKLHOXJIILOPSKZ",
    "KTJQEPPJGWNLOOJIQPHFISQTLW",
    "HQLNEOUHFZVMNPIMWHIJLSORKT",
    "JJKMILLXJZZHIFOHZHHGQZZWZZ",
    "EQRRCNSTFZVRMRJPVQQNWZTVZZ",
    "FTPMHPTHFZZLZHHSSGJOSZOQZU",
    "IQGOFOQNHZZMNSLFZNNEPSTNLP",
    "OMLOJMZSIZUKJGKEZNGGURJOZS",
    "JWTWBNWWFWWMKRJNWWPWWWWWMW",
]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COST = {
    first + second: (ord(code) - ord("A")) / 2
    for first, row in zip(_LETTERS, _PAIRS, strict=True)
    for second, code in zip(_LETTERS, row, strict=True)
}
_DIGITS = 3.3  # bits of a digit after another, log2(10)
_CHANGE = 5.2  # from a letter to a digit or back
_NEW_WORD = 2.0  # on top, where a capital follows a small letter


@lru_cache(maxsize=4096)
def surprise(word: str) -> float:
    """Mean bits a character of ``word`` (ASCII); what is no letter or digit is passed over."""
    total, pairs = 0.0, 0
    for first, second in pairwise(word):
        if first.isalnum() and second.isalnum():
            total += _cost(first, second)
            pairs += 1
    return total / pairs if pairs else 0.0


@lru_cache(maxsize=4096)
def _cost(first: str, second: str) -> float:
    cost = _COST.get((first + second).lower())
    if cost is not None:
        return cost + _NEW_WORD * (first.islower() and second.isupper())
    return _DIGITS if first.isdigit() and second.isdigit() else _CHANGE
