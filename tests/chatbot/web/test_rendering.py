"""Answers, case pages and words as HTML: safe whatever a document holds, and the same words."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.answer import Answer, Citation, Nearest, Part, Row
from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue
from chatbot.locales import interface as words
from chatbot.locales.interface import WORDS
from chatbot.web.chat import STATIC
from chatbot.web.gradio_page import rewrite
from chatbot.web.pages.case_page import render_case
from chatbot.web.rendering import (
    make_card,
    point_at,
    render_error,
    render_offers,
    render_pieces,
    render_sources,
)
from chatbot.web.templates import render
from corpus.records import Case, Document, Passage, Sentence
from tests.fakes import FakeEngine

ALLOWED = {
    "a", "article", "bdi", "blockquote", "button", "caption", "circle", "data", "dd", "div", "dl",
    "dt", "figcaption", "figure", "h1", "h2", "h3", "li", "mark", "nav", "ol", "p", "path",
    "section", "span", "svg", "table", "tbody", "td", "th", "time", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "class", "cx", "cy", "d", "data-code",
    "data-accessed", "data-and", "data-changed", "data-done", "data-failed", "data-marked",
    "data-moved", "data-not-marked", "data-page", "data-start", "data-word", "data-word-title",
    "datetime", "dir", "height", "hidden", "href", "id", "lang", "r", "rel", "role", "scope",
    "tabindex", "target", "title", "type", "value", "viewbox", "width",
}  # fmt: skip
HREF = re.compile(
    r"#(quote|source)-\d+-\d+|/x/(cases/[0-9a-zA-Z_-]+(#c\d+-\d+(-[0-9a-f]+)?)?)?|https?://\S+"
    r"|/x/(cases)?\?company=[A-Za-z0-9%+._~-]*"
)
HOSTILE = (
    "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "</blockquote></li>", "<!--",
    "]]>", "javascript:alert(1)", '" onmouseover="alert(1)', "'><svg/onload=alert(1)>", "&lt;b&gt;",
    "&amp;", "**bold** [1] $x^2$ `code`", "# heading", "\u202eevil\u202c", "\u2066\u2069", "\r\n",
    "\x00\x08", "\ud800", "𝔸🌱", "{{value}} ${value}", "\u2028", "案例", "مشروع",
)  # fmt: skip
TEXT = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), min_size=1, max_size=6).map(
    "".join
)
SHOWN = str.maketrans(
    {c: "\N{REPLACEMENT CHARACTER}" for c in map(chr, range(32)) if c not in "\t\n\r"}
)


class Reader(HTMLParser):
    """Collects tags, attributes and text, and the text inside each `<mark>` and `data-start`."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.marks: list[str] = []
        self.paragraphs: dict[int, str] = {}
        self.loose: list[str] = []  # text whose direction nothing isolates
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag; one without an end stays not open."""
        found = dict(attrs)
        self.seen.append((tag, found))
        if tag not in ("path", "circle", "meta", "link"):
            self._open.append((tag, found))
        if tag == "mark":
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last, which it must be."""
        if tag in ("path", "circle"):
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Add text to where it stands."""
        self.text += data
        if not any(tag == "bdi" or found.get("dir") for tag, found in self._open):
            self.loose += re.findall("\u202e.*", data)
        for tag, found in self._open:
            if tag == "mark":
                self.marks[-1] += data
            if found.get("data-start"):
                start = int(str(found["data-start"]))
                self.paragraphs[start] = self.paragraphs.get(start, "") + data

    def check(self) -> None:
        """Nothing but the tags, attributes and addresses that Casebook writes itself."""
        assert not self._open
        for tag, found in self.seen:
            assert tag in ALLOWED
            assert set(found) <= ATTRIBUTES, found
            if "href" in found:
                assert HREF.fullmatch(str(found["href"])), found["href"]


def shown(text: str) -> str:
    """Return what a browser shows of a text: control characters and lone surrogates replaced."""
    visible = text.translate(SHOWN).replace("\x7f", "\N{REPLACEMENT CHARACTER}")
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", visible)


def make_answer(text: str, link: str = "cases/abc123#c3-9") -> Answer:
    """Return an answer whose every foreign field is `text`, quoted inside a longer passage."""
    passage = f"before {text} after"
    citation = Citation(
        number=1, quote=text, kind="text", document_id="d", document_sha256="s", document=text,
        start=107, end=107 + len(text), passage=passage, passage_start=100, page=7,
        page_label="vii", case_id="abc123", case=text, company=text, source=text, published=text,
        url=text, link=link,
    )  # fmt: skip
    parts = (Part("words", text), Part("case", text), Part("quote", text, 1))
    return Answer(
        text, "en", True, "extractive", parts, (citation,),
        (Nearest("abc123", text, text, link),), (text,), 0.5, "r", 1.0,
    )  # fmt: skip


@given(TEXT)
def test_nothing_in_a_document_becomes_markup(text: str) -> None:
    """Pieces, sources and offers hold only Casebook's own tags, and the foreign words as words."""
    answer = make_answer(text)
    table = (Row(text, (1,)), Row("b", ()))
    for html in (
        *render_pieces(answer, 3),
        *render_pieces(replace(answer, table=table), 3)[:1],
        render_sources(answer, 3, "en", "/x"),
        render_offers(answer, "zh", "/x"),
        render_error(text, text, "en"),
    ):
        reader = Reader(html)
        reader.check()
        assert shown(text) in reader.text


@given(TEXT)
def test_the_mark_is_exactly_the_quotation(text: str) -> None:
    """The passage is whole, and what is marked in it is the quotation and nothing else."""
    answer = make_answer(text)
    before, within, after = (shown(part) for part in make_card(answer.citations[0])[1:4])
    assert before + within + after == shown(answer.citations[0].passage)
    reader = Reader(render_sources(answer, 1, "en", "/x"))
    assert f"{before}{within}{after}" in reader.text
    assert reader.marks == [within] == [shown(text)]


def test_a_span_outside_the_passage_shows_the_quotation_alone() -> None:
    """A citation that does not fit its passage never marks other words."""
    citation = replace(make_answer("three words here").citations[0], start=90)
    assert make_card(citation) == (citation, "", "three words here", "", "")


@pytest.mark.parametrize(
    ("url", "words", "wanted"),
    [
        ("https://a.example/b", "It is well-made, & new.",
         "https://a.example/b#:~:text=It%20is%20well%2Dmade%2C%20%26%20new."),
        ("https://a.example/b#c", "Two.\nOne two three, three four five six.",
         "https://a.example/b#c:~:text=Two.%20One%20two%20three%2C,three%20four%20five%20six."),
        ("http://a.example", "水" * 90,
         f"http://a.example#:~:text={'%E6%B0%B4' * 20},{'%E6%B0%B4' * 20}"),
        ("http://a.example", "\ud800", "http://a.example#:~:text=%3F"),
        ("javascript:alert(1)", "words", ""),
        ("", "words", ""),
    ],
)  # fmt: skip
def test_the_original_is_shown_at_its_words(url: str, words: str, wanted: str) -> None:
    """A short quotation whole, a long one by its ends; signs of the fragment's own are spelled."""
    assert point_at(url, words) == wanted


def test_direction_characters_stay_in_their_element() -> None:
    """Every foreign text stands in an element that isolates its direction."""
    answer = make_answer("\u202eevil")
    for html in (
        *render_pieces(answer, 1),
        render_sources(answer, 1, "en", ""),
        render_offers(answer, "en", ""),
    ):
        reader = Reader(html)
        assert "evil" in reader.text
        assert not reader.loose


def test_a_quotation_and_its_source_point_at_each_other() -> None:
    """`[1]` leads to the card, the card's number back to the quotation, on this turn."""
    answer = make_answer("words")
    piece = "".join(render_pieces(answer, 7))
    card = render_sources(answer, 7, "en", "")
    assert 'href="#source-7-1"' in piece
    assert 'id="source-7-1"' in card
    assert 'href="#quote-7-1"' in card
    assert 'id="quote-7-1"' in piece


def test_a_table_has_the_quotations_of_each_row() -> None:
    """One piece for all that is quoted, then the words; a row without quotations says so."""
    answer = make_answer("words")
    table = (Row("b", ()), Row("words", (1,)))
    piece, words = render_pieces(replace(answer, table=table), 7)
    assert words == render_pieces(answer, 7)[0]
    assert re.findall("<t[hd][^>]*>", piece)[0].startswith('<th scope="row"')
    silent, quoted = piece.split("</tr>")[:2]
    assert WORDS["en"]["silent"] in silent
    assert 'id="quote-7-1"' in quoted
    assert 'href="#source-7-1"' in quoted
    assert 'class="of"' not in quoted
    other = render_pieces(replace(answer, table=(Row("b", (1,)), Row("c", ()))), 7)[0]
    assert '<p class="of" dir="auto">words</p>' in other


def test_a_caption_is_called_one() -> None:
    """The card of a photo's caption says so, in the interface language; that of prose does not."""
    answer = FakeEngine().ask("solar")
    prose, caption = render_sources(answer, 1, "zh", "").split("</li>")[:2]
    assert "图片说明" in caption
    assert "图片说明" not in prose


def test_a_case_page_holds_the_documents_characters_at_their_offsets() -> None:
    """Each element with an offset holds the document's characters from there on."""
    engine = FakeEngine()
    for entry in engine.cases().entries:
        view = engine.case(entry.case.id)
        reader = Reader(render_case(view, engine.cases(), "en", "/x"))
        assert len(reader.paragraphs) == len(view.passages)
        for start, text in reader.paragraphs.items():
            assert view.document.text[start : start + len(text)] == text


@given(TEXT)
def test_a_hostile_case_is_a_harmless_page(text: str) -> None:
    """Title, company, file name and paragraphs of any content add no markup to the page."""
    words_ = f"{text}."
    document = Document(
        "d", text, "s", words_, text, text, text, text, "en", f"http://a.example/{text}", text
    )
    case = Case("c", "d", "case", text, text, 0, len(words_), words_)
    sentence = Sentence(0, len(words_), words_)
    passages = tuple(
        Passage("p", "d", "c", kind, 0, len(words_), words_, (sentence,))
        for kind in ("heading", "paragraph", "caption")
    )
    catalogue = Catalogue((CaseEntry(case, document),) * 3, "r")
    html = render_case(CaseView(case, document, passages, "r"), catalogue, "zh", "/x")
    start, end = html.index("<main>") + len("<main>"), html.index("</main>")
    reader = Reader(html[start:end])
    reader.check()
    assert reader.paragraphs == {0: shown(words_) * 3}


def test_a_page_has_one_script_and_it_is_a_file() -> None:
    """The case page runs no inline script or style, which its policy would refuse anyway."""
    engine = FakeEngine()
    html = render_case(engine.case(engine.entry.cases[0].id), engine.cases(), "en", "/x")
    assert re.findall(r"<script[^>]*>", html) == ['<script src="/x/web/case.js" defer>']
    assert "style=" not in html
    assert "onclick" not in html


def test_both_languages_say_the_same_things() -> None:
    """Each word and sentence stands in both languages, with the same places to fill."""
    for table in (words.WORDS, words.ERRORS):
        assert table["en"].keys() == table["zh"].keys()
        for key, english in table["en"].items():
            chinese = table["zh"][key]
            assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", chinese), key
            assert chinese.strip()
    assert [e.company for e in words.EXAMPLES["en"]] == [e.company for e in words.EXAMPLES["zh"]]


def test_every_word_the_page_asks_for_is_there() -> None:
    """The markup and the script of the chat name no word that the tables lack."""
    markup = render("chat.html", root="")
    scripts = [STATIC / "chat.js", *sorted((STATIC / "chat").glob("*.js"))]
    script = "".join(path.read_text("utf-8") for path in scripts)
    asked = set(re.findall(r'data-word(?:-\w+)?="(\w+)"', markup + script))
    asked |= set(re.findall(r'\bword\("(\w+)"\)', script))
    assert asked <= words.WORDS["en"].keys()
    assert not re.search(r"[`\\]|\$\{|\{\{", markup), "Gradio would take these for its template"


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "language"),
    [
        (None, None, None, "en"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "de, zh;q=0.4, en;q=0.6", "en"),
        (None, None, "ZH-tw", "zh"),
        (None, None, "zh;q=0", "en"),
        (None, None, "en;q=x, zh;q=0.1", "zh"),
        (None, None, ",;=,;q=", "en"),
        (None, "zh", "en", "zh"),
        ("en", "zh", "zh", "en"),
        ("<script>", None, "zh", "zh"),
    ],
)
def test_the_interface_speaks_the_readers_language(
    asked: str | None, cookie: str | None, accepted: str | None, language: str
) -> None:
    """What was asked for wins over what was chosen before, that over what the browser accepts."""
    assert words.choose_language(asked, cookie, accepted) == language


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_gives_a_language(cookie: str, accepted: str) -> None:
    """No cookie and no header, however broken, is an error."""
    assert words.choose_language(None, cookie, accepted) in ("en", "zh")


def test_an_unknown_error_has_a_sentence() -> None:
    """A code without its own sentence is an inner fault; related codes share one."""
    assert words.explain("citation", "en") == words.ERRORS["en"]["internal"]
    assert words.explain("corrupt_release", "zh") == words.ERRORS["zh"]["release"]


def test_gradios_document_is_renamed() -> None:
    """Title, language and styles are Casebook's, and the addresses of Gradio's site are gone."""
    html = (
        '<!doctype html><html\n lang="en" style="x"><head>'
        '<meta property="og:image"\n content="https://raw.example/x.jpg" />'
        '<meta name="twitter:creator" content="@x" /><link rel="manifest" href="/manifest.json" />'
        '</head><body style="y"><gradio-app></gradio-app></body></html>'
    )
    new = rewrite(html, "zh", "/x")
    assert '<html lang="zh-CN"' in new
    assert "<title>Casebook 案例集</title>" in new
    assert 'href="/x/web/chat.css"' in new
    assert "example" not in new
    assert "manifest" not in new
    assert new.index('id="boot"') < new.index("<gradio-app>")


def test_a_changed_gradio_document_is_left_whole() -> None:
    """Where nothing matches, nothing is lost."""
    assert rewrite("<p>other</p>", "en", "") == "<p>other</p>"
