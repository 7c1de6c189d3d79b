"""The two errors of refusing as a picture: wrong answers against refused ones, at every threshold.

The only importer of Pillow, which Gradio brings.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from chatbot.evaluation.measures import Values

Point = tuple[float, float]

WIDTH, HEIGHT = 900, 700
_LEFT, _TOP, _RIGHT, _BOTTOM = 90, 60, 860, 610  # of the axes
_SCALE = 2  # drawn larger and made smaller, so that lines are smooth
_INK, _GRID, _PAPER = "#222222", "#dddddd", "#ffffff"
_COLOURS = ("#0b6e4f", "#b5460f", "#3454a5")
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares refused (t,) and wrongly answered (t,) as the threshold rises, and where it stands."""

    refused: Values
    wrong: Values
    point: Point


def draw_curves(title: str, curves: Mapping[str, Curve]) -> bytes:
    """Return a PNG of curves by name, each with its operating point; both axes from 0 to 1."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PAPER)
    canvas = ImageDraw.Draw(image)

    def place(point: Point) -> Point:
        across, up = point
        return (
            (_LEFT + across * (_RIGHT - _LEFT)) * _SCALE,
            (_BOTTOM - up * (_BOTTOM - _TOP)) * _SCALE,
        )

    def write(at: Point, words: str, anchor: str, size: int = 15, colour: str = _INK) -> None:
        font = ImageFont.load_default(size * _SCALE)
        x, y = at
        canvas.text((x * _SCALE, y * _SCALE), words, colour, font, anchor)

    for number in range(_TICKS + 1):
        share = number / _TICKS
        canvas.line([place((share, 0)), place((share, 1))], _GRID, _SCALE)
        canvas.line([place((0, share)), place((1, share))], _GRID, _SCALE)
        write((_LEFT + share * (_RIGHT - _LEFT), _BOTTOM + 8), f"{share:.0%}", "mt")
        write((_LEFT - 8, _BOTTOM - share * (_BOTTOM - _TOP)), f"{share:.0%}", "rm")
    canvas.rectangle([place((0, 1)), place((1, 0))], outline=_INK, width=_SCALE)
    write(((_LEFT + _RIGHT) / 2, 24), title, "mm", 18)
    write(((_LEFT + _RIGHT) / 2, _BOTTOM + 50), "answerable questions refused", "mm")
    write((12, _TOP - 16), "questions without an answer, answered all the same", "lm")
    for number, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        canvas.line(_walk(curve, place), colour, 3 * _SCALE)
        x, y = place(curve.point)
        size = 7 * _SCALE
        canvas.ellipse([x - size, y - size, x + size, y + size], _PAPER, colour, 3 * _SCALE)
        refused, wrong = curve.point
        words = f"{name}: at the threshold {refused:.1%} refused, {wrong:.1%} answered"
        write((_RIGHT - 12, _TOP + 20 + 24 * number), words, "rm", 15, colour)
    out = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _walk(curve: Curve, place: Callable[[Point], Point]) -> Sequence[Point]:
    """Return the corners of a curve."""
    pairs = zip(curve.refused.tolist(), curve.wrong.tolist(), strict=True)
    return [place(pair) for pair in pairs]
