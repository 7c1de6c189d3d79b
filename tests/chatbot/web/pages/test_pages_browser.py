"""The collection, its cases and the chat's links in a real Chromium, as a reader meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.answers.citations import make_mark
from corpus.records import Document, Entry, Passage
from tests.axe import find_violations
from tests.fakes import BENEFIT, LIGHTS, FakeEngine, read_article, serving

CAMCE = "CAMCE: Facilitating Water Resource Management and Drinking Water Supply in Bangladesh"
ORIGINAL = "https://cccme.example/report"
COPYING = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="module")
def entry() -> Entry:
    """The article with an address, and pages of 5,000 characters."""
    entry = read_article()
    pages = tuple(range(0, len(entry.document.text), 5000))
    document = replace(entry.document, url=ORIGINAL, pages=pages)
    return replace(entry, document=document)


@pytest.fixture(scope="module")
def engine(entry: Entry) -> FakeEngine:
    """The engine behind the server."""
    return FakeEngine(entry)


@pytest.fixture(scope="module")
def address(engine: FakeEngine) -> Iterator[str]:
    """The server's address."""
    with serving(engine) as address:
        yield address


Open = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Open]:
    """Open pages, none of which may meet an error."""
    faults: list[str] = []
    with ExitStack() as contexts:

        def open_page(path: str, width: int = 1280, **settings: Any) -> Page:
            chosen = {"locale": "en-US", "bypass_csp": True, **settings}
            context = chromium.new_context(viewport={"width": width, "height": 800}, **chosen)
            contexts.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(address + path)
            return page

        yield open_page
    assert faults == []


def case_of(entry: Entry, title: str = CAMCE) -> str:
    """Return the address of a case's page."""
    return next(f"/cases/{case.id}" for case in entry.cases if case.title == title)


def span_of(entry: Entry, quote: str = BENEFIT) -> str:
    """Return the fragment that marks a quotation."""
    start = entry.document.text.index(quote)
    return f"#c{start}-{start + len(quote)}-{make_mark(quote)}"


def read_copied(page: Page) -> str:
    """Return what was copied."""
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_collection_to_a_case(visit: Open, scripts: bool) -> None:
    """Filter, search, follow a passage, go on to the next case; with scripts and without."""
    page = visit("/cases", java_script_enabled=scripts)
    expect(page.locator(".entries li")).to_have_count(4)
    page.get_by_label("Company").select_option("POWERCHINA")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("2 of 4 cases")
    page.get_by_role("searchbox", name="Search the texts").fill("solar lights")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("passages, the nearest first")
    expect(page.get_by_label("Company")).to_have_value("POWERCHINA")
    words = page.locator(".entries blockquote").first.inner_text()
    page.locator(".entries a").first.click()
    expect(page.locator("h1")).to_contain_text("POWERCHINA")
    if scripts:
        expect(page.locator("mark")).to_have_text(words)
    expect(page.get_by_role("heading", name="More of POWERCHINA")).to_be_visible()
    page.get_by_role("link", name="Previous case").click()
    expect(page.locator("h1")).not_to_be_empty()
    page.get_by_role("link", name="All cases").click()
    expect(page.locator(".entries li")).to_have_count(4)
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("全部案例")


def test_a_place_that_is_not_there_leads_on(visit: Open) -> None:
    """Nothing that fits, no such page: each says so and has a way back."""
    page = visit("/cases?year=1999")
    expect(page.locator("main")).to_contain_text("No case fits all of this.")
    page.get_by_role("link", name="Show all cases").click()
    expect(page.locator(".entries li")).to_have_count(4)
    page = visit("/nothing/here?lang=zh")
    expect(page.locator("h1")).to_have_text("没有这个页面")
    page.get_by_role("link", name="全部案例").click()
    expect(page.locator(".entries li")).to_have_count(4)


def test_a_citation_can_be_copied(visit: Open, entry: Entry, address: str) -> None:
    """It tells title, publisher, date, the page of the marked words, the address and the day."""
    path = case_of(entry) + span_of(entry)
    page = visit(path, permissions=COPYING)
    page.get_by_role("button", name="Copy citation").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    wanted = f"“{CAMCE}”, 中国机电产品进出口商会 (CCCME), 2024-02-23, page 3, "
    wanted += f"{address}{path}, accessed "
    copied = read_copied(page)
    assert copied.startswith(wanted)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", copied.removeprefix(wanted))
    expect(page.get_by_role("button", name="Copy citation")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert read_copied(page) == address + path


def test_a_marked_quotation_leads_into_the_original(visit: Open, entry: Entry) -> None:
    """The link to the original has its first and last words as a text fragment."""
    page = visit(case_of(entry) + span_of(entry))
    original = page.locator("#original")
    expect(original).to_have_text(ORIGINAL)
    fragment = "The%20completion%20of%20the,approximately%203%20million%20people."
    expect(original).to_have_attribute("href", f"{ORIGINAL}#:~:text={fragment}")
    page.evaluate("location.hash = ''")
    expect(page.locator("mark")).to_have_count(0)
    expect(original).to_have_attribute("href", ORIGINAL)


def edit(entry: Entry, change: Callable[[str], str]) -> Entry:
    """Return the article after an edit: its text is that of the passages, each changed."""
    text, passages = "", []
    for passage in entry.passages:
        words = change(passage.text)
        start = len(text)
        text += words + "\n"
        moved = Passage(
            passage.id, passage.document_id, passage.case_id, passage.kind, start,
            start + len(words), words, (),
        )  # fmt: skip
        passages.append(moved)
    document: Document = replace(entry.document, text=text, pages=())
    return replace(entry, document=document, passages=tuple(passages))


@pytest.mark.parametrize(
    ("change", "note", "marked"),
    [
        (lambda text: text.replace(BENEFIT, f"Added before. 𝔸 {BENEFIT}"), "was edited", BENEFIT),
        (lambda text: text.replace(BENEFIT, BENEFIT.replace(" ", "\n ")), "was edited", BENEFIT),
        (lambda text: text.replace(BENEFIT, "Other words."), "no longer in it", ""),
    ],
)
def test_a_link_finds_its_words_after_an_edit(
    chromium: Browser, entry: Entry, change: Callable[[str], str], note: str, marked: str
) -> None:
    """Moved words are marked where they are now; where they are gone, a near place is shown."""
    with serving(FakeEngine(edit(entry, change))) as address:
        page = chromium.new_page(locale="en-US")
        page.goto(address + case_of(entry) + span_of(entry))
        expect(page.locator("#note")).to_contain_text(note)
        assert " ".join(" ".join(page.locator("mark").all_inner_texts()).split()) == marked
        shown = page.locator("mark" if marked else ".near")
        expect(shown).to_have_count(1)
        expect(shown).to_be_in_viewport()
        expect(shown).to_be_focused()
        page.close()


def test_a_link_of_before_still_marks(visit: Open, entry: Entry) -> None:
    """Offsets alone are enough; without words at them the page says so."""
    page = visit(case_of(entry) + span_of(entry).rpartition("-")[0])
    expect(page.locator("mark")).to_have_text(BENEFIT)
    page = visit(case_of(entry) + "#c999998-999999")
    expect(page.locator("#note")).to_have_text("The words of this link are not in this case.")


def test_an_address_asks_a_question(visit: Open, engine: FakeEngine, address: str) -> None:
    """Of the company that it names, in its language, once; and the answer has that address."""
    engine.asked.clear()
    page = visit("/?q=solar+lights%3F&company=POWERCHINA&lang=zh", permissions=COPYING)
    expect(page.locator(".turn .quote").first).to_contain_text(LIGHTS)
    original = page.locator("#source-1-1").get_by_role("link", name="在原件中阅读")
    expect(original).to_have_attribute("href", re.compile(f"^{ORIGINAL}#:~:text=In%20Lauteye"))
    expect(page.locator("#company")).to_have_value("POWERCHINA")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert page.url == f"{address}/?lang=zh"
    page.get_by_role("button", name="复制链接").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert read_copied(page) == f"{address}/?q=solar+lights%3F&company=POWERCHINA"
    page.reload()
    expect(page.locator(".turn .quote")).to_have_count(2)
    expect(page.locator("#company option")).to_have_count(4)
    assert [(each[0], each[2]) for each in engine.asked] == [
        ("solar lights?", {"company": ["POWERCHINA"]})
    ]


def test_a_case_leads_to_questions_about_it(visit: Open, entry: Entry) -> None:
    """The chat has the company chosen, and asks nothing by itself."""
    page = visit(case_of(entry))
    page.get_by_role("link", name="Ask about CAMCE").click()
    expect(page.locator("#company")).to_have_value("CAMCE")
    expect(page.locator(".turn")).to_have_count(0)
    page.get_by_role("link", name="All cases").click()
    expect(page.locator(".entries li")).to_have_count(4)


@pytest.mark.parametrize("question", ["<img src=x onerror=alert(1)>", "x" * 2001, "%00\u202e"])
def test_an_address_with_anything_in_it_is_harmless(visit: Open, question: str) -> None:
    """It is asked as words, or left to be shortened."""
    page = visit("/")
    page.goto(f"{page.url}?" + page.evaluate("q => new URLSearchParams({q})+''", question))
    if len(question) > 2000:
        expect(page.locator("#limit")).to_be_visible()
        expect(page.locator(".turn")).to_have_count(0)
    else:
        expect(page.locator(".asked .text")).to_have_text(question)
        expect(page.locator("#send")).to_be_visible()


def test_a_conversation_is_saved_as_markdown(visit: Open, address: str) -> None:
    """Questions, quotations and their addresses, no sign of which is Markdown's own."""
    page = visit("/?q=benefit+*now*%3F")
    expect(page.locator(".turn .quote")).to_have_count(1)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as Markdown").click()
    assert saving.value.suggested_filename == "casebook.md"
    text = saving.value.path().read_text("utf-8")
    head = f"# Casebook\n\n## benefit \\*now\\*?\n\n### {CAMCE}\n\n> {BENEFIT} \\[1\\]\n"
    assert text.startswith(head)
    assert re.search(rf"\n\\\[1\\\] {CAMCE} · CAMCE · .*\n<{address}/cases/\w+#c[\w-]+>\n$", text)


def test_a_refusal_is_saved_with_the_nearest_cases(visit: Open) -> None:
    """As it says that they are listed below, so they are, each with its address."""
    page = visit("/?q=What+is+the+recipe+for+pie%3F")
    near = page.locator(".nearest a")
    expect(near.first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Markdown").click()
    saved = Path(download.value.path()).read_text("utf-8")
    for each in near.all():
        assert f"<{each.evaluate('(link) => link.href')}>" in saved


def test_what_is_printed(visit: Open, entry: Entry) -> None:
    """No button, no field and no bar over the text; marks stay, and addresses are written out."""
    page = visit("/?q=solar+lights%3F")
    expect(page.locator(".turn .quote")).to_have_count(2)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("button:visible, textarea:visible, select:visible")).to_have_count(0)
    read = "(node) => [getComputedStyle(node, '::after').content, node.href]"
    content, href = page.locator("a.open").first.evaluate(read)
    assert href in content
    style = "(node) => getComputedStyle(node)"
    assert page.locator(".masthead").evaluate(f"{style}.position") == "static"
    assert page.locator("mark").first.evaluate(f"{style}.textDecorationLine") == "underline"
    page = visit(case_of(entry) + span_of(entry))
    expect(page.locator("mark")).to_have_text(BENEFIT)
    page.emulate_media(media="print")
    expect(page.locator("button:visible, .places:visible, footer:visible")).to_have_count(0)
    read = "(node) => getComputedStyle(node, '::after').content"
    assert page.url in page.locator("#citation").evaluate(read)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_overflows(visit: Open, entry: Entry, scheme: str) -> None:
    """On every page, wide and narrow, in both languages."""
    case = case_of(entry)
    for path in ("/cases", "/cases?q=water", "/cases?year=1999", "/nothing", case + span_of(entry)):
        for width, locale in ((1280, "en-US"), (320, "zh-CN")):
            page = visit(path, width, color_scheme=scheme, locale=locale)
            assert find_violations(page) == [], path
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow == 0, (path, width)
            page.context.close()
