"""A page's tree to its parts in order: headings, paragraphs, rows, with where each stands.

A part is what a browser sets apart: a block, or within one the lines that a break ends. Nothing
that is seen is dropped here; what is hidden, and what is no running text, is listed beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from corpus.language.captions import is_caption
from corpus.language.superscripts import set_off
from corpus.readers.pieces import clean
from corpus.readers.web.formula import spell_formula
from corpus.readers.web.hiding import Hiding, Style, is_nothing, is_unread, read_sheets
from corpus.readers.web.parts import (
    HEADINGS,
    Line,
    Part,
    count_columns,
    count_letters,
    group_lines,
    join_terms,
)
from corpus.readers.web.tables import Row, find_layout
from corpus.records import BlockKind, LeftOut, LeftOutReason

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_CAPTIONS = ("figcaption", "caption")
_KEPT = ("pre", "listing", "xmp", "plaintext")  # whose lines are lines
_TITLES = (*HEADINGS, "dt", "summary", "legend")  # in which a button is a heading
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details"),
        *("dialog", "dir", "div", "dl", "fieldset", "figure", "footer", "form", "header"),
        *("hgroup", "hr", "li", "main", "menu", "nav", "ol", "p", "search", "section", "table"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "ul", *_CAPTIONS, *_KEPT, *_TITLES),
    )
)
_SHOWN_AS_BLOCK = ("block", "flex", "grid", "list-item", "table")
_NO_WORDS = ("script", "style", "template", "head", "link", "meta", "title", "frameset")
_REASONS: dict[str, tuple[LeftOutReason, str]] = {
    **dict.fromkeys(("noscript", "noframes", "noembed"), ("hidden", "part without scripts")),
    **dict.fromkeys(("iframe", "object", "embed", "applet"), ("not supported", "frame")),
    **dict.fromkeys(("audio", "video", "canvas"), ("hidden", "part for old browsers")),
    **dict.fromkeys(("select", "datalist", "textarea"), ("furniture", "field")),
    **dict.fromkeys(("rt", "rp", "rtc"), ("furniture", "reading of a word")),
    "svg": ("not supported", "drawing"),
}
_SPACE = re.compile(r"[ \t\r\n\f]+")  # what a browser makes one blank of
_MARK = re.compile(r"\s*[\[(]?(?:\d{1,3}|[a-z]|[*†‡§¶]{1,3}|[①-⑳])[\])]?\s*")
_ABOVE = re.compile(
    r"\+?[\d.]{0,6}[1-9][\d.]{0,6}(?:px|pt|r?em|ex|%)"
)  # lengths: above the line ...
_BELOW = re.compile(r"-[\d.]{0,6}[1-9][\d.]{0,6}(?:px|pt|r?em|ex|%)")  # ... and below it
_TEX = re.compile(r"[\\^]|_\{")
_NO_HEADING = re.compile(r"[.!?。！？…;；:：,，、]$")
_LONG_HEADING = 100  # columns


def list_parts(tree: Element) -> tuple[list[Part], list[LeftOut]]:
    """Return the parts of a page in order, and what of it nobody sees."""
    body = tree.find("body")
    if body is None:
        return [], []
    sheets = (sheet.text or "" for sheet in tree.iter("style"))
    walk = _Walk(Hiding(read_sheets(sheets), _measure(body)), find_layout(body))
    return list(join_terms(walk.take(body))), walk.left_out


def _measure(body: Element) -> dict[Element, int]:
    """Return for each element how many letters it holds."""
    sizes: dict[Element, int] = {}
    elements = [e for e in body.iter() if isinstance(e.tag, str) and e.tag not in _NO_WORDS]
    for element in reversed(elements):
        own = count_letters(element.text or "")
        for child in element:
            own += sizes.get(child, 0) + count_letters(child.tail or "")
        sizes[element] = own
    return sizes


class _Walk:
    """One way through a page, from its first word to its last."""

    def __init__(self, hiding: Hiding, layout: set[Element]) -> None:
        self.left_out: list[LeftOut] = []
        self._hiding = hiding
        self._layout = layout  # tables whose cells are no cells
        self._blocks: list[Element] = []
        self._lines: list[Line] = [Line()]
        self._rows: list[Row | None] = []  # of the tables around
        # How many of the elements around are such:
        self._heading = self._titled = self._caption = self._linked = self._bold = self._kept = 0
        self._marker = ""
        self._dim: list[bool] = [False]  # whether words are of no size, by element,
        self._unread: list[bool] = [False]  # and whether of one that nobody reads

    def take(self, body: Element) -> Iterator[Part]:
        """Yield the parts of a page."""
        around = [(body, self._hiding.style(body), iter(body))]
        yield from self._start(body, around[0][1])
        while around:
            element, style, inside = around[-1]
            child = next(inside, None)
            if child is None:
                around.pop()
                yield from self._end(element, style)
                self._write(element.tail if around else None)
                continue
            style = self._hiding.style(child) if isinstance(child.tag, str) else {}
            if not isinstance(child.tag, str) or self._pass_over(child, style):
                self._write(child.tail)
                continue
            around.append((child, style, iter(child)))
            yield from self._start(child, style)
        yield from self._flush()

    def _pass_over(self, element: Element, style: Style) -> bool:
        """Take an element's words in one go where they are no running text."""
        tag = element.tag.rpartition(":")[2]
        if tag in _NO_WORDS:
            return True
        if tag == "input":
            seen = (element.get("type") or "").lower() != "hidden"
            for shown in ("value", "placeholder") if seen else ():
                self._leave("furniture", "field", element.get(shown) or "")
            return True
        if tag in _REASONS:
            self._leave(*_REASONS[tag], self._spell(element))
            return True
        if tag == "button" and not self._titled:
            self._leave("furniture", "button", self._spell(element))
            return True
        if self._hiding.hides(element, style) or self._repeats_formula(element):
            self._leave("hidden", "hidden part", self._spell(element, all_of_it=True))
            return True
        if tag == "math":
            apart = " " if element.get("display") == "block" else ""
            self._write(f"{apart}{spell_formula(element)}{apart}")
            return True
        if tag == "img" and _TEX.search(element.get("alt") or ""):  # a formula as a picture
            self._write(f" {element.get('alt')} ")
            return True
        return self._take_mark(element, style)

    def _take_mark(self, element: Element, style: Style) -> bool:
        """Write what stands above or below the line, unless it holds more than words."""
        align = style.get("vertical-align")
        raised = element.tag == "sup" or align in ("super", "text-top")
        raised = raised or element.get("role") == "doc-noteref"
        raised = raised or self._is_note(element, style)
        if not raised and element.tag != "sub" and align != "sub":
            return False
        inside = element.iterdescendants()
        if any(inner.tag in _BLOCKS or inner.tag in ("math", "br") for inner in inside):
            return False
        before = next(reversed(self._lines[-1].words), "")
        self._write(set_off(self._spell(element), before, raised), flat=False)
        return True

    def _is_note(self, element: Element, style: Style) -> bool:
        """Tell whether an element is a note's mark by where its style or its link leads."""
        moved = style.get("position") == "relative" and (
            _BELOW.fullmatch(style.get("top", "")) or _ABOVE.fullmatch(style.get("bottom", ""))
        )
        moved = moved or _ABOVE.fullmatch(style.get("vertical-align", ""))
        linked = element.tag == "a" and (element.get("href") or "").startswith("#")
        if not (moved or linked) or not _MARK.fullmatch("".join(element.itertext())):
            return False
        before = next(reversed(self._lines[-1].words), "")
        return bool(moved) or not before[-1:].isspace()

    def _repeats_formula(self, element: Element) -> bool:
        if element.get("aria-hidden") != "true":
            return False
        beside = (element.getprevious(), element.getnext())
        return any(
            one is not None and (one.tag == "math" or one.find(".//math") is not None)
            for one in beside
        )

    def _spell(self, element: Element, all_of_it: bool = False) -> str:
        """Return the words in an element; what it hides is listed apart unless asked for."""
        words = [element.text or ""]
        around = [iter(element)]
        while around:
            inner = next(around[-1], None)
            if inner is None:
                around.pop()
                continue
            named = isinstance(inner.tag, str) and inner.tag not in _NO_WORDS
            judged = named and not all_of_it
            if judged and self._hiding.hides(inner, self._hiding.style(inner)):
                self._leave("hidden", "hidden part", self._spell(inner, all_of_it=True))
            elif named:
                words.append(" " if inner.tag in _BLOCKS or inner.tag in ("br", "option") else "")
                words.append(inner.text or "")
                around.append(iter(inner))
            words.append(inner.tail or "")
        return _SPACE.sub(" ", "".join(words)).strip()

    def _leave(self, reason: LeftOutReason, what: str, words: str) -> None:
        words = clean(words).replace("\n", " ")
        if any(map(str.isalnum, words)):
            self.left_out.append(LeftOut(reason, what, words))

    def _write(self, text: str | None, flat: bool = True) -> None:
        if not text:
            return
        if self._dim[-1] or self._unread[-1]:
            self._leave("hidden", "hidden part", text)
            return
        for number, words in enumerate(text.split("\n") if self._kept else [text]):
            if number:
                self._lines.append(Line())
            words = _SPACE.sub(" ", words) if flat else words
            line = self._lines[-1]
            letters = count_letters(words)
            line.words.append(words)
            line.linked += letters if self._linked else 0
            line.bold += letters if self._bold else 0

    def _is_block(self, element: Element, style: Style) -> bool:
        return element.tag in _BLOCKS or style.get("display") in _SHOWN_AS_BLOCK

    def _start(self, element: Element, style: Style) -> Iterator[Part]:
        tag = element.tag
        block = self._is_block(element, style)
        size = style.get("font-size", "")
        if size:
            dim = is_nothing(size) and not self._hiding.reveals(element, style)
            self._unread.append(is_unread(size))
        else:
            self._unread.append(self._unread[-1])
        if not size:  # a style sheet elsewhere may give a block, or what has a class, a size again
            dim = self._dim[-1] and not block and not element.get("class")
        if block:
            yield from self._flush()
            self._blocks.append(element)
        self._dim.append(dim)
        self._count(element, style, 1)
        if tag == "li":
            self._marker = "- "
        elif tag == "table":
            self._rows.append(None if element in self._layout else Row())
        elif tag in ("td", "th") and self._row is not None:
            self._row.open_cell(element)
        elif tag == "br":
            self._lines.append(Line())
        self._write(element.text)

    def _end(self, element: Element, style: Style) -> Iterator[Part]:
        tag = element.tag
        block = self._is_block(element, style)
        if block:
            yield from self._flush()
        row = self._row
        if row is not None and tag in ("tr", "table"):
            line, linked = row.close()
            if line:
                yield Part("paragraph", clean(line), element, linked, row=True)
        elif row is not None and tag in ("td", "th"):
            row.close_cell()
        elif tag == "li":
            self._marker = ""
        if tag == "table":
            self._rows.pop()
        self._count(element, style, -1)
        self._dim.pop()
        self._unread.pop()
        if block:
            self._blocks.pop()

    def _count(self, element: Element, style: Style, step: int) -> None:
        tag = element.tag
        self._titled += step if tag in _TITLES else 0
        if tag in HEADINGS:
            self._heading += step
        elif tag in _CAPTIONS:
            self._caption += step
        elif tag in _KEPT:
            self._kept += step
        elif tag == "a" and (element.get("href") is not None or not element.get("name")):
            self._linked += step
        if tag in ("b", "strong") or style.get("font-weight") in ("bold", "bolder", "700"):
            self._bold += step

    @property
    def _row(self) -> Row | None:
        """The row that is being read, None outside tables of cells."""
        return self._rows[-1] if self._rows else None

    def _flush(self) -> Iterator[Part]:
        """Yield what stands in the lines since the last block began or ended."""
        lines = self._lines
        self._lines = [Line()]
        element = self._blocks[-1] if self._blocks else None
        if element is None or not any(line.text.strip() for line in lines):
            return
        row = self._row
        linked = sum(line.linked for line in lines)
        if row is not None and row.add(" ".join(clean(line.text) for line in lines), linked):
            return
        for group in group_lines(lines):
            text = clean("\n".join(line.text for line in group))
            if not any(map(str.isalnum, text)):
                continue
            kind = self._judge(text, group)
            part = Part(kind, self._marker + text if kind == "paragraph" else text, element)
            part.linked = sum(line.linked for line in group)
            self._marker = ""
            yield part

    def _judge(self, text: str, group: list[Line]) -> BlockKind:
        if self._caption or (not self._heading and is_caption(text)):
            return "caption"
        if self._heading:
            return "heading"
        bold = all(line.bold == count_letters(line.text) for line in group)
        fits = count_columns(text) <= _LONG_HEADING and "\n" not in text
        if bold and fits and not self._marker and not _NO_HEADING.search(text):
            return "heading"
        return "paragraph"
