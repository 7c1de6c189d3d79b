"""Text that runs from the top down, as Chinese may: its signs stand, each below the one before.

Figures and Latin words among them lie on their side, and are in the frame that is turned by 270°;
so that is where the signs go, each as if it lay there too.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from corpus.layout.glyphs import Frame, Glyph, is_wide

TURN = 270
_LEAST, _SHARE = 8, 0.5  # signs in columns that a page of such text has, and of all its signs
_SIGNS = 3  # of a column
_BESIDE, _DOWN = 0.6, (0.5, 2.2)  # sizes from one sign of a column to the next
_MIDDLE = 0.38  # sizes from the line that a sign stands on to its middle

Column = list[Glyph]


def lay_columns(upright: Frame, lying: Frame) -> None:
    """Move the signs of columns from the one frame to the other, where the page is set in such."""
    found = list(_find_columns(upright.glyphs))
    long = [column for column in found if _count_wide(column) >= _SIGNS]
    if sum(map(_count_wide, long)) < max(_LEAST, _SHARE * _count_wide(upright.glyphs)):
        return
    places = sorted(_middle(column[0]) for column in long)
    columns = [column for column in found if _stands_among(column, places)]
    moved = {glyph.drawn for column in columns for glyph in column}
    upright.glyphs = [glyph for glyph in upright.glyphs if glyph.drawn not in moved]
    lying.glyphs += [_lay(glyph, column[0]) for column in columns for glyph in column]
    lying.glyphs.sort(key=lambda glyph: glyph.drawn)


def _middle(glyph: Glyph) -> float:
    return (glyph.left + glyph.right) / 2


def _stands_among(column: Column, places: Sequence[float]) -> bool:
    """Tell whether a column, however short, is a part of one of those at the places."""
    middle, reach = _middle(column[0]), 0.3 * column[0].size
    return bisect_right(places, middle + reach) > bisect_left(places, middle - reach)


def _count_wide(glyphs: Sequence[Glyph]) -> int:
    return sum(is_wide(glyph.sign) for glyph in glyphs)


def _find_columns(glyphs: Sequence[Glyph]) -> Iterator[Column]:
    column: Column = []
    for glyph in glyphs:
        if column and not _goes_on(column, glyph):
            yield column
            column = []
        column.append(glyph)
    if column:
        yield column


def _goes_on(column: Column, glyph: Glyph) -> bool:
    """Tell whether a sign stands below the last of a column, or beside it where two figures do."""
    first, last = column[0], column[-1]
    size = first.size
    if abs(_middle(glyph) - _middle(first)) > _BESIDE * size:
        return False
    down = last.base - glyph.base
    beside = abs(down) < 0.1 * size and not is_wide(glyph.sign) and glyph.left >= last.left
    return beside or _DOWN[0] * size < down < _DOWN[1] * size


def _lay(glyph: Glyph, first: Glyph) -> Glyph:
    """Return a sign as it is in the turned frame; those side by side share the place of one."""
    size, middle = first.size, _middle(first)
    top = -(glyph.base + (_MIDDLE + 0.5) * size)
    wide = is_wide(glyph.sign)
    left = top if wide else top + min(max(glyph.left - middle + size / 2, 0.0), 0.9 * size)
    right = top + size if wide else left + min(glyph.right - glyph.left, size)
    form = "\ufe10" <= glyph.sign <= "\ufe4f"  # of a mark in such text
    sign = unicodedata.normalize("NFKC", glyph.sign) if form else glyph.sign
    return glyph._replace(sign=sign, left=left, right=right, base=middle - _MIDDLE * size)
