"""What pages repeat: running titles, page numbers, and the steps of a slide that is built up.

Furniture is what stands at a page's edge, at the same place on several pages, and is no statement;
or a page's number. No digit is ever masked in what is compared: lines that differ in a figure are
different lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from corpus.layout.segments import Segment

_EDGES = 4  # lines of furniture at the top and at the bottom of a page at most
_SAME_PLACE = 2.5  # points
_IN_PLACE = 0.3  # share of the pages on which furniture stands at least
_PAGES = 3  # ... or so many of them
_LARGER, _SMALL = 1.12, 0.95  # than the text
_ROOM, _FAR = 1.7, 3.0  # sizes between furniture and the text
_STATEMENT = 4  # words that a sentence has at least, and signs of a script without blanks
_STATEMENT_SIGNS = 8
_STOPS = (".", "!", "?", "。", "！", "？")
_BUILT = 0.99  # share of a slide's lines that the next one repeats
_NUMBER = re.compile(r"\d{1,4}")
_LONE = re.compile(r"[^\w]*(?:\d{1,4}|[ivxlcIVXLC]{1,7})[^\w%‰°$€£¥]*")
_OF_NUMBER = 16  # letters beside a page's number at most


@dataclass(slots=True)
class Page:
    """The segments of a page: what it says, what is furniture, and what it only repeats."""

    number: int
    label: str
    segments: list[Segment]
    furniture: list[Segment] = field(default_factory=list)
    repeated: list[Segment] = field(default_factory=list)


def set_furniture_apart(pages: Sequence[Page]) -> None:
    """Move what is furniture or repeated out of the pages' segments.

    What is repeated stays where it comes first: as furniture, or, of slides that are built up, as
    what the slide says.
    """
    _drop_built(pages)
    size = _usual_size(pages)
    filled = sum(bool(page.segments) for page in pages)
    first: set[str] = set()
    for _ in range(_EDGES):
        moved = False
        for side in ("top", "bottom"):
            found = _find_repeated(pages, side, size, filled)
            for page, segments in found.items():
                moved = True
                kept = pages[page]
                gone = set(map(id, segments))
                kept.segments = [s for s in kept.segments if id(s) not in gone]
                for segment in segments:
                    words = segment.text.casefold()
                    (kept.repeated if words in first else kept.furniture).append(segment)
                    first.add(words)
        if not moved:
            break


def _usual_size(pages: Sequence[Page]) -> float:
    sizes: dict[float, int] = defaultdict(int)
    for page in pages:
        for segment in page.segments:
            sizes[round(segment.size, 1)] += len(segment.text)
    return max(sizes, key=lambda size: sizes[size], default=10.0)


def _drop_built(pages: Sequence[Page]) -> None:
    """Leave out of a slide what the one before it has too, where it only adds to that one."""
    whole = [list(page.segments) for page in pages]
    for (before, _), (segments, page) in pairwise(zip(whole, pages, strict=True)):
        if not before or len(segments) < len(before):
            continue
        places = {_place(segment) for segment in segments}
        said = {_place(segment) for segment in before}
        if len(said & places) >= _BUILT * len(said):
            page.repeated += [s for s in page.segments if _place(s) in said]
            page.segments = [s for s in page.segments if _place(s) not in said]


def _place(segment: Segment) -> tuple[str, int, int]:
    return segment.text, round(segment.left), round(segment.base)


def _find_repeated(
    pages: Sequence[Page], side: str, size: float, filled: int
) -> dict[int, list[Segment]]:
    """Return, by page, the furniture among the outermost lines of one side."""
    edges = {
        number: edge
        for number, page in enumerate(pages)
        for edge in [_take_edge(page.segments, side)]
        if edge
    }
    by_text: dict[str, list[tuple[int, Segment]]] = defaultdict(list)
    by_place: dict[int, list[tuple[int, Segment]]] = defaultdict(list)
    for number, edge in edges.items():
        for segment in edge:
            if segment.size <= _LARGER * size:
                by_text[segment.text.casefold()].append((number, segment))
                by_place[round(segment.base / 4)].append((number, segment))
    found: dict[int, list[Segment]] = defaultdict(list)
    least = max(2, min(_PAGES, filled), _IN_PLACE * min(filled, 10))
    for same in by_text.values():
        for number, segment in same:
            there = {n for n, other in same if _stand_alike(other, segment)}
            if len(there) >= least and _stands_apart(pages[number].segments, segment, size):
                found[number].append(segment)
    for number, edge in edges.items():
        for segment in edge:
            if segment in found[number] or segment.size > _LARGER * size:
                continue
            lone = _LONE.fullmatch(segment.text) is not None
            if not lone and not _stands_apart(pages[number].segments, segment, size):
                continue
            near = [
                (n, other)
                for key in (-1, 0, 1)
                for n, other in by_place[round(segment.base / 4) + key]
                if abs(other.base - segment.base) < _SAME_PLACE
            ]
            alone = len(edge) - len(found[number]) == 1
            if _is_number(segment, pages[number], near, len(pages), alone=alone):
                found[number].append(segment)
    return {number: segments for number, segments in found.items() if segments}


def _take_edge(segments: Sequence[Segment], side: str) -> list[Segment]:
    """Return the outermost line of a page."""
    if not segments:
        return []
    if side == "top":
        base = max(segment.base for segment in segments)
    else:
        base = min(segment.base for segment in segments)
    return [s for s in segments if abs(s.base - base) < 0.5 * max(s.size, 4)]


def _stand_alike(one: Segment, other: Segment) -> bool:
    if abs(one.base - other.base) > _SAME_PLACE:
        return False
    middles = abs(one.left + one.right - other.left - other.right) / 2
    ends = abs(one.left - other.left), abs(one.right - other.right), middles
    return min(ends) < _SAME_PLACE


def _stands_apart(segments: Sequence[Segment], edge: Segment, size: float) -> bool:
    """Tell whether a line at a page's edge is no line of its text.

    Type as large as the text's is apart where there is room between; a sentence has to be small
    and far from all others.
    """
    others = [
        abs(s.base - edge.base) / edge.size
        for s in segments
        if abs(s.base - edge.base) > 0.5 * max(s.size, 4)
    ]
    room = min(others, default=99.0)
    small = edge.size < _SMALL * size
    if is_statement(edge.text):
        return small and room > _FAR
    return small or room > _ROOM


def is_statement(text: str) -> bool:
    """Tell whether words have the form of a sentence."""
    bare = text.rstrip("\"'”’）)」 ")
    if not bare.endswith(_STOPS):
        return False
    letters = sum(character >= "\u2e80" for character in bare)
    return len(bare.split()) > _STATEMENT or letters >= _STATEMENT_SIGNS


def _is_number(
    segment: Segment, page: Page, near: Sequence[tuple[int, Segment]], count: int, *, alone: bool
) -> bool:
    """Tell whether a line at a page's edge says which page it is.

    It does where the lines at that place count the pages; on a file's only page, and as a lone
    number, where it is that page's.
    """
    text = segment.text
    if is_statement(text):
        return False
    long = sum(map(str.isalpha, text)) > _OF_NUMBER
    told = [each for each in _list_numbers(text) if not long or _is_at_end(text, *each)]
    for head, value in told:
        pages = {
            number
            for number, other in near
            if number != page.number
            and (head, value - page.number + number) in _list_numbers(other.text)
        }
        if len(pages) >= (2 if count > 3 else 1):
            return True
    if not alone or not told or long:
        return False
    lone = _LONE.fullmatch(text) is not None
    names = {page.label, str(page.number + 1), _spell_roman(page.number + 1)}
    named = re.split(r"\W", text)[-1].casefold() in names or text.strip("-–— ·|") in names
    framed = lone and not text[0].isalnum() and not text[-1].isalnum()
    return framed or (named and (lone or count == 1))


def _is_at_end(text: str, head: str, value: int) -> bool:
    """Tell whether a number is the first or the last of a line, as beside a running title."""
    bare = "".join(text.split())
    return not head or bare[len(head) :].casefold() in (str(value), _spell_roman(value))


def _list_numbers(text: str) -> list[tuple[str, int]]:
    """Return the numbers in a line and what is before each, blanks aside; the last may be Roman."""
    text = "".join(text.split())
    found = [(text[: match.start()], int(match[0])) for match in _NUMBER.finditer(text)]
    last = re.split(r"\W", text)[-1] or text.strip("-–—·|")
    value = _read_roman(last.casefold())
    if value:
        found.append((text[: text.rindex(last)], value))
    return found


def _read_roman(word: str) -> int:
    """Return the value of a small Roman number, 0 where it is none."""
    values = dict(zip("ivxlcdm", (1, 5, 10, 50, 100, 500, 1000), strict=True))
    if not 0 < len(word) <= 8 or not set(word) <= values.keys():
        return 0
    total = 0
    for one, other in pairwise([*word, ""]):
        value = values[one]
        total += -value if other and values[other] > value else value
    return total if _spell_roman(total) == word else 0


def _spell_roman(number: int) -> str:
    signs = (
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
        (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    )  # fmt: skip
    words = ""
    for value, sign in signs:
        words += sign * (number // value)
        number %= value
    return words
