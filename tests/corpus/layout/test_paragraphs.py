"""corpus.layout.paragraphs: what the paper parts is one paragraph again, on its page."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.layout.paragraphs import Line, Paragraph, join_lines

LONG = "The engineers of Acme built twelve solar roofs in the"  # fills the column, does not end


def _line(text: str, page: int = 0, base: float = 700, size: float = 10, left: float = 60) -> Line:
    return Line(text, page, left, left + size * 0.5 * len(text), base, size)


def _set(*texts: str, page: int = 0, top: float = 700) -> list[Line]:
    """Return lines one below the other."""
    return [_line(text, page, top - 14 * number) for number, text in enumerate(texts)]


def _texts(lines: list[Line]) -> list[str]:
    return [part.text for part in join_lines(lines)]


def test_a_caption_and_a_note_step_aside_where_a_page_cuts_a_paragraph() -> None:
    """What stands below a cut paragraph comes before it, and what stands above the rest behind."""
    lines = [
        *_set(LONG, LONG, LONG),
        _line("Photo: A roof", base=300),
        _line("1 Only those of schools are counted.", base=100, size=8),
        _line("Photo: A school", page=1, base=780),
        *_set("schools of Lund, and nobody pays for them.", page=1),
        *_set("Another paragraph begins here, and it says a little more.", page=1, top=640),
    ]
    parts = join_lines(lines)
    assert [part.text.split()[0] for part in parts] == ["Photo:", "1", "The", "Photo:", "Another"]
    assert parts[2].text == f"{LONG} {LONG} {LONG} schools of Lund, and nobody pays for them."
    (first, second) = parts[0].starts + parts[2].starts
    assert first == (0, 0)
    assert parts[2].text[second[1] :].startswith("schools of Lund")
    assert [part.starts for part in parts[3:]] == [[], []]


def test_a_heading_is_no_note() -> None:
    """A new chapter ends what stands before it, however that ends."""
    lines = [*_set(LONG, LONG), _line("Chapter", 1, 780, 16), *_set(LONG, page=1)]
    assert _texts(lines) == [f"{LONG} {LONG}", "Chapter", LONG]


def test_chinese_goes_on_over_a_column() -> None:
    """A script without small letters is known to go on by the full line that does not end."""
    wide = "水厂每天为三百万居民提供清洁的饮用水并且在当地建设学"
    left = [_line(wide, base=700), _line(wide, base=686)]
    right = [_line("校。" + wide, base=700, left=400), _line(wide + "。", base=686, left=400)]
    assert _texts(left + right) == [f"{wide}{wide}校。{wide}{wide}。"]


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("the treat-", "ment of it", "the treatment of it"),  # as most of the document's lines
        ("a long-", "lasting effect", "a long-lasting effect"),  # it stands with a hyphen elsewhere
        ("a self-", "contained unit", "a self-contained unit"),  # both words stand elsewhere
        ("of Sino-", "French towns", "of Sino-French towns"),
        ("in 2018-", "2020 it", "in 2018-2020 it"),
        ("of pre-", "and post-war", "of pre- and post-war"),
    ],
)
def test_a_hyphen_at_a_lines_end_is_judged(above: str, below: str, joined: str) -> None:
    """A word keeps its hyphen where the document writes it so, and loses one that was set."""
    lines = _set(f"This is {above}", f"{below} and the long-lasting self is contained here too.")
    assert _texts(lines)[0].startswith(f"This is {joined}")


def test_hyphens_stay_where_nothing_is_hyphenated() -> None:
    """One hyphen among many lines is the writer's own."""
    lines = _set(*[LONG] * 60, "it is a non-", "linear matter.")
    assert _texts(lines)[0].endswith("it is a non-linear matter.")


def test_a_sentence_with_a_number_at_a_lines_start_is_no_list() -> None:
    """A number that opens a line parts nothing; that of a list's item does."""
    lines = _set(LONG, "33.94 per cent, and then by", "1. an item of a list", "2. another of it")
    assert _texts(lines) == [f"{LONG} {lines[1].text}", lines[2].text, lines[3].text]


def test_a_row_of_a_table_stands_alone() -> None:
    """Rows are not run together, nor into the sentence above them."""
    cells = [((f"Row {n}",), (str(n),)) for n in range(2)]
    rows = [Line(f"Row {n} {n}", 0, 60, 300, 672 - 14 * n, 10, cells[n]) for n in range(2)]
    assert _texts([*_set(LONG, LONG), *rows]) == [f"{LONG} {LONG}", "Row 0 | 0", "Row 1 | 1"]


LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from([LONG, "It ends here.", "and goes on", "Photo: A roof", "水厂每天", "• x"]),
        st.just(0),
        st.sampled_from([60.0, 80.0, 300.0]),
        st.sampled_from([310.0, 330.0, 560.0]),
        st.sampled_from([700.0, 686.0, 672.0, 40.0]),
        st.sampled_from([8.0, 10.0, 16.0]),
        st.sampled_from([(), (("a", "b"), ("c",))]),
        st.booleans(),
        st.just(0),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def _cut(line: Line, page: int) -> tuple[tuple[str, ...], ...]:
    return ((f"{line.text} p{page}",), ()) if line.cells else ()


@given(pages=st.lists(LINES, min_size=1, max_size=4))
def test_no_word_is_lost_and_every_page_begins_once(pages: list[list[Line]]) -> None:
    """Whatever stands where: all words are there, and each page begins at words of its own."""
    lines = [
        replace(line, text=f"{line.text} p{number}", page=number, cells=_cut(line, number))
        for number, page in enumerate(pages)
        for line in page
    ]
    parts: list[Paragraph] = join_lines(lines)
    words = Counter(word for line in lines for word in line.text.split())
    said = (word for part in parts for word in part.text.split() if word != "|")
    assert Counter(said) == words
    starts = [(page, part.text[at:]) for part in parts for page, at in part.starts]
    assert [page for page, _ in starts] == list(range(len(pages)))
    for page, text in starts:
        assert f"p{page}" in text[: len(LONG) + 4]
