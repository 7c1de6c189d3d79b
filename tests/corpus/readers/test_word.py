"""Word files: what stands on the page is in the text, in order; the rest is named."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.library import Offer, read_entry
from corpus.readers import read_bytes
from corpus.records import Entry, LeftOut
from tests.word_files import SPACES, cell, make_word, pack, paragraph, relate, run, table

PROSE = "The plant of Acme serves the county of Garissa with light from the sun since 2021."
RAISED = '<w:vertAlign w:val="superscript"/>'
LOWERED = '<w:vertAlign w:val="subscript"/>'


def read(
    body: str, styles: str = "", footnotes: str = ""
) -> tuple[list[tuple[str, str]], tuple[LeftOut, ...]]:
    """Return kind and words of each block of a file, and what was left out of it."""
    reading = read_bytes(make_word(body, styles=styles, footnotes=footnotes), "a.docx")
    words = [(str(block.kind), reading.text[block.start : block.end]) for block in reading.blocks]
    return words, reading.left_out


def say(body: str, styles: str = "") -> list[str]:
    """Return the words of each block of a file."""
    return [words for _, words in read(body, styles)[0]]


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (run("10") + run("6", RAISED) + run(" tonnes"), "10⁶ tonnes"),
        (run("120") + run("3", RAISED) + run(" schools"), "120³ schools"),
        (run("H") + run("2", LOWERED) + run("O"), "H₂O"),
        (run("the 19") + run("th", RAISED) + run(" roof"), "the 19th roof"),
        (run("120") + run("a", RAISED) + run(" lamps"), "120ᵃ lamps"),
        (run("10") + run("-3", RAISED) + run(" g"), "10⁻³ g"),
        (run("5 km") + run("2", '<w:position w:val="8"/>'), "5 km²"),
        (run("2021", '<w:position w:val="8"/>'), "2021"),
        (run("10") + run("6", '<w:rStyle w:val="Up"/>') + run(" t"), "10⁶ t"),
    ],
)
def test_raised_and_lowered_figures_are_such_signs(runs: str, words: str) -> None:
    """No exponent and no mark of a note becomes a figure of the number before it."""
    styles = f'<w:style w:type="character" w:styleId="Up"><w:rPr>{RAISED}</w:rPr></w:style>'
    assert say(paragraph(runs), styles=styles) == [words]


@pytest.mark.parametrize(
    ("inner", "what"),
    [
        (run("Secret 555", "<w:vanish/>"), "hidden passage"),
        (run("Secret 555", '<w:rStyle w:val="Gone"/>'), "hidden passage"),
        (run("Secret 555", '<w:color w:val="FFFFFF"/>'), "hidden passage"),
        (
            run("Secret 555", '<w:color w:val="FEFEFE"/><w:highlight w:val="white"/>'),
            "hidden passage",
        ),
        (
            run("Secret 555", '<w:color w:val="112233"/><w:shd w:val="clear" w:fill="112233"/>'),
            "hidden passage",
        ),
        (run("Secret 555", '<w:sz w:val="2"/>'), "hidden passage"),
        (run("Secret 555", '<w:sz w:val="3"/>'), "hidden passage"),
        (run("Secret 555", '<w:rStyle w:val="Pale"/>'), "hidden passage"),
        (run("Secret 555", "<w:strike/>"), "struck passage"),
        (run("Secret 555", "<w:dstrike/>"), "struck passage"),
        (f"<w:del>{run('Secret 555').replace('w:t', 'w:delText')}</w:del>", "deleted passage"),
        (f"<w:moveFrom>{run('Secret 555')}</w:moveFrom>", "deleted passage"),
    ],
)
def test_what_is_not_shown_is_named(inner: str, what: str) -> None:
    """Hidden, struck and deleted words are in the list, not in the text; `val="0"` undoes it."""
    styles = (
        '<w:style w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Pale"><w:rPr><w:color w:val="ffffff"/></w:rPr></w:style>'
    )
    body = paragraph(run("The cost was ") + inner + run("open.", '<w:vanish w:val="0"/>'))
    blocks, left_out = read(body, styles=styles)
    assert blocks == [("paragraph", "The cost was open.")]
    assert left_out == (LeftOut("hidden", what, "Secret 555"),)


WHITE = run("Shown 555", '<w:color w:val="FFFFFF"/>')
DARK = '<w:shd w:val="clear" w:color="auto" w:fill="1F3864"/>'


@pytest.mark.parametrize(
    "body",
    [
        paragraph(run("Shown 555", f'<w:color w:val="FFFFFF"/>{DARK}')),
        paragraph(run("Shown 555", '<w:color w:val="FFFFFF"/><w:highlight w:val="darkBlue"/>')),
        paragraph(WHITE, DARK),
        paragraph(WHITE, '<w:pStyle w:val="Band"/>'),
        table(cell(paragraph(WHITE), DARK)),
        table(cell(paragraph(WHITE))).replace("<w:tbl>", f"<w:tbl><w:tblPr>{DARK}</w:tblPr>"),
        table(cell(paragraph(WHITE))).replace(
            "<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/></w:tblPr>'
        ),
        paragraph(f"<w:r><w:pict><w:txbxContent>{paragraph(WHITE)}</w:txbxContent></w:pict></w:r>"),
        paragraph('<w:r><w:drawing><w:anchor behindDoc="1"/></w:drawing></w:r>' + WHITE),
        paragraph(run("Shown 555", '<w:color w:val="auto"/>')),
        paragraph(run("Shown 555", '<w:color w:val="000000"/><w:sz w:val="4"/>')),
    ],
)
def test_white_on_a_ground_that_is_not_is_read(body: str) -> None:
    """In a band, in a dark cell, in a box or over a picture, white words are seen."""
    styles = (
        f'<w:style w:styleId="Band"><w:pPr>{DARK}</w:pPr></w:style>'
        '<w:style w:styleId="Grid"><w:tblStylePr w:type="firstRow">'
        f"<w:tcPr>{DARK}</w:tcPr></w:tblStylePr></w:style>"
    )
    assert "Shown 555" in " ".join(say(body, styles=styles))


def test_a_white_cell_of_a_plain_table_is_named() -> None:
    """A cell without a ground is as white as the paper."""
    blocks, left_out = read(table(cell("Year") + cell(paragraph(WHITE))))
    assert blocks == [("paragraph", "Year |")]
    assert left_out == (LeftOut("hidden", "hidden passage", "Shown 555"),)


def test_a_paragraph_hidden_by_what_its_style_is_based_on_is_hidden() -> None:
    """Styles are followed, also in a circle."""
    styles = (
        '<w:style w:type="paragraph" w:styleId="A"><w:basedOn w:val="B"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="B"><w:basedOn w:val="A"/>'
        "<w:rPr><w:vanish/></w:rPr></w:style>"
    )
    body = paragraph(PROSE) + paragraph("Hidden 777.", '<w:pStyle w:val="A"/>')
    blocks, left_out = read(body, styles=styles)
    assert blocks == [("paragraph", PROSE)]
    assert left_out == (LeftOut("hidden", "hidden passage", "Hidden 777."),)


def test_inserted_and_moved_words_and_form_fields_are_read() -> None:
    """What a reader sees is text, whatever it is wrapped in; an empty field is none."""
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{run('in a field')}</w:sdtContent></w:sdt>"
    empty = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
        f"<w:sdtContent>{run('Click here')}</w:sdtContent></w:sdt>"
    )
    block = f"<w:sdt><w:sdtContent>{paragraph('A block in a field.')}</w:sdtContent></w:sdt>"
    inner = f"<w:ins>{run('Put ')}</w:ins>{control}<w:moveTo>{run(' and moved')}</w:moveTo>{empty}"
    blocks, left_out = read(paragraph(inner) + block)
    assert [words for _, words in blocks] == ["Put in a field and moved", "A block in a field."]
    assert left_out == (LeftOut("furniture", "empty form field", "Click here"),)


def test_a_text_box_is_read_once_behind_its_paragraph() -> None:
    """Word writes it twice, for new and for old programs."""
    box = f"<w:txbxContent>{paragraph('The box says 12,345.')}</w:txbxContent>"
    both = (
        f"<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    words = say(paragraph(run("Before it. ") + both + run("Around it.")) + paragraph("After it."))
    assert words == ["Before it. Around it.", "The box says 12,345.", "After it."]


def test_notes_stand_behind_their_paragraph_and_are_marked() -> None:
    """The mark is a raised sign in both places; what nobody refers to is named."""
    refer = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    notes = (
        f'<w:footnote w:type="separator" w:id="0">{paragraph("")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("Of which 11 are lent.")}</w:footnote>'
        f'<w:footnote w:id="3">{paragraph("By the bank.")}</w:footnote>'
        f'<w:footnote w:id="9">{paragraph("Forgotten.")}</w:footnote>'
    )
    body = paragraph(
        run("It cost 30") + refer.format(2) + run(" million in all.") + refer.format(3)
    )
    blocks, left_out = read(body + paragraph("It runs."), footnotes=notes)
    assert [words for _, words in blocks] == [
        "It cost 30¹ million in all.²", "¹ Of which 11 are lent.", "² By the bank.", "It runs.",
    ]  # fmt: skip
    assert left_out == (LeftOut("hidden", "footnote", "Forgotten."),)


def test_formulas_and_readings() -> None:
    """A formula is its characters in the sentence; a sign's reading is no word."""
    power = (
        "<m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e><m:sup><m:r><m:t>6</m:t></m:r></m:sup></m:sSup>"
    )
    part = (
        "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>c</m:t></m:r></m:den></m:f>"
    )
    formula = f"<m:oMath><m:r><m:t>E=3.5×</m:t></m:r>{power}</m:oMath>"
    ruby = (
        f"<w:r><w:ruby><w:rt>{run('kěn')}</w:rt><w:rubyBase>{run('肯')}</w:rubyBase></w:ruby></w:r>"
    )
    words = say(
        paragraph(run("It saves ") + formula + run(" kWh."))
        + paragraph(f"<m:oMath>{part}</m:oMath>")
        + paragraph(ruby + run("尼亚"))
    )
    assert words == ["It saves E=3.5×10⁶ kWh.", "(a+b)/c", "肯尼亚"]


def test_tables() -> None:
    """A row is a line; merged cells are in each row; a nested table follows, once."""
    merged, more = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    inner = table(cell("inner one") + cell("inner two"))
    body = table(
        cell("Country") + cell("Power") + cell("Year"),
        cell("Kenya", merged) + cell("50 MW") + cell("2021"),
        cell(paragraph(""), more) + cell(paragraph("60 MW") + inner) + cell("2022"),
    )
    assert say(body) == [
        "Country | Power | Year", "Kenya | 50 MW | 2021", "Kenya | 60 MW | 2022",
        "inner one | inner two",
    ]  # fmt: skip


def test_a_table_that_holds_paragraphs_is_no_table() -> None:
    """Words side by side for the look of it are read one after the other."""
    column = "".join(paragraph(PROSE) for _ in range(6))
    assert say(table(cell(column) + cell("Beside."))) == [*[PROSE] * 6, "Beside."]
    assert say(table(cell(paragraph("One.") + paragraph("Two.")))) == ["One.", "Two."]


def test_bold_and_large_paragraphs_are_headings() -> None:
    """Where no style says what is a heading, its look does; cases are found by it."""
    body = (
        paragraph(run("Green cases", '<w:b/><w:sz w:val="40"/>'))
        + paragraph(run("Acme: Wells in Kenya", "<w:b/>"))
        + paragraph("In 2021 Acme built wells, and the town thanked Acme.")
        + paragraph(run("Bolt Motors: Buses for all", '<w:sz w:val="36"/>'))
        + paragraph("The buses of Bolt Motors run, as Bolt Motors says.")
    )
    entry = _enter(make_word(body))
    assert entry.document.title == "Green cases"
    assert [(case.kind, case.company) for case in entry.cases] == [
        ("case", "Acme"), ("case", "Bolt Motors"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "is_heading"),
    [
        ("1. Background", True), ("2.1 What was built", True), ("一、项目概况", True),
        ("（二）绕行", True), ("第三章 成果", True), ("IV. Results", True),
        ("Background", False), ("1. It was opened in May.", False), ("12 lamps were given;", False),
    ],
)  # fmt: skip
def test_numbered_lines_are_headings(heading: str, is_heading: bool) -> None:
    """A number and the form of a heading make one, where prose follows."""
    kinds = read(paragraph(PROSE) + paragraph(heading) + paragraph(PROSE))[0]
    assert (kinds[1][0] == "heading") is is_heading


def test_a_file_all_in_bold_has_no_headings() -> None:
    """What everything has says nothing."""
    body = "".join(paragraph(run(f"{PROSE[:40]} {n}", "<w:b/>")) for n in range(9))
    assert {kind for kind, _ in read(body)[0]} == {"paragraph"}


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (run("Training", "<w:b/>") + run(" The women of the town learned it."),
         ["Training", "The women of the town learned it."]),
        (run("Training:", "<w:b/>") + run(" 48 women of the town learned it."),
         ["Training", "48 women of the town learned it."]),
        (run("培训　", "<w:b/>") + run("镇上的妇女学会了。"), ["培训", "镇上的妇女学会了。"]),
        (run("Acme", "<w:b/>") + run(" has trained the women."), ["Acme has trained the women."]),
        (run("Company:", "<w:b/>") + run(" Acme, Lund"), ["Company: Acme, Lund"]),
    ],
)  # fmt: skip
def test_a_bold_beginning_is_apart_where_it_is_a_heading(inner: str, words: list[str]) -> None:
    """It is not joined to the sentence behind it; a bold name in a sentence stays there."""
    assert say(paragraph(PROSE * 2) + paragraph(inner))[1:] == words


def test_headers_comments_and_charts_are_named() -> None:
    """What does not belong to the text, and what cannot be read, is in the list with its words."""
    header = paragraph("A header 333")
    comment = f'<w:comment w:id="0">{paragraph("Do not publish 222")}</w:comment>'
    chart = '<w:r><w:drawing><c:chart r:id="rId8"/></w:drawing></w:r>'
    body = paragraph(PROSE) + paragraph(chart)
    data = make_word(body, header1=header, comments=comment)
    assert set(read_bytes(data, "a.docx").left_out) == {
        LeftOut("hidden", "comment", "Do not publish 222"),
        LeftOut("furniture", "page header", "A header 333"),
        LeftOut("not supported", "chart", ""),
    }


@pytest.mark.parametrize("strict", [False, True])
def test_what_word_opens_is_opened(strict: bool) -> None:
    """A strict file, and one that refers to parts that are not there."""
    targets = {"r90": "image NULL", "r91": "styles nowhere.xml"}
    data = make_word(
        paragraph(run("10") + run("6", RAISED)) + paragraph(PROSE), targets, strict=strict
    )
    assert read_bytes(data, "a.docx").text == f"10⁶\n\n{PROSE}"
    assert read_bytes(data, "a.docm") == read_bytes(data, "a.docx")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (make_word(paragraph(PROSE))[:200], "a broken Word file"),
        (pack(word__document="<w:x"), "a broken Word file"),
        (pack(word__document_dot_xml=f"<w:document {SPACES}/>"), "no body in it"),
        (make_word(paragraph("")), "no text in it"),
        (make_word("<w:sdt>" * 400 + "</w:sdt>" * 400), "a broken Word file"),
        (pack(_rels___dot_rels="<<<", word__a="b"), "a broken Word file"),
        (make_word(paragraph(PROSE)).replace(b"word/document", b"word/xocument"), "broken"),
    ],
)
def test_what_is_broken_says_so_in_words(data: bytes, words: str) -> None:
    """One line that names the file, never the name of an object."""
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, "a.docx")
    message = str(caught.value)
    assert message.startswith("a.docx: ")
    assert words in message
    assert "<_io" not in message
    assert "\n" not in message


def test_an_entity_is_not_expanded_and_a_bomb_is_refused() -> None:
    """A hostile file costs neither memory nor another file's words."""
    many = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    hostile = (
        f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY e0 "ha">{{}}]>'
        f"<w:document {SPACES}><w:body>{paragraph(PROSE)}<w:p><w:r><w:t>&f;{{}}</w:t></w:r></w:p>"
        "</w:body></w:document>"
    )
    reading = read_bytes(pack(word__document_dot_xml=hostile.format("", "")), "a.docx")
    assert reading.text == PROSE
    with pytest.raises(DocumentError, match="a broken Word file"):
        read_bytes(pack(word__document_dot_xml=hostile.format(many, "&e9;")), "a.docx")
    with pytest.raises(DocumentError, match="unpacks to"):
        read_bytes(pack(word__document_dot_xml=b" " * (65 * 2**20)), "a.docx")


WORDS = st.text("abc défg 中文 12 &<\u200b", min_size=1, max_size=12)
RUNS = st.builds(
    lambda words, look: run(words, look),
    WORDS,
    st.sampled_from(["", "", "<w:b/>", "<w:vanish/>", "<w:strike/>", LOWERED]),
)
INLINES = st.recursive(
    RUNS,
    lambda inner: st.one_of(
        inner.map(lambda i: f"<w:ins>{i}</w:ins>"),
        inner.map(lambda i: f"<w:hyperlink>{i}</w:hyperlink>"),
        inner.map(lambda i: f"<w:del>{i}</w:del>"),
        inner.map(lambda i: f"<w:sdt><w:sdtContent>{i}</w:sdtContent></w:sdt>"),
        inner.map(lambda i: f"<w:r><w:txbxContent><w:p>{i}</w:p></w:txbxContent></w:r>"),
        inner.map(lambda i: f"<w:smartTag>{i}</w:smartTag>"),
    ),
    max_leaves=3,
)
PARAGRAPHS = st.lists(INLINES, max_size=4).map(lambda parts: paragraph("".join(parts)))
BLOCKS = st.recursive(
    PARAGRAPHS,
    lambda inner: st.one_of(
        st.lists(st.lists(inner.map(cell), min_size=1, max_size=3).map("".join), min_size=1,
                 max_size=3).map(lambda rows: table(*rows)),
        inner.map(lambda i: f"<w:sdt><w:sdtContent>{i}</w:sdtContent></w:sdt>"),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BLOCKS, min_size=1, max_size=5).map("".join))
def test_all_words_are_read_or_named(body: str) -> None:
    """Every letter of a generated file is in its text or in what was left out, exactly once."""
    data = make_word(paragraph(PROSE) + body)
    reading = read_bytes(data, "a.docx")
    told = reading.text + "".join(each.text for each in reading.left_out)
    wanted = re.findall(r"<w:t [^>]*>([^<]*)</w:t>", paragraph(PROSE) + body)
    lowered = str.maketrans("₁₂", "12")
    for letter in "abcdefgé中文12":
        assert told.translate(lowered).count(letter) == unescape("".join(wanted)).count(letter)


def test_a_long_file_takes_time_in_line_with_its_size() -> None:
    """Four times the paragraphs, about four times the time."""

    def measure(count: int) -> float:
        row = cell("Kenya") + cell("50 MW")
        body = (paragraph(run("1. Part", "<w:b/>")) + paragraph(PROSE) + table(row)) * count
        data = make_word(body)
        started = time.thread_time()
        read_bytes(data, "a.docx")
        return time.thread_time() - started

    measure(10)
    assert measure(4000) < 12 * max(measure(1000), 0.05)


def _enter(data: bytes) -> Entry:
    return read_entry(Offer("a.docx", data))


def test_relations_are_those_of_the_part() -> None:
    """A file whose main part has another name is found by what the file refers to."""
    data = pack(
        **{
            "_rels__.rels": relate(r1="officeDocument /word/other.xml"),
            "word__other.xml": f"<w:document {SPACES}><w:body>{paragraph(PROSE)}</w:body></w:document>",  # noqa: E501
        }
    )
    assert read_bytes(data, "a.docx").text == PROSE
