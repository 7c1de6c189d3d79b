"""corpus.layout.vertical: columns of signs that run down are lines, read from the right."""

from __future__ import annotations

from corpus.layout.glyphs import Frame, Glyph
from corpus.layout.segments import find_segments
from corpus.layout.vertical import TURN, lay_columns


def _draw(columns: list[str], down: bool) -> Frame:
    """Return a frame of signs of 10 points, in columns from the right or in lines."""
    frame = Frame(0)
    for number, words in enumerate(columns):
        for place, sign in enumerate(words):
            x, y = (
                (500 - 20 * number, 700 - 11 * place)
                if down
                else (50 + 10 * place, 700 - 20 * number)
            )
            drawn = len(frame.glyphs)
            frame.glyphs.append(Glyph(sign, x, x + 10, y, 10, False, drawn, number, False))
    return frame


COLUMNS = ["公司在当地建设了风电场", "并培训了许多技术人员︒"]


def test_columns_are_lines_of_the_turned_frame() -> None:
    """The first column stands highest there, and marks have their usual form."""
    upright, lying = _draw(COLUMNS, down=True), Frame(TURN)
    lay_columns(upright, lying)
    assert upright.glyphs == []
    lines = sorted(find_segments(lying), key=lambda segment: -segment.base)
    assert [line.text for line in lines] == [COLUMNS[0], COLUMNS[1].replace("︒", "。")]


def test_figures_that_stand_side_by_side_are_read_in_their_place() -> None:
    """Two figures share the place of one sign."""
    upright, lying = _draw(["公司于年建成了风电场"], down=True), Frame(TURN)
    glyphs = upright.glyphs
    moved = [g._replace(base=g.base - 11) if n > 2 else g for n, g in enumerate(glyphs)]
    third = glyphs[3]
    pair = [
        third._replace(sign=sign, left=third.left + at, right=third.left + at + 5)
        for sign, at in (("2", 0.0), ("0", 5.0))
    ]
    order = [*moved[:3], *pair, *moved[3:]]
    upright.glyphs = [glyph._replace(drawn=n) for n, glyph in enumerate(order)]
    lay_columns(upright, lying)
    assert [segment.text for segment in find_segments(lying)] == ["公司于20年建成了风电场"]


def test_lines_stay_where_they_are() -> None:
    """Text in lines, and a narrow column of figures, is no text that runs down."""
    for columns in (COLUMNS, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]):
        upright, lying = _draw(columns, down=False), Frame(TURN)
        whole = list(upright.glyphs)
        lay_columns(upright, lying)
        assert upright.glyphs == whole
        assert lying.glyphs == []
