"""A PDF to its text: signs by place to lines, lines to paragraphs, each on its page.

The room `corpus.layout` does the work: `sheets` reads what is drawn, `segments` and `tables` put it
together, `furniture` sets apart what pages repeat, `order` and `paragraphs` read the rest, and
`statements` names it. Page numbers reach the citations through `Reading.pages`.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.errors import DocumentError, Message
from corpus.layout.glyphs import Frame
from corpus.layout.order import Item, order_lines
from corpus.layout.paragraphs import Line, Paragraph, join_lines
from corpus.layout.pdf_pages import Sheet, read_sheets
from corpus.layout.running_heads import Page, set_furniture_apart
from corpus.layout.segments import Segment, find_segments
from corpus.layout.statements import find_title, settle
from corpus.layout.tables import find_tables
from corpus.readers.pieces import Piece, clean, compose
from corpus.readers.portal import find_facts
from corpus.records import Extraction, LeftOut

_UNREADABLE = 0.3  # share of a line's signs from which on it is none
_ASIDE = 0.3  # share of a page's signs that text in another direction needs to be read as text
_lock = threading.Lock()  # pdfium keeps state that threads may not share


def read_pdf(data: bytes, name: str) -> Extraction:
    """Read a PDF; raises DocumentError where it is broken, locked, too long or has no text."""
    with _lock:
        sheets, told = read_sheets(data, name)
    left_out: list[LeftOut] = []
    lines = _read_lines(sheets, left_out)
    if not lines:
        unread = sum(each.reason == "unreadable" for each in left_out)
        why = "its fonts do not tell their signs" if unread else "it is a scan"
        raise DocumentError(
            "{name}: no text on any page ({pages} in all), so {why}; recognise "
            "its text (OCR) first",
            name=name,
            pages=len(sheets),
            why=Message(why),
        )
    paragraphs = [p for p in settle(join_lines(lines)) if any(map(str.isalnum, p.text))]
    reading = compose([Piece(p.kind, p.text) for p in paragraphs], name, left_out)
    facts = find_facts([reading.text[b.start : b.end] for b in reading.blocks])
    labels = tuple(sheet.label for sheet in sheets)
    counted = all(label in ("", str(n)) for n, label in enumerate(labels, 1))
    return replace(
        reading,
        title=find_title(paragraphs, clean(told)),
        published=facts[0] if facts else "",
        source=facts[1] if facts else "",
        pages=_place_pages(reading, paragraphs, len(sheets)),
        page_labels=() if counted else labels,
    )


def _read_lines(sheets: Sequence[Sheet], left_out: list[LeftOut]) -> list[Line]:
    """Return the lines of all pages in reading order, and add what is left out of them."""
    pages, asides = [], []
    for sheet in sheets:
        place = Message("page {label}", label=sheet.label or sheet.number + 1)
        if not sheet.frames and sheet.scanned:
            left_out.append(LeftOut("not supported", "scanned page", "", place))
        found = [_read_segments(frame, place, left_out) for frame in sheet.frames]
        pages.append(Page(sheet.number, sheet.label, found[0] if found else []))
        asides.append(list(zip(sheet.frames[1:], found[1:], strict=True)))
    set_furniture_apart(pages)
    lines: list[Line] = []
    for sheet, page, aside in zip(sheets, pages, asides, strict=True):
        place = Message("page {label}", label=sheet.label or sheet.number + 1)
        rules = sheet.frames[0].rules if sheet.frames else []
        tables, rest = find_tables(page.segments, rules)
        lines += _order([*tables, *rest], page.furniture, sheet.number)
        signs = sum(len(frame.glyphs) for frame in sheet.frames)
        for frame, segments in aside:
            inner, rest = find_tables(segments, frame.rules)
            own = order_lines([*inner, *rest], sheet.number) if segments else []
            text = frame.turn % 90 == 0 and len(frame.glyphs) >= _ASIDE * signs
            lines += own if text else [replace(line, furniture=True) for line in own]
        left_out += [LeftOut("furniture", "repeated line", s.text, place) for s in page.repeated]
    return lines


def _order(items: list[Item], furniture: Sequence[Segment], number: int) -> list[Line]:
    """Return the lines of a page, its furniture above and below what it says."""
    lines = order_lines(items, number) if items else []
    middle = statistics.median(line.base for line in lines) if lines else 0.0
    around = [
        Line(s.text, number, s.left, s.right, s.base, s.size, furniture=True)
        for s in sorted(furniture, key=lambda s: (-round(s.base), s.left))
    ]
    above = [line for line in around if line.base > middle]
    return [*above, *lines, *(line for line in around if line.base <= middle)]


def _read_segments(frame: Frame, place: str, left_out: list[LeftOut]) -> list[Segment]:
    """Return what can be read of a frame, and add what cannot to what is left out."""
    segments = [
        replace(segment, text=text)
        for segment in find_segments(frame)
        for text in [clean(segment.text)]
        if text
    ]
    hidden = [s.text for s in find_segments(Frame(frame.turn, frame.hidden))]
    if hidden:
        left_out.append(LeftOut("hidden", "text that is not shown", " ".join(hidden), place))
    outside = [segment.text for segment in segments if not segment.inside]
    if outside:
        left_out.append(LeftOut("hidden", "text outside the page", " ".join(outside), place))
    shown = [segment for segment in segments if segment.inside]
    broken = [s for s in shown if s.unreadable > _UNREADABLE * len(s.text)]
    signs = sum(segment.unreadable for segment in shown)
    if signs:
        words = " ".join(segment.text for segment in broken)
        left_out.append(
            LeftOut("unreadable", Message("text of {signs} signs", signs=signs), words, place)
        )
    gone = set(map(id, broken))
    return [segment for segment in shown if id(segment) not in gone]


def _place_pages(
    reading: Extraction, paragraphs: Iterable[Paragraph], count: int
) -> tuple[int, ...]:
    """Return the offset in the text at which each page begins; empty pages begin where the next."""
    found: dict[int, int] = {}
    start = 0
    for paragraph in paragraphs:
        for page, offset in paragraph.starts:
            found.setdefault(page, start + offset)
        start += len(clean(paragraph.text)) + 2
    offsets: list[int] = []
    after = len(reading.text)
    for page in reversed(range(count)):
        after = min(found.get(page, after), after)
        offsets.append(after)
    offsets[-1] = 0
    return tuple(reversed(offsets))
