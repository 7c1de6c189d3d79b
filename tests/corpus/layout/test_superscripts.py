"""corpus.layout.superscripts: which signs off their line are marks, and which are letters."""

from __future__ import annotations

import pytest

from corpus.layout.glyphs import Glyph
from corpus.layout.superscripts import lift_marks


def draw(words: str, left: float, base: float = 100.0, size: float = 10.0) -> list[Glyph]:
    """Return a run of signs, each half as wide as it is large."""
    wide = size / 2
    return [
        Glyph(sign, left + n * wide, left + (n + 1) * wide, base, size, False, n, n, False)
        for n, sign in enumerate(words)
    ]


def show(*runs: list[Glyph]) -> str:
    """Return what the runs say once marks are on their lines, which then is one."""
    lifted = lift_marks(runs)
    assert {glyph.base for run in lifted for glyph in run} == {100.0}
    return "".join(
        glyph.sign for run in sorted(lifted, key=lambda run: run[0].left) for glyph in run
    )


LINE = draw("written on a line", 200)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ((draw("L", 0), draw("A", 3, 102, 7), draw("T", 6), draw("E", 10, 98), draw("X", 14)),
         "LATEX"),
        ((draw("pl", 0), draw("A", 10, 102, 7), draw("N", 13.5)), "plAN"),
        ((draw("A", 0), draw("T", 5, 104, 7), draw("B", 8.5)), "AᵀB"),
        ((draw("word", 0), draw("A", 20, 102, 7), draw("next", 26)), "wordᴬnext"),
        ((draw("10", 0), draw("6", 10, 104, 7), draw("t", 16)), "10⁶t"),
        ((draw("CO", 0), draw("2", 10, 98, 7)), "CO₂"),
    ],
)  # fmt: skip
def test_a_capital_inside_a_word_is_no_mark(runs: tuple[list[Glyph], ...], words: str) -> None:
    """A brand's letters come down to the line that the others stand on; marks stay marks."""
    assert show(*runs, LINE) == words + "written on a line"
