"""Raised and lowered words as signs of their own, and formulas as lines of characters.

`120<sup>1</sup>` is read as 120 and a note, so it may not become 1201; `10<sup>6</sup>` stays a
power. Unicode has such signs for digits and most letters. What has none stands apart by a blank.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from corpus.readers.web.tree import list_events

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_PLAIN = "0123456789+-−=()"
_RAISED = str.maketrans(
    _PLAIN + "abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW–",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾" + "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ⁻",
)
_LOWERED = str.maketrans(_PLAIN + "aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎" + "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_WHOLE = {"TM": "™", "SM": "℠"}  # words that one sign stands for
_KEPT = "., *†‡§¶ªº°'′″"  # have no raised form and need none
_LONGEST = 24  # characters of a mark; what is longer are words


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
    table = _RAISED if raised else _LOWERED
    if len(words) <= _LONGEST and all(ord(c) in table or c in _KEPT for c in words):
        return words.translate(table)
    return f" {words}" if last.isalnum() else words


def spell_formula(formula: Element) -> str:
    """Return the characters of a MathML element on one line, fractions as `a/b`."""
    done: dict[Element, str] = {}
    for event, element in list_events(formula):
        if event == "start" or not isinstance(element.tag, str):
            continue
        parts = [done.pop(child, "") for child in element if isinstance(child.tag, str)]
        done[element] = _spell(element, parts)
    return " ".join(done.get(formula, "").split())


def _spell(element: Element, parts: list[str]) -> str:
    tag = element.tag.rpartition(":")[2].lower()
    if tag.startswith("annotation"):
        return ""
    if tag in ("mi", "mn", "mo", "mtext", "ms"):
        words = " ".join("".join((element.text or "", *parts)).split())
        return f" {words} " if tag == "mtext" else words
    first, second, third = (*parts, "", "", "")[:3]
    if tag in ("msup", "mover"):
        return first + _script(second, first, raised=True)
    if tag in ("msub", "munder"):
        return first + _script(second, first, raised=False)
    if tag in ("msubsup", "munderover"):
        lowered = first + _script(second, first, raised=False)
        return lowered + _script(third, lowered, raised=True)
    if tag == "mfrac":
        return f"{_group(first)}/{_group(second)}"
    if tag == "msqrt":
        return f"√{_group(''.join(parts))}"
    if tag == "mroot":
        return f"{_script(second, '', raised=True)}√{_group(first)}"
    if tag == "mfenced":
        return f"({', '.join(parts)})"
    if tag in ("mtr", "mlabeledtr"):
        return " ".join(parts) + "; "
    return (element.text or "").strip() + "".join(parts)


def _script(words: str, before: str, raised: bool) -> str:
    found = set_off(words, before if raised else before[-1:], raised)
    if not words or found.strip() != words.strip():
        return found
    return f"{'^' if raised else '_'}{_group(words)}"


def _group(words: str) -> str:
    words = words.strip()
    return words if words.isalnum() or len(words) < 2 else f"({words})"
