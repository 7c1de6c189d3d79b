"""Word's formulas as characters of one line."""

from __future__ import annotations

from typing import Any

from corpus.language.superscripts import shift
from corpus.readers.office.archive import cut_namespace, find, get

_SIGNS = {"raised": "^", "lowered": "_"}


def spell_formula(element: Any) -> str:
    """Return the characters of an `oMath` in reading order, powers and indices as such signs."""
    return "".join(map(_spell, element))


def _spell(element: Any) -> str:
    kind = cut_namespace(element.tag)
    if kind == "t":
        return element.text or ""
    if kind == "f":
        return f"{_group(find(element, 'num'))}/{_group(find(element, 'den'))}"
    if kind == "rad":
        return f"{_spell_part(element, 'deg')}√{_group(find(element, 'e'))}"
    if kind in ("sSup", "sSub", "sSubSup", "sPre", "nary"):
        return _spell_scripts(element, kind)
    if kind == "d":
        properties = find(element, "dPr")
        opening = _character(properties, "begChr", "(")
        inner = _character(properties, "sepChr", "|").join(
            spell_formula(e) for e in element if cut_namespace(e.tag) == "e"
        )
        return f"{opening}{inner}{_character(properties, 'endChr', ')')}"
    if kind == "mr":
        return " ".join(map(spell_formula, element)) + "; "
    return "" if kind.endswith("Pr") else spell_formula(element)


def _spell_scripts(element: Any, kind: str) -> str:
    below = _script(_spell_part(element, "sub"), "lowered")
    above = _script(_spell_part(element, "sup"), "raised")
    base = _spell_part(element, "e")
    if kind == "nary":
        return f"{_character(find(element, 'naryPr'), 'chr', '∫')}{below}{above}{base}"
    return f"{below}{above}{base}" if kind == "sPre" else f"{base}{below}{above}"


def _script(words: str, how: str) -> str:
    shifted = shift(words, how)
    if not words or shifted != words:
        return shifted
    return f"{_SIGNS[how]}{words if len(words) == 1 else f'({words})'}"


def _spell_part(element: Any, name: str) -> str:
    part = find(element, name)
    return "" if part is None else spell_formula(part)


def _group(part: Any) -> str:
    words = "" if part is None else spell_formula(part)
    return words if words.isalnum() or len(words) < 2 else f"({words})"


def _character(properties: Any, name: str, usual: str) -> str:
    found = None if properties is None else find(properties, name)
    return usual if found is None else get(found, "val") or ""
