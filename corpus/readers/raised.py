"""Raised and lowered words as signs of their own, so that 10 and a raised 6 are no 106."""

from __future__ import annotations

_RAISED = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
_SHIFTED = {"raised": _RAISED, "lowered": _LOWERED}
_LETTERS = str.maketrans("abcdefghjklmoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")


def shift(words: str, how: str) -> str:
    """Return words as raised or lowered signs, `how` being `raised`, `lowered` or empty.

    Figures and marks of one letter are, so that 10 and a raised 6 are no 106; of a word (`th`,
    `TM`) nothing is.
    """
    table = _SHIFTED.get(how, {})
    if how == "raised" and len(words.strip()) == 1:
        table = {**table, **_LETTERS}
    if any(character.isalpha() and ord(character) not in table for character in words):
        return words
    return words.translate(table)
