"""corpus.masthead: title, company and date as the head of a document says them, and no guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.language.dates import find_dates, read_date
from corpus.library import Offer, read_entry
from corpus.masthead.boilerplate import is_crumbs, is_furniture
from corpus.masthead.companies import find_companies, find_owner, is_company
from corpus.records import Entry

PROSE = "The firm has built a school with four rooms in Lusaka, and the town thanked it for this. "
BODY = PROSE * 3


def read(text: str, name: str = "a.txt") -> Entry:
    """Return the document of a text."""
    return read_entry(Offer(name, text.encode()))


def quote(entry: Entry) -> str:
    """Return everything of a document that can be quoted."""
    return "\n".join(passage.text for passage in entry.passages)


@pytest.mark.parametrize(
    ("words", "dates"),
    [
        ("8 October 2021", ["2021-10-08"]), ("May 3, 2023", ["2023-05-03"]),
        ("Dec. 2022", ["2022-12"]), ("Sept. 3rd, 2021", ["2021-09-03"]),
        ("Dakar, le 5 septembre 2023", ["2023-09-05"]), ("3. Oktober 1990", ["1990-10-03"]),
        ("3 de mayo de 2021", ["2021-05-03"]), ("2022年11月8日", ["2022-11-08"]),
        ("2022 年 11 月", ["2022-11"]), ("二〇二二年十二月二十一日", ["2022-12-21"]),
        ("二○二三年十月", ["2023-10"]), ("22/03/2023", ["2023-03-22"]),
        ("10-Jun-2019", ["2019-06-10"]), ("25-06-2019", ["2019-06-25"]), ("10-06-2019", []),
        ("12/25/2023", ["2023-12-25"]), ("03/04/2023", []), ("5/5/2023", ["2023-05-05"]),
        ("3.4.2023", ["2023-04-03"]), ("2019-06-10 10:22", ["2019-06-10"]),
        ("2019-06", ["2019-06"]), ("in 2021", []), ("2024-02-31", []),
        ("32 May 2021", ["2021-05"]), ("may 2021", ["2021-05"]),
        ("1.234.2020", []), ("99999-12-31", []), ("8 Octember 2021", []), ("0000-01-01", []),
    ],
)  # fmt: skip
def test_dates_are_read_as_exact_as_they_are(words: str, dates: list[str]) -> None:
    """In the forms of several languages; a year alone and what may be two days are none."""
    assert [iso for _, _, iso in find_dates(words)] == dates


@given(st.text("0123456789年月日-/. MayOctober二〇十", max_size=40))
def test_any_line_gives_dates_that_are_some(words: str) -> None:
    """Whatever stands there, spans lie in the line and the dates are dates."""
    for start, end, iso in find_dates(words):
        assert 0 <= start < end <= len(words)
        assert read_date(iso) == iso


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("Updated: 2019-06-10", "2019-06-10"), ("Published 12 May 2020", "2020-05-12"),
        ("Posted: May 2020", "2020-05"), ("发布日期：2015-08-13", "2015-08-13"),
        ("日期：2017年06月15日", "2017-06-15"), ("来源：某网 2015-08-13", "2015-08-13"),
        ("2017年06月15日", "2017-06-15"), ("更新于2023年8月1日｜某公司供稿", "2023-08-01"),
        ("Lund, 22 March 2022", "2022-03-22"), ("Version 2, November 2023", "2023-11"),
        ("香港辦事處供稿　二〇二三年八月", "2023-08"), ("22/03/2023 (Water Day)", "2023-03-22"),
        ("Founded in 1998", ""), ("© 2021 Acme", ""), ("Copyright 2021", ""),
        ("(Figures are of 31 December 2022)", ""), ("A town of 2,021 people", ""),
    ],
)  # fmt: skip
def test_a_date_stands_in_a_line_of_its_own(line: str, published: str) -> None:
    """With a label, or as a place and a date; such a line is no statement."""
    entry = read(f"A school for Lusaka\n\n{line}\n\n{BODY}")
    assert entry.document.published == published
    assert entry.document.title == "A school for Lusaka"
    if published:
        assert line not in quote(entry)


@pytest.mark.parametrize(
    "prose",
    [
        "The plant was opened on 3 May 2021 by the mayor of the town, who had come with his band. ",
        "It was published in May 2020 that the works would be closed, and nobody has believed it. ",
        "该厂于2021年5月3日建成投产，镇长带着乐队到场祝贺，附近几个村子的人都来了，大家一起庆祝到深夜，第二天才回家。",
    ],
)
def test_no_date_comes_from_prose(prose: str) -> None:
    """Neither at its beginning nor at its end."""
    assert read(f"A title\n\n{prose * 2}\n\n{prose}").document.published == ""


def test_what_is_published_wins_over_what_is_updated() -> None:
    """Whichever stands first."""
    lines = ("Updated: 13 April 2022", "Published: 12 April 2022")
    for head in (lines, lines[::-1]):
        text = "\n".join(("A title", *head))
        assert read(f"{text}\n\n{BODY}").document.published == "2022-04-12"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("Home > News > Content\n\nA school for Lusaka", "A school for Lusaka"),
        ("首页 > 新闻 > 正文\n\n卢萨卡的学校", "卢萨卡的学校"),
        ("ACME CO., LTD.\n\nA school for Lusaka", "A school for Lusaka"),
        ("Acme Co., Ltd.\nA school for Lusaka\nLusaka, Zambia", "A school for Lusaka"),
        ("Case 07 / Community / for print\n\nA school for Lusaka", "A school for Lusaka"),
        ("目录 Contents\n\nA school for Lusaka", "A school for Lusaka"),
        ("Skip to content\n\nA school for Lusaka", "A school for Lusaka"),
        ("2021-05-03\n\nA school for Lusaka", "A school for Lusaka"),
        ("A school\u00ad for Lu\u200bsaka", "A school for Lusaka"),
        ("Unit 3, the plant that was never built", "Unit 3, the plant that was never built"),
        ("Why is it so dark?", "Why is it so dark?"),
        ("A school for Lusaka\n给卢萨卡的学校", "A school for Lusaka / 给卢萨卡的学校"),
        ("给卢萨卡的学校\nSchools\n2021-05-03", "给卢萨卡的学校 / Schools"),
        ("A school for Lusaka\n学校", "A school for Lusaka"),
        ("A school for Lusaka\n埃克米有限公司", "A school for Lusaka"),
    ],
)
def test_a_title_is_what_a_person_would_call_it(head: str, title: str) -> None:
    """No crumbs, no company, no label and no date; what stands above it is furniture."""
    entry = read(f"{head}\n\n{BODY}")
    assert entry.document.title == title
    above = head.split("A school")[0].strip()
    if above and above != head:
        assert above not in quote(entry)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Kuilan Electronics Co., Ltd., Suzhou", ["Kuilan Electronics Co., Ltd."]),
        ("Report 2022 of Zhuoyin Compressor Co., Ltd.", ["Zhuoyin Compressor Co., Ltd."]),
        ("It was Acme GmbH and Brill & Sons Inc. who did.", ["Acme GmbH", "Brill & Sons Inc."]),
        ("总部在佛山的睿珞电器股份有限公司开始", ["睿珞电器股份有限公司"]),
        ("2020年，澜碧水务科技有限公司与公司", ["澜碧水务科技有限公司"]),
        ("the company limited its losses, and Co. was it", []),
        ("有限公司", []),
    ],
)
def test_full_names_of_companies_are_found(text: str, names: list[str]) -> None:
    """They end in a legal form and begin where the name does."""
    assert [text[start:end] for start, end in find_companies(text)] == names


@pytest.mark.parametrize(
    ("lines", "text", "owner"),
    [
        (["Company: Acme Works, Lund"], "", "Acme Works"),
        (["申报单位：北虬电力工程有限公司（沈阳）"], "", "北虬电力工程有限公司"),
        (["ACME WORKS CO., LTD."], "  Of Acme Works Co., Ltd. we tell.", "Acme Works Co., Ltd."),
        (["A title"], 'Acme Co., Ltd. (hereinafter "Acme") and Brill Inc. met.', "Acme Co., Ltd."),
        (["标题"], "甲乙水务有限公司（以下简称“甲乙”）与丙丁电力有限公司。", "甲乙水务有限公司"),
        (["A title"], "Acme Co., Ltd. builds. The company grows.", "Acme Co., Ltd."),
        (["A title"], "Acme Co., Ltd. met Brill Inc. in Lund.", ""),
        (["A title"], "Nobody is named here.", ""),
        (["Company:"], "", ""),
    ],
)
def test_the_company_is_named_or_none(lines: list[str], text: str, owner: str) -> None:
    """By a label, by its full name at the head, or as the text names itself; else empty."""
    assert find_owner(lines, text) == owner


def test_a_line_may_be_a_company_alone() -> None:
    """Two spellings of it too, and its place in brackets."""
    assert is_company("Songke Pumps Co., Ltd. / 淞柯泵业股份有限公司")
    assert is_company("云栈航空科技有限公司（陕西宝鸡）")
    assert not is_company("Acme Co., Ltd. gives a school to Lusaka")


@pytest.mark.parametrize(
    "words",
    [
        *("Skip to content", "Leave a comment", "- 1 -", "P a g e | i", "Page 3 of 12", "iv", "12"),
        *("第 1 页 共 2 页", "第3页", "Background .......... 12", "概况………………3", "_______"),
        *("https://acme.example/a?b=c", "www.acme.example", "mail@acme.example"),
        *(
            "Home > News > Content",
            "首页 > 新闻",
            "您现在的位置：首页 > 新闻",
            "Tags: water, light",
        ),
        *("By Ada Lund", "作者：本网综合", "责任编辑：李四", "【打印】", "（盖章）", "© 2021 Acme"),
        *("1,000 2,000 3,000 4,000", "Skip to\u00ad content", "Contents", "目录 Contents"),
    ],
)
def test_what_is_no_statement_is_never_quoted(words: str) -> None:
    """It stays in the text and leaves the blocks, and the words around are not joined over it."""
    assert is_furniture(words)
    entry = read(f"A title\n\nShort one.\n\n{words}\n\nShort two.\n\n{BODY}")
    assert words in entry.document.text
    assert words not in quote(entry)


@pytest.mark.parametrize(
    "words",
    [
        *("Home is where the heart is.", "12 wells", "By May the wells were dug.", "2021 | 12 | 3"),
        *("It saves 40%", "Contents of the box: ten lamps.", "5 > 3 is true", "Year | Tons"),
        *("The plant ... runs.", "Tag along with us", "第三页的数字有误。", "A > B"),
    ],
)
def test_statements_stay(words: str) -> None:
    """A word of a label in a sentence, and the rows of tables."""
    assert not is_furniture(words)


def test_a_text_of_furniture_alone_is_refused() -> None:
    """One line, with the file's name."""
    with pytest.raises(DocumentError, match=r"a\.txt: holds page furniture only"):
        read("Skip to content\n\nhttps://a.example\n")


def test_a_second_case_with_a_mark_before_it_has_its_own_title() -> None:
    """A byte order mark in the middle, as files that were put together have it."""
    case = "{0}: A project in {1}\n\nThe company {0} built a plant in {1}. So {0} did.\n"
    text = case.format("Golf", "Iran") + "\n\ufeff" + case.format("Hotel", "Iraq")
    entry = read(text)
    assert [(each.title, each.company) for each in entry.cases] == [
        ("Golf: A project in Iran", "Golf"), ("Hotel: A project in Iraq", "Hotel"),
    ]  # fmt: skip
    assert entry.document.text == text


def test_headings_of_places_are_not_cases() -> None:
    """Where the company is named above them all."""
    parts = "".join(f"\n\n{p}: its plant of water\n\nIn {p} it runs." for p in ("Lund", "Oslo"))
    entry = read(f"Two plants\n\nAcme Co., Ltd. has built two plants abroad.{parts}")
    assert [(case.kind, case.company) for case in entry.cases] == [("case", "Acme Co., Ltd.")]


def test_a_company_may_be_called_by_its_first_word() -> None:
    """As texts do after a heading that has all of it."""
    parts = [
        "Acme Packaging Works: thinner film\n\nThe film that Acme makes is thin.",
        "Brill Tools: a school for all\n\nBrill, a maker of tools, gave a school.",
    ]
    entry = read("Two cases\n\n" + "\n\n".join(parts))
    assert [case.company for case in entry.cases] == ["Acme Packaging Works", "Brill Tools"]


@pytest.mark.parametrize("line", ['Evil "><img src=x onerror="y"> words', "a = b > c = d > e = f"])
def test_signs_are_no_steps(line: str) -> None:
    """Markup and sums have signs between words too, and are no way to a page."""
    assert not is_crumbs(line)
    assert is_crumbs("Home > News > Content")


def test_a_short_line_among_a_menus_words_is_no_title() -> None:
    """`News` between entries that are known is one of them."""
    text = "Skip to content\nMenu\nHome\nNews\n\nWater for the towns\n\n" + "It flows. " * 20
    entry = read_entry(Offer("a.txt", text.encode()))
    assert entry.document.title == "Water for the towns"
    assert "News" not in "".join(passage.text for passage in entry.passages)


@pytest.mark.parametrize("text", ["Die Brill GmbH baut.", "The Brill Ltd. builds.", "Brill AG."])
def test_an_article_is_no_part_of_a_companys_name(text: str) -> None:
    """A name begins with the first word that is none of the commonest."""
    assert [text[a:b].split()[0] for a, b in find_companies(text)] == ["Brill"]


def test_a_date_beside_a_byline_is_the_documents() -> None:
    """Bars between facts make no table of them."""
    text = "通水了\n2021年03月14日 10:20 | 来源：本社 | 作者：小王\n\n" + "水厂已经建成通水。" * 12
    assert read_entry(Offer("a.txt", text.encode())).document.published == "2021-03-14"


def test_a_line_behind_a_dash_is_the_titles_second_half() -> None:
    """As Chinese texts set it; a dialogue's line or an aside in prose is none."""
    body = "永泉水务有限公司在当地建成一座水厂，四十个村子喝上了自来水。" * 4
    entry = read(f"山那边的一杯水\n——永泉水务供水项目\n\n2023年5月\n\n{body}")
    assert entry.document.title == "山那边的一杯水——永泉水务供水项目"
    assert entry.document.published == "2023-05"
    assert "供水项目" not in "".join(p.text for p in entry.passages if p.kind == "paragraph")
    assert read(f"山那边的一杯水\n\n——“您来了。”他说，“水通了。”\n\n{body}").document.title == (
        "山那边的一杯水"
    )


def test_a_case_is_its_companys_by_the_full_name_in_its_text() -> None:
    """In a text of several; of two that are called alike, neither is taken."""
    text = (
        "海外小故事\n\n编者按：两家企业供稿，编者作了删改。\n\n永泉水务：山那边的一杯水\n\n"
        "永泉水务股份有限公司在当地建成水厂。永泉水务负责运行。\n\n北山：码头上的三盏灯\n\n"
        "北山照明有限公司和北山重工有限公司都来了。人们说，北山的灯最亮。\n"
    )
    companies = [case.company for case in read(text).cases if case.company]
    assert companies == ["永泉水务股份有限公司", "北山"]


def test_a_figure_in_capitals_is_no_company() -> None:
    """Nor is any other line with a figure; a byline with a date beside it dates the document."""
    entry = read(f"50 MW\nAcme gives a school to Lusaka\nBy Jane Roe | June 10, 2019\n\n{BODY}")
    assert [case.company for case in entry.cases] == [""]
    assert entry.document.published == "2019-06-10"
