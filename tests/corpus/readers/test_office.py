"""Slides, tables of figures and books: what they show is read, the rest is named."""

from __future__ import annotations

import datetime as dt
import io
from contextlib import suppress

import openpyxl
import pytest

from corpus.errors import DocumentError, NoDocumentError
from corpus.readers import PACKED, name_other, read_bytes, suffix_for
from corpus.records import Extraction, LeftOut
from tests.word_files import pack, relate

_P = 'xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="urn:r"'
TITLE = '<p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr>'


def show(reading: Extraction) -> list[tuple[str, str]]:
    """Return kind and words of every block."""
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]


def _shape(*paragraphs: str, of: str = "") -> str:
    words = "".join(f"<a:p>{inner}</a:p>" for inner in paragraphs)
    return f"<p:sp>{of}<p:txBody>{words}</p:txBody></p:sp>"


def _run(words: str, properties: str = "") -> str:
    return f"<a:r><a:rPr {properties}/><a:t>{words}</a:t></a:r>"


def make_slides(*slides: str, **more: str) -> bytes:
    """Return a PowerPoint file of slides, each the inner XML of its tree of shapes."""
    parts = {
        "_rels__.rels": relate(r1="officeDocument ppt/presentation.xml"),
        "ppt___rels__presentation.xml.rels": relate(
            **{f"r{n}": f"slide slides/s{n}.xml" for n in range(len(slides))}
        ),
        "ppt__presentation.xml": f"<p:presentation {_P}><p:sldIdLst>"
        + "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in range(len(slides)))
        + "</p:sldIdLst></p:presentation>",
    }
    for number, inner in enumerate(slides):
        hidden = 'show="0"' if "SECRET" in inner else ""
        parts[f"ppt__slides__s{number}.xml"] = (
            f"<p:sld {_P} {hidden}><p:cSld><p:spTree>{inner}</p:spTree></p:cSld></p:sld>"
        )
    return pack(**parts, **more)


def test_slides_are_read_in_order_title_first() -> None:
    """Paragraphs, groups and tables; raised figures; notes and hidden slides are named."""
    row = "<a:tr>" + "".join(
        f"<a:tc><a:txBody><a:p>{_run(w)}</a:p></a:txBody></a:tc>" for w in "ab"
    )
    table = f"<p:graphicFrame><a:tbl>{row}</a:tr></a:tbl></p:graphicFrame>"
    first = (
        _shape(_run("It saves 10") + _run("6", 'baseline="30000"') + _run(" kWh."), _run("Two."))
        + f"<p:grpSp>{_shape(_run('In a group.'))}</p:grpSp>{table}"
        + _shape(_run("Wells for Lund"), of=TITLE)
    )
    data = make_slides(
        first,
        _shape(_run("SECRET")),
        ppt__slides___rels__s0_dot_xml_dot_rels=relate(r1="notesSlide ../notes.xml"),
        ppt__notes_dot_xml=f"<p:notes {_P}>{_shape(_run('Say hello.'))}</p:notes>",
    )
    reading = read_bytes(data, "a.pptx")
    assert reading.title == "Wells for Lund"
    assert show(reading) == [
        ("heading", "Wells for Lund"), ("paragraph", "It saves 10⁶ kWh."), ("paragraph", "Two."),
        ("paragraph", "In a group."), ("paragraph", "a | b"),
    ]  # fmt: skip
    assert reading.left_out == (
        LeftOut("hidden", "speaker's note", "Say hello.", "slide 1"),
        LeftOut("hidden", "hidden slide", "SECRET", "slide 2"),
    )


@pytest.mark.slow
def test_words_too_small_to_be_read_are_named() -> None:
    """What has the size of a point is no line of a slide, nor of its tables."""
    tiny = _run("Secret 555.", 'sz="100"')
    frame = f"<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p>{tiny}</a:p></a:txBody></a:tc>"
    frame += f"<a:tc><a:txBody><a:p>{_run('Nine lamps')}</a:p></a:txBody></a:tc></a:tr></a:tbl>"
    reading = read_bytes(
        make_slides(_shape(_run("It shines.", 'sz="1800"') + tiny) + frame + "</p:graphicFrame>"),
        "a.pptx",
    )
    assert "Secret" not in reading.text
    assert [each.text for each in reading.left_out] == ["Secret 555.", "Secret 555."]
    assert "It shines." in reading.text


def test_sheets_are_read_as_they_are_shown() -> None:
    """Formats of figures and dates; a cell far out is named and costs nothing."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Wells"
    sheet.append(["Year", "Share", "Opened", "Cost", "Free"])
    sheet.append([2021, 0.125, dt.date(2021, 5, 1), 1234567.5, 0.1])
    for place, form in (("B2", "0.0%"), ("D2", "#,##0.00")):
        sheet[place].number_format = form
    sheet["XFD1048576"] = "far"
    hidden = book.create_sheet("Other")
    hidden.append(["not shown"])
    hidden.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    reading = read_bytes(file.getvalue(), "a.xlsx")
    assert show(reading) == [
        ("heading", "Wells"), ("paragraph", "Year | Share | Opened | Cost | Free"),
        ("paragraph", "2021 | 12.5% | 2021-05-01 | 1,234,567.50 | 0.1"),
    ]  # fmt: skip
    assert set(reading.left_out) == {
        LeftOut("hidden", "hidden sheet", "not shown", "Other"),
        LeftOut("not supported", "far cell", "", "Wells"),
    }


def make_book(chapter: str, **more: str) -> bytes:
    """Return an EPUB book of one chapter, and a table of contents that is no chapter."""
    return pack(
        mimetype="application/epub+zip",
        **{
            "META-INF__container.xml": (
                '<container><rootfiles><rootfile full-path="o/b.opf"/></rootfiles></container>'
            ),
            "o__b.opf": (
                '<package xmlns:dc="urn:dc"><metadata><dc:title>Wells</dc:title>'
                "<dc:date>2022-06-01T00:00:00Z</dc:date><dc:publisher>Acme</dc:publisher>"
                '</metadata><manifest><item id="n" href="n.xhtml" properties="nav" '
                'media-type="application/xhtml+xml"/><item id="c" href="c%201.xhtml" '
                'media-type="application/xhtml+xml"/></manifest>'
                '<spine><itemref idref="n"/><itemref idref="c"/><itemref idref="x"/></spine>'
                "</package>"
            ),
            "o__n.xhtml": "<html><body><a>Contents</a></body></html>",
            "o__c 1.xhtml": f"<html><body>{chapter}</body></html>",
        },
        **more,
    )


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    """With title, date and publisher as it says them."""
    chapter = "<h1>One</h1><p>Acme drilled 120<sup>1</sup> wells.</p><p hidden=''>No.</p>"
    reading = read_bytes(make_book(chapter), "a.epub")
    assert (reading.title, reading.published, reading.source) == ("Wells", "2022-06-01", "Acme")
    assert show(reading) == [("heading", "One"), ("paragraph", "Acme drilled 120¹ wells.")]
    assert reading.left_out == (
        LeftOut("furniture", "table of contents", "Contents"),
        LeftOut("hidden", "hidden passage", "No."),
    )


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (pack(mimetype="application/vnd.oasis.opendocument.text"), "a.odt", "an OpenDocument file"),
        (b"{\\rtf1 words}", "a.rtf", "a rich text file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.doc", "an old Office file"),
        (make_book("")[:300], "a.epub", "a broken EPUB book"),
        (make_slides()[:150], "a.pptx", "a broken PowerPoint file"),
        (make_slides(), "a.pptx", "no text in it"),
        (pack(xl__workbook="<"), "a.xlsx", "a broken Excel file"),
        (b"just words, long enough", "a.xlsx", "not an Excel file"),
        (make_book("", **{"META-INF__encryption_dot_xml": "x", "META-INF__rights_dot_xml": "x"}),
         "a.epub", "a protected book"),
    ],
)  # fmt: skip
def test_what_is_not_read_says_what_it_is(data: bytes, name: str, words: str) -> None:
    """One line with the file, what it is and the mend."""
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, name)
    assert str(caught.value).startswith(f"{name}: ")
    assert words in str(caught.value)
    assert "<_io" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.py", "source code"), ("mail.eml", "an e-mail"), ("desktop.ini", "data or settings"),
        ("glossary.json", "data or settings"), ("questions.jsonl", "data or settings"),
        ("~$report.docx", "the lock of a file that is open"), ("A.PY", "source code"),
        ("report.txt", ""), ("notes", ""), ("a.py.txt", ""), ("py", ""),
    ],
)  # fmt: skip
def test_files_that_are_no_documents_are_known_by_name(name: str, what: str) -> None:
    """A page or a PDF under such a name is one all the same."""
    assert name_other(name) == what
    if what and not name.startswith("~"):
        with pytest.raises(NoDocumentError, match="which is no document"):
            suffix_for(b"just some words", name)
        assert suffix_for(b"<!doctype html><p>words", name) == ".html"
        assert suffix_for(b"%PDF-1.4", name) == ".pdf"


@pytest.mark.parametrize("suffix", PACKED)
def test_any_bytes_in_an_archive_are_read_or_refused(suffix: str) -> None:
    """Broken at every place, a file gives a reading or one line."""
    chapter = make_book("<p>Acme drilled wells.</p>")
    for data in (chapter, make_slides(_shape(_run("Words.")))):
        for at in range(0, len(data), 37):
            broken = data[:at] + b"\xff\x00" + data[at + 2 :]
            with suppress(DocumentError):
                assert read_bytes(broken, f"a{suffix}").text
