"""What a page sets apart, and how its words look: the terms in which pages are judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus.records import BlockKind
from corpus.tables import BETWEEN

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ENDS = re.compile(r"[.!?。！？…;；][\"'”’»)）」』\]]{0,3}$")
_BETWEEN = re.compile(r"[|｜•·●▪>›»→/／＞]|\u3000{1,3}|\xa0{2,4}| {2,4}")
_LINKS = 0.5  # share of letters in links from which on words are links
_INDENT = re.compile(r"[\u3000\xa0\u2003]{2}|\u3000")
_LONG_LINE = 120  # columns; what breaks behind more is no line of a verse or an address
_TERM, _SAID, _SHORT = 60, 120, 60  # characters of a term, of what is said of it, as a sentence
_SENTENCE, _PROSE = 30, 80  # columns from which on words are prose, with and without a full stop


@dataclass(eq=False, slots=True)
class Part:
    """A heading, a paragraph or a row, with the block it stands in and its letters in links.

    `text` is clean and has a line for each that a break ends; `row` tells a row of a table.
    """

    kind: BlockKind
    text: str
    element: Element
    linked: int = 0
    row: bool = False

    @property
    def letters(self) -> int:
        """How many characters it has that are no blanks."""
        return count_letters(self.text)

    @property
    def is_linked(self) -> bool:
        """Whether most of it is links."""
        return self.linked >= _LINKS * self.letters

    @property
    def prose(self) -> int:
        """How many letters of prose it has: of sentences, or of much text, with few links."""
        if self.kind == "heading" or self.is_linked:
            return 0
        if self.row:
            return self.letters // 2
        columns = count_columns(self.text)
        if columns >= _PROSE:
            return 0 if is_enumeration(self.text) else self.letters
        return self.letters if columns >= _SENTENCE and ends_as_sentence(self.text) else 0


def count_letters(text: str) -> int:
    """Return how many characters are no white space."""
    return len("".join(text.split()))


def count_columns(text: str) -> int:
    """Return how wide a text is; a Chinese sign takes two."""
    return len(text) if text.isascii() else len(text) + sum(map("\u2e80".__le__, text))


def ends_as_sentence(text: str) -> bool:
    """Tell whether a text ends as a sentence does."""
    return _ENDS.search(text[-5:]) is not None


def is_enumeration(text: str) -> bool:
    """Tell whether words are short ones with signs between, as in a menu, and no sentence."""
    if ends_as_sentence(text):
        return False
    pieces = [piece for piece in _BETWEEN.split(text) if piece.strip()]
    return len(pieces) > 3 and sum(map(len, pieces)) < 25 * len(pieces)


@dataclass(slots=True)
class Line:
    """A line of a block: its words, how many letters are in links, and how many are bold."""

    words: list[str] = field(default_factory=list)
    linked: int = 0
    bold: int = 0

    @property
    def text(self) -> str:
        """Its words in one."""
        return "".join(self.words)


def group_lines(lines: list[Line]) -> Iterator[list[Line]]:
    """Yield lines that belong together: an empty one, an indent and a full paragraph part them."""
    group: list[Line] = []
    for line in lines:
        words = line.text.strip()
        if not words:
            if group:
                yield group
            group = []
            continue
        if group and _part(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _part(above: Line, below: Line) -> bool:
    """Tell whether the break between two lines parts paragraphs."""
    if _INDENT.match(below.text.lstrip(" ")):
        return True
    if above.bold == count_letters(above.text) and below.bold < count_letters(below.text):
        return True  # a heading that stands in its paragraph
    return max(count_columns(above.text), count_columns(below.text)) > _LONG_LINE


def join_terms(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield parts; a term and the few words that are said of it are one row."""
    before: Part | None = None
    for part in parts:
        if before is not None and before.element.tag == "dt" and part.element.tag == "dd":
            short = len(before.text) <= _TERM and "\n" not in part.text and not part.row
            most = _SHORT if ends_as_sentence(part.text) else _SAID
            if short and len(part.text) <= most:
                text = before.text + BETWEEN + part.text
                linked = before.linked + part.linked
                yield Part("paragraph", text, part.element, linked, row=True)
                before = None
                continue
        if before is not None:
            yield before
        before = part
    if before is not None:
        yield before
