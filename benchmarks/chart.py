"""Figures of several systems as bars, a panel for each figure."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

WIDTH, COLUMNS = 1200, 2
_BAR, _HEAD, _GAP, _LABEL = 26, 46, 34, 120  # pixels: a bar's row, a title, between panels, names
_SCALE = 2  # drawn larger and made smaller, so that letters are smooth
_INK, _SOFT, _PAPER, _OURS, _OTHERS = "#1d2a24", "#66716b", "#ffffff", "#0b6e4f", "#b9c4bd"


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of several systems by name, in the order they are drawn."""

    name: str
    more_is_better: bool
    values: Mapping[str, float]


def draw_bars(title: str, panels: Sequence[Panel], ours: str) -> bytes:
    """Return a PNG: bars from 0, each with its figure; those of the system `ours` in colour."""
    heights = [_HEAD + _BAR * len(panel.values) + _GAP for panel in panels]
    rows = [max(heights[at : at + COLUMNS]) for at in range(0, len(panels), COLUMNS)]
    height = 70 + sum(rows)
    image = Image.new("RGB", (WIDTH * _SCALE, height * _SCALE), _PAPER)
    canvas = ImageDraw.Draw(image)

    def write(x: float, y: float, words: str, anchor: str, size: int, colour: str) -> None:
        font = ImageFont.load_default(size * _SCALE)
        canvas.text((x * _SCALE, y * _SCALE), words, colour, font, anchor)

    write(30, 34, title, "lm", 20, _INK)
    wide = WIDTH / COLUMNS
    for number, panel in enumerate(panels):
        left = 30 + wide * (number % COLUMNS)
        top = 70 + sum(rows[: number // COLUMNS])
        room = wide - _LABEL - 140
        most = max(panel.values.values(), default=1) or 1
        write(left, top + 14, panel.name, "lm", 16, _INK)
        way = "more is better" if panel.more_is_better else "less is better"
        write(left + wide - 80, top + 14, way, "rm", 12, _SOFT)
        for row, (name, value) in enumerate(panel.values.items()):
            y = top + _HEAD + row * _BAR
            write(left + _LABEL - 10, y, name, "rm", 13, _INK)
            first, last = left + _LABEL, left + _LABEL + max(2, room * value / most)
            box = [coordinate * _SCALE for coordinate in (first, y - 8, last, y + 8)]
            canvas.rectangle(box, _OURS if name == ours else _OTHERS)
            write(last + 8, y, f"{value:.3g}", "lm", 13, _INK)
    out = io.BytesIO()
    image.resize((WIDTH, height), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
