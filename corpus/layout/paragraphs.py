"""Lines on pages to paragraphs: what the paper parts is put together.

Lines come in reading order. A paragraph goes on over a column, a page, and a caption or a note that
stands between; a hyphen at a line's end stays where the document writes the word with one.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Literal

from corpus.language.captions import is_caption
from corpus.layout.glyphs import is_wide
from corpus.lexicons import read_lexicon
from corpus.records import BlockKind
from corpus.tables import BETWEEN

Kind = BlockKind | Literal["furniture"]

_LARGER = 1.12  # how much higher than the text's median a heading's line is
_SMALLER = 0.93  # how much smaller what stands aside is than the text
_ALIKE = 0.85, 1.18  # how sizes of one paragraph's lines differ at most
_GAP, _STOP_GAP = 1.3, 1.12  # steps between two lines that part paragraphs; behind a sentence's end
_HEADING = 160  # characters
_HYPHENATES = 0.03  # share of lines that end in a hyphen where a program put most of them there
_STOPS = tuple(".!?。！？；;:：…”\"'’)）」』")
_ITEM = re.compile(
    r"[•·●○▪◦◆■□►❖✓]\s*\S|(?:\d{1,3}(?:[.)]\s|、)|[(（]\d{1,3}[)）])\s*\w|[①-⑳⁰-⁹¹²³]{1,3}\s*\w"
)
_DASH = re.compile(r"[–*-]\s+\S")  # of an item, or of a sentence that is cut there
_PARTED = re.compile(r"[\u4e00-\u9fff] [A-Za-z0-9]|[A-Za-z0-9] [\u4e00-\u9fff]")
_UNPARTED = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
_LEADERS = re.compile(r"(?:[.·…‥．]\s?){4}|…{2}")  # between a title and its page in contents
_LABEL = re.compile(r"[^:：.。]{1,40}[:：]\s*\S")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# What ends in a hyphen is looked at from its end: its paragraph may be long.
_CUT = re.compile(r"-[^\W\d_]+(?:-[^\W\d_]+)*")
_LONGEST_CUT = 200  # characters of a word with hyphens
# Between lines of one column at most: sizes down, and points to the side.
_COLUMN_GAP, _COLUMN_SHIFT = 4.0, 6.0
_BETWEEN = 8  # captions and notes that may stand where a paragraph is cut


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands on a page: its words, and in points where they are and how large.

    `base` is the height of the line that letters stand on. `cells` are those of a table's row, each
    with its lines. `lead` is how many of its characters are bold before others that are not; all
    are where `bold`. `furniture` is whether it is no part of what the page says.
    """

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    cells: tuple[tuple[str, ...], ...] = ()
    bold: bool = False
    lead: int = 0
    furniture: bool = False

    @property
    def width(self) -> float:
        """How far it reaches."""
        return self.right - self.left


@dataclass(slots=True)
class Paragraph:
    """Lines put together; `starts` are the pages that begin in it, and where in its words.

    A heading is what is larger than the text, until all of its lines are known.
    """

    kind: Kind
    text: str
    first: Line
    last: Line
    starts: list[tuple[int, int]] = field(default_factory=list)
    lines: int = 1
    bold: bool = False


def join_lines(lines: Sequence[Line]) -> list[Paragraph]:
    """Return the paragraphs of one or more lines in reading order.

    A caption or note that stands where a column or page cuts a paragraph comes before it, or behind
    it where it is on the later page.
    """
    form, made = _Form(lines), list[Paragraph]()
    page, current = -1, None
    for line in lines:
        kind = form.kind_of(line)
        place = form.find(made, current, kind, line)
        if place is None:
            words = form.spell_row(line.cells) if line.cells else line.text
            current = Paragraph(kind, words, line, line, bold=line.bold)
            made.append(current)
            at = 0
        else:
            current = made.pop(place)
            between = made[place:]
            made.insert(place + sum(part.last.page != line.page for part in between), current)
            current.text, at = form.append(current.text, line.text)
            current.last, current.lines = line, current.lines + 1
            current.bold = current.bold and line.bold
            for part in between:  # what began this page is behind the line now
                if (line.page, 0) in part.starts:
                    part.starts.remove((line.page, 0))
                    current.starts.append((line.page, at))
        if line.page != page:
            current.starts.append((line.page, at))
            page = line.page
    return made


class _Form:
    """How a document is set: what of it is usual, which every line is compared with."""

    def __init__(self, lines: Sequence[Line]) -> None:
        sizes = sorted((line.size, len(line.text)) for line in lines)
        self._size = _find_median(sizes)  # of the type that most letters are set in
        self._width = statistics.median(line.width for line in lines)
        pairs = [(a, b) for a, b in pairwise(lines) if a.page == b.page and _are_alike(a, b)]
        steps = [(a.base - b.base) / a.size for a, b in pairs]
        self._step = statistics.median_low([step for step in steps if 0 < step < 2.5] or [1.3])
        self._edges = _find_edges(lines)
        broken = sum(_is_broken(line.text) for line in lines)
        self._hyphenates = broken > _HYPHENATES * len(lines)
        self._words = _list_words(lines)
        text = "\n".join(line.text for line in lines)
        self._blanks = len(_PARTED.findall(text)) > len(_UNPARTED.findall(text))

    def kind_of(self, line: Line) -> Kind:
        """Return what a line is by its form."""
        if line.furniture or has_leaders(line.text):
            return "furniture"
        if is_caption(line.text):
            return "caption"
        return "heading" if self.is_large(line) and not line.cells else "paragraph"

    def is_large(self, line: Line) -> bool:
        """Tell whether a line is set in larger type than the text."""
        return line.size > _LARGER * self._size

    def find(
        self, made: Sequence[Paragraph], current: Paragraph | None, kind: Kind, line: Line
    ) -> int | None:
        """Return the place of the paragraph that a line goes on with, None where it begins one."""
        if kind == "furniture":
            return None
        for place in reversed(range(max(0, len(made) - _BETWEEN), len(made))):
            above = made[place]
            if above is current and self._goes_on(above, kind, line):
                return place
            small = above.last.size < _SMALLER * line.size  # a note at the foot of a page
            if above.kind not in ("caption", "furniture") and not small:
                moves = line.page != above.last.page or line.base > above.last.base
                between = {part.last.page for part in made[place + 1 :]}
                # A page that begins inside of it would come too late for what moves before it.
                late = any(at and page in between for page, at in above.starts)
                over = moves and not late and self._goes_over(above, kind, line)
                return place if over and not line.cells else None
        return None

    def _goes_on(self, before: Paragraph, kind: Kind, line: Line) -> bool:
        """Tell whether a line goes on with the paragraph of the line above it."""
        above = before.last
        if kind == "caption" or (kind != before.kind and before.kind != "caption"):
            return False
        if line.cells or above.cells or self._is_item(line, above) or not _are_alike(above, line):
            return False
        if self._changes(before, line):
            return False
        down = above.base - line.base
        if line.page != above.page or down < 0:
            return self._goes_over(before, kind, line)
        step = self._step * line.size
        if down > _GAP * step:
            return False
        ended = above.text.endswith(_STOPS)
        if before.kind == "caption":
            return not ended
        if before.kind == "heading":
            return kind == "heading"
        width = min(self._width, max(above.width, line.width))
        short = above.right < line.left + 0.75 * width
        centred = abs(line.left + line.right - above.left - above.right) < 0.3 * line.size
        indented = line.left - above.left > 0.8 * line.size and not centred
        if indented and before.lines > 1:  # below a first line it may be a hanging indent
            return False
        hung = above.left - before.first.left > 0.8 * line.size
        if hung and abs(line.left - before.first.left) < 0.3 * line.size and before.lines > 1:
            return False
        if self._is_cut_short(above, line):
            return False
        if indented and _ITEM.match(above.text) and down <= _STOP_GAP * step:
            return True  # the second line of a list's item
        return not (ended and (short or indented or down > _STOP_GAP * step))

    def _is_cut_short(self, above: Line, line: Line) -> bool:
        """Tell whether a line ends where the next one's first word had had room."""
        first = line.text.split(maxsplit=1)[0]
        if first[0].islower() or is_wide(first[0]) or _is_broken(above.text):
            return False
        if _LABEL.match(above.text) and _LABEL.match(line.text):
            return True
        edge = self._edges.get(id(above), 0.0)
        room = line.width * (len(first) + 1) / len(line.text)
        return above.right + 1.1 * room + line.size < edge

    def _changes(self, before: Paragraph, line: Line) -> bool:
        """Tell whether a bold heading ends above a line, or begins with it."""
        if before.bold and not line.bold:
            return not line.lead and not line.text[0].islower()
        if line.lead and before.text.endswith(_STOPS):
            return True
        if line.bold and not before.last.bold:
            return before.text.endswith(_STOPS) or not self._is_full(before.last)
        return False

    def _goes_over(self, before: Paragraph, kind: Kind, line: Line) -> bool:
        """Tell whether a line goes on with a paragraph that a column or a page cuts."""
        if kind != "paragraph" or before.kind != "paragraph" or before.last.cells:
            return False
        if not _are_alike(before.last, line) or (line.bold and not before.last.bold):
            return False
        cut = before.lines > 1 and self._is_full(before.last)
        opens = line.text[0].islower() or cut
        ended = before.text.endswith(_STOPS)
        return opens and not (ended or self._is_item(line, before.last))

    def _is_full(self, line: Line) -> bool:
        return line.width > 0.8 * self._width

    def _is_item(self, line: Line, above: Line) -> bool:
        """Tell whether a line begins a list's item, given the line above it."""
        if _ITEM.match(line.text):
            return True
        ended = above.text.endswith(_STOPS) or not self._is_full(above)
        return ended and _DASH.match(line.text) is not None

    def spell_row(self, cells: Sequence[Sequence[str]]) -> str:
        """Return a table's row as words; a cell without any keeps its place."""
        spelled = []
        for cell in cells:
            words = ""
            for line in cell:
                words = self.append(words, line)[0] if words else line
            spelled.append(words)
        return BETWEEN.join(spelled).strip()

    def append(self, words: str, line: str) -> tuple[str, int]:
        """Return words with a line behind them, and where it begins."""
        if _is_broken(words) and line[0].isalnum():
            if line.split(maxsplit=1)[0] in _list_joining():  # pre- and post-war
                words += " "
            elif line[0].islower() and not self._keeps_hyphen(words, line):
                words = words[:-1]
        elif self._is_parted(words[-1], line[0]):
            words += " "
        return words + line, len(words)

    def _keeps_hyphen(self, words: str, line: str) -> bool:
        """Tell whether a word that is cut at a hyphen is written with one."""
        cut, rest = _CUT.match(words[: -_LONGEST_CUT - 1 : -1]), _WORD.match(line)
        if cut is None or rest is None:
            return True
        head, tail = cut[0][::-1].casefold(), rest[0].casefold()
        if head[:-1] + tail in self._words:
            return False
        if head + tail in self._words or not self._hyphenates:
            return True
        return head[:-1] in self._words and tail in self._words

    def _is_parted(self, one: str, other: str) -> bool:
        """Tell whether a blank stands between two characters that a line's end parts."""
        wide = is_wide(one), is_wide(other)
        return not any(wide) or (not all(wide) and (one + other).isalnum() and self._blanks)


@cache
def _list_joining() -> frozenset[str]:
    return frozenset(read_lexicon("sentences")["joining"].split())


def _is_broken(words: str) -> bool:
    """Tell whether words end in a hyphen behind a letter, a digit or `_`."""
    return words.endswith("-") and (words[-2:-1].isalnum() or words[-2:-1] == "_")


def has_leaders(words: str) -> bool:
    """Tell whether a line of a table of contents leads to a page's number by dots."""
    found = _LEADERS.search(words)
    return found is not None and (words[-1] in ".·…‥．" or words[-1].isalnum()) and (
        words[found.end() :].strip(".·…‥． ").isalnum() or found.end() == len(words)
        or not words[found.end() :].strip(".·…‥． ")
    )  # fmt: skip


def _find_edges(lines: Sequence[Line]) -> dict[int, float]:
    """Return by line, by its identity, how far the lines reach that stand in one column with it.

    These follow each other in one size, begin at one place and stand close.
    """
    edges: dict[int, float] = {}
    run: list[Line] = []
    for line in [*lines, None]:
        if line is not None and (line.cells or line.furniture):
            continue
        if run and (line is None or not _stands_below(run[-1], line)):
            edge = max(each.right for each in run)
            edges.update((id(each), edge) for each in run)
            run = []
        if line is not None:
            run.append(line)
    return edges


def _stands_below(above: Line, line: Line) -> bool:
    down = above.base - line.base
    close = above.page == line.page and 0 < down < _COLUMN_GAP * line.size
    return close and _are_alike(above, line) and abs(above.left - line.left) < _COLUMN_SHIFT


def _find_median(sizes: Sequence[tuple[float, int]]) -> float:
    """Return the middle one of sizes in order, each counted by its letters."""
    half = sum(letters for _, letters in sizes) / 2
    for size, letters in sizes:
        half -= letters
        if half <= 0:
            return size
    return sizes[-1][0]


def _are_alike(one: Line, other: Line) -> bool:
    return _ALIKE[0] < other.size / one.size < _ALIKE[1]


def _list_words(lines: Sequence[Line]) -> set[str]:
    """Return the words of lines in small letters, without those that a line's end cuts."""
    found: set[str] = set()
    cut = False
    for line in lines:
        words = _WORD.findall(line.text.casefold())
        first, cut = cut, _is_broken(line.text)
        found.update(words[first : len(words) - cut])
    return found
