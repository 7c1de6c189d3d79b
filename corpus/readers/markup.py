"""HTML that is all article, as Markdown is rendered to and books are made of, to its pieces.

A web page has a site around its article and is read by other rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from corpus.language.captions import is_caption
from corpus.language.superscripts import shift
from corpus.readers.pieces import Piece, clean
from corpus.records import BlockKind, LeftOut
from corpus.tables import BETWEEN

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CAPTIONS = ("figcaption", "caption")
_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "dfn", "em", "font", "i", "img", "ins"),
        *("kbd", "label", "mark", "q", "rb", "ruby", "samp", "small", "span", "strong", "sub"),
        *("sup", "time", "tt", "u", "var", "wbr", "big", "data", "br"),
    )
)
_GONE = {
    **dict.fromkeys(("script", "style", "template", "head"), ""),
    **dict.fromkeys(("del", "s", "strike"), "struck passage"),
    **dict.fromkeys(("rt", "rp"), "reading of a sign"),
    **dict.fromkeys(("iframe", "object", "embed", "svg", "math", "video", "audio"), "other part"),
}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SHIFTS = {"sup": "raised", "sub": "lowered"}


def list_pieces(markup: str | bytes) -> tuple[list[Piece], list[LeftOut]]:
    """Return the pieces of HTML in order, and what was left out of it; neither where it has none.

    A picture's description is a caption; a row of a table is a line with ` | ` between its cells.
    """
    from lxml import etree, html

    if isinstance(markup, str):
        markup = markup.encode("utf-8", "replace")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(markup, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        return [], []
    left_out = list(_drop_unseen(tree))
    return list(_Walk().walk(tree)), left_out


def _drop_unseen(tree: HtmlElement) -> Iterator[LeftOut]:
    """Take out what a reader does not see, the words behind it kept, and yield what had words."""
    gone: list[tuple[HtmlElement, str]] = []
    for element in tree.iter():
        hidden = element.get("hidden") is not None or _HIDDEN.search(element.get("style") or "")
        if element.tag in _GONE or hidden:
            gone.append((element, _GONE.get(element.tag, "hidden passage")))
    for element, what in gone:
        if element.getparent() is None:
            continue
        words = " ".join(" ".join(element.itertext()).split())
        if words and what:
            yield LeftOut("not supported" if what == "other part" else "hidden", what, words)
        element.drop_tree()


class _Walk:
    """A walk through a tree: words are gathered until an element ends what they stand in."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._marker = ""
        self._lists: list[int | None] = []  # of the lists around, the number of the next item
        self._rows: list[list[str]] = []  # of the tables around, the cells so far,
        self._around: list[list[str]] = []  # and the words of the cell that each stands in
        self._shift = ""
        self._pre = 0

    def walk(self, tree: HtmlElement) -> Iterator[Piece]:
        """Yield the pieces below an element in order."""
        from lxml import etree

        for event, element in etree.iterwalk(tree, events=("start", "end")):
            tag = element.tag
            if event == "start":
                yield from self._begin(element, tag)
                self._add(element.text)
            else:
                yield from self._end(tag)
                self._add(element.tail)
        yield from self._flush()

    def _begin(self, element: Any, tag: str) -> Iterator[Piece]:
        if tag not in _INLINE:
            yield from self._flush()
        if tag in _HEADINGS or tag in _CAPTIONS:
            self._kind = "heading" if tag in _HEADINGS else "caption"
        elif tag in ("ul", "ol", "menu"):
            start = element.get("start") or "1"
            number = int(start) if start.isdecimal() and len(start) < 10 else 1
            self._lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._marker = "- "
            count = self._lists[-1] if self._lists else None
            if count is not None:
                self._marker, self._lists[-1] = f"{count}. ", count + 1
        elif tag == "tr":
            self._rows.append([])
            self._around.append(self._words)
            self._words = []
        elif tag == "br":
            self._words.append("\n")
        elif tag == "pre":
            self._pre += 1
        elif tag in _SHIFTS:
            self._shift = _SHIFTS[tag]
        elif tag == "img" and (element.get("alt") or "").strip():
            yield from self._flush()
            if self._rows:
                self._words.append(element.get("alt"))
            else:
                yield Piece("caption", element.get("alt"))

    def _end(self, tag: str) -> Iterator[Piece]:
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append(" ".join(clean("".join(self._words)).split()))
            self._words.clear()
        elif tag not in _INLINE:
            yield from self._flush()
        if tag in _HEADINGS or tag in _CAPTIONS:
            self._kind = "paragraph"
        elif tag in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._marker = ""
        elif tag == "tr" and self._rows:
            yield Piece("paragraph", BETWEEN.join(self._rows.pop()))
            self._words = self._around.pop()
        elif tag == "pre":
            self._pre -= 1
        elif tag in _SHIFTS:
            self._shift = ""

    def _add(self, text: str | None) -> None:
        if text:
            words = text if self._pre else _SPACE.sub(" ", text)
            self._words.append(shift(words, self._shift))

    def _flush(self) -> Iterator[Piece]:
        if self._rows:  # a cell's paragraphs stay in it
            self._words.append(" ")
            return
        words = clean("".join(self._words))
        self._words.clear()
        if words:
            caption = self._kind == "paragraph" and is_caption(words)
            yield Piece("caption" if caption else self._kind, self._marker + words)
            self._marker = ""
