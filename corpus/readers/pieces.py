"""A reading put together from pieces, for formats whose text has to be taken out of something.

The text is the pieces with a blank line between two; white space within a piece is one blank, or
one line break where the piece has lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.errors import DocumentError
from corpus.records import Block, BlockKind, Extraction, LeftOut

_LONGEST = 20_000_000  # characters of a reading: the Bible four times; 1 GB while it is split
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?(?:\n ?)+")
_DROPPED = ("Cc", "Cs")  # categories of characters that no reader sees, and others of them:
_UNSEEN = "\u00ad\u200b\u2060\ufeff"  # where a word may be cut or must not


@dataclass(frozen=True, slots=True)
class Piece:
    """One heading, paragraph, list item, table row or caption, or furniture: never quoted."""

    kind: BlockKind | Literal["furniture"]
    text: str


def clean(text: str) -> str:
    """Return text as a piece holds it: composed, visible, without white space at its ends."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or not _is_dropped(c))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


def _is_dropped(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in _DROPPED


def compose(pieces: Iterable[Piece], name: str, left_out: Sequence[LeftOut] = ()) -> Extraction:
    """Return the reading of pieces in order; pieces without a letter or digit are left out.

    Furniture is in the text, outside all blocks. Raises DocumentError, naming the file, where
    nothing is left or there is too much.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    length = 0
    for piece in pieces:
        words = clean(piece.text)
        if not any(character.isalnum() for character in words):
            continue
        if parts:
            parts.append("\n\n")
            length += 2
        parts.append(words)
        if piece.kind != "furniture":
            blocks.append(Block(piece.kind, length, length + len(words)))
        length += len(words)
        if length > _LONGEST:
            raise DocumentError(
                "{name}: more than {most} characters; split it",
                name=name,
                most=f"{_LONGEST:,}",
            )
    if not blocks:
        raise DocumentError("{name}: no text in it; put text into it", name=name)
    return Extraction("".join(parts), tuple(blocks), left_out=tuple(left_out))
