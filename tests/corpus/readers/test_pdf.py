"""corpus.readers.pdf: what stands on a page is what is read, wherever and however it is drawn."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.readers.pdf import read_pdf
from corpus.records import Extraction
from tests.pages import draw_pdf, rule, say, say_unread

ONE = (
    "The plant in Wajir has run since the spring of that year",
    "and gives clean water to the whole town and to nine of the",
    "villages around it, which had none before it was built.",
)
TWO = (
    "Engineers mended forty pumps in the same summer and also",
    "taught the villagers how to look after all of them, so that",
    "nobody has to wait for help from the capital any more.",
)


def _read(*pages: Sequence[str], page: str = "", catalog: str = "") -> Extraction:
    return read_pdf(draw_pdf(pages, page=page, catalog=catalog), "a.pdf")


def _said(reading: Extraction) -> list[str]:
    return [reading.text[block.start : block.end] for block in reading.blocks]


def _set(lines: Sequence[str], x: float, y: float, size: float = 10) -> list[str]:
    return [say(x, y - 1.3 * size * number, size, words) for number, words in enumerate(lines)]


def _shuffle(drawn: Sequence[str], seed: int) -> list[str]:
    order = random.Random(seed)  # noqa: S311 - of what a test draws
    return order.sample(list(drawn), len(drawn)) if seed else list(drawn)


def test_a_raised_mark_joins_no_number() -> None:
    """Note marks, exponents and formulas are raised or lowered signs; `19th` is a word."""
    parts = (
        (0, 10, "It saved 120"), (4, 6, "1"), (0, 10, " tonnes of CO"), (-2, 6, "2"),
        (0, 10, " and 10"), (4, 6, "6"), (0, 10, " m"), (4, 6, "3"), (0, 10, " by the 19"),
        (4, 6, "th"), (0, 10, " of May."),
    )  # fmt: skip
    shown = " ".join(f"/F1 {size} Tf {rise} Ts ({words}) Tj" for rise, size, words in parts)
    (said,) = _said(_read([f"BT 60 700 Td {shown} ET"]))
    assert said == "It saved 120¹ tonnes of CO₂ and 10⁶ m³ by the 19th of May."


@pytest.mark.parametrize("seed", range(4))
def test_columns_are_read_one_after_the_other(seed: int) -> None:
    """In whatever order their lines are drawn, below a title that stands over both."""
    title = say(60, 760, 18, "Two columns of one and the same page", bold=True)
    drawn = [title, *_set(ONE, 60, 720), *_set(TWO, 60, 650)]
    drawn += [*_set(TWO, 350, 720), *_set(ONE, 350, 663)]
    said = _said(_read(_shuffle(drawn, seed)))
    assert said == [
        "Two columns of one and the same page",
        *(" ".join(lines) for lines in (ONE, TWO, TWO, ONE)),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_rows_without_ruled_lines_are_rows(seed: int) -> None:
    """Cells on one line are a row, an empty corner is a cell, prose around it is none of it."""
    rows = [("", "2021", "2022"), ("Oil", "5,100", "6,200"), ("Gas", "7,300", "8,400")]
    drawn = [
        say(x, 640 - 16 * number, 10, words)
        for number, row in enumerate(rows)
        for x, words in zip((60, 200, 300), row, strict=True)
        if words
    ]
    reading = _read(_shuffle([*_set(ONE, 60, 720), *drawn, *_set(TWO, 60, 570)], seed))
    rows_read = ["| 2021 | 2022", "Oil | 5,100 | 6,200", "Gas | 7,300 | 8,400"]
    assert _said(reading) == [" ".join(ONE), *rows_read, " ".join(TWO)]


@pytest.mark.parametrize("seed", range(3))
def test_a_ruled_table_is_read_cell_by_cell(seed: int) -> None:
    """Wrapped cells are whole, wherever in the cell they stand; a cell over two rows is in both."""
    lines = [
        *(rule(60, y, 400, y) for y in (700, 680, 600)), rule(160, 640, 400, 640),
        *(rule(x, 600, x, 700) for x in (60, 160, 280, 400)),
    ]  # fmt: skip
    words = [
        say(65, 686, 10, "Act"), say(165, 686, 10, "Agency"), say(285, 686, 10, "Notes"),
        say(65, 642, 10, "Water and"), say(65, 630, 10, "Energy Act"),
        say(165, 656, 10, "Ministry"), say(285, 662, 10, "Passed in 2013"),
        say(285, 650, 10, "by both houses"), say(165, 615, 10, "Council"),
        say(285, 615, 10, "None"),
    ]  # fmt: skip
    assert _said(_read([*lines, *_shuffle(words, seed)])) == [
        "Act | Agency | Notes",
        "Water and Energy Act | Ministry | Passed in 2013 by both houses",
        "Water and Energy Act | Council | None",
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_figure_and_its_words_are_one_statement(seed: int) -> None:
    """A large figure means nothing without what stands below it."""
    drawn = [*_set(ONE, 60, 600)]
    for x, figure, below in (
        (60, "2.5", ("kilograms of steel", "per part made")),
        (230, "1,260", ("People found work", "in the year 2021")),
        (400, "41 %", ("women among", "the staff")),
    ):
        drawn += [say(x, 700, 26, figure, bold=True), *_set(below, x, 684, 9)]
    said = _said(_read(_shuffle(drawn, seed)))
    assert said[:3] == [
        "2.5 kilograms of steel per part made",
        "1,260 People found work in the year 2021",
        "41 % women among the staff",
    ]


def test_large_type_that_is_a_sentence_is_no_heading() -> None:
    """Three large lines with a full stop are one paragraph."""
    drawn = [say(60, 760, 24, "A report"), *_set(ONE, 60, 720, 15), *_set(TWO, 60, 600)]
    reading = _read(drawn)
    assert _said(reading) == ["A report", " ".join(ONE), " ".join(TWO)]
    assert [block.kind for block in reading.blocks] == ["heading", "paragraph", "paragraph"]


def test_type_that_is_drawn_twice_is_read_once() -> None:
    """To make it bold, or for a shadow; doubled letters of a word stay."""
    words = "All well water was sold in 2022."
    drawn = [say(60 + dx, 700 + dy, 10, words) for dx, dy in ((0, 0), (0.3, 0), (0.3, -0.3))]
    assert _said(_read(drawn)) == [words]


@pytest.mark.parametrize(
    ("turn", "rotate"),
    [("0 1 -1 0", 90), ("-1 0 0 -1", 180), ("0 -1 1 0", 270)],
)
def test_a_turned_page_is_read_as_it_is_shown(turn: str, rotate: int) -> None:
    """Lines that run up, down or backwards are lines, and make one paragraph."""
    first, step = {90: ((300, 100), (13, 0)), 180: ((500, 300), (0, 13))}.get(
        rotate, ((500, 700), (-13, 0))
    )
    drawn = [
        say(first[0] + n * step[0], first[1] + n * step[1], 10, words, turn=turn)
        for n, words in enumerate(ONE)
    ]
    assert _said(_read(drawn, page=f"/Rotate {rotate}")) == [" ".join(ONE)]


def test_letters_that_are_set_apart_are_words() -> None:
    """The gaps between letters part nothing, the wider ones between words do."""
    drawn = [say(60, 700, 12, "3.1 MANDATE OF THE PLANT", state="3 Tc"), *_set(ONE, 60, 660)]
    assert _said(_read(drawn))[0] == "3.1 MANDATE OF THE PLANT"
    figures = [say(60 + 9 * n, 700, 10, str(n)) for n in range(1, 9)]
    assert "12" not in _read([*figures, *_set(ONE, 60, 660)]).text


def test_a_list_has_its_items() -> None:
    """A mark may be drawn as a shape; a hanging indent goes on, also behind a full stop."""
    dots = [f"62 {y} 4 4 re f" for y in (702, 676)]
    lines = [
        say(74, 700, 10, "Free training for every worker of the plant, twice a year."),
        say(74, 687, 10, "It is paid by the firm."),
        say(74, 674, 10, "A bus that takes the workers home after the late shift"),
        say(74, 661, 10, "on Sundays."),
    ]
    assert _said(_read([*dots, *lines])) == [
        "• Free training for every worker of the plant, twice a year. It is paid by the firm.",
        "• A bus that takes the workers home after the late shift on Sundays.",
    ]


def test_a_bold_heading_is_no_part_of_the_text_below_it() -> None:
    """Nor of that behind it, where the document does so throughout; a bold name is."""
    below = _read([say(60, 700, 10, "Air pollution", bold=True), *_set(ONE, 60, 687)])
    assert _said(below) == ["Air pollution", " ".join(ONE)]
    assert below.blocks[0].kind == "heading"
    width = {"Air": 18, "Noise": 33, "Acme": 30}
    drawn = []
    for number, head in enumerate(("Air", "Noise")):
        y = 700 - 60 * number
        drawn += [say(60, y, 10, head, bold=True), say(60 + width[head], y, 10, TWO[0])]
        drawn += _set(TWO[1:], 60, y - 13)
    assert _said(_read(drawn)) == ["Air", " ".join(TWO), "Noise", " ".join(TWO)]
    name = [say(60, 700, 10, "Acme", bold=True), say(90, 700, 10, "built it.")]
    assert _said(_read(name)) == ["Acme built it."]


def test_what_pages_repeat_stands_once_and_is_never_quoted() -> None:
    """Running titles and page numbers, Arabic, Roman or spelled out; what a page says stays."""
    romans = ("i", "ii", "iii", "iv")
    pages = [
        [
            say(60, 810, 8, "Acme yearly report"), say(500, 810, 8, f"P a g e | {romans[n]}"),
            say(60, 700, 10, f"In {2017 + n} it spent {20 + n} million dollars"),
            *_set((ONE, TWO)[n % 2], 60, 660), say(290, 30, 8, f"- {n + 1} -"),
        ]
        for n in range(4)
    ]  # fmt: skip
    reading = _read(*pages)
    said = _said(reading)
    assert {f"In {2017 + n} it spent {20 + n} million dollars" for n in range(4)} <= set(said)
    assert len(said) == 8
    assert reading.text.count("Acme yearly report") == 1
    assert [each.place for each in reading.left_out] == ["page 2", "page 3", "page 4"]
    assert all(each.text == "Acme yearly report" for each in reading.left_out)


def test_fact_sheets_keep_all_their_lines() -> None:
    """Four pages of one form: what differs in a figure alone, and what two share, are all there."""
    pages = [
        [
            say(60, 780, 18, title), say(60, 740, 11, f"Installed capacity: {size} megawatts"),
            say(60, 725, 11, f"Year of opening: {2019 + number}"),
            say(60, 710, 11, "Country: Kenya"),
        ]
        for number, (title, size) in enumerate(
            (("Garissa", 50), ("Lamu", 50), ("Raya", 12), ("Thika", 25))
        )
    ]  # fmt: skip
    said = _said(_read(*pages))
    assert said.count("Country: Kenya") == 4
    assert said.count("Installed capacity: 50 megawatts") == 2
    assert {f"Year of opening: {year}" for year in range(2019, 2023)} <= set(said)


def test_a_slide_that_is_built_up_is_read_once() -> None:
    """Each step's new line is there; what it repeats is left out, and told."""
    lines = [say(60, 770, 18, "Acme in Kenya"), say(60, 730, 11, "It built a plant.")]
    lines += [
        say(60, 690, 11, "Three hundred people were trained"),
        say(60, 650, 11, "Lamps given"),
    ]
    reading = _read(lines[:2], lines[:3], lines)
    assert len(_said(reading)) == 4
    assert len(reading.left_out) == 5


def test_what_is_no_statement_is_furniture() -> None:
    """Lines of contents and the labels of a chart stay in the text, and are never quoted."""
    contents = [say(60, 700 - 16 * n, 10, f"Chapter {n} {'.' * 40} {n + 3}") for n in range(1, 4)]
    chart = [say(60 + 60 * n, 400, 6, str(2019 + n)) for n in range(4)]
    reading = _read([*contents, *chart, *_set(ONE, 60, 600)])
    assert _said(reading) == [" ".join(ONE)]
    assert "Chapter 2" in reading.text
    assert "2021" in reading.text


def test_what_is_not_shown_is_told_and_not_quoted() -> None:
    """Outside the crop box, white on white, invisible; white on blue is shown."""
    drawn = [
        *_set(ONE, 60, 700), say(60, 820, 8, "slug_v7"),
        say(60, 500, 10, "White words of 99 tonnes", state="1 1 1 rg"),
        say(60, 480, 10, "Unseen words", state="3 Tr"),
        "0 0 0.5 rg 50 390 300 30 re f", say(60, 400, 10, "On blue.", state="1 1 1 rg"),
    ]  # fmt: skip
    reading = _read(drawn, page="/CropBox [20 20 575 800]")
    assert _said(reading) == [" ".join(ONE), "On blue."]
    hidden = " ".join(each.text for each in reading.left_out if each.reason == "hidden")
    assert all(words in hidden for words in ("slug_v7", "99 tonnes", "Unseen words"))


def test_what_no_font_tells_is_counted() -> None:
    """The page says how many signs; a file of nothing else is refused with the mend."""
    reading = _read([say_unread(60, 500, "0024004400480051"), *_set(ONE, 60, 700)])
    (told,) = reading.left_out
    assert (told.reason, told.what, told.place) == ("unreadable", "text of 4 signs", "page 1")
    with pytest.raises(DocumentError, match="fonts do not tell their signs; recognise"):
        _read([say_unread(60, 500, "00240044")])


def _fill_form(fields: Sequence[tuple[str, int, int]], form: str = "") -> bytes:
    """Return a PDF with lines and form fields of these values, at places."""
    numbers = [f"{6 + 2 * n} 0 R" for n in range(len(fields))]
    more = []
    for number, (value, x, y) in enumerate(fields):
        look = f"BT /F1 10 Tf 2 4 Td ({value}) Tj ET"
        more.append(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (f{number}) /V ({value}) /F 4 /Rect "
            f"[{x} {y} {x + 200} {y + 16}] /AP << /N {7 + 2 * number} 0 R >> >>"
        )
        more.append(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 200 16] /Resources << /Font << /F1 3 0 R "
            f">> >> /Length {len(look)} >>\nstream\n{look}\nendstream"
        )
    drawn = [*_set(ONE, 60, 700), say(60, 640, 10, "Capacity:"), say(60, 600, 10, "Opened in:")]
    return draw_pdf(
        [drawn], page=f"/Annots [{' '.join(numbers)}]", more=more,
        catalog=f"/AcroForm << /Fields [{' '.join(numbers)}] {form} >>",
    )  # fmt: skip


def test_the_value_of_a_field_stands_beside_its_label() -> None:
    """However far the field is from the words that name it."""
    reading = read_pdf(_fill_form([("50 megawatts", 160, 635), ("March 2021", 160, 595)]), "a.pdf")
    assert _said(reading)[1:] == ["Capacity: 50 megawatts", "Opened in: March 2021"]


def test_printed_numbers_name_the_pages() -> None:
    """Roman and Arabic ones; pages that are counted from 1 need none."""
    pages = [[*_set((ONE, TWO)[n % 2], 60, 700)] for n in range(4)]
    labels = "/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >>] >>"
    assert _read(*pages, catalog=labels).page_labels == ("i", "ii", "1", "2")
    assert _read(*pages).page_labels == ()
    counted = "/PageLabels << /Nums [0 << /S /D >>] >>"
    assert _read(*pages, catalog=counted).page_labels == ()


@pytest.mark.parametrize(
    ("told", "page", "title"),
    [
        ("report_v7.indd", [say(60, 760, 20, "Water for all")], "Water for all"),
        ("Water for all", [say(60, 760, 20, "2023"), say(60, 700, 12, "Water for all")],
         "Water for all"),
        ("Sound title of it", [], "Sound title of it"),
        ("draft-4.docx", [], ""),
        ("", [say(60, 760, 30, "2.5"), say(60, 600, 18, "Water for all")], "Water for all"),
    ],
)  # fmt: skip
def test_the_title_is_what_a_person_would_call_it(told: str, page: list[str], title: str) -> None:
    """The largest words of the first page, else what the file says where that is no file's name."""
    data = draw_pdf(
        [[*page, *_set(ONE, 60, 500)]], more=[f"<< /Title ({told}) >>"], trailer="/Info 6 0 R"
    )
    assert read_pdf(data, "a.pdf").title == title


def test_a_title_is_not_that_of_the_contents() -> None:
    """Contents come before the headline in some files."""
    lines = [say(60, 700 - 16 * n, 10, f"Chapter {n} {'.' * 40} {n + 3}") for n in range(1, 5)]
    contents = [say(60, 760, 24, "Contents"), *lines]
    assert _read(contents, [say(60, 760, 18, "Sun"), *_set(ONE, 60, 700)]).title == "Sun"


Drawn = tuple[list[str], int, int, int, str, str, bool]
WORD = st.text(alphabet="abcdefgh", min_size=3, max_size=9)
DRAWN = st.tuples(
    st.lists(WORD, min_size=1, max_size=6),
    st.integers(-5, 32).map(lambda n: 20 * n),
    st.integers(-2, 45).map(lambda n: 20 * n),
    st.sampled_from([6, 8, 10, 10, 10, 14, 24]),
    st.sampled_from(["1 0 0 1", "1 0 0 1", "0 1 -1 0", ".8 .6 -.6 .8"]),
    st.sampled_from(["", "", "", "1 1 1 rg", "3 Tr"]),
    st.booleans(),
)

# pdfium itself takes signs that are drawn over each other for one that is drawn twice.
PAGE = st.lists(DRAWN, min_size=1, max_size=9, unique_by=lambda drawn: drawn[1:3])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(pages=st.lists(PAGE, min_size=1, max_size=3))
def test_every_word_is_read_or_told(
    pages: list[list[Drawn]],
) -> None:
    """Wherever words stand, in the text or in what is left out each of them is whole."""
    words: list[str] = []
    drawn: list[list[str]] = []
    for page in pages:
        lines = []
        for texts, x, y, size, turn, state, bold in page:
            named = [f"{text}{'ijklmnopqrstuvwxyz'[len(words) % 18]}" for text in texts]
            words += named
            lines.append(say(x, y, size, " ".join(named), turn=turn, state=state, bold=bold))
        drawn.append(lines)
    try:
        reading = _read([*_set(ONE, 60, 20), *drawn[0]], *drawn[1:])
    except DocumentError as error:
        pytest.fail(str(error))
    held = " ".join([reading.text, *(each.text for each in reading.left_out)]).split()
    missing = [word for word in words if word not in held]
    assert not missing


def _nest(depth: int) -> list[str]:
    """Return forms that hold each other, the last one the first."""
    return [
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {number}"
        " 0 R >> >> /Length 12 >>\nstream\n/X Do /X Do \nendstream"
        for number in [*range(7, 6 + depth), 6]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["signs", "rules", "dots", "marks", "forms", "fields", "boxes"])
def test_a_hostile_page_is_read_or_refused_in_time(kind: str) -> None:
    """As many signs, lines or forms as a page may hold take seconds, not minutes."""
    lines = _set(ONE, 60, 700)
    more: list[str] = []
    entries = ""
    if kind == "signs":
        lines += [say(60, 600, 1 + n % 30, "x" * 200) for n in range(300)]
    elif kind == "rules":
        lines += [rule(60, n % 800, 500, n % 800) for n in range(4000)]
        lines += [rule(n % 590, 10, n % 590, 800) for n in range(4000)]
    elif kind == "dots":
        lines += [f"{n % 590} {n % 830} 4 4 re f" for n in range(9000)]
    elif kind == "marks":
        lines += [say(n % 590, 30 + n % 797, 5 + n % 3, "1") for n in range(6000)]
    elif kind == "forms":
        more, lines = _nest(30), [*lines, "/X Do"]
        entries = "/Resources << /XObject << /X 6 0 R >> /Font << /F1 3 0 R >> >>"
    elif kind == "fields":
        more = [f"<< /Kids [{n} 0 R] /Parent {n} 0 R /T (a) >>" for n in range(7, 106)]
        more.append("<< /Kids [6 0 R] /T (a) >>")
        entries = "/Annots [" + " ".join(f"{n} 0 R" for n in range(6, 106)) + "]"
    else:
        lines += [f"{n % 40 * 14} {n // 40 * 8} 14 8 re S" for n in range(4000)]
    catalog = "/AcroForm << /Fields [6 0 R] >>" if kind == "fields" else ""
    started = time.thread_time()
    reading = read_pdf(draw_pdf([lines], page=entries, catalog=catalog, more=more), "a.pdf")
    assert time.thread_time() - started < 30
    assert " ".join(ONE) in reading.text or kind in ("signs", "marks", "rules", "boxes")


def test_what_is_drawn_between_parts_figures_side_by_side() -> None:
    """Each figure stays with the words below it, however near the figures stand."""
    drawn = [say(60, 780, 16, "The plant in figures", bold=True)]
    for x, figure, words in ((60, "98,000", "homes"), (175, "260", "people"), (260, "12", "towns")):
        drawn += [say(x, 700, 26, figure), say(x, 682, 9, words)]
    said = _said(_read([*drawn, *_set(ONE, 60, 600)]))
    assert said[1:4] == ["98,000 homes", "260 people", "12 towns"]


def test_words_of_letters_set_wide_apart_are_one_heading() -> None:
    """The wider gaps between them are no gaps between cells."""
    drawn = f"6 Tc {say(60, 780, 20, 'WIND FOR CHILE', bold=True)} 0 Tc"
    reading = _read([drawn, *_set(ONE, 60, 700)])
    assert reading.title == "WIND FOR CHILE"


def test_words_beside_signs_that_no_font_tells_are_listed() -> None:
    """A line that is mostly such signs is left out, and what of it can be read is told."""
    line = [say_unread(60, 500, "0024004400480051" * 3), say(122, 500, 10, "40 kWh")]
    reading = _read([*line, *_set(ONE, 60, 700)])
    (told,) = reading.left_out
    assert "40 kWh" in told.text
    assert "40 kWh" not in reading.text


def test_a_sign_beyond_the_first_plane_is_read() -> None:
    """pdfium gives such signs, of formulas and of rare names, in two halves."""
    told = "1 beginbfchar\n<78> <D835DC65>\nendbfchar"
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{told}\nendcmap end end"
    )
    more = [
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    drawn = [*_set(ONE, 60, 700), "BT /F3 10 Tf 60 500 Td (x = 4 tonnes a day.) Tj ET"]
    data = draw_pdf([drawn], more=more).replace(b"/F3 5 0 R", b"/F3 6 0 R")
    reading = read_pdf(data, "a.pdf")
    assert "\U0001d465 = 4 tonnes a day." in reading.text
