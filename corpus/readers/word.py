"""A Word file to what stands on its pages: headings, paragraphs, lists, table rows, captions.

Headers and footers, deleted and hidden words do not enter; inserted ones do.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from corpus.errors import DocumentError
from corpus.layout.captions import is_caption
from corpus.readers.pieces import Piece, compose
from corpus.readers.portal import find_facts
from corpus.records import BlockKind, Reading

_LARGEST = 200 * 2**20  # bytes unpacked; zipfile reads no more of a part than it declares
_LARGEST_PART = 64 * 2**20  # bytes of a part that is parsed
_PARTS = 5000
_HEADING = re.compile(r"(?:heading|title|subtitle|标题|副标题)\b.*|标题\s*\d", re.IGNORECASE)
_CAPTION = re.compile(r"caption|题注", re.IGNORECASE)
_LIST = re.compile(r"list|列表|列出", re.IGNORECASE)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GONE = {f"{_W}{tag}" for tag in ("del", "moveFrom", "txbxContent")}
_MEND = "open it in Word and save it as .docx again"


def read_word(data: bytes, name: str) -> Reading:
    """Read a .docx file; raises DocumentError where it is broken, a bomb or has no text."""
    _check_archive(data, name)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        pieces = list(_list_pieces(document))
        title = document.core_properties.title or ""
    except DocumentError:
        raise
    except Exception as error:  # python-docx lets lxml's, zipfile's and KeyErrors through
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise DocumentError(f"{name}: a broken Word file ({reason[0][:100]}); {_MEND}") from error
    first = next((piece.text for piece in pieces if piece.kind == "heading"), "")
    facts = find_facts([piece.text for piece in pieces]) or ("", "")
    title = " ".join((first or title).split())
    return replace(compose(pieces, name), title=title, published=facts[0], source=facts[1])


def _check_archive(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise DocumentError(f"{name}: a broken Word file ({error}); {_MEND}") from error
    whole = sum(part.file_size for part in parts)
    parsed = max((p.file_size for p in parts if p.filename.endswith((".xml", ".rels"))), default=0)
    if len(parts) > _PARTS or whole > _LARGEST or parsed > _LARGEST_PART:
        raise DocumentError(
            f"{name}: unpacks to {whole / 2**20:.0f} MiB in {len(parts)} parts, which is no report;"
            " take out what is not text"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError(f"{name}: protected by a password; save it without")


def _list_pieces(document: Any) -> Iterator[Piece]:
    from docx.table import Table

    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield from _list_rows(item)
            continue
        words = _read_paragraph(item._p)
        style = (item.style.name or "") if item.style is not None else ""
        kind: BlockKind = "paragraph"
        if _HEADING.match(style):
            kind = "heading"
        elif _CAPTION.search(style) or is_caption(words.strip()):
            kind = "caption"
        elif item._p.find(f"{_W}pPr/{_W}numPr") is not None or _LIST.search(style):
            words = f"- {words.strip()}" if words.strip() else ""
        yield Piece(kind, words)


def _list_rows(table: Any) -> Iterator[Piece]:
    for row in table._tbl.iter(f"{_W}tr"):
        cells = []
        for cell in row.iterchildren(f"{_W}tc"):
            words = " ".join(_read_paragraph(p) for p in cell.iter(f"{_W}p"))
            cells.append(" ".join(words.split()))
        yield Piece("paragraph", " | ".join(cells))


def _read_paragraph(paragraph: Any) -> str:
    """Return the visible words of a paragraph's XML."""
    words: list[str] = []
    stack = [paragraph]
    while stack:
        element = stack.pop()
        if element.tag in _GONE or _is_hidden(element):
            continue
        if element.tag == f"{_W}t":
            words.append(element.text or "")
        elif element.tag == f"{_W}tab":
            words.append(" ")
        elif element.tag in (f"{_W}br", f"{_W}cr"):
            words.append("\n")
        elif element.tag == f"{_W}noBreakHyphen":
            words.append("-")
        stack.extend(reversed(element))
    return "".join(words)


def _is_hidden(element: Any) -> bool:
    if element.tag != f"{_W}r":
        return False
    hidden = element.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and hidden.get(f"{_W}val") not in ("0", "false")
