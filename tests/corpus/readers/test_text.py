"""Bytes become text as it stands and blocks that leave nothing out but page furniture."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.readers import READERS
from corpus.readers.text import read_text
from corpus.records import Extraction

ARTICLE = next((Path(__file__).parents[3] / "corpus" / "reports").glob("cccme-*.txt"))
SOURCE = "中国机电产品进出口商会"
PORTAL = (
    "Sign into your account\nJoin Free\n\nHome >News >CCCME News > Content\n\nThe Title: Of It\n\n"
    "Publish Time:2024-02-23 00:00:00 Source:中国机电产品进出口商会\n\nThe words begin here.\n"
)
CHINESE = "首页 > 新闻 > 正文\n标题\n发布时间：2024年2月3日 来源：商会\n\n正文在此。"
LINES = st.lists(
    st.sampled_from(
        [
            *(
                "",
                "",
                "Title",
                "# Title",
                "Company: The title of its case",
                "Photo: A plant",
                "图1 水厂",
            ),
            *(
                "This is prose.",
                "这是一个段落。",
                "　　缩进的段落",
                "- item",
                "wrapped prose that",
                "goes on",
            ),
            *("long prose " * 30, "长" * 300, " \t ", "Figure 1 shows that it grew.", "图片：水厂"),
        ]
    ),
    min_size=1,
    max_size=30,
)


def show(reading: Extraction) -> list[tuple[str, str]]:
    """Return kind and words of every block."""
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_blocks_hold_everything_but_white_space(lines: list[str], newline: str) -> None:
    """Blocks are in order, trimmed and apart; outside them a plain text has white space only."""
    text = "start" + newline + newline.join(lines)
    reading = read_text(text.encode(), "a.txt")
    assert reading.text == text
    at = 0
    for block in reading.blocks:
        assert not text[at : block.start].strip()
        words = text[block.start : block.end]
        assert words
        assert words == words.strip()
        at = block.end
    assert not text[at:].strip()


@given(LINES)
def test_newlines_make_no_difference(lines: list[str]) -> None:
    """LF, CR LF and CR give the same blocks."""
    shown = [
        [
            (kind, words.replace(newline, "\n"))
            for kind, words in show(read_text(newline.join(["start", *lines]).encode(), "a.txt"))
        ]
        for newline in ("\n", "\r\n", "\r")
    ]
    assert shown[0] == shown[1] == shown[2]


@given(LINES)
def test_captions_are_lines_of_their_own(lines: list[str]) -> None:
    """Every caption line is a caption block, whatever stands right above or below it."""
    text = "\n".join(["start", *lines])
    captions = [
        words for kind, words in show(read_text(text.encode(), "a.txt")) if kind == "caption"
    ]
    marks = ("Photo: A plant", "图1 水厂", "图片：水厂")
    assert captions == [line for line in lines if line in marks]


def test_the_shipped_article_is_read() -> None:
    """Title, source and date are read, furniture is in no block, captions stand apart."""
    reading = read_text(ARTICLE.read_bytes(), ARTICLE.name)
    assert reading.text == ARTICLE.read_bytes().decode()
    assert reading.title == (
        "Cases on Green Development of CCCME Members: Fulfillment of Social Responsibilities"
    )
    assert reading.source == "中国机电产品进出口商会"
    assert reading.published == "2024-02-23"
    shown = show(reading)
    assert shown[0][1].startswith("At present, it has become a global consensus")
    assert [words.split(":")[0] for kind, words in shown if kind == "heading"] == [
        "WeRide",
        "CAMCE",
        "POWERCHINA",
        "POWERCHINA",
    ]
    assert [words[:7] for kind, words in shown if kind == "caption"] == ["Photo: "] * 8
    prose = [words for kind, words in shown if kind == "paragraph"]
    assert len(prose) == 20
    assert not [words for words in prose if "Photo:" in words or "Publish Time" in words]


@pytest.mark.parametrize(
    ("text", "title", "source", "published"),
    [
        (PORTAL, "The Title: Of It", SOURCE, "2024-02-23"),
        (PORTAL.replace("02-23", "02-31"), "The Title: Of It", SOURCE, ""),
        (PORTAL.partition("Content")[2], "The Title: Of It", SOURCE, "2024-02-23"),
        (CHINESE, "标题", "商会", "2024-02-03"),
        ("Home > A > B\n\nTitle\n\nWords.", "Title", "", ""),
    ],
)  # fmt: skip
def test_a_portal_page_is_known(text: str, title: str, source: str, published: str) -> None:
    """Breadcrumb, or title and date line, make a portal page, in English and Chinese."""
    reading = read_text(text.encode(), "a.txt")
    assert (reading.title, reading.source, reading.published) == (title, source, published)
    assert len(reading.blocks) == 1
    assert reading.blocks[0].kind == "paragraph"


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("One paragraph alone", ["paragraph"]),
        ("My report\n\nIt says this.", ["heading", "paragraph"]),
        ("My report\nIt says this on a line that is much longer.", ["heading", "paragraph"]),
        ("# My report\nIt says.", ["heading", "paragraph"]),
        ("我的报告\n\n一、背景\n\n内容在此。", ["heading", "heading", "paragraph"]),
        ("Prose.\n\nA heading\n\nPhoto: it\n\nProse.", ["p", "h", "c", "p"]),
        ("Prose first.\n\nmilk\n\nEggs\n\nBread", ["paragraph"] * 4),
        ("Prose first.\n\nFounded: 1990\n\nProse.", ["paragraph"] * 3),
        ("Wrapped prose that goes\non and on, and then\nends.", ["paragraph"]),
        ("　　第一段。\n　　第二段。\n　　第三段", ["paragraph"] * 3),
        ("题目\n\n（编者注：此处有误。）\n\n内容在此。", ["heading", "paragraph", "paragraph"]),
        ("Prose.\nFigure 1: it\nProse.\n图2：它\nFig. 3 – it", ["p", "c", "p", "c", "c"]),
        ("Figure 1 shows it.\n\nPhotos were taken.\n\n图1显示了结果。", ["paragraph"] * 3),
        ("long line " * 30 + "\n" + "long line " * 30, ["paragraph"] * 2),
    ],
)  # fmt: skip
def test_plain_text_is_taken_apart(text: str, blocks: list[str]) -> None:
    """Headings, captions and paragraphs are told by their form and by what follows."""
    kinds = [kind for kind, _ in show(read_text(text.encode(), "a.txt"))]
    assert [kind[: len(block)] for kind, block in zip(kinds, blocks, strict=True)] == blocks


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("My report\n\nIt says.", "My report"),
        ("## 我的报告\n内容。", "我的报告"),
        ("Prose first.\n\nA heading\n\nProse.", ""),
        ("Only words", ""),
    ],
)
def test_a_title_is_the_first_line_that_is_a_heading(text: str, title: str) -> None:
    """A heading gives a title at the top of the text only."""
    assert read_text(text.encode(), "a.txt").title == title


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_encodings_with_a_mark_are_read(mark: bytes, encoding: str) -> None:
    """The mark is dropped and nothing else is changed."""
    text = "标题\r\n\r\nC?te d'Ivoire, é 👍\r"
    assert read_text(mark + text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (codecs.BOM_UTF16_LE, "white space"),
        ("\u3000\n\u00a0".encode(), "white space"),
        ("Вода".encode("koi8-r"), "byte 0 is not UTF-8; save the file as UTF-8"),
        (b"fine so far \xff", "byte 12 is not UTF-8"),
        (codecs.BOM_UTF16_LE + b"ab\x00", "byte 4 is not UTF-16-LE"),
        (b"text\x00text", "byte 4 is a control character"),
        ("é".encode() + b"\x01\x02", "byte 2 is a control character"),
        (codecs.BOM_UTF32_LE + "text".encode("utf-32-le"), "control character"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, words: str) -> None:
    """Empty files, other encodings and binary noise are refused in one line with file and mend."""
    with pytest.raises(DocumentError) as caught:
        read_text(data, "bad.txt")
    message = str(caught.value)
    assert message.startswith("bad.txt: ")
    assert words in message
    assert "\n" not in message


@given(st.binary(max_size=200))
def test_any_bytes_give_blocks_or_a_document_error(data: bytes) -> None:
    """Whatever a file holds, reading it ends in a Reading with blocks or in a DocumentError."""
    try:
        blocks = READERS[".txt"](data, "a.txt").blocks
    except DocumentError:
        return
    assert blocks
