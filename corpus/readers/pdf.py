"""A PDF to its text: lines put together into paragraphs, what repeats on every page left out.

The order is the file's own, which is the reading order in files that programs write, columns among
them. Page numbers reach the citations through `Reading.pages`.
"""

from __future__ import annotations

import re
import statistics
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from corpus.errors import DocumentError
from corpus.readers.pieces import Piece, clean, compose
from corpus.readers.portal import find_facts
from corpus.readers.text import is_caption
from corpus.records import BlockKind, Reading

_PAGES = 3000
_CHARACTERS = 200_000  # of a page: a poster has 20,000
_REPEATED = 0.5  # share of the pages on which a line at the edge is furniture
_EDGE = 3  # lines at the top and at the bottom that may be
_LARGER = 1.12  # how much higher than the text's median a heading's line is
_GAP = 1.6  # how much wider than the median a gap between two lines parts paragraphs
_HEADING = 160  # characters
_STOPS = tuple(".!?。！？；;:：…”\"'’)）」』")
_ITEM = re.compile(r"(?:[•·●○▪◦◆■□►–*-]|\d{1,3}[.)、]|[(（]\d{1,3}[)）])\s*\S")
_WIDE = re.compile(r"[\u2e80-\U0003ffff]")
_TOOL = re.compile(
    r"(?:microsoft (?:word|powerpoint)\b.*|untitled.*|.*\.(?:docx?|pptx?|indd|pdf|tmp))\Z",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\r\n\s][^\r\n]*")
_SOFT = re.compile("[\x02\ufffe]")  # how pdfium marks a hyphen at the end of a line
_lock = threading.Lock()  # pdfium keeps state that threads may not share


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom


def read_pdf(data: bytes, name: str) -> Reading:
    """Read a PDF; raises DocumentError where it is broken, locked, too long or has no text."""
    with _lock:
        pages, title = _read_pages(data, name)
    lines = [line for page in _drop_furniture(pages) for line in page]
    if not lines:
        raise DocumentError(
            f"{name}: no text in its {len(pages)} pages, so it is a scan; recognise its text (OCR)"
            " first"
        )
    paragraphs = [p for p in _join(lines) if any(c.isalnum() for c in p[1])]
    reading = compose([Piece(kind, text) for kind, text, _ in paragraphs], name)
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
        pages=_place_pages(reading, [starts for _, _, starts in paragraphs], len(pages)),
    )


def _read_pages(data: bytes, name: str) -> tuple[list[list[_Line]], str]:
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


def _read_lines(document: Any, number: int, name: str) -> list[_Line]:
    """Return the lines of a page as pdfium puts them together, each with its place and size."""
    from pypdfium2 import raw

    page = document[number]
    try:
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > _CHARACTERS:
                raise DocumentError(f"{name}: page {number + 1} has too much text; take it out")
            text = textpage.get_text_range()
            lines = []
            for match in _LINE.finditer(text):
                words = clean(_SOFT.sub("-", match[0]))
                if not words:
                    continue
                first, last = match.start(), match.end() - 1
                left, bottom, _, top = textpage.get_charbox(first)
                right = textpage.get_charbox(last)[2]
                size = raw.FPDFText_GetFontSize(textpage, first) or top - bottom
                lines.append(_Line(words, number, left, right, bottom, bottom + size))
            return lines
        finally:
            textpage.close()
    finally:
        page.close()


def _both_wide(one: str, other: str) -> bool:
    return bool(_WIDE.match(one[-1]) and _WIDE.match(other[0]))


def _drop_furniture(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Take out lines at the edge of pages that stand on most of them, digits aside."""
    if len(pages) < 3:
        return pages
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_mask(line) for line in [*page[:_EDGE], *page[-_EDGE:]]})
    least = max(3, _REPEATED * len([page for page in pages if page]))
    furniture = {words for words, count in seen.items() if count >= least}
    kept = []
    for page in pages:
        last = len(page) - _EDGE
        kept.append(
            [
                line
                for at, line in enumerate(page)
                if not ((at < _EDGE or at >= last) and _mask(line) in furniture)
            ]
        )
    return kept


def _mask(line: _Line) -> str:
    return re.sub(r"\d+", "0", line.text.casefold())


Paragraph = tuple[BlockKind, str, list[tuple[int, int]]]  # kind, words, (page, offset in words)


def _join(lines: Sequence[_Line]) -> list[Paragraph]:
    """Return paragraphs, each with the pages that begin in it and where in its words they do."""
    height = statistics.median(line.height for line in lines)
    pairs = [(a, b) for a, b in pairwise(lines) if a.page == b.page]
    steps = [a.bottom - b.bottom for a, b in pairs]
    step = statistics.median([s for s in steps if 0 < s < 4 * height] or [1.3 * height])
    wide = statistics.median(line.right - line.left for line in lines)
    paragraphs: list[Paragraph] = []
    above: _Line | None = None
    for line in lines:
        kind = _kind_of(line, height)
        if above and paragraphs and _goes_on(paragraphs[-1], kind, above, line, step, wide):
            before = paragraphs[-1]
            words, at = _append(before[1], line.text)
            starts = [*before[2], (line.page, at)] if line.page != above.page else before[2]
            paragraphs[-1] = (before[0], words, starts)
        else:
            text = clean(line.text)
            starts = [(line.page, 0)] if not above or line.page != above.page else []
            paragraphs.append((kind, text, starts))
        above = line
    return paragraphs


def _kind_of(line: _Line, height: float) -> BlockKind:
    if is_caption(line.text):
        return "caption"
    large = line.height > _LARGER * height and len(line.text) <= _HEADING
    return "heading" if large and not line.text.endswith((".", "。", ",", "，")) else "paragraph"


def _goes_on(
    before: Paragraph, kind: BlockKind, above: _Line, line: _Line, step: float, wide: float
) -> bool:
    """Tell whether a line goes on with the paragraph before it."""
    if kind == "caption" or (kind != before[0] and before[0] != "caption"):
        return False
    alike = 0.85 < line.height / max(above.height, 0.1) < 1.18
    ended = above.text.endswith(_STOPS)
    if _ITEM.match(line.text) or not alike:
        return False
    full = above.right - above.left > 0.8 * wide
    if line.page != above.page:
        opens = full or line.text[0].islower()
        return kind == "paragraph" and before[0] == "paragraph" and not ended and opens
    down = above.bottom - line.bottom
    if down < 0:  # the next column
        return kind == "paragraph" and not ended and line.text[0].islower()
    if down > max(_GAP * step, 1.5 * line.height):
        return False
    if before[0] == "caption":
        return not ended
    if before[0] == "heading":
        return kind == "heading"
    width = min(wide, max(above.right - above.left, line.right - line.left))
    short = above.right < line.left + 0.75 * width
    indented = line.left - above.left > 0.8 * line.height
    return not (ended and (short or indented))


def _append(words: str, line: str) -> tuple[str, int]:
    """Return words with a line behind them, and where it begins."""
    if words.endswith("-") and words[-2:-1].isalpha() and line[:1].islower():
        words = words[:-1]
    elif not _both_wide(words, line):
        words += " "
    return words + line, len(words)


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
