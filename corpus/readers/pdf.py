"""A PDF to its text: lines put together into paragraphs, what repeats on every page left out.

The order is the file's own, which is the reading order in files that programs write, columns among
them. Page numbers reach the citations through `Reading.pages`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from ctypes import c_double
from math import hypot
from typing import Any

from corpus.errors import DocumentError
from corpus.readers.layout import Line, drop_furniture, is_wide, join_lines
from corpus.readers.pieces import Piece, clean, compose
from corpus.readers.portal import find_facts
from corpus.records import Reading

_PAGES = 3000
_CHARACTERS = 200_000  # of a page: a poster has 20,000
_TOOL = re.compile(
    r"(?:microsoft (?:word|powerpoint)\b.*|untitled.*|.*\.(?:docx?|pptx?|indd|pdf|tmp))\Z",
    re.IGNORECASE,
)
# pdfium puts no line's end behind a hyphen that ends a line: it writes one of these in its place.
_SOFT = re.compile("[\x02\ufffe]|[\u00ad\u2010]\\Z")
_LINE = re.compile("[^\\r\\n\\s\x02\ufffe][^\\r\\n\x02\ufffe]*[\x02\ufffe]?")
_BLANK = re.compile(r"(?<=\S)[^\S\r\n]+(?=\S)")
_MARK = re.compile(r"\W|\(?[\dA-Za-z]{1,3}[.)、）]")  # of a list's item
# Sizes between a row's cells; or less, and so much more than between the closest of its words.
_FAR, _CELLS, _FARTHER = 2.0, 0.9, 2.5
_EVEN = 1.2  # how much gaps differ in a line that is stretched to the column's width
_lock = threading.Lock()  # pdfium keeps state that threads may not share


def read_pdf(data: bytes, name: str) -> Reading:
    """Read a PDF; raises DocumentError where it is broken, locked, too long or has no text."""
    with _lock:
        pages, title = _read_pages(data, name)
    lines = drop_furniture(pages)
    if not lines:
        raise DocumentError(
            f"{name}: no text on any page ({len(pages)} in all), so it is a scan; recognise its"
            " text (OCR) first"
        )
    paragraphs = [part for part in join_lines(lines) if any(map(str.isalnum, part.text))]
    reading = compose([Piece(part.kind, part.text) for part in paragraphs], name)
    first = next((b for b in reading.blocks if b.kind == "heading"), None)
    heading = reading.text[first.start : first.end] if first else ""
    title = "" if _TOOL.match(title) else title
    facts = find_facts([reading.text[b.start : b.end] for b in reading.blocks])
    return Reading(
        reading.text,
        reading.blocks,
        title=heading or title,
        published=facts[0] if facts else "",
        source=facts[1] if facts else "",
        pages=_place_pages(reading, [part.starts for part in paragraphs], len(pages)),
    )


def _read_pages(data: bytes, name: str) -> tuple[list[list[Line]], str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise DocumentError(f"{name}: protected by a password; save it without") from error
        raise DocumentError(f"{name}: a broken PDF ({error}); get it again") from error
    try:
        count = len(document)
        if count > _PAGES:
            raise DocumentError(f"{name}: {count} pages, and {_PAGES} are the most; split it")
        pages = [_read_lines(document, number, name) for number in range(count)]
        return pages, clean(document.get_metadata_dict().get("Title") or "")
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"{name}: a broken PDF ({error}); get it again") from error
    finally:
        document.close()


def _read_lines(document: Any, number: int, name: str) -> list[Line]:
    """Return the lines of a page as pdfium puts them together, each with its place and size."""
    page = document[number]
    try:
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > _CHARACTERS:
                raise DocumentError(f"{name}: page {number + 1} has too much text; take it out")
            text = textpage.get_text_range()
            found = (_measure(textpage, text, match, number) for match in _LINE.finditer(text))
            return [line for line in found if line.text]
        finally:
            textpage.close()
    finally:
        page.close()


def _measure(textpage: Any, text: str, match: re.Match[str], number: int) -> Line:
    """Return a line with its place; cells of a table's row are parted by ` | `."""
    from pypdfium2 import raw

    first, last = match.start(), match.end() - 1
    left, bottom, _, top = textpage.get_charbox(first)
    right = textpage.get_charbox(last)[2]
    # Some programs set all type at size 1 and enlarge it by the text's matrix.
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage, first, matrix)
    size = raw.FPDFText_GetFontSize(textpage, first) * hypot(matrix.c, matrix.d)
    size = size or max(top - bottom, 1.0)
    x, y = c_double(), c_double()
    bases = []
    for place in (first, (first + last) // 2, last):
        raw.FPDFText_GetCharOrigin(textpage, place, x, y)
        bases.append(y.value)
    words, row = _part_cells(textpage, text, match, size)
    return Line(clean(_SOFT.sub("-", words)), number, left, right, sorted(bases)[1], size, row)


def _part_cells(textpage: Any, text: str, match: re.Match[str], size: float) -> tuple[str, bool]:
    """Return a line's words and whether it is a row; no blank stays that justifying put there."""
    first, row = match.start(), False
    blanks = list(_BLANK.finditer(text, first, match.end()))
    ends = (  # loose: a Chinese comma takes a whole sign's place
        [textpage.get_charbox(place, loose=True) for place in (blank.start() - 1, blank.end())]
        for blank in blanks
    )
    gaps = [after[0] - before[2] for before, after in ends]
    usual = min(gaps, default=0.0)
    stretched = len(gaps) > 1 and max(gaps) < _EVEN * min(gaps)
    words: list[str] = []
    at = first
    for blank, gap in zip(blanks, gaps, strict=True):
        between = blank[0]
        far = gap > _FAR * size or (gap > _CELLS * size and gap > _FARTHER * usual)
        if far and not stretched and not _MARK.fullmatch(text, first, blank.start()):
            between, row = " | ", True
        elif gap < size and is_wide(text[blank.start() - 1]) and is_wide(text[blank.end()]):
            between = ""
        words += text[at : blank.start()], between
        at = blank.end()
    return "".join(words) + text[at : match.end()], row


def _place_pages(
    reading: Reading, starts: Sequence[Sequence[tuple[int, int]]], count: int
) -> tuple[int, ...]:
    """Return the offset in the text at which each page begins; empty pages begin where the next."""
    found: dict[int, int] = {}
    for block, pages in zip(reading.blocks, starts, strict=True):
        for page, offset in pages:
            found.setdefault(page, block.start + offset)
    offsets: list[int] = []
    after = len(reading.text)
    for page in reversed(range(count)):
        after = found.get(page, after)
        offsets.append(after)
    offsets[-1] = 0
    return tuple(reversed(offsets))
