"""A PDF's pages as what is drawn on them: signs, ruled lines and dots, each with its place.

pdfium opens the file. Form fields and notes that are part of a page are drawn into it first, so a
value stands where it is seen. Places are in points in a frame of the text's own direction: x grows
along the line, y upwards, however the page is turned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from ctypes import byref, c_double, c_float, c_int, c_uint, c_void_p, cast, create_string_buffer
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Any, NamedTuple

from corpus.errors import DocumentError

_PAGES = 3000
_SIGNS = 200_000  # of a page: a poster has 20,000
_OBJECTS = 40_000  # of a page that are looked at for ruled lines; a map has more, and no tables
_NESTED = 6  # forms within forms that are looked into
_FIELDS = 2000  # of a page
_LABEL = 40  # characters of a page's printed number
_THIN = 2.5  # points of a ruled line at most
_DOT = 1.5, 8.0  # points of a list's mark that is drawn
_SMALLEST = 1.0  # points of type that can be read
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)  # in the names of fonts
_BOLD_WEIGHT = 600
_MARKS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "►", 0xF0FC: "✓", 0xF076: "❖", 0xF06F: "○"}
_PRIVATE = "Co", "Cs", "Cn"
UNREADABLE = "\ufffd"

Box = tuple[float, float, float, float]  # left, bottom, right, top


class Glyph(NamedTuple):
    """A sign as it is drawn: from `left` to `right` on the line at `base`, and how large.

    `drawn` counts the signs of a page in the order of drawing and `piece` the objects that they are
    drawn by; `blank` is whether white space is written before it. `raised` is whether its shape
    alone stands above the line, `inside` whether it is within the page that is shown.
    """

    sign: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    drawn: int
    piece: int
    blank: bool
    inside: bool = True
    raised: bool = False


@dataclass(slots=True)
class Frame:
    """What of a page runs in one direction; `turn` is that in degrees against the page's.

    `fields` are the boxes of a form's fields, whose values are among the signs.
    """

    turn: int
    glyphs: list[Glyph] = field(default_factory=list)
    hidden: list[Glyph] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)
    dots: list[Box] = field(default_factory=list)
    fields: list[Box] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """One page: its frames, most signs first, and the number that is printed on it, or empty."""

    number: int
    label: str
    frames: list[Frame]
    scanned: bool = False


@dataclass(slots=True)
class _Drawing:
    """What is drawn beside signs: ruled lines, dots, and grounds that white type shows on."""

    rules: list[Box] = field(default_factory=list)
    dots: list[Box] = field(default_factory=list)
    grounds: list[Box] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    fields: list[Box] = field(default_factory=list)


class _Style(NamedTuple):
    size: float
    turn: int
    bold: bool
    invisible: bool
    white: bool


def read_sheets(data: bytes, name: str) -> tuple[list[Sheet], str]:
    """Return the pages of a PDF and the title that it says it has.

    Raises DocumentError where it is broken, locked or too long.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise DocumentError(f"{name}: protected by a password; save it without") from error
        raise DocumentError(f"{name}: a broken PDF ({error}); get it again") from error
    try:
        count = len(document)
        if count > _PAGES:
            raise DocumentError(f"{name}: {count} pages, and {_PAGES} are the most; split it")
        if document.get_formtype():
            document.init_forms()
        sheets = [_read_sheet(document, number, name) for number in range(count)]
        return sheets, document.get_metadata_dict().get("Title") or ""
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"{name}: a broken PDF ({error}); get it again") from error
    finally:
        document.close()


def _read_sheet(document: Any, number: int, name: str) -> Sheet:
    from pypdfium2 import raw

    page = document[number]
    try:
        fields = list(_list_fields(page))
        if fields and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
            page.close()
            page = document[number]
        drawing = _read_drawing(page)
        drawing.fields = fields
        visible = _find_visible(page)
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > _SIGNS:
                raise DocumentError(f"{name}: page {number + 1} has too much text; take it out")
            frames = _read_frames(textpage, drawing, visible)
        finally:
            textpage.close()
        whole = (visible[2] - visible[0]) * (visible[3] - visible[1])
        scanned = any((r - x) * (t - b) > 0.5 * whole for x, b, r, t in drawing.pictures)
        label = " ".join((document.get_page_label(number) or "").split())[:_LABEL]
        return Sheet(number, label, frames, scanned)
    finally:
        page.close()


def _find_visible(page: Any) -> Box:
    """Return the part of a page that is shown, as its text counts places."""
    crop, whole = page.get_cropbox(), page.get_mediabox()
    box = (
        max(crop[0], whole[0]), max(crop[1], whole[1]), min(crop[2], whole[2]),
        min(crop[3], whole[3]),
    )  # fmt: skip
    return box if box[0] < box[2] and box[1] < box[3] else whole


def _list_fields(page: Any) -> Iterator[Box]:
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
            yield _span([(box.left, box.bottom), (box.right, box.top)])
        raw.FPDFPage_CloseAnnot(laid)


def _read_frames(textpage: Any, drawing: _Drawing, visible: Box) -> list[Frame]:
    """Return what is on a page by the direction in which it runs, most signs first."""
    from pypdfium2 import raw

    frames: dict[int, Frame] = {}
    styles: dict[int, tuple[int, _Style]] = {}
    bold: dict[int, bool] = {}
    grounds = [*drawing.grounds, *drawing.pictures]
    area = max(((r - x) * (t - b) for x, b, r, t in drawing.pictures), default=0.0)
    read_below = area > 0.5 * (visible[2] - visible[0]) * (visible[3] - visible[1])  # a scan's text
    x, y, box = c_double(), c_double(), raw.FS_RECTF()
    blank = False
    for place in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, place)
        if code in (0x20, 0x0D, 0x0A, 0x09, 0xA0, 0x3000) or 0x2000 <= code <= 0x200B:
            # A blank that pdfium made up stands for no sign; gaps are measured here.
            blank = blank or raw.FPDFText_IsGenerated(textpage, place) == 0
            continue
        made = raw.FPDFText_GetTextObject(textpage, place)
        key = cast(made, c_void_p).value or 0
        if key not in styles:
            styles[key] = len(styles), _read_style(raw, textpage, place, made, bold)
        piece, style = styles[key]
        raw.FPDFText_GetCharOrigin(textpage, place, byref(x), byref(y))
        raw.FPDFText_GetLooseCharBox(textpage, place, byref(box))
        sign = _show(code, raw.FPDFText_HasUnicodeMapError(textpage, place) == 1)
        if not sign:
            continue
        middle = (box.left + box.right) / 2, (box.bottom + box.top) / 2
        inside = visible[0] <= middle[0] <= visible[2] and visible[1] <= middle[1] <= visible[3]
        seen = style.size >= _SMALLEST and (read_below or not style.invisible)
        if seen and style.white:
            seen = any(_holds(ground, middle) for ground in grounds)
        frame = frames.setdefault(style.turn, Frame(style.turn))
        glyph = _place_glyph(sign, x.value, y.value, box, style, place, piece, blank)
        if not inside:
            glyph = glyph._replace(inside=False)
        if sign.isdigit() and seen:
            glyph = _lift(textpage, place, glyph, style.turn)
        (frame.glyphs if seen else frame.hidden).append(glyph)
        blank = False
    found = sorted(frames.values(), key=lambda frame: -len(frame.glyphs))
    for frame in found:
        if frame.turn % 90:
            frame.glyphs, frame.hidden = map(_widen, (frame.glyphs, frame.hidden))
        else:
            frame.rules = [_turn_box(rule, frame.turn) for rule in drawing.rules]
            frame.dots = [_turn_box(dot, frame.turn) for dot in drawing.dots]
            frame.fields = [_turn_box(each, frame.turn) for each in drawing.fields]
    return found


def _widen(glyphs: list[Glyph]) -> list[Glyph]:
    """Return signs of a slanting line, whose boxes tell no width, as wide as the next is far."""
    wide = []
    for glyph, after in pairwise([*glyphs, *glyphs[-1:]]):
        far = after.left - glyph.left
        if abs(after.base - glyph.base) > 0.3 * glyph.size or not 0 < far < 2 * glyph.size:
            far = glyph.size / 2
        elif after.blank:
            far = min(glyph.size / 2, far - glyph.size / 5)
        wide.append(glyph._replace(right=glyph.left + max(far, 0.0)))
    return wide


def _read_style(raw: Any, textpage: Any, place: int, made: Any, bold: dict[int, bool]) -> _Style:
    """Return how the signs of an object look, by one of them; `bold` keeps which fonts are."""
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage, place, matrix)
    # Some programs set all type at size 1 and enlarge it by the text's matrix.
    size = raw.FPDFText_GetFontSize(textpage, place) * hypot(matrix.c, matrix.d)
    turn = round(degrees(atan2(matrix.b, matrix.a))) % 360
    turn = next((right for right in (0, 90, 180, 270) if abs(turn - right) <= 3), turn)
    turn = 0 if turn > 356 else turn
    if not made:
        return _Style(size, turn, False, False, False)
    red, green, blue, alpha = c_uint(255), c_uint(), c_uint(), c_uint(255)
    raw.FPDFPageObj_GetFillColor(made, byref(red), byref(green), byref(blue), byref(alpha))
    mode = raw.FPDFTextObj_GetTextRenderMode(made)
    invisible = mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE or alpha.value < 13
    filled = mode == raw.FPDF_TEXTRENDERMODE_FILL
    white = filled and min(red.value, green.value, blue.value) > 250
    font = cast(raw.FPDFTextObj_GetFont(made), c_void_p).value or 0
    if font not in bold:
        buffer, flags = create_string_buffer(128), c_int()
        raw.FPDFText_GetFontInfo(textpage, place, buffer, 128, byref(flags))
        name = buffer.value.decode("utf-8", "replace")
        heavy = raw.FPDFText_GetFontWeight(textpage, place) >= _BOLD_WEIGHT
        bold[font] = heavy or _BOLD.search(name) is not None
    return _Style(size, turn, bold[font], invisible, white)


def _place_glyph(
    sign: str, x: float, y: float, box: Any, style: _Style, place: int, piece: int, blank: bool
) -> Glyph:
    size = style.size
    if not style.turn:
        left, base, right = x, y, box.right
    else:
        left, base = _turn_point(x, y, style.turn)
        if style.turn % 90 == 0:
            turned = _turn_box((box.left, box.bottom, box.right, box.top), style.turn)
            right = turned[2]
            size = size or turned[3] - turned[1]
        else:
            right = left + size / 2
    size = size or max(box.top - box.bottom, 0.1)
    right = min(max(right, left), left + 3 * size)
    return Glyph(sign, left, right, base, size, style.bold, place, piece, blank)


def _lift(textpage: Any, place: int, glyph: Glyph, turn: int) -> Glyph:
    """Return a digit with whether its shape stands above the line: fonts have such digits."""
    if turn % 90:
        return glyph
    left, bottom, right, top = _turn_box(textpage.get_charbox(place), turn)
    low = right > left and top - bottom < 0.6 * glyph.size
    return glyph._replace(raised=low and bottom - glyph.base > 0.2 * glyph.size)


def _turn_point(x: float, y: float, turn: int) -> tuple[float, float]:
    along, up = cos(radians(turn)), sin(radians(turn))
    return x * along + y * up, y * along - x * up


def _turn_box(box: Box, turn: int) -> Box:
    if not turn:
        return box
    one, other = _turn_point(box[0], box[1], turn), _turn_point(box[2], box[3], turn)
    return (
        min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]),
    )  # fmt: skip


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _show(code: int, failed: bool) -> str:
    """Return a sign, UNREADABLE where the font does not tell which it is."""
    if code in _MARKS:
        return _MARKS[code]
    if failed or code == 0 or code > 0x10FFFF:
        return UNREADABLE
    if code in (0x02, 0xFFFE, 0x2010, 0xAD):  # how pdfium writes a hyphen at a line's end
        return "-"
    sign = chr(code)
    category = unicodedata.category(sign)
    if category in _PRIVATE:
        return UNREADABLE
    return "" if category == "Cc" else sign


def _read_drawing(page: Any) -> _Drawing:
    """Return a page's ruled lines, dots, grounds and pictures."""
    from pypdfium2 import raw

    drawing = _Drawing()
    for number, (made, matrix) in enumerate(_list_objects(page)):
        if number >= _OBJECTS:
            break
        _look_at(raw, made, matrix, drawing)
    return drawing


Matrix = tuple[float, float, float, float, float, float]


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


def _span(points: list[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _look_at(raw: Any, made: Any, matrix: Matrix, drawing: _Drawing) -> None:
    """Take down what an object is."""
    kind = raw.FPDFPageObj_GetType(made)
    if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING):
        return
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    raw.FPDFPageObj_GetBounds(made, byref(left), byref(bottom), byref(right), byref(top))
    corners = [(x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
    box = _span([_move(x, y, matrix) for x, y in corners])
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
    box = _span([one, other])
    if min(box[2] - box[0], box[3] - box[1]) < 0.5 < max(box[2] - box[0], box[3] - box[1]):
        yield box
