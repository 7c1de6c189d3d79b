"""Tables of a page: which hold cells, and which only put things side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus.readers.web.tree import list_events
from corpus.tables import BETWEEN

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_NO_CELL = frozenset(
    (
        *("table", "h1", "h2", "h3", "h4", "h5", "h6", "article", "aside", "nav", "main"),
        *("header", "footer", "section", "form", "hr", "figure", "blockquote"),
    )
)
_PARAGRAPHS = 3  # in a cell, from which on it is a column of a page
_LONG_CELL = 1000  # letters
_WIDEST = 40  # columns that one cell may span


def find_layout(body: Element) -> set[Element]:
    """Return the tables whose cells are parts of the page.

    They hold what no cell does, another table or a heading, or a cell of several paragraphs, or all
    their rows have one cell.
    """
    layout: set[Element] = set()
    around: list[Element] = []
    cells: list[int] = []  # for each of the tables around, the most cells of a row
    paragraphs = letters = 0
    for event, element in list_events(body):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        letters += len((element.text if event == "start" else element.tail) or "")
        if event == "start":
            if around and tag in _NO_CELL:
                layout.add(around[-1])
            if tag == "table":
                around.append(element)
                cells.append(0)
                if element.get("role") in ("presentation", "none"):
                    layout.add(element)
            elif tag in ("td", "th"):
                paragraphs = letters = 0
            elif tag == "p":
                paragraphs += 1
            elif tag == "tr" and cells:
                count = sum(1 for cell in element if cell.tag in ("td", "th"))
                cells[-1] = max(cells[-1], count)
        elif tag == "table":
            if cells.pop() <= 1:
                layout.add(element)
            around.pop()
        elif tag in ("td", "th") and around and (paragraphs >= _PARAGRAPHS or letters > _LONG_CELL):
            layout.add(around[-1])
    return layout


class Row:
    """The row of a table that is being read; cells that span others hold their places."""

    def __init__(self) -> None:
        """Begin with the first row."""
        self._cells: list[str] = []
        self._linked = 0
        self._open: list[str] | None = None
        self._span = (1, 1)
        self._below: dict[int, int] = {}  # column: rows that a cell above still reaches into

    def open_cell(self, element: Element) -> None:
        """Begin a cell; one that is still open ends."""
        if self._open is not None:
            self.close_cell()
        self._skip()
        self._open = []
        self._span = (_read_span(element, "colspan"), _read_span(element, "rowspan"))

    def add(self, words: str, linked: int) -> bool:
        """Take words into the cell; False where none is open."""
        if self._open is None:
            return False
        self._open.append(" ".join(words.split()))
        self._linked += linked
        return True

    def close_cell(self) -> None:
        """End the cell that is open, if any is."""
        if self._open is None:
            return
        wide, high = self._span
        start = len(self._cells)
        self._cells += [" ".join(self._open), *[""] * (wide - 1)]
        if high > 1:
            self._below |= dict.fromkeys(range(start, start + wide), high)
        self._open = None

    def close(self) -> tuple[str, int]:
        """End the row and return its line, empty where it has no words, and letters in links."""
        if self._open is not None:
            self.close_cell()
        self._skip()
        cells, linked = self._cells, self._linked
        self._cells, self._linked, self._open = [], 0, None
        self._below = {column: left - 1 for column, left in self._below.items() if left > 1}
        full = [cell for cell in cells if cell]
        alone = len(full) == 1 and bool(cells[0])
        return (full[0] if alone else BETWEEN.join(cells) if full else ""), linked

    def _skip(self) -> None:
        """Leave the places empty into which cells above reach."""
        while self._below.get(len(self._cells), 0) > 0 and len(self._cells) < 10 * _WIDEST:
            self._cells.append("")


def _read_span(element: Element, name: str) -> int:
    words = (element.get(name) or "1").strip()
    return max(1, min(int(words), _WIDEST)) if words.isdecimal() and len(words) < 6 else 1
