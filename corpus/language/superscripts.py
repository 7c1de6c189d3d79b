"""Raised and lowered words as signs of their own.

`120<sup>1</sup>` is read as 120 and a note, so it may not become 1201; `10<sup>6</sup>` stays a
power. Unicode has such signs for digits and most letters.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_WHOLE = {"TM": "™", "SM": "℠"}  # words that one sign stands for
_KEPT = "., *†‡§¶ªº°'′″"  # have no raised form and need none
_LONGEST = 24  # characters of a mark; what is longer are words


@cache
def list_signs(raised: bool) -> dict[int, str]:
    """Return the raised or the lowered signs that Unicode has, by the code of the plain one."""
    found = {}
    for code in range(0xA0, 0x2C80):
        kind, *plain = unicodedata.decomposition(chr(code)).split() or [""]
        if kind == ("<super>" if raised else "<sub>") and len(plain) == 1:
            found[int(plain[0], 16)] = chr(code)
    minus = found[ord("−")]
    return found | {ord("-"): minus, ord("–"): minus}


def set_off(words: str, before: str, raised: bool) -> str:
    """Return raised or lowered words so that they cannot be read as part of what stands before.

    `before` is the text up to them.
    """
    words = unicodedata.normalize("NFKC", " ".join(words.split()))
    last = before[-1:]
    if not words:
        return ""
    if raised and words in _WHOLE:
        return _WHOLE[words]
    if raised and last.isdigit() and len(words) > 1 and words.isalpha():
        return words  # 1st, 20th, 2er
    table = list_signs(raised)
    if len(words) <= _LONGEST and all(ord(c) in table or c in _KEPT for c in words):
        return words.translate(table)
    return f" {words}" if last.isalnum() else words


def shift(words: str, how: str) -> str:
    """Return words as raised or lowered signs, `how` being `raised`, `lowered` or empty.

    They may be a part of what is raised. Figures and marks of one letter are signs; of a word
    (`th`, `TM`) nothing is.
    """
    letters = "".join(filter(str.isalpha, words))
    raised = how == "raised"
    mark = not letters or (raised and (len(words.strip()) == 1 or set(letters) <= set("ni")))
    return words.translate(list_signs(raised)) if how and mark else words
