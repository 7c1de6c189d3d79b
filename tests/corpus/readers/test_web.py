"""corpus.readers.web: an article whole, the site around it left out, and facts that are said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.language.superscripts import list_signs, set_off
from corpus.library import Offer, read_entry
from corpus.readers import read_bytes, suffix_for
from corpus.records import Extraction
from tests.patterns import bound

TITLE = "Brill gives water to the river towns"
PROSE = (
    "The water works of Brill stand at the mouth of the river, and nine towns drink from them.",
    "They were opened in June 2019 by the mayor, and they have never stood still since that day.",
    "Forty people of the towns work there, and twelve of them had mended boats before they came.",
    "The pipes are eighty kilometres long and follow the old railway, which saved many trees.",
    "In the dry years the works take water from the lake, as the towns agreed among themselves.",
    "A school at the works has taught three hundred pupils how to measure what is in the water.",
)
ARTICLE = f"<h1>{TITLE}</h1>" + "".join(f"<p>{words}</p>" for words in PROSE)


def read(body: str, head: str = "", lang: str = "en") -> Extraction:
    """Return the reading of a page."""
    page = f"<!doctype html><html lang={lang}><head>{head}</head><body>{body}</body></html>"
    return read_bytes(page.encode(), "a.html")


def try_reading(body: str) -> Extraction | str:
    """Return the reading of a page, or the line that refuses it."""
    try:
        return read(body)
    except DocumentError as error:
        return str(error)


def quoted(reading: Extraction) -> str:
    """Return what can be quoted of a reading: its blocks, one a line."""
    return "\n".join(reading.text[block.start : block.end] for block in reading.blocks)


def left(reading: Extraction, reason: str = "") -> str:
    """Return what was left out of a reading, for a reason or for any."""
    return "\n".join(one.text for one in reading.left_out if reason in ("", one.reason))


@pytest.mark.parametrize(
    "body",
    [
        ARTICLE.replace(PROSE[2], f"</p><div>{PROSE[2]}</div><p>"),
        f"<form method=post id=aspnetForm><input type=hidden value=x>{ARTICLE}</form>",
        f"<table><tr><td>{ARTICLE}</td></tr></table>",
        f"<table><tr><td><h1>{TITLE}</h1></td></tr>"
        + "".join(f"<tr><td>{words}</td></tr>" for words in PROSE)
        + "</table>",
        f"<h1>{TITLE}</h1>" + "<br><br>".join(PROSE),
        f"<h1>{TITLE}</h1><div>"
        + "<br>".join("\u3000\u3000" + words for words in PROSE)
        + "</div>",
        f"<div style='visibility: hidden; opacity: 0' id=js_content>{ARTICLE}</div>",
        ARTICLE.replace("<p>", '<p class="wow fadeInUp" style="visibility: hidden">'),
        ARTICLE.replace("<p>", '<p data-aos="fade-up" style="opacity:0">'),
        ARTICLE.replace("<p>", '<p style="opacity:0; transform: translateY(20px)">'),
        ARTICLE.replace("<p>", '<p data-w-id="4" style="opacity:0">'),
        f'<div style="font-size:0"><div style="font-size:16px">{ARTICLE}</div></div>',
        f'<div style="height:0; overflow:visible">{ARTICLE}</div>',
        f'<div style="max-height:0; overflow:hidden">{ARTICLE}</div>',
        f'<table><tr><td style="height:1px; overflow:hidden">{ARTICLE}</table>',
        f'<div style="font-size:1px"><div style="font-size:16px">{ARTICLE}</div></div>',
        ARTICLE.replace("<p>", '<p style="clip-path:inset(0 0 100% 0); transition:all 1s">'),
        ARTICLE.replace("<p>", '<p class="reveal" style="transform: scale(0)">'),
        ARTICLE.replace("<p>", '<p style="text-indent: 2em; clip-path: inset(10% 20%)">'),
        ARTICLE.replace("<p>", '<p style="transform: scale(0.9); height: 0; font-size: 9px">'),
        f'<div class="page-header sidebar-left nav-open">{ARTICLE}</div>',
        "".join(
            f'<section class="block">{p}</section>' for p in re.split("(?<=p>)(?=<p)", ARTICLE)
        ),
        f"<article><header><h1>{TITLE}</h1></header>{ARTICLE.partition('</h1>')[2]}</article>",
        f"<style>.a{{display:none}} @media print {{ p {{display:none}} }}</style>{ARTICLE}",
        f"<custom-page><custom-text>{ARTICLE}</custom-text></custom-page>",
        ARTICLE.replace("<p>", "<section><span style='display:block'>").replace(
            "</p>", "</span></section>"
        ),
    ],
)
def test_an_article_is_whole_however_it_is_marked_up(body: str) -> None:
    """Every paragraph is a block of its own, in order, and the menu is none."""
    reading = read(f"<nav><a href=/>Home</a><a href=/w>Water</a></nav>{body}<footer>Brill</footer>")
    blocks = quoted(reading).splitlines()
    assert blocks == [TITLE, *PROSE]
    assert reading.title == TITLE


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>Secret.</p>",
        '<p style="display: none">Secret.</p>',
        '<p style="visibility:hidden">Secret.</p>',
        '<span style="opacity:0">Secret.</span>',
        '<span style="font-size:0">Secret.</span>',
        '<p style="font-size: 0px">Secret.</p>',
        '<p style="position:absolute;left:-9999px">Secret.</p>',
        '<style>.x { color: red; display: none }</style><p class="y x">Secret.</p>',
        "<style>/* { */ #s{display:none}</style><p id=s>Secret.</p>",
        '<a class="sr-only" href="#">Secret.</a>',
        '<p style="position:absolute; clip: rect(0, 0, 0, 0)">Secret.</p>',
        '<p style="color: #fff; background: #fff">Secret.</p>',
        '<div style="height:0;overflow:hidden"><p>Secret.</p></div>',
        '<div style="max-height: 0px; overflow: hidden"><p>Secret.</p></div>',
        '<div style="width:1px;height:1px;overflow:hidden">Secret.</div>',
        '<p style="transform: scale(0)">Secret.</p>',
        '<p style="transform: translateX(9px) scale(0, 0)">Secret.</p>',
        '<p style="transform: scaleY(0.0)">Secret.</p>',
        '<p style="clip-path: inset(100%)">Secret.</p>',
        '<p style="clip-path: inset(50% 50%)">Secret.</p>',
        '<p style="clip-path:inset(0 0 100% 0)">Secret.</p>',
        '<p style="clip-path: circle(0)">Secret.</p>',
        '<p style="text-indent:-9999px">Secret.</p>',
        '<p style="text-indent: 100%; white-space: nowrap; overflow: hidden">Secret.</p>',
        '<p style="text-indent: -99em">Secret.</p>',
        '<p style="font-size:1px">Secret.</p>',
        '<div style="font-size:1px; color: #fff"><p class="a">Secret.</p></div>',
        '<p><span style="font-size: 0.1em">Secret.</span></p>',
        "<dialog><p>Secret.</p></dialog>",
        "<noscript>Secret.</noscript>",
    ],
)
def test_what_nobody_sees_is_left_out(hidden: str) -> None:
    """Hidden words are in no text and in the list, however they are hidden."""
    reading = read(ARTICLE + hidden)
    assert "Secret" not in reading.text
    assert "Secret" in left(reading, "hidden")
    assert quoted(reading).splitlines() == [TITLE, *PROSE]


AROUND = [
    '<ul class="menu"><li><a href=/>Water works</a></li><li><a href=/t>River towns</a></li></ul>',
    "<ul><li><a href=/>Water works</a></li><li><a href=/t>The river</a></li></ul>",
    '<div class="breadcrumb">Home &gt; News &gt; Water</div>',
    "<div><a href=/>Home</a> &raquo; <a href=/n>News</a> &raquo; Water</div>",
    "<div>您的当前位置：首页 / 新闻 / 水</div>",
    "<div><input type=password name=p><label>Stay signed in.</label><button>Go</button></div>",
    "<h3>Related articles</h3><ul><li><a href=/a>Nine towns drink</a></li></ul>",
    "<section><h3>You may also like</h3><p><a href=/a>A lake</a> – It is deep.</p></section>",
    '<div class="comments"><h3>2 comments</h3><p>Guest: I have never seen such works.</p></div>',
    "<h3>Leave a comment</h3><p>Guest: the water in our town is brown every day of the week.</p>",
    '<div class="share-bar">Share: <a>Mail</a> <a>Print</a></div>',
    "<p>分享到：<a>微信</a> <a>微博</a></p><p>上一篇：<a>旧闻</a></p>",
    "<p>责任编辑：王五</p>",
    '<div class="cookie-notice"><p>This site keeps files on your computer.</p></div>',
    "<p>Copyright 2024 Brill. All rights reserved by the company and by nobody else.</p>",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("form", ["{0}{1}", "{1}{0}", "<main><article>{1}{0}</article></main>"])
def test_what_is_around_an_article_is_never_quoted(around: str, form: str) -> None:
    """Furniture above, below and inside the article is listed, the article stays whole."""
    reading = read(form.format(around, ARTICLE))
    assert quoted(reading).splitlines() == [TITLE, *PROSE]
    for word in re.findall(r"\w{4,}", re.sub(r"<[^>]*>|&\w+;", " ", around)):
        assert word in left(reading)


def test_menu_words_that_the_article_has_are_told_apart() -> None:
    """A menu entry is none of the article, though its very words stand in there."""
    menu = "<div><h2>Main menu</h2><ul>" + "".join(
        f"<li><a href=/{n}>{word}</a></li>" for n, word in enumerate(("Home", "Water", "Brill"))
    )
    head = f"<title>{TITLE} - Brill News</title>"
    reading = read(f"{menu}</ul></div><div>{ARTICLE}</div>", head)
    assert quoted(reading).splitlines() == [TITLE, *PROSE]
    assert reading.title == TITLE


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("120<sup>1</sup> tonnes", "120¹ tonnes"),
        ("120<sup><a href=#n1>1</a></sup> tonnes", "120¹ tonnes"),
        ("120<sup>[1]</sup> tonnes", "120 [1] tonnes"),
        ("120<sup>a</sup> tonnes", "120ᵃ tonnes"),
        ("120<sup>1, 2</sup> tonnes", "120¹, ² tonnes"),
        ("in 2019<sup>13</sup>", "in 2019¹³"),
        ("10<sup>6</sup> kWh", "10⁶ kWh"),
        ("10<sup>−3</sup> m", "10⁻³ m"),
        ("5 km<sup>2</sup>", "5 km²"),
        ("CO<sub>2</sub> falls", "CO₂ falls"),
        ("the plant<sup>注</sup>", "the plant 注"),
        ("on the 1<sup>st</sup> of May", "on the 1st of May"),
        ("Acme<sup>TM</sup> lamps", "Acme™ lamps"),
        ('120<span style="vertical-align: super">1</span> tonnes', "120¹ tonnes"),
        ('120<a role="doc-noteref" href=#f>1</a> tonnes', "120¹ tonnes"),
        ('120<a class="ref" href="#fn1">1</a> tonnes', "120¹ tonnes"),
        ('<span style="position:relative; top:-.5em">1</span> it', "¹ it"),
        ('120<span style="vertical-align: 4px">1</span> tonnes', "120¹ tonnes"),
        ('see <a href="#s2">2</a> and <a href="#s3">the rest</a>', "see 2 and the rest"),
        ('it yields <img alt="2 \\times 10^6" src=f.png> kWh', "it yields 2 \\times 10^6 kWh"),
        (
            "<math><mn>3.5</mn><mo>×</mo><msup><mn>10</mn><mn>6</mn></msup></math> kWh",
            "3.5×10⁶ kWh",
        ),
        (
            "<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>",
            "a/(b+1)",
        ),
        ("<math><msqrt><mn>2</mn></msqrt><annotation>\\sqrt 2</annotation></math> m", "√2 m"),
        (
            "<math><msup><mi>x</mi><mrow><mn>2</mn><mo>/</mo><mn>3</mn></mrow></msup></math>",
            "x^(2/3)",
        ),
        ("<ruby>肯尼亚<rp>(</rp><rt>kěnníyà</rt><rp>)</rp></ruby>的水", "肯尼亚的水"),
        ("a photo&shy;voltaic\u200b roof\u2060s", "a photovoltaic roofs"),
        ("in <st1:place>Kenya</st1:place><o:p></o:p> now", "in Kenya now"),
        ("<nobr>one</nobr> <acronym>two</acronym>", "one two"),
    ],
)
def test_marks_formulas_and_ruby_are_read_apart(html: str, words: str) -> None:
    """A raised or lowered sign joins no number and no word; formulas are their characters."""
    reading = read(ARTICLE.replace(PROSE[0], f"It was said that {html} in this year."))
    assert f"It was said that {words} in this year." in quoted(reading).splitlines()


@given(
    st.text("0123456789abcxyz[]*注 ", min_size=1, max_size=8),
    st.text("0123456789abc,.水", min_size=1, max_size=8),
    st.booleans(),
)
def test_a_mark_never_makes_a_longer_number(mark: str, before: str, raised: bool) -> None:
    """The digits of a mark never continue those before it, and no digit is lost."""
    found = set_off(mark, before, raised)
    if re.search(r"\d$", before):
        assert not re.match(r"[0-9]", found) or mark.strip().isalpha()
    assert sum(map(str.isdigit, found)) == sum(map(str.isdigit, mark))


def test_a_table_is_rows_with_its_cells_in_their_columns() -> None:
    """Paragraphs in a cell are one cell; empty and spanned cells keep the others in place."""
    table = (
        "<table><tr><th></th><th>2021</th><th>2022</th></tr>"
        "<tr><td><p>Water</p><p>(tonnes)</p></td><td>5</td><td><a href=/x>6</a></td></tr>"
        "<tr><td rowspan=2>Sand</td><td>7</td><td>8</td></tr><tr><td>9</td><td></td></tr>"
        "<tr><td colspan=3>All figures are rounded.</td></tr></table>"
    )
    lines = quoted(read(ARTICLE + table)).splitlines()
    assert lines[-5:] == [
        "| 2021 | 2022", "Water (tonnes) | 5 | 6", "Sand | 7 | 8", "| 9 |",
        "All figures are rounded.",
    ]  # fmt: skip


def test_tables_in_tables_are_read_once_and_in_order() -> None:
    """What stands around a table and beside it is text; the inner one has rows."""
    page = (
        f"<table><tr><td>{PROSE[0]}<table><tr><td>Inner 1</td><td>Inner 2</td></tr></table>"
        " Words behind it.</td><td>Right cell 4711</td></tr></table>"
    )
    lines = quoted(read(page)).splitlines()
    assert lines == [PROSE[0], "Inner 1 | Inner 2", "Words behind it.", "Right cell 4711"]


def test_terms_and_what_is_said_of_them_are_rows() -> None:
    """A fact box is read as a table of two columns."""
    box = "<dl><dt>Company</dt><dd>Brill Co., Ltd.</dd><dt>Published</dt><dd>2 Nov 2023</dd></dl>"
    reading = read(f"<h1>{TITLE}</h1>{box}{ARTICLE.partition('</h1>')[2]}")
    assert quoted(reading).splitlines()[1:3] == [
        "Company | Brill Co., Ltd.",
        "Published | 2 Nov 2023",
    ]
    assert reading.published == "2023-11-02"


def test_a_bold_line_is_a_heading() -> None:
    """A paragraph that is bold, or the bold line that begins one, is a heading."""
    body = ARTICLE.replace("<p>They", "<p><b>The opening</b></p><p>They").replace(
        "<p>Forty", "<p><strong>The people</strong><br>Forty"
    )
    reading = read(body)
    heads = [reading.text[b.start : b.end] for b in reading.blocks if b.kind == "heading"]
    assert heads == [TITLE, "The opening", "The people"]


@pytest.mark.parametrize(
    ("head", "above", "title"),
    [
        (f"<title>{TITLE} | Brill</title>", "<h2>Menu</h2>", TITLE),
        (f"<title>Brill: {TITLE}</title>", "<h1>Brill</h1>", TITLE),
        (
            f'<meta property="og:title" content="{TITLE}"><title>Brill</title>',
            "<h1>Brill</h1>",
            TITLE,
        ),
        ("<title>Brill</title>", "", TITLE),
        ("", "", TITLE),
    ],
)
def test_a_title_is_the_articles(head: str, above: str, title: str) -> None:
    """It is the heading that the page calls itself by, never the menu's or the site's."""
    assert read(above + ARTICLE, head).title == title


@pytest.mark.parametrize("between", ["", "</header><div>"])
def test_a_heading_above_the_facts_is_the_title(between: str) -> None:
    """It is so where the page has no name for itself and another heading follows the facts."""
    page = f"<nav><a href=/>Home</a></nav><header><h1>{TITLE}</h1>{between}"
    facts = "<p>Published: 2019-06-10 Source: Brill</p><h2>The works</h2>"
    reading = read(page + facts + ARTICLE.partition("</h1>")[2], "<title>T</title>")
    assert reading.title == TITLE
    assert quoted(reading).startswith(f"{TITLE}\nThe works\n")
    assert (reading.published, reading.source) == ("2019-06-10", "Brill")
    assert "Home" in left(reading)


def test_what_a_button_hides_is_listed() -> None:
    """Words that are hidden in what is no running text are neither read nor lost."""
    button = "<button>Press <span hidden>to ask us <b>again</b></span> here</button>"
    reading = read(ARTICLE + button + "<svg><g style='display:none'>drawn</g></svg>")
    assert [(one.what, one.text) for one in reading.left_out] == [
        ("hidden part", "to ask us again"),
        ("button", "Press here"),
        ("hidden part", "drawn"),
    ]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>River towns drink - News - Brill</title>", "River towns drink"),
        ("<title>河边的城镇_新闻_水务</title>", "河边的城镇"),
        ("<title>【快讯】河边的城镇-水务网</title>", "河边的城镇"),
        ('<meta property="og:site_name" content="Brill"><title>Brill | Towns drink</title>',
         "Towns drink"),
    ],
)  # fmt: skip
def test_a_page_without_a_heading_is_called_what_it_calls_itself(head: str, title: str) -> None:
    """The site's name and the column's are no part of a title."""
    assert read("".join(f"<p>{words}</p>" for words in PROSE), head).title == title


@pytest.mark.parametrize(
    ("line", "lang", "day"),
    [
        ("<p>Published: 2019-06-10</p>", "en", "2019-06-10"),
        ("<p>Posted on Jun 14, 2021 | Category: Water</p>", "en", "2021-06-14"),
        ("<p>Updated: 3 September 2020</p>", "en", "2020-09-03"),
        ("<p>By Ann &bull; Tuesday, 12 April 2022, 09:40 EAT</p>", "en", "2022-04-12"),
        ("<p>发布日期：2015年8月13日</p>", "zh", "2015-08-13"),
        ("<p>来源：水务网 2015-08-13</p>", "zh", "2015-08-13"),
        ("<p>日期：2015/08/13　作者：王五</p>", "zh", "2015-08-13"),
        ("<p>2017年06月15日</p>", "zh", "2017-06-15"),
        ("<p>2022-11-30 08:45:12　　来源：服务部　　点击：1206</p>", "zh", "2022-11-30"),
        ("<p>Veröffentlicht am 3. März 2020</p>", "de", "2020-03-03"),
        ("<p>Publié le 1er août 2018</p>", "fr", "2018-08-01"),
        ("<p>Publié le 1er août 2018</p>", "", "2018-08-01"),
        ("<p>Ngày đăng: 3 tháng 3, 2020</p>", "vi", ""),
        ("<p>發布日期：二〇一八年八月一日</p>", "zh-TW", "2018-08-01"),
        ("<p>发布日期：2018年8月</p>", "zh", ""),
        ("<p>Дата: 3 марта 2020</p>", "ru", "2020-03-03"),
        ("<p>Published 04/05/2021</p>", "en-GB", "2021-05-04"),
        ("<p>Published 04/05/2021</p>", "en-US", "2021-04-05"),
        ("<p>Published 04/05/2021</p>", "en", ""),
        ('<time datetime="2021-03-02T08:00:00Z">two days ago</time>', "en", "2021-03-02"),
        ("<p>Brill was founded on 3 May 1998 by three engineers of the river towns.</p>", "en", ""),
        (
            "<p>Published in 1998, the first report of Brill said nothing about the water.</p>",
            "en",
            "",
        ),
        ("<p>Copyright 2024-01-01 Brill</p>", "en", ""),
        ("", "en", ""),
    ],
)
def test_a_day_is_labelled_or_stands_alone(line: str, lang: str, day: str) -> None:
    """What prose, a copyright line or nothing says is no day of publication."""
    body = ARTICLE.replace("</h1>", f"</h1>{line}")
    reading = read(body, lang=lang)
    assert reading.published == day
    assert PROSE[0] in quoted(reading)


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="2021-06-14T08:00:00+08:00">',
        '<meta name="PubDate" content="20210614">',
        '<meta name="PubDate" content="2021/6/14 8:00">',
        '<meta name="PubDate" content="202106"><meta name="date" content="2021-06-14">',
        '<script type=application/ld+json>{"@type":"Report","datePublished":"2021-06-14"}</script>',
        '<link rel=canonical href="https://brill.example/2021/06/14/water.html">',
        '<meta property="og:url" content="https://brill.example/news/t20210614_12.html">',
    ],
)
def test_a_day_comes_from_what_a_page_says_of_itself(head: str) -> None:
    """Metadata, structured data and the address name the day; a related page's day is not it."""
    related = "<h3>Related articles</h3><p><a href=/a>Older</a> Published: 2001-01-01</p>"
    assert read(ARTICLE + related, head).published == "2021-06-14"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            '<meta http-equiv="refresh" content="0; url=/there.html">Go on.',
            "leads on to /there.html",
        ),
        ("<h1>Just a moment...</h1><p>Checking your browser before you go on.</p>", "in a browser"),
        ("<p>You need to enable JavaScript to run this app.</p>", "in a browser"),
        ("<p>环境异常</p><p>当前环境异常，完成验证后即可继续访问。</p>", "in a browser"),
        ("<h1>404</h1><p>The page that you look for is not here any more.</p>", "no such page"),
        ("<h1>Page not found</h1><p>Try the search, or go back to the start.</p>", "no such page"),
        ("<p>您访问的页面不存在</p>", "no such page"),
    ],
)
def test_a_page_that_is_none_is_refused(body: str, words: str) -> None:
    """What leads on, asks for a human or says that nothing is here has one line."""
    with pytest.raises(DocumentError, match=words) as caught:
        read(body)
    assert "\n" not in str(caught.value)


def test_an_article_on_missing_pages_is_one() -> None:
    """Words of a refusal in a page with a text of its own refuse nothing."""
    body = ARTICLE.replace(TITLE, "Page not found") + "<p>Please enable JavaScript.</p>"
    assert PROSE[0] in quoted(read(body))


def save(html: bytes, kind: str = "text/html", closed: bool = True, **headers: str) -> bytes:
    """Return a page as a browser saves it in one file."""
    import quopri

    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://brill.example/water\r\n"
        b"Subject: Water\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
        b'\ttype="text/html";\r\n\tboundary="----b"\r\n\r\n\r\n------b\r\n'
        + f"Content-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n".encode()
        + f"{extra}\r\n".encode()
        + quopri.encodestring(html).replace(b"\n", b"\r\n")
        + b"\r\n------b\r\nContent-Type: image/png\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\niVBO\r\n"
        + (b"------b--\r\n" if closed else b"")
    )


def test_a_page_saved_as_one_file_is_read() -> None:
    """Its HTML is the page, in the encoding that the part names, with the address it is from."""
    data = save(
        f"<html><body>{ARTICLE}<p>河水很清，城镇的人都说好。</p>".encode("gbk"),
        "text/html; charset=gbk",
    )
    for name in ("a.mhtml", "a.mht", "a.txt", "address"):
        assert suffix_for(data, name) == ".mhtml"
        reading = read_bytes(data, name)
        assert quoted(reading).splitlines() == [TITLE, *PROSE, "河水很清，城镇的人都说好。"]
        assert (reading.title, reading.url) == (TITLE, "https://brill.example/water")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Just words.", "holds no web page"),
        (save(b"<p>x</p>", "text/plain"), "holds no web page"),
        (save(b"<p>x</p>", closed=False), "breaks off before its end"),
        (save(b""), "empty"),
    ],
)
def test_a_broken_saved_page_is_refused(data: bytes, words: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(DocumentError, match=words):
        read_bytes(data, "a.mhtml")


def test_bytes_that_do_not_fit_are_read_as_browsers_do() -> None:
    """One bad byte is one sign; it is listed, and the words around it stay."""
    page = "<html><head><meta charset=gb2312></head><body><p>三一重工在肯尼亚建设了光伏电站。</p>"
    data = page.encode("gb18030").replace(
        "光伏".encode("gb18030"), b"\xff" + "光伏".encode("gb18030")
    )
    reading = read_bytes(data, "a.html")
    assert reading.text == "三一重工在肯尼亚建设了\ufffd光伏电站。"
    assert [(one.reason, one.what) for one in reading.left_out] == [("unreadable", "sign")]


NAMES = st.sampled_from(["", "", "", "menu", "comments", "share", "wow", "text", "x"])
TAGS = st.sampled_from(
    ["div", "p", "section", "ul", "li", "table", "tr", "td", "span", "b", "a", "h2", "h3", "nav",
     "aside", "footer", "article", "main", "form", "dl", "dt", "dd", "blockquote", "figure", "sup",
     "figcaption", "center", "font", "details", "summary", "button", "label", "header", "pre"]
)  # fmt: skip
STYLES = st.sampled_from(["", "", "", "", "display:none", "visibility:hidden", "font-size:0"])


@st.composite
def trees(draw: st.DrawFn) -> str:
    """Draw a page's body: elements in elements, with numbered words between them."""
    count = iter(range(10_000))

    def make(depth: int) -> str:
        parts = []
        for _ in range(draw(st.integers(1, 4))):
            words = draw(st.integers(0, 14))
            parts.append(" ".join(f"w{next(count)}q" for _ in range(words)))
            parts.append(draw(st.sampled_from(["", ". ", "<br>", " "])) if words else "")
            if depth < 5 and draw(st.booleans()):
                tag, name, style = draw(TAGS), draw(NAMES), draw(STYLES)
                inner = make(depth + 1)
                parts.append(f' <{tag} class="{name}" style="{style}">{inner}</{tag}> ')
        return "".join(parts)

    return make(0)


@given(trees())
def test_every_word_of_a_page_is_somewhere(body: str) -> None:
    """Each is in the text or among what was left out, once, whatever the markup."""
    tables = map(list_signs, (False, True))
    back = {ord(sign): chr(plain) for table in tables for plain, sign in table.items()}
    words = re.findall(r"w\d+q", body)
    reading = try_reading(body)
    if isinstance(reading, str):
        assert "no text in it" in reading
        return
    found = re.findall(
        r"w\d+q",
        (reading.text + "\n" + left(reading)).translate(back),
    )
    assert sorted(found) == sorted(words)
    assert all(any(map(str.isalnum, one.text)) for one in reading.left_out)


SCRAPS = (
    *("<div>", "</div>", "<table>", "<td>", "<p>", "x. ", "<math>", "<msup>", "<sup>", "<svg>"),
    *("<form>", "</p>", "<a href=/>", "<h1>", "<br>", "<!--", "<![CDATA[", "<template>", "<b"),
    *("<plaintext>", "&#0;", "\0", "<select>", "<title>", "<ruby><rt>", "<meta ", "<caption>"),
)


@given(st.lists(st.sampled_from(SCRAPS), max_size=40))
def test_broken_markup_is_read_or_refused(parts: list[str]) -> None:
    """No markup ends in anything but a reading or one line."""
    reading = try_reading("".join(parts))
    if isinstance(reading, str):
        assert reading.startswith("a.html: ")
        assert "\n" not in reading
    else:
        assert quoted(reading).strip()


@pytest.mark.parametrize(
    "unit",
    ["x<script></script>", "x<i hidden>y</i>", "a<sup>1</sup>", "<h3>Related</h3>", "<div>x. ",
     "<td colspan=9999>x", "<style>.a{display:none}</style>", "<b>", "x<br>", "<li><a>x</a>",
     "<meta http-equiv=refresh content='0;url='>", "<div class='menu menu menu'>x</div>"],
)  # fmt: skip
def test_hostile_markup_takes_time_in_proportion(unit: str) -> None:
    """Sixty-four kilobytes of one thing is read, or refused, within seconds."""
    body = f"<p>{PROSE[0]}</p>" + unit * (2**16 // len(unit))
    with bound(30):
        reading = try_reading(body)
    assert not isinstance(reading, str) or reading.startswith("a.html: ")


def test_what_is_left_out_reaches_the_entry() -> None:
    """The library's entry tells what the page's reader left out."""
    page = f"<html><body><nav><a href=/>Home</a></nav>{ARTICLE}</body></html>"
    entry = read_entry(Offer("a.html", page.encode()))
    assert [(one.reason, one.what, one.text) for one in entry.left_out] == [
        ("furniture", "menu", "Home")
    ]


def test_chinese_with_a_bad_byte_is_read_where_no_encoding_is_named() -> None:
    """As browsers read it; bytes that are nothing known are still refused."""
    page = "<h1>电站建成</h1><p>公司在当地建设了电站，并培训了许多技术人员。@</p>"
    reading = read_bytes(page.encode("gbk").replace(b"@", b"\xff"), "a.html")
    assert "并培训了许多技术人员。" in quoted(reading)
    assert [one.what for one in reading.left_out if one.reason == "unreadable"] == ["sign"]
    with pytest.raises(DocumentError, match="is not UTF-8"):
        read_bytes(b"<html><body><p>" + bytes(range(128, 255)) * 9 + b"</p>", "a.html")
