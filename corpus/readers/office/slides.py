"""A PowerPoint file to what stands on its slides, each under its title as a heading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from corpus.errors import DocumentError, Message
from corpus.language.superscripts import shift
from corpus.readers.office.archive import Archive, cut_namespace, find, gather, get
from corpus.readers.office.formula import spell_formula
from corpus.readers.pieces import Piece, compose
from corpus.records import Extraction, LeftOut
from corpus.tables import BETWEEN

_KIND = "PowerPoint file"
_MAIN = "ppt/presentation.xml"
_TITLES = ("title", "ctrTitle")
_SMALLEST = 200  # hundredths of a point below which nobody reads
_NUMBERS = ("sldNum", "dt", "ftr", "hdr")  # placeholders of what stands on every slide


def read_slides(data: bytes, name: str) -> Extraction:
    """Read a .pptx file; raises DocumentError where it is broken, a bomb or has no text.

    Notes for the speaker and hidden slides are named as left out.
    """
    archive = Archive(data, name, _KIND)
    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    try:
        for number, part in enumerate(_list_slides(archive), 1):
            _read_slide(archive, part, Message("slide {number}", number=number), pieces, left_out)
    except DocumentError:
        raise
    except Exception as error:  # lxml's, zipfile's, zlib's; RecursionError
        raise archive.refuse(error) from error
    first = next((piece.text for piece in pieces if piece.kind == "heading"), "")
    return replace(compose(pieces, name, left_out), title=" ".join(first.split()))


def _list_slides(archive: Archive) -> Iterator[str]:
    parts = [part for kind, part in archive.list_targets().values() if kind == "officeDocument"]
    main = next(iter(parts), _MAIN)
    root, targets = archive.parse(main), archive.list_targets(main)
    slides = None if root is None else find(root, "sldIdLst")
    for slide in () if slides is None else slides:
        for key, value in slide.attrib.items():
            if key.startswith("{") and cut_namespace(key) == "id" and value in targets:
                yield targets[value][1]


def _read_slide(
    archive: Archive, part: str, place: str, pieces: list[Piece], left_out: list[LeftOut]
) -> None:
    root = archive.parse(part)
    for kind, target in archive.list_targets(part).values():
        words = (
            gather(archive.parse(target)) if kind in ("notesSlide", "chart", "diagramData") else ""
        )
        if words and kind == "notesSlide":
            left_out.append(LeftOut("hidden", "speaker's note", words, place))
        elif words:
            left_out.append(LeftOut("not supported", "chart", words, place))
    if get(root, "show") in ("0", "false"):
        left_out.append(LeftOut("hidden", "hidden slide", gather(root), place))
        return
    left_out += _drop_unread(root, place)
    shapes = list(_list_shapes(root))
    shapes.sort(key=lambda shape: _place_of(shape) not in _TITLES)  # a title is read first
    for shape in shapes:
        pieces += _read_shape(shape)


def _drop_unread(root: Any, place: str) -> Iterator[LeftOut]:
    """Take out the words of a slide that are too small to be read, and yield them."""
    for run in [each for each in root.iter() if cut_namespace(each.tag) == "r"]:
        properties, words = find(run, "rPr"), find(run, "t")
        size = "" if properties is None else get(properties, "sz") or ""
        if words is not None and size.isdecimal() and int(size) < _SMALLEST:
            yield LeftOut("hidden", "hidden passage", words.text or "", place)
            words.text = ""


def _list_shapes(root: Any) -> Iterator[Any]:
    """Yield the shapes with text and the tables of a slide, those of groups too, in order."""
    for element in root:
        kind = cut_namespace(element.tag)
        if kind in ("sp", "graphicFrame", "cxnSp"):
            yield element
        elif kind == "AlternateContent":
            yield from _list_shapes(next((e for e in element if gather(e)), ()))
        elif kind in ("cSld", "spTree", "grpSp"):
            yield from _list_shapes(element)


def _place_of(shape: Any) -> str:
    holder = find(shape, "nvSpPr", "nvPr", "ph")
    return "" if holder is None else get(holder, "type") or ""


def _read_shape(shape: Any) -> Iterator[Piece]:
    place = _place_of(shape)
    for element in shape.iter():
        kind = cut_namespace(element.tag)
        if kind == "tr":
            cells = [gather(cell) for cell in element if cut_namespace(cell.tag) == "tc"]
            yield Piece("paragraph", BETWEEN.join(cells))
        elif kind == "txBody" and cut_namespace(element.getparent().tag) != "tc":
            paragraphs = [_read_paragraph(e) for e in element if cut_namespace(e.tag) == "p"]
            if place in _TITLES:
                yield Piece("heading", " ".join(" ".join(paragraphs).split()))
            elif place in _NUMBERS:
                yield Piece("furniture", " ".join(paragraphs))
            else:
                yield from (Piece("paragraph", words) for words in paragraphs)


def _read_paragraph(paragraph: Any) -> str:
    words = []
    for element in paragraph.iter():
        kind = cut_namespace(element.tag)
        if kind == "br":
            words.append("\n")
        elif kind == "oMath":
            words.append(spell_formula(element))
        elif kind == "t" and not _is_formula(element):
            properties = find(element.getparent(), "rPr")
            raised = "0" if properties is None else get(properties, "baseline") or "0"
            how = "" if raised in ("0", "0%") else "lowered" if raised[0] == "-" else "raised"
            words.append(shift(element.text or "", how))
    return "".join(words)


def _is_formula(element: Any) -> bool:
    return "/math" in element.tag
