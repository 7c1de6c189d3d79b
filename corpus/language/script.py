"""Chinese as it is compared: traditional and simplified signs, full and half width alike.

Used for search alone; what is quoted keeps its signs. `lexicons/simplified.json` has the signs, and
`training.simplified` makes it.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

PATH = Path(__file__).parents[1] / "lexicons" / "simplified.json"
# Signs that nobody sees: where a word may be cut or must not, and which way it is written.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_JOINED = "\u200c\u200d"  # of these, such as belong to the spelling of a word or an emoji
# An exponent or the mark of a note; what stands behind a unit (m², km³) is part of it.
_RAISED = re.compile(r"(?:(?<=\d)|(?<=\w{4}))(?<![⁰¹²³⁴-⁹])[⁰¹²³⁴-⁹]+")


def drop_unseen(text: str) -> str:
    """Return a text composed (NFC) and without signs that nobody sees; its length may change.

    What is quoted keeps them; what is compared has none of them.
    """
    if text.isascii():
        return text
    seen = _UNSEEN.sub(lambda match: match[0] if match[0] in _JOINED else "", text)
    return unicodedata.normalize("NFC", seen)


def make_plain(text: str) -> str:
    """Return a text as it is compared and read: as `drop_unseen`, and raised figures stand apart.

    So no 120¹ is 1201 where raised figures are taken for plain ones.
    """
    if text.isascii():
        return text
    return _RAISED.sub(lambda match: f" {match[0]}", drop_unseen(text))


def simplify(text: str) -> str:
    """Return a text made plain, with simplified signs and compatible forms (NFKC)."""
    if text.isascii():
        return text
    return simplify_signs(unicodedata.normalize("NFKC", make_plain(text)))


def simplify_signs(text: str) -> str:
    """Return a text with simplified signs, sign by sign, so that every place in it stays."""
    return text if text.isascii() else text.translate(_load_table())


def is_traditional(text: str) -> bool:
    """Tell whether a Chinese text has more signs of the traditional script than simplified ones."""
    table = _load_table()
    simplified = frozenset(map(ord, json.loads(PATH.read_bytes())["simplified"])) - table.keys()
    counts = Counter(map(ord, text))
    old = sum(number for sign, number in counts.items() if sign in table)
    return old > sum(number for sign, number in counts.items() if sign in simplified)


@functools.cache
def _load_table() -> dict[int, int]:
    pairs = json.loads(PATH.read_bytes())
    return str.maketrans(pairs["traditional"], pairs["simplified"])
