"""Formulas of a page (MathML) as lines of characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus.language.superscripts import set_off
from corpus.readers.web.tree import list_events

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element


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
