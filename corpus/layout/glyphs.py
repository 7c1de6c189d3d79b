"""What is on a page, as records: signs with their places, and frames of one direction.

Places are in points in a frame of the text's own direction: x grows along the line, y upwards,
however the page is turned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import NamedTuple

UNREADABLE = "\ufffd"

Box = tuple[float, float, float, float]  # left, bottom, right, top


class Glyph(NamedTuple):
    """A sign as it is drawn: from `left` to `right` on the line at `base`, and how large.

    `drawn` counts the signs of a page in the order of drawing and `piece` the objects that they are
    drawn by; `blank` is whether white space is written before it, `parted` whether pdfium takes it
    to be. `raised` is whether its shape alone stands above the line, `inside` whether it is within
    the page that is shown.
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
    parted: bool = False


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


def turn_point(x: float, y: float, turn: int) -> tuple[float, float]:
    """Return a point of the page as it is in a frame that is turned."""
    along, up = cos(radians(turn)), sin(radians(turn))
    return x * along + y * up, y * along - x * up


def turn_box(box: Box, turn: int) -> Box:
    """Return a box of the page as it is in a frame that is turned."""
    if not turn:
        return box
    one, other = turn_point(box[0], box[1], turn), turn_point(box[2], box[3], turn)
    return (
        min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]),
    )  # fmt: skip


def span(points: list[tuple[float, float]]) -> Box:
    """Return the box that holds all points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def is_wide(character: str) -> bool:
    """Tell whether a character is of a script that writes no blanks between words."""
    return "\u2e80" <= character <= "\U0003ffff" and not "\uac00" <= character <= "\ud7af"
