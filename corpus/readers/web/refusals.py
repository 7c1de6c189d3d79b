"""Pages that are none: those that lead on, ask for a human, or say that nothing is here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from corpus.errors import DocumentError
from corpus.readers.encoding import decode
from corpus.readers.web.lexicon import find_opening, fold, list_words
from corpus.readers.web.parts import Part
from corpus.readers.web.tree import parse
from corpus.readers.web.walk import list_parts

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_LITTLE = 400  # letters of an article above which a page is one, whatever it is called
_FEW = 200  # letters of a page that is there to lead on
_SMALL = 2**18  # bytes of such a page
_META = re.compile(rb"http-equiv\s*+=\s*+[\"']?\s*+refresh", re.IGNORECASE)
_REFRESH = re.compile(
    r"\s*+\d{0,4}(?:\.\d{0,3})?\s*+[;,]\s*+(?:url\s*+=\s*+)?+[\"']?([^\"']{1,2000})", re.I
)


def find_refresh(tree: Element) -> str:
    """Return where a page leads on to by itself, as it stands there, else nothing."""
    for meta in tree.iter("meta"):
        if (meta.get("http-equiv") or "").strip().lower() == "refresh":
            found = _REFRESH.match(meta.get("content") or "")
            if found and found[1].strip():
                return found[1].strip()
    return ""


def find_onward(data: bytes) -> str:
    """Return where the bytes of a page lead on to by themselves, where they say little else."""
    if len(data) > _SMALL or not _META.search(data):
        return ""
    try:
        tree = parse(decode(data, ""), "")
    except DocumentError:
        return ""
    words = " ".join(part.text for part in list_parts(tree)[0])
    return find_refresh(tree) if len(words) < _FEW else ""


def refuse_empty(tree: Element, title: str, kept: Sequence[Part], name: str) -> None:
    """Raise DocumentError where a page's few words only say that its text is not here."""
    if sum(part.letters for part in kept) > _LITTLE:
        return
    lines = [fold(line) for line in (title, *(part.text for part in kept[:6])) if line]
    if any(map(_is_check, lines)):
        raise DocumentError(
            "{name}: asks for a human or a browser and has no text of its own; "
            "open it in a browser and save the page",
            name=name,
        )
    if any(map(_is_missing, lines[:3])):
        raise DocumentError("{name}: says that there is no such page; check the address", name=name)
    onward = find_refresh(tree)
    if onward and sum(part.letters for part in kept) < _FEW:
        raise DocumentError(
            "{name}: only leads on to {onward}; add that address", name=name, onward=onward[:200]
        )


def _is_check(line: str) -> bool:
    return find_opening(line, "checks", closed=False) > 0 or any(
        check in line for check in list_words("checks") if len(check) > 5
    )


def _is_missing(line: str) -> bool:
    bare = line.strip(" .!！。:：")
    if bare in list_words("missing"):
        return True
    length = find_opening(bare, "missing")
    return length > 0 and len(bare) < length + 40 and not bare[length:].strip()[:1].isalpha()
