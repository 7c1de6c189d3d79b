"""What is drawn on a page beside its signs: ruled lines, dots, grounds, pictures, form fields."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_float, c_int, c_uint
from dataclasses import dataclass, field
from typing import Any

from corpus.layout.glyphs import Box, span

_OBJECTS = 40_000  # of a page that are looked at for ruled lines; a map has more, and no tables
_NESTED = 6  # forms within forms that are looked into
_FIELDS = 2000  # of a page
_THIN = 2.5  # points of a ruled line at most
_DOT = 1.5, 8.0  # points of a list's mark that is drawn

Matrix = tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class Drawing:
    """What is drawn beside signs: ruled lines, dots, and grounds that white type shows on."""

    rules: list[Box] = field(default_factory=list)
    dots: list[Box] = field(default_factory=list)
    grounds: list[Box] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    fields: list[Box] = field(default_factory=list)


def list_fields(page: Any) -> Iterator[Box]:
    """Yield the boxes of the fields and notes that are laid on a page."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    count = raw.FPDFPage_GetAnnotCount(page)
    for number in range(count if count <= _FIELDS else 0):
        laid = raw.FPDFPage_GetAnnot(page, number)
        if not laid:
            continue
        if raw.FPDFAnnot_GetSubtype(laid) in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT):
            raw.FPDFAnnot_GetRect(laid, byref(box))
            yield span([(box.left, box.bottom), (box.right, box.top)])
        raw.FPDFPage_CloseAnnot(laid)


def read_drawing(page: Any) -> Drawing:
    """Return a page's ruled lines, dots, grounds and pictures."""
    from pypdfium2 import raw

    drawing = Drawing()
    for number, (made, matrix) in enumerate(_list_objects(page)):
        if number >= _OBJECTS:
            break
        _look_at(raw, made, matrix, drawing)
    return drawing


def _list_objects(page: Any) -> Iterator[tuple[Any, Matrix]]:
    """Yield what is drawn on a page, forms looked into, with what moves it to its place."""
    from pypdfium2 import raw

    same: Matrix = (1, 0, 0, 1, 0, 0)
    found = raw.FS_MATRIX()
    stack = [
        (raw.FPDFPage_GetObject(page, number), same, 0)
        for number in reversed(range(min(raw.FPDFPage_CountObjects(page), _OBJECTS)))
    ]
    while stack:
        made, matrix, depth = stack.pop()
        kind = raw.FPDFPageObj_GetType(made)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            continue
        if kind != raw.FPDF_PAGEOBJ_FORM:
            yield made, matrix
            continue
        if depth >= _NESTED or len(stack) > _OBJECTS:
            continue
        raw.FPDFPageObj_GetMatrix(made, found)
        own = found.a, found.b, found.c, found.d, found.e, found.f
        inner = _multiply(own, matrix)
        parts = min(raw.FPDFFormObj_CountObjects(made), _OBJECTS)
        stack += [
            (raw.FPDFFormObj_GetObject(made, number), inner, depth + 1)
            for number in reversed(range(parts))
        ]


def _multiply(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def _move(x: float, y: float, matrix: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _look_at(raw: Any, made: Any, matrix: Matrix, drawing: Drawing) -> None:
    """Take down what an object is."""
    kind = raw.FPDFPageObj_GetType(made)
    if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING):
        return
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    raw.FPDFPageObj_GetBounds(made, byref(left), byref(bottom), byref(right), byref(top))
    corners = [(x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
    box = span([_move(x, y, matrix) for x, y in corners])
    if kind == raw.FPDF_PAGEOBJ_IMAGE:
        drawing.pictures.append(box)
        return
    if kind == raw.FPDF_PAGEOBJ_SHADING:
        drawing.grounds.append(box)
        return
    fill, stroke = c_int(), c_int()
    raw.FPDFPath_GetDrawMode(made, byref(fill), byref(stroke))
    width, height = box[2] - box[0], box[3] - box[1]
    if not fill.value and not stroke.value:
        return
    if min(width, height) <= _THIN and max(width, height) > 2 * _THIN:
        drawing.rules.append(box)
        return
    if _DOT[0] <= width <= _DOT[1] and 0.7 * width <= height <= 1.4 * width:
        drawing.dots.append(box)
        return
    if fill.value:
        red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
        raw.FPDFPageObj_GetFillColor(made, byref(red), byref(green), byref(blue), byref(alpha))
        if min(red.value, green.value, blue.value) <= 250 and alpha.value > 13:
            drawing.grounds.append(box)
    if stroke.value:
        drawing.rules.extend(_list_strokes(made, matrix))


def _list_strokes(made: Any, matrix: Matrix) -> Iterator[Box]:
    """Yield the level and the upright lines of a path."""
    from pypdfium2 import raw

    count = raw.FPDFPath_CountSegments(made)
    if not 0 < count <= 2000:
        return
    x, y, found = c_float(), c_float(), raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(made, found)
    matrix = _multiply((found.a, found.b, found.c, found.d, found.e, found.f), matrix)
    first = last = (0.0, 0.0)
    for number in range(count):
        segment = raw.FPDFPath_GetPathSegment(made, number)
        raw.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        point = _move(x.value, y.value, matrix)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield from _keep_straight(last, point)
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            yield from _keep_straight(last, first)


def _keep_straight(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Box]:
    box = span([one, other])
    if min(box[2] - box[0], box[3] - box[1]) < 0.5 < max(box[2] - box[0], box[3] - box[1]):
        yield box
