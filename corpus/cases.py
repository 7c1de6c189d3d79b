"""Blocks to cases: an article of several companies' cases is taken apart at their headings.

The headings of the collection read `Company: Title`. A line of that form is taken for one only
where the company is named again in the paragraph below it, so that `Note: bring water` opens
nothing. What stands before the first such heading is the introduction; a document without one is
one case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from corpus.records import Block, Case, CaseKind, Document

_HEADING = re.compile(r"(?:#{1,6} )?\s*([^:：\r\n]{2,60}?)\s*[:：]\s*([^\r\n]{8,})")
_PROSE = tuple(".!?。！？;；,，")


def opens_case(heading: str, following: str) -> bool:
    """Tell whether a line is a case's heading, given the paragraph below it."""
    match = _HEADING.fullmatch(heading.strip())
    if match is None or heading.rstrip().endswith(_PROSE) or len(heading) > 300:
        return False
    return match[1].casefold() in following.casefold()


def name_company(heading: str) -> str:
    """Return the company of a case's heading: what stands before its colon."""
    match = _HEADING.fullmatch(heading.strip())
    return match[1] if match else ""


def find_cases(document: Document, blocks: Sequence[Block], company: str = "") -> tuple[Case, ...]:
    """Return the document's cases in text order; every block lies in exactly one.

    `company` is given to a document of one case whose heading names none. The title of a document
    that stands alone before the first case belongs to that case; it opens a case itself only in a
    document that has no other.
    """
    openings = [
        number
        for number, block in enumerate(blocks)
        if block.kind == "heading"
        and opens_case(
            document.text[block.start : block.end],
            _paragraph_after(document.text, blocks, number),
        )
    ]
    if len(openings) > 1 and _title_of(document.text, blocks[openings[0]]) == document.title:
        del openings[0]
    starts = list(openings)
    if not openings or any(block.kind == "paragraph" for block in blocks[: openings[0]]):
        starts = [0, *(number for number in openings if number)]
    elif openings[0]:
        starts[0] = 0
    cases: list[Case] = []
    for first, after in zip(starts, [*starts[1:], len(blocks)], strict=True):
        start, end = blocks[first].start, blocks[after - 1].end
        opening = next((n for n in openings if first <= n < after), None)
        if opening is not None:
            title = _title_of(document.text, blocks[opening])
            cases.append(_make(document, "case", title, name_company(title), start, end, cases))
        else:
            kind: CaseKind = "introduction" if openings else "case"
            owner = "" if openings else company
            cases.append(_make(document, kind, document.title, owner, start, end, cases))
    return tuple(cases)


def _title_of(text: str, heading: Block) -> str:
    return text[heading.start : heading.end].lstrip("# ")


def _paragraph_after(text: str, blocks: Sequence[Block], number: int) -> str:
    for block in blocks[number + 1 :]:
        if block.kind == "paragraph":
            return text[block.start : block.end]
        if block.kind == "heading":
            break
    return ""


def _make(
    document: Document,
    kind: CaseKind,
    title: str,
    company: str,
    start: int,
    end: int,
    before: Sequence[Case],
) -> Case:
    text = document.text[start:end]
    place = f"{document.id}\n{kind}\n{title}"
    case_id = _digest(place)
    if any(case.id == case_id for case in before):  # the same title again: its words tell it apart
        case_id = _digest(
            f"{place}\n{text}\n{start if any(c.text == text for c in before) else ''}"
        )
    return Case(case_id, document.id, kind, title, company, start, end, text)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8")).hexdigest()[:12]
