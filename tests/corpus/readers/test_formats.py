"""corpus.readers beyond plain text: the same article in every format, and files that are none."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Sequence

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.library import Offer, read_entry
from corpus.readers import READERS, read_bytes, suffix_for
from corpus.readers.encoding import mark
from corpus.records import Entry, Extraction
from tests.pages import draw_pdf, say

TITLE = "Members and their green work"
LINE = "Publish Time:2024-02-23 00:00:00 Source:Example Chamber"
ENGINEERS = (
    "The engineers of Acme built twelve solar roofs in 2021, and the schools of Lund pay nothing "
    "for them. Each roof feeds a school of two hundred pupils from March to October."
)
TOWNS = (
    "Nine towns on the river drink the water that Brill cleans. The plant was opened in June 2019 "
    "by the mayor, and it has never stood still since that day."
)
CASES = (
    (
        "Acme: Solar roofs for the schools of Lund",
        ENGINEERS,
        "Photo: A roof of the school in Lund",
    ),
    (
        "Brill: Clean water for the river towns",
        TOWNS,
        "Photo: The plant at night",
    ),
)
ROWS = (("Year", "Tons"), ("2021", "5,000"))
POINTS = ("The first point of the list.", "The second point of the list.")


def make_html() -> bytes:
    """Return the article as a web page with a site around it."""
    parts = [f"<h1>{TITLE}</h1><p>{LINE}</p>"]
    for heading, prose, caption in CASES:
        parts.append(f"<h2>{heading}</h2><p>{prose}</p>")
        parts.append(f'<figure><img src="a.png" alt=""><figcaption>{caption}</figcaption></figure>')
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in ROWS)
    items = "".join(f"<li>{point}</li>" for point in POINTS)
    parts.append(f"<table>{cells}</table><ul>{items}</ul>")
    return (
        "<!doctype html><html><head><meta charset=utf-8><title>T</title></head><body>"
        "<nav><a href=/>Home</a><a href=/x>Members</a></nav><main><article>"
        + "".join(parts)
        + "</article></main><footer>All rights are reserved by the site.</footer></body></html>"
    ).encode()


def make_markdown() -> bytes:
    """Return the article in Markdown with front matter."""
    parts = ["---", "title: " + TITLE, "date: 2024-02-23", "source: Example Chamber", "---", ""]
    for heading, prose, caption in CASES:
        linked = prose.replace("Lund", "[Lund](https://example.org/lund)", 1)
        parts += [f"## {heading}", "", linked.replace("2019", "**2019**"), "", caption, ""]
    parts += [f"- {point}" for point in POINTS]
    parts += ["", "| " + " | ".join(ROWS[0]) + " |", "|---|---|", "| " + " | ".join(ROWS[1]) + " |"]
    return "\n".join(parts).encode()


def make_word() -> bytes:
    """Return the article as a Word file, with a deleted, an inserted and a hidden run."""
    document = docx.Document()
    document.add_heading(TITLE, 0)
    document.add_paragraph(LINE)
    for heading, prose, caption in CASES:
        document.add_heading(heading, 1)
        document.add_paragraph(prose)
        document.add_paragraph(caption, style="Caption")
    for point in POINTS:
        document.add_paragraph(point, style="List Bullet")
    table = document.add_table(2, 2)
    for row, words in enumerate(ROWS):
        for column, word in enumerate(words):
            table.cell(row, column).text = word
    document.sections[0].header.paragraphs[0].text = "A header of every page"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def make_pdf(pages: Sequence[Sequence[tuple[int, int, int, str]]], trailer: str = "") -> bytes:
    """Return a PDF of lines (x, y, size, words), a sequence of them for each page."""
    return draw_pdf([[say(*line) for line in lines] for lines in pages], trailer=trailer)


def _wrap(words: str, width: int = 70) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def make_article_pdf() -> bytes:
    """Return the article over three pages with a header and page numbers."""
    pages: list[list[tuple[int, int, int, str]]] = []
    for number, part in enumerate(([(TITLE, LINE, "")], [CASES[0]], [CASES[1]])):
        lines = [(60, 800, 8, "Example Chamber, yearly report"), (300, 30, 8, f"Page {number + 1}")]
        y = 740
        for heading, prose, caption in part:
            lines.insert(-1, (60, y, 16, heading))
            for line in _wrap(prose):
                y -= 14 if y < 740 else 30
                lines.insert(-1, (60, y, 10, line))
            if caption:
                lines.insert(-1, (60, y - 40, 10, caption))
        pages.append(lines)
    return make_pdf(pages)


FORMATS = {
    "a.html": make_html,
    "a.md": make_markdown,
    "a.docx": make_word,
    "a.pdf": make_article_pdf,
}


def _read(name: str, data: bytes) -> Entry:
    return read_entry(Offer(name, data))


@pytest.mark.parametrize("name", FORMATS)
def test_the_article_is_the_same_in_every_format(name: str) -> None:
    """Cases, companies, sentences and captions are found, whatever they are written in."""
    entry = _read(name, FORMATS[name]())
    document = entry.document
    assert document.title == TITLE
    assert (document.published, document.source) == ("2024-02-23", "Example Chamber")
    cases = [case for case in entry.cases if case.kind == "case"]
    assert [case.company for case in cases] == ["Acme", "Brill"]
    assert [case.title for case in cases] == [heading for heading, _, _ in CASES]
    said = [s.text.strip() for p in entry.passages for s in p.sentences]
    for _, prose, caption in CASES:
        for sentence in prose.split(". "):
            assert any(sentence.rstrip(".") in words for words in said), sentence
        (found,) = [p for p in entry.passages if caption in p.text]
        assert found.kind == "caption"
    assert "reserved" not in document.text
    assert "header of every page" not in document.text
    if name != "a.pdf":
        assert all(any(point in words for words in said) for point in POINTS)
        assert "2021 | 5,000" in document.text


def test_pages_reach_the_document() -> None:
    """Each page's offset is where its words begin; furniture of every page is never quoted."""
    entry = _read("a.pdf", make_article_pdf())
    document = entry.document
    assert len(document.pages) == 3
    assert document.pages[0] == 0
    for page, (heading, _, _) in zip(document.pages[1:], CASES, strict=True):
        assert document.text[page:].startswith(heading)
    assert document.text.count("yearly report") == 1
    assert [each.place for each in entry.left_out] == ["page 2", "page 3"]
    quoted = " ".join(passage.text for passage in entry.passages)
    assert "yearly report" not in quoted
    assert "Page 2" not in quoted


def test_a_paragraph_runs_over_a_page_and_words_over_a_line() -> None:
    """What the paper parts is one sentence, and a hyphen at a line's end goes."""
    first = [(60, 700 - 14 * n, 10, words) for n, words in enumerate(_wrap(
        "This is the first sentence of a paragraph that is long enough to fill two lines. Here the treat-"))]  # noqa: E501 # fmt: skip
    second = [
        (60, 760, 10, "ment of the water is told, and it ends on the second page of the file.")
    ]
    reading = read_bytes(make_pdf([first, second]), "a.pdf")
    assert "Here the treatment of the water is told, and it ends" in reading.text
    assert reading.text[reading.pages[1] :].startswith("ment of the water")
    assert len(reading.blocks) == 1


def test_a_hyphen_that_a_page_ends_in_and_a_row_are_read() -> None:
    """pdfium marks a hyphen at a line's end; cells stand far from each other."""
    lines = [(60, 700, 10, "The plant is run by non-"), (60, 686, 10, "profit firms since 2019.")]
    row = [(60, 640, 10, "Tons of steel"), (220, 640, 10, "5,000"), (330, 640, 10, "2021")]
    text = read_bytes(make_pdf([[*lines, *row, (60, 600, 10, "A non-profit firm.")]]), "a.pdf").text
    assert "run by non-profit firms since" in text
    assert "Tons of steel | 5,000 | 2021" in text.splitlines()


def test_type_that_is_enlarged_is_as_large_as_it_looks() -> None:
    """Size 1 enlarged twelve times is size 12: lines are one paragraph, words are no cells."""
    lines = _wrap("This paragraph is set by another program. " * 4)
    plain = make_pdf([[(60, 700 - 14 * n, 12, words) for n, words in enumerate(lines)]])
    scaled = re.sub(
        rb"/F1 12 Tf 1 0 0 1 60 (\d+) Tm", lambda f: b"/F1 1 Tf 12 0 0 12 60 %s Tm" % f[1], plain
    )
    assert scaled != plain
    assert read_bytes(scaled, "a.pdf") == read_bytes(plain, "a.pdf")
    assert len(read_bytes(plain, "a.pdf").blocks) == 1


def test_invisible_signs_do_not_enter() -> None:
    """Where a word may be cut is no part of the word."""
    page = "<html><body><p>The waste&shy;water plant\u200b runs.</p></body></html>"
    assert read_bytes(page.encode(), "a.html").text == "The wastewater plant runs."


def _check(reading: Extraction) -> None:
    place = 0
    for block in reading.blocks:
        words = reading.text[block.start : block.end]
        assert block.start >= place
        assert words
        assert words == words.strip()
        place = block.end
    assert list(reading.pages) == sorted(reading.pages)
    assert all(0 <= page <= len(reading.text) for page in reading.pages)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.binary(max_size=400)
    | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")),
    start=st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"# x\n", b"---\na: b\n"]),
    suffix=st.sampled_from(sorted(READERS)),
)
def test_any_bytes_are_read_or_refused(data: bytes, start: bytes, suffix: str) -> None:
    """Whatever a file holds under whatever name: valid blocks, or one line."""
    try:
        reading = read_bytes(start + data, f"x{suffix}")
    except DocumentError as error:
        refusal = str(error)
    else:
        refusal = ""
        _check(reading)
    assert not refusal or refusal.startswith(f"x{suffix}: ")
    assert "\n" not in refusal


def _zip(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.pdf", b"", "empty"),
        ("a.docx", b"  \n", "empty"),
        ("a.html", b"", "empty"),
        ("a.pdf", make_article_pdf()[:300], "broken PDF"),
        ("a.pdf", b"%PDF-1.7\nnothing", "broken PDF"),
        ("a.pdf", make_pdf([[]]), "a scan"),
        ("a.pdf", b"just words, long enough to be some", "not a PDF"),
        ("a.docx", make_word()[:2000], "broken Word file"),
        ("a.docx", b"just words, long enough to be some", "not a Word file"),
        ("a.docx", _zip(word__document_xml=b"<a"), "broken Word file"),
        ("a.docx", _zip(word__document=b"0" * (300 * 2**20)), "unpacks to 300 MiB"),
        ("a.txt", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Office file"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "a picture"),
        ("a.txt", gzip.compress(b"words", mtime=0), "a packed file"),
        ("a.txt", _zip(xl__sheet=b"1"), "a broken Excel file"),
        ("a.txt", _zip(a=b"1"), "a packed file"),
        ("a.html", b"<html><body><script>alert(1)</script></body></html>", "no text"),
        ("a.html", b"<html>" + b" " * (17 * 2**20), "MiB of HTML"),
        ("a.md", b"---\ntitle: x\n---\n", "no text"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, words: str) -> None:
    """Each bad file is one line with its name, the reason and the mend."""
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert words in message


def test_a_locked_pdf_says_so() -> None:
    """A PDF that wants a password is told from a broken one."""
    locked = "/Encrypt << /Filter /Standard /V 1 /R 2 /O (" + "x" * 32 + ") /U (" + "y" * 32
    data = make_pdf([[(60, 700, 10, "Secret")]], locked + ") /P -4 >> /ID [(a) (a)]")
    with pytest.raises(DocumentError, match="password"):
        read_bytes(data, "a.pdf")


def test_content_decides_before_the_name() -> None:
    """A PDF, a Word file and a page are read as what they are under any name."""
    for name, make in FORMATS.items():
        suffix = name[1:]
        if suffix != ".md":
            assert suffix_for(make(), "a.txt") == suffix
            assert suffix_for(make(), "address-without-suffix") == suffix
    assert suffix_for(b"plain words", "a") == ".txt"
    assert suffix_for(b"plain words", "a.md") == ".md"
    assert "Acme" in read_bytes(make_article_pdf(), "a.txt").text


def test_hidden_and_active_content_does_not_enter() -> None:
    """Scripts, styles, forms, comments and hidden words are no text of a page."""
    prose = " ".join(["The road of Acme is long and leads to the sea."] * 12)
    bad = (
        "<script>evil1()</script><style>evil2{}</style><!-- evil3 --><p hidden>evil4</p>"
        '<p style="display:none">evil5</p><span style="visibility: hidden">evil6</span>'
        "<iframe>evil7</iframe><form><input value=evil8></form><noscript>evil9</noscript>"
    )
    page = f"<html><body><article><h1>Roads</h1><p onclick='evilA()'>{prose}</p>{bad}</article>"
    reading = read_bytes(page.encode(), "a.html")
    assert "evil" not in reading.text
    assert prose in reading.text


def test_deleted_and_hidden_words_of_word_do_not_enter() -> None:
    """What was struck out or hidden is not quoted; what was inserted is."""
    from docx.oxml import parse_xml

    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    document = docx.Document()
    paragraph = document.add_paragraph("The plant ")._p
    for xml in (
        f'<w:del {space} w:id="1"><w:r><w:delText>never </w:delText></w:r></w:del>',
        f'<w:ins {space} w:id="2"><w:r><w:t xml:space="preserve">always </w:t></w:r></w:ins>',
        f"<w:r {space}><w:rPr><w:vanish/></w:rPr><w:t>secretly</w:t></w:r>",
        f"<w:r {space}><w:t>runs.</w:t></w:r>",
    ):
        paragraph.append(parse_xml(xml))
    file = io.BytesIO()
    document.save(file)
    assert read_bytes(file.getvalue(), "a.docx").text == "The plant always runs."


CHINESE = (
    "水厂每天为三百万居民提供清洁的饮用水。",
    "该公司在非洲建设了十二所学校，并捐赠了太阳能路灯。",
    "企业积极履行社会责任，推动绿色发展与环境保护，得到了当地居民的好评。",
)
TRADITIONAL = (
    "水廠每天為三百萬居民提供清潔的飲用水。",
    "該公司在非洲建設了十二所學校，並捐贈了太陽能路燈。",
    "企業積極履行社會責任，推動綠色發展與環境保護，得到了當地居民的好評。",
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
@pytest.mark.parametrize("text", [*CHINESE, "\n\n".join(CHINESE), "Water plant\n\n" + CHINESE[0]])
def test_chinese_is_read_in_every_encoding(text: str, encoding: str) -> None:
    """One sentence is enough to know the encoding by."""
    assert read_bytes(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize("text", [*TRADITIONAL, "\n\n".join(TRADITIONAL)])
def test_traditional_chinese_is_read_in_big5(text: str) -> None:
    """Big5 is told from GB18030 by what comes out."""
    assert read_bytes(text.encode("big5"), "a.txt").text == text


@pytest.mark.parametrize("encoding", ["koi8-r", "cp1252", "shift-jis", "cp1251"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """What fits no known encoding is never taken for something else."""
    words = {"koi8-r": "Вода для города.", "cp1251": "Вода для города и школы.", "cp1252": "Müller führt es.", "shift-jis": "ひらがなとカタカナのテキストです。"}  # noqa: E501 # fmt: skip
    with pytest.raises(DocumentError, match="UTF-8"):
        read_bytes(words[encoding].encode(encoding), "a.txt")


@pytest.mark.parametrize(
    ("declared", "encoding", "words"),
    [
        ("windows-1252", "cp1252", "Die Straße führt nach Lünd."),
        ("ISO-8859-1", "cp1252", "“L’école” a été bâtie en 2019."),  # as browsers take it
        ("shift_jis", "shift_jis", "水はきれいです。電気もあります。"),
        ("gb2312", "gb18030", CHINESE[0]),
        ("gbk", "utf-8", CHINESE[0]),  # it declares what it is not
        ("no-such", "utf-8", CHINESE[0]),
        ("rot13", "utf-8", "Plain words stay plain."),
    ],
)
def test_a_page_is_read_in_the_encoding_it_declares(
    declared: str, encoding: str, words: str
) -> None:
    """The declaration is believed unless the bytes are UTF-8; a server's ends in the file."""
    page = f"<html><head><meta charset={declared}></head><body><p>{words}</p></body></html>"
    assert read_bytes(page.encode(encoding), "a.html").text == words
    bare = f"<html><body><p>{words}</p></body></html>".encode(encoding)
    assert read_bytes(mark(bare, declared), "a.html").text == words


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_one_line_of_five_megabytes_is_read(suffix: str) -> None:
    """A single endless line costs time in proportion and nothing more."""
    line = ("The road is long and it never ends. " * 140_000)[: 5 * 2**20]
    data = f"<html><body><p>{line}</p>" if suffix == ".html" else line
    assert len(read_bytes(data.encode(), f"a{suffix}").text) > 5_000_000


def test_a_hundred_thousand_nested_tags_are_read_or_refused() -> None:
    """Depth costs neither the stack nor minutes."""
    page = (
        "<html><body>" + "<div>" * 100_000 + "Words at the bottom of it all." + "</div>" * 100_000
    )
    try:
        found = read_bytes(page.encode(), "a.html").text
    except DocumentError as error:
        found = str(error)
    assert "Words at the bottom" in found or found.startswith("a.html: ")
