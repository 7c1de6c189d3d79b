"""A Word file to what stands on its pages: headings, paragraphs, lists, rows, captions, notes.

Notes and text boxes follow the paragraph that they belong to. What is deleted, hidden or struck,
the headers and footers of pages and comments do not enter; they are named as left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from corpus.errors import DocumentError
from corpus.language.superscripts import shift
from corpus.readers.office.archive import Archive, cut_namespace, find, gather, get
from corpus.readers.office.formula import spell_formula
from corpus.readers.office.outline import Paragraph, find_headings
from corpus.readers.office.styles import PAPER, UNKNOWN, Look, Styles, read_ground
from corpus.readers.pieces import compose
from corpus.readers.portal import find_facts
from corpus.records import Extraction, LeftOut, LeftOutReason

_KIND = "Word file"
_MAIN = "word/document.xml"
# Elements whose children are read as if they stood in its place, and such as only hold them.
_AROUND = frozenset(
    ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple")
)
_DELETED = ("del", "moveFrom")
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_REFERENCES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_FURNITURE = {"header": "page header", "footer": "page footer"}
_ELSEWHERE = {"chart": "chart", "relIds": "diagram", "OLEObject": "embedded file"}
_SHIFTED_BY, _SHIFTED_SIGNS = 3, 2  # half points by which so many signs are raised by hand
_LONG_CELL = 400  # characters of several paragraphs beyond which a table is there for the layout


def read_word(data: bytes, name: str) -> Extraction:
    """Read a Word file (.docx, .docm, .dotx); raises DocumentError where it is broken or a bomb.

    The title is the first heading, else what the file's properties say.
    """
    archive = Archive(data, name, _KIND)
    try:
        story = _Story.open(archive)
        drafts = find_headings(story.read())
        stated = _read_title(archive)
    except DocumentError:
        raise
    except Exception as error:  # lxml's, zipfile's, zlib's; RecursionError
        raise archive.refuse(error) from error
    pieces = [draft.piece for draft in drafts]
    first = next((piece.text for piece in pieces if piece.kind == "heading"), "")
    published, source = find_facts([piece.text for piece in pieces]) or ("", "")
    reading = compose(pieces, name, story.left_out)
    title = " ".join((first or stated).split())
    return replace(reading, title=title, published=published, source=source)


def _read_title(archive: Archive) -> str:
    for kind, part in archive.list_targets().values():
        if kind == "core-properties":
            root = archive.parse(part)
            title = None if root is None else find(root, "title")
            return "" if title is None else str(title.text or "")
    return ""


@dataclass(slots=True)
class _Words:
    """A paragraph's words as they are gathered, with what is told beside them.

    `ground` is behind them where they do not say another. `bold` and `sizes` count characters;
    `lead` is how many of the first are bold. `beside` are the containers of text boxes, `notes` the
    kinds and ids of notes, both in order.
    """

    look: Look
    ground: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    bold: int = 0
    lead: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    beside: list[Any] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: dict[tuple[LeftOutReason, str], list[str]] = field(default_factory=dict)

    def add(self, words: str, look: Look) -> None:
        """Take words that are seen, in the look of their run."""
        shown = len(words.strip())
        if look.bold or not shown:
            if self.bold == self.length:
                self.lead += len(words)
            self.bold += shown
        self.length += shown
        self.sizes[look.size] += shown
        self.parts.append(words)

    def drop(self, reason: LeftOutReason, what: str, words: str) -> None:
        """Take words that are not."""
        if words.strip():
            self.dropped.setdefault((reason, what), []).append(words)


@dataclass(slots=True)
class _Story:
    """A Word file's body on its way to drafts, and all that was left out of it so far."""

    archive: Archive
    body: Any
    styles: Styles
    targets: dict[str, tuple[str, str]]
    notes: dict[tuple[str, str], Any] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)
    left_out: list[LeftOut] = field(default_factory=list)

    @classmethod
    def open(cls, archive: Archive) -> _Story:
        """Find the parts; raises DocumentError where there is no body."""
        parts = [part for kind, part in archive.list_targets().values() if kind == "officeDocument"]
        main = next(iter(parts), _MAIN)
        root = archive.parse(main)
        body = None if root is None else find(root, "body")
        if body is None:
            raise archive.refuse(ValueError("no body in it"))
        targets = archive.list_targets(main)
        roots = {
            kind: archive.parse(part)
            for kind, part in targets.values()
            if kind in ("styles", "footnotes", "endnotes", "comments")
        }
        story = cls(archive, body, Styles.read(roots.get("styles")), targets)
        for kind in ("footnote", "endnote"):
            for note in () if roots.get(f"{kind}s") is None else roots[f"{kind}s"]:
                if get(note, "type") in (None, "normal"):
                    story.notes[kind, get(note, "id") or ""] = note
        for comment in () if roots.get("comments") is None else roots["comments"]:
            story._leave_out("hidden", "comment", gather(comment))
        return story

    def read(self) -> list[Paragraph]:
        """Return the body's drafts in order; the list of what is left out is whole after it."""
        drafts = list(self._list_blocks(self.body, self._find_ground()))
        seen = {""}
        for kind, part in self.targets.values():
            words = gather(self.archive.parse(part)) if kind in _FURNITURE else ""
            if words not in seen:
                seen.add(words)
                self._leave_out("furniture", _FURNITURE[kind], words)
        for key, note in self.notes.items():
            if key not in self.told:
                self._leave_out("hidden", key[0], gather(note))
        return drafts

    def _leave_out(self, reason: LeftOutReason, what: str, words: str) -> None:
        if words:
            self.left_out.append(LeftOut(reason, what, words))

    def _find_ground(self) -> str:
        """Return what the pages' ground is: paper, unless a colour or a picture lies on it."""
        around = self.body.getparent()
        if around is not None and find(around, "background") is not None:
            return UNKNOWN
        behind = (e for e in self.body.iter() if cut_namespace(e.tag) == "anchor")
        return UNKNOWN if any(get(e, "behindDoc") == "1" for e in behind) else PAPER

    def _list_blocks(self, container: Any, ground: str) -> Iterator[Paragraph]:
        """Yield the drafts of what stands in a container, whose ground may be UNKNOWN."""
        for element in _flatten(container):
            kind = cut_namespace(element.tag)
            if kind == "p":
                yield from self._read_paragraph(element, ground)
            elif kind == "tbl":
                yield from self._list_rows(element, ground)
            elif kind in _DELETED:
                self._leave_out("hidden", "deleted passage", gather(element))
            elif kind == "altChunk":
                self.left_out.append(LeftOut("not supported", "embedded document"))
            elif kind == "oMathPara":
                yield Paragraph("paragraph", spell_formula(element))

    def _read_paragraph(self, paragraph: Any, ground: str) -> Iterator[Paragraph]:
        properties = find(paragraph, "pPr")
        words = _Words(self.styles.read_paragraph(properties), ground)
        self._gather_words(paragraph, words)
        for (reason, what), parts in words.dropped.items():
            self._leave_out(reason, what, " ".join("".join(parts).split()))
        yield Paragraph.make(
            "".join(words.parts), words.look, words.bold == words.length > 0, words.lead,
            max(words.sizes, key=lambda size: words.sizes[size], default=0),
        )  # fmt: skip
        for box in words.beside:
            yield from (replace(draft, loose=True) for draft in self._list_blocks(box, UNKNOWN))
        for kind, number, mark in words.notes:
            yield from self._read_note(kind, number, mark)

    def _read_note(self, kind: str, number: str, mark: str) -> Iterator[Paragraph]:
        note = self.notes.get((kind, number))
        if note is None or (kind, number) in self.told:
            return
        self.told.add((kind, number))
        for draft in self._list_blocks(note, PAPER):
            if draft.words.strip():
                words = f"{mark} {draft.words.strip()}" if mark else draft.words
                yield Paragraph("paragraph", words, loose=True)
                mark = ""

    def _gather_words(self, paragraph: Any, words: _Words) -> None:
        """Gather what a paragraph says; a run's look holds for what stands in it."""
        stack: list[tuple[Any, Look]] = [(each, words.look) for each in reversed(paragraph)]
        while stack:
            element, look = stack.pop()
            kind = cut_namespace(element.tag)
            if kind == "r":
                look = self.styles.read_run(find(element, "rPr"), words.look)
                look = _shift_by_hand(element, look)
            elif kind in ("t", "sym"):
                self._put(element, kind, look, words)
            elif kind in _BREAKS:
                words.add(_BREAKS[kind], look)
            elif kind in _REFERENCES:
                self._refer(element, _REFERENCES[kind], words, look)
            elif kind in ("oMath", "oMathPara"):
                words.add(spell_formula(element), look)
            elif kind in _DELETED:
                words.drop("hidden", "deleted passage", gather(element))
            elif kind == "rt":
                words.drop("furniture", "reading of a sign", gather(element))
            elif kind == "txbxContent":
                words.beside.append(element)
            elif kind in _ELSEWHERE:
                self._point_out(element, _ELSEWHERE[kind])
            elif kind == "textpath":
                words.drop("not supported", "lettering", get(element, "string") or "")
            elif kind == "sdtPr" and find(element, "showingPlcHdr") is not None:
                content = find(element.getparent(), "sdtContent")
                if content is not None:
                    words.drop("furniture", "empty form field", gather(content))
            if kind not in _CLOSED:
                inner = _choose(element) if kind == "AlternateContent" else element
                stack.extend((each, look) for each in reversed(inner) if not _is_placeholder(each))

    def _put(self, element: Any, kind: str, look: Look, words: _Words) -> None:
        text = element.text or ""
        if kind == "sym":
            code = int(get(element, "char") or "0", 16)
            text = chr(code) if 32 <= code < 0xE000 else ""
            if not text:
                self.left_out.append(LeftOut("unreadable", "sign"))
        if not look.is_seen(words.ground):
            words.drop("hidden", "hidden passage", text)
        elif look.struck:
            words.drop("hidden", "struck passage", text)
        else:
            words.add(shift(text, look.shift), look)

    def _refer(self, element: Any, kind: str, words: _Words, look: Look) -> None:
        number = get(element, "id") or ""
        if look.hidden or (kind, number) not in self.notes:
            return
        own = get(element, "customMarkFollows") in ("1", "true", "on")
        count = sum(1 for each in self.told if each[0] == kind) + 1
        count += sum(1 for each in words.notes if each[0] == kind)
        mark = "" if own else shift(str(count), "raised")
        words.add(mark, look)
        words.notes.append((kind, number, mark))

    def _point_out(self, element: Any, what: str) -> None:
        """Leave out what stands in a part of its own, with the words that are in that."""
        said = []
        for key in ("id", "dm"):
            kind, part = self.targets.get(get(element, key) or "", ("", ""))
            if kind in ("chart", "diagramData"):
                root = self.archive.parse(part)
                said.append(gather(root))
        self.left_out.append(LeftOut("not supported", what, " ".join(said).strip()))

    def _list_rows(self, table: Any, ground: str) -> Iterator[Paragraph]:
        above: dict[int, str] = {}
        ground = self._find_table_ground(table) or ground
        for row in _flatten(table):
            if cut_namespace(row.tag) != "tr":
                continue
            properties = find(row, "trPr")
            if properties is not None and find(properties, "del") is not None:
                self._leave_out("hidden", "deleted passage", gather(row))
                continue
            yield from self._read_row(row, above, ground)

    def _find_table_ground(self, table: Any) -> str:
        """Return the ground of a table's cells, UNKNOWN where its style has one, empty without."""
        shade, style = find(table, "tblPr", "shd"), find(table, "tblPr", "tblStyle")
        if style is not None and self.styles.colors_ground(get(style, "val") or ""):
            return UNKNOWN
        return "" if shade is None else read_ground(shade)

    def _read_row(self, row: Any, above: dict[int, str], ground: str) -> Iterator[Paragraph]:
        """Yield a row as a line, or its cells one by one where they hold whole paragraphs.

        `above` has, by column, the words of cells that go on over several rows: each row has them.
        """
        cells: list[list[Paragraph]] = []
        loose: list[Paragraph] = []
        column = 0
        for cell in _flatten(row):
            if cut_namespace(cell.tag) != "tc":
                continue
            shade = find(cell, "tcPr", "shd")
            here = (read_ground(shade) if shade is not None else "") or ground
            drafts = [draft for draft in self._list_blocks(cell, here) if draft.words.strip()]
            own = [draft for draft in drafts if not (draft.loose or draft.row)]
            loose += [draft for draft in drafts if draft.loose or draft.row]
            merged = find(cell, "tcPr", "vMerge")
            if merged is None:
                above.pop(column, None)
            elif get(merged, "val") == "restart":
                above[column] = _join(own)
            elif not own and column in above:
                own = [Paragraph("paragraph", above[column])]
            cells.append(own)
            span = find(cell, "tcPr", "gridSpan")
            width = "1" if span is None else get(span, "val") or "1"
            column += int(width) if width.isdecimal() else 1
        if len(cells) == 1 or any(len(c) > 1 and len(_join(c)) > _LONG_CELL for c in cells):
            for own in cells:
                yield from own
        else:
            yield Paragraph("paragraph", " | ".join(map(_join, cells)), row=True)
        yield from (replace(draft, loose=True) for draft in loose)


# Elements that are told of as a whole, or say nothing that is seen.
_CLOSED = frozenset(
    (
        *("pPr", "rPr", "sdtPr", "sdtEndPr", "rubyPr", "t", "sym", "instrText", "delInstrText"),
        *("oMath", "oMathPara", "rt", "txbxContent", *_DELETED, *_ELSEWHERE, *_REFERENCES),
    )
)


def _flatten(container: Any) -> Iterator[Any]:
    """Yield the children of a container, those of what only wraps them in its place."""
    for element in container:
        kind = cut_namespace(element.tag)
        if kind in _AROUND:
            yield from _flatten(element)
        elif kind == "AlternateContent":
            yield from _flatten(_choose(element))
        else:
            yield element


def _choose(alternate: Any) -> Any:
    """Return the one of several forms of the same that has words, the first before others."""
    return next((each for each in alternate if gather(each)), ())


def _is_placeholder(element: Any) -> bool:
    """Tell whether an element is the content of a form field that nobody filled in."""
    if cut_namespace(element.tag) != "sdtContent":
        return False
    return find(element.getparent(), "sdtPr", "showingPlcHdr") is not None


def _shift_by_hand(run: Any, look: Look) -> Look:
    """Return the look of a run whose few signs are raised or lowered by a distance."""
    position = find(run, "rPr", "position")
    distance = "" if position is None else get(position, "val") or ""
    if not distance.lstrip("-").isdecimal() or abs(int(distance)) < _SHIFTED_BY:
        return look
    if len(gather(run)) > _SHIFTED_SIGNS:
        return look
    return replace(look, shift="lowered" if distance.startswith("-") else "raised")


def _join(drafts: list[Paragraph]) -> str:
    return " ".join(" ".join(draft.words.split()) for draft in drafts)
