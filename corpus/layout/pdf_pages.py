"""A PDF's pages as what is drawn on them: signs, ruled lines and dots, each with its place.

pdfium opens the file. Form fields and notes that are part of a page are drawn into it first, so a
value stands where it is seen. Places are in points in a frame of the text's own direction: x grows
along the line, y upwards, however the page is turned.
"""

from __future__ import annotations

import re
import unicodedata
from ctypes import byref, c_double, c_int, c_uint, c_void_p, cast, create_string_buffer
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot
from typing import Any, NamedTuple

from corpus.errors import DocumentError
from corpus.layout.drawings import Drawing, list_fields, read_drawing
from corpus.layout.glyphs import UNREADABLE, Box, Frame, Glyph, turn_box, turn_point
from corpus.layout.vertical import TURN, lay_columns

_PAGES = 3000
_SIGNS = 200_000  # of a page: a poster has 20,000
_LABEL = 40  # characters of a page's printed number
_SMALLEST = 1.0  # points of type that can be read
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)  # in the names of fonts
_BOLD_WEIGHT = 600
_MARKS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "►", 0xF0FC: "✓", 0xF076: "❖", 0xF06F: "○"}
_HIGH, _LOW = 0xD800 >> 10, 0xDC00 >> 10  # halves of signs beyond the first 65,536
_PRIVATE = "Co", "Cs", "Cn"


@dataclass(slots=True)
class Sheet:
    """One page: its frames, most signs first, and the number that is printed on it, or empty."""

    number: int
    label: str
    frames: list[Frame]
    scanned: bool = False


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
            raise DocumentError(
                "{name}: protected by a password; save it without", name=name
            ) from error
        raise DocumentError(
            "{name}: a broken PDF ({reason}); get it again", name=name, reason=error
        ) from error
    try:
        count = len(document)
        if count > _PAGES:
            raise DocumentError(
                "{name}: {count} pages, and {most} are the most; split it",
                name=name,
                count=count,
                most=_PAGES,
            )
        if document.get_formtype():
            document.init_forms()
        sheets = [_read_sheet(document, number, name) for number in range(count)]
        return sheets, document.get_metadata_dict().get("Title") or ""
    except pypdfium2.PdfiumError as error:
        raise DocumentError(
            "{name}: a broken PDF ({reason}); get it again", name=name, reason=error
        ) from error
    finally:
        document.close()


def _read_sheet(document: Any, number: int, name: str) -> Sheet:
    from pypdfium2 import raw

    page = document[number]
    try:
        fields = list(list_fields(page))
        if fields and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
            page.close()
            page = document[number]
        drawing = read_drawing(page)
        drawing.fields = fields
        visible = _find_visible(page)
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > _SIGNS:
                raise DocumentError(
                    "{name}: page {number} has too much text; take it out",
                    name=name,
                    number=number + 1,
                )
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


def _read_frames(textpage: Any, drawing: Drawing, visible: Box) -> list[Frame]:
    """Return what is on a page by the direction in which it runs, most signs first."""
    from pypdfium2 import raw

    frames: dict[int, Frame] = {}
    styles: dict[int, tuple[int, _Style]] = {}
    bold: dict[int, bool] = {}
    grounds = [*drawing.grounds, *drawing.pictures]
    area = max(((r - x) * (t - b) for x, b, r, t in drawing.pictures), default=0.0)
    read_below = area > 0.5 * (visible[2] - visible[0]) * (visible[3] - visible[1])  # a scan's text
    x, y, box = c_double(), c_double(), raw.FS_RECTF()
    blank = parted = False
    half = 0
    for place in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, place)
        if code >> 10 == _HIGH:  # the first half of a sign; pdfium counts both
            half = code
            continue
        if code >> 10 == _LOW and half:
            code = 0x10000 + ((half & 0x3FF) << 10) + (code & 0x3FF)
        half = 0
        if code in (0x20, 0x0D, 0x0A, 0x09, 0xA0, 0x3000) or 0x2000 <= code <= 0x200B:
            # A blank that pdfium made up stands for no sign; gaps are measured here.
            made = raw.FPDFText_IsGenerated(textpage, place) == 1
            blank, parted = blank or not made, parted or made
            continue
        drawn = raw.FPDFText_GetTextObject(textpage, place)
        key = cast(drawn, c_void_p).value or 0
        if key not in styles:
            styles[key] = len(styles), _read_style(raw, textpage, place, drawn, bold)
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
        if parted or not inside:
            glyph = glyph._replace(inside=inside, parted=parted)
        if sign.isdigit() and seen:
            glyph = _lift(textpage, place, glyph, style.turn)
        (frame.glyphs if seen else frame.hidden).append(glyph)
        blank = parted = False
    if 0 in frames:
        lay_columns(frames[0], frames.setdefault(TURN, Frame(TURN)))
    found = sorted(frames.values(), key=lambda frame: -len(frame.glyphs))
    for frame in found:
        if frame.turn % 90:
            frame.glyphs, frame.hidden = map(_widen, (frame.glyphs, frame.hidden))
        else:
            frame.rules = [turn_box(rule, frame.turn) for rule in drawing.rules]
            frame.dots = [turn_box(dot, frame.turn) for dot in drawing.dots]
            frame.fields = [turn_box(each, frame.turn) for each in drawing.fields]
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
        left, base = turn_point(x, y, style.turn)
        if style.turn % 90 == 0:
            turned = turn_box((box.left, box.bottom, box.right, box.top), style.turn)
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
    left, bottom, right, top = turn_box(textpage.get_charbox(place), turn)
    low = right > left and top - bottom < 0.6 * glyph.size
    return glyph._replace(raised=low and bottom - glyph.base > 0.2 * glyph.size)


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
