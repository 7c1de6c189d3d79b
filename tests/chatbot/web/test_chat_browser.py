"""The chat and the case pages in a real Chromium, as a reader meets them."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.locales.interface import ERRORS
from corpus import errors
from tests.axe import find_violations
from tests.browser import WAIT
from tests.fake_portal import REQUIRED, sign
from tests.fakes import BENEFIT, LIGHTS, LOCKDOWN, FakeEngine, hostile_engine, serving
from tests.visit import Open, Visit, listen


def measure_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


def test_from_a_question_to_the_words_in_their_case(visit: Open) -> None:
    """Ask, read the quotation, follow [1] to its source, and that to the marked words."""
    reader = visit()
    page = reader.page
    assert page.title() == "Casebook"
    reader.ask("How many people benefit from the Padma Water Plant?")
    expect(page.locator(".asked .text")).to_have_text(
        "How many people benefit from the Padma Water Plant?"
    )
    expect(page.locator(".turn .quote p")).to_contain_text(BENEFIT)
    page.get_by_role("link", name="Source 1").click()
    card = page.locator("#source-1-1")
    expect(card).to_be_focused()
    expect(card).to_have_class(re.compile(r"\blit\b"))
    expect(card).to_be_in_viewport()
    expect(card).to_contain_text("CAMCE: Facilitating Water Resource Management")
    expect(card).to_contain_text("2024-02-23")
    expect(card).to_contain_text("中国机电产品进出口商会")
    expect(card.locator("mark")).to_have_text(BENEFIT)
    with page.context.expect_page() as opening:
        card.get_by_role("link", name="Read in the case").click()
    case = opening.value
    expect(case.locator("h1")).to_contain_text("CAMCE")
    expect(case.locator("mark")).to_have_text(BENEFIT)
    expect(case.locator("mark")).to_be_in_viewport()
    expect(case.locator("mark")).to_be_focused()
    expect(case.locator("#note")).to_have_text("The quoted words are marked.")
    case.get_by_role("link", name="Ask about the cases").click()
    expect(case.locator("#question")).to_be_visible()


def test_what_happens_is_shown_while_it_happens(visit: Open, engine: FakeEngine) -> None:
    """The status stands until the answer; Stop ends the wait, and the next question works."""
    engine.hold = threading.Event()
    reader = visit()
    page = reader.page
    page.get_by_role("textbox").fill("solar lights?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".notice")).to_have_text("Searching the collection…")
    expect(page.locator("#log")).to_have_attribute("aria-busy", "true")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".notice")).to_have_text("Stopped.")
    engine.hold.set()
    engine.hold = None
    page.locator(".turn").get_by_role("button", name="Ask again").click()
    expect(page.locator(".turn .quote")).to_have_count(2)
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".card .kind")).to_have_text("Photo caption")


def test_what_a_model_wrote_is_told_from_quotations(visit: Open, engine: FakeEngine) -> None:
    """It stands in a box of its own that says who wrote it; its number leads to the source."""
    engine.written = ("Lights were <b>given</b>.", "They shine.")
    reader = visit()
    page = reader.page
    page.get_by_role("textbox").fill("solar lights?")
    page.keyboard.press("Enter")
    box = page.locator(".turn .written")
    expect(box).to_contain_text("Lights were <b>given</b>.")
    expect(box.locator(".label")).to_have_text("Written:")
    expect(page.locator(".turn .quote")).to_have_count(2)
    box.get_by_role("link", name="Source 1").first.click()
    expect(page.locator(".card").first).to_be_in_viewport()


def test_a_chinese_reader_gets_a_chinese_page(visit: Open, engine: FakeEngine) -> None:
    """The interface follows the browser; a Chinese question is answered with its quotation."""
    reader = visit(locale="zh-CN")
    page = reader.page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="您想了解什么？")).to_be_visible()
    expect(page.get_by_role("textbox", name="您的问题")).to_be_visible()
    reader.ask("帕德玛水厂项目惠及多少人？")
    expect(page.locator(".quote p")).to_contain_text(BENEFIT)
    expect(page.locator(".sources h2")).to_contain_text("出处")
    assert engine.asked[-1][0] == "帕德玛水厂项目惠及多少人？"
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="在案例中阅读").click()
    expect(opening.value.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(opening.value.locator("mark")).to_have_text(BENEFIT)


def test_the_switch_changes_every_word_and_is_remembered(visit: Open) -> None:
    """From English to Chinese with an answer on the page, over a reload, on the case page too."""
    reader = visit()
    page = reader.page
    reader.ask("solar lights?")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    words = page.locator("[data-word]:visible").all_inner_texts()
    assert [word for word in words if word and not re.search("[\u4e00-\u9fff]", word)] == []
    expect(page.locator("#question")).to_have_attribute("placeholder", "输入与案例有关的问题…")
    expect(page.get_by_role("link", name="出处 1")).to_be_visible()
    page.reload()
    expect(page.locator("#send")).to_contain_text("提问")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".turn .quote")).to_have_count(2)
    expect(page.locator("#company option")).to_have_count(4)  # Gradio complains when left too soon
    case = page.locator("a.open").first.get_attribute("href")
    page.goto(f"{reader.address}{case}")
    expect(page.locator("#note")).to_have_text("引用的文字已标出。")
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page.locator("#note")).to_have_text("The quoted words are marked.")
    expect(page.locator("mark")).to_have_text(LIGHTS)


def test_what_is_not_there_is_said_and_something_offered(visit: Open, engine: FakeEngine) -> None:
    """The nearest cases open, and a suggestion asks itself."""
    reader = visit()
    page = reader.page
    reader.ask("What is the price of copper?")
    expect(page.locator(".absent")).to_have_text("Not in the collection")
    expect(page.locator(".card")).to_have_count(0)
    near = page.locator(".nearest a").first.get_attribute("href") or ""
    assert page.request.get(reader.address + near).status == 200
    page.get_by_role("button", name="How many people benefit from").click()
    expect(page.locator("#turn-2 .quote p")).to_contain_text(BENEFIT)
    assert engine.asked[-1][1][0].content == "What is the price of copper?"


def test_what_comes_near_does_not_look_like_an_answer(visit: Open) -> None:
    """Label and words say so before the quotations, which have sources and a look of their own."""
    reader = visit()
    page = reader.page
    reader.ask("Was a hospital built?")
    expect(page.locator(".verdict")).to_have_text("Not said outright")
    pieces = page.locator("#turn-1 .pieces > *")
    expect(pieces.nth(0)).to_have_class("verdict near")
    expect(pieces.nth(1)).to_have_text(
        "The collection does not say this outright. The nearest passages:"
    )
    expect(page.locator("#turn-1 .quote")).to_have_count(4)
    expect(page.locator("#turn-1 .nearest")).to_have_count(0)
    expect(page.locator("#turn-1 .card")).to_have_count(4)
    page.get_by_role("link", name="Source 3").click()
    expect(page.locator("#source-1-3 mark")).to_have_text(BENEFIT)
    page.get_by_role("button", name="中文").click()
    expect(page.locator(".verdict")).to_have_text("没有直接说明")
    page.get_by_role("button", name="How many people benefit from").click()
    expect(page.locator("#turn-2 .quote p")).to_contain_text(BENEFIT)
    look = "(each) => { const {borderInlineStartStyle: line, color} = getComputedStyle(each);"
    look += " return [line, color]; }"
    near, answer = (
        page.locator(f"#turn-{turn} .quote").first.evaluate(look) for turn in (1, 2)
    )  # fmt: skip
    assert near[0] != answer[0]
    assert near[1] != answer[1]


def test_an_error_is_a_sentence_and_can_be_tried_again(visit: Open, engine: FakeEngine) -> None:
    """No traceback and no toast: a sentence in the conversation, and the answer on retry."""
    reader = visit()
    page = reader.page
    engine.error = errors.NoReleaseError("var/releases: nothing is published")
    reader.ask("benefit?")
    trouble = page.locator(".turn .trouble")
    expect(trouble).to_have_text(re.compile("has not been published yet"))
    page.get_by_role("button", name="中文").click()
    expect(trouble).to_have_text(re.compile("尚未发布"))
    assert page.locator(".toast-body:visible").count() == 0
    engine.error = None
    page.get_by_role("button", name="重新提问").click()
    expect(page.locator(".quote")).to_be_visible()
    expect(trouble).to_have_count(0)


def test_a_company_can_be_chosen_and_the_conversation_begun_anew(
    visit: Open, engine: FakeEngine
) -> None:
    """The filter reaches the engine and is shown; a new conversation forgets the old."""
    reader = visit()
    page = reader.page
    company = page.get_by_role("combobox", name="Company")
    assert company.locator("option").all_inner_texts() == [
        "All companies", "CAMCE", "POWERCHINA", "WeRide",
    ]  # fmt: skip
    company.select_option("CAMCE")
    reader.ask("benefit?")
    assert engine.asked[-1][2] == {"company": ["CAMCE"]}
    expect(page.locator(".only")).to_have_text("Company: CAMCE")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    reader.ask("benefit?")
    assert engine.asked[-1][1] == ()


def test_the_keyboard_is_enough(visit: Open) -> None:
    """Shift+Enter adds a line, an input method's Enter asks nothing, Tab reaches the citation."""
    reader = visit()
    page = reader.page
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("several")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("places")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, cancelable: true})"
    assert page.evaluate(f"document.querySelector('#question').dispatchEvent({composing})")
    expect(page.locator(".turn")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator(".asked .text")).to_have_text("several\nplaces")
    page.locator(".languages button").last.focus()
    page.keyboard.press("Tab")
    expect(page.locator("#turn-1 a.cite").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source-1-1")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#quote-1-1")).to_be_focused()


def test_a_question_that_is_too_long_stays_in_its_field(visit: Open, engine: FakeEngine) -> None:
    """Nothing is cut off or sent: the count is shown until it fits."""
    page = visit().page
    page.get_by_role("textbox").fill("案" * 2001)
    page.keyboard.press("Enter")
    expect(page.locator("#limit")).to_contain_text("2001 of 2000")
    expect(page.locator(".turn")).to_have_count(0)
    page.keyboard.press("Backspace")
    expect(page.locator("#limit")).to_be_hidden()
    assert engine.asked == []


def test_an_answer_can_be_copied_with_its_sources(visit: Open) -> None:
    """The copied text has the quotation, and for each number its case and address."""
    reader = visit(permissions=["clipboard-read", "clipboard-write"])
    page = reader.page
    reader.ask("lockdown?")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    assert f"“{LOCKDOWN}” [1]" in text
    assert re.search(
        r"\[1\] WeRide: .* · WeRide · .* · 2024-02-23\n {4}http://\S+/cases/\w+#c", text
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(visit: Open, scheme: str) -> None:
    """320 pixels wide: the welcome, an answer with its sources below it, a case."""
    reader = visit(width=320, color_scheme=scheme)
    page = reader.page
    assert measure_overflow(page) == 0
    reader.ask("several places?")
    assert measure_overflow(page) == 0
    name = page.locator(".brand span").bounding_box()
    assert name
    assert name["height"] < 30  # pixels: it stands in one line
    said = page.locator(".said").bounding_box()
    sources = page.locator(".sources").bounding_box()
    assert said
    assert sources
    assert sources["y"] >= said["y"] + said["height"]
    page.locator("a.cite").last.click()
    expect(page.locator("#source-1-4")).to_be_focused()
    page.goto(reader.address + (page.locator("a.open").last.get_attribute("href") or ""))
    expect(page.locator("figure mark")).to_contain_text("Photo: Donation of solar lights")
    assert measure_overflow(page) == 0
    page.goto(reader.address)
    expect(page.locator("#company option")).to_have_count(4)
    reader.ask("Was a hospital built?")
    expect(page.locator(".turn .verdict.near")).to_be_visible()
    assert measure_overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Open, engine: FakeEngine, scheme: str) -> None:
    """In each state of the chat, in a case, and where there is none."""
    reader = visit(color_scheme=scheme, reduced_motion="reduce")
    page = reader.page

    def check() -> None:
        assert find_violations(page) == []

    check()
    for question in ("several places?", "What is the price of copper?", "Was a hospital built?"):
        reader.ask(question)
        check()
    engine.error = errors.NoReleaseError("var/releases: nothing is published")
    reader.ask("benefit?")
    expect(page.locator(".trouble:visible")).to_have_count(1)
    check()
    engine.error = None
    case = page.locator("a.open").first.get_attribute("href")
    browser = page.context.browser
    assert browser
    for path in (case, "/cases/nothing"):
        chosen: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
        strict = browser.new_context(**chosen)
        page = strict.new_page()
        page.goto(f"{reader.address}{path}")
        check()
        strict.close()


CONTRAST = """selectors => {
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  return selectors.map((selector) => {
    const node = document.querySelector(selector);
    const grounds = [];
    const style = (each) => getComputedStyle(each);
    for (let up = node; up; up = up.parentElement) grounds.unshift(style(up).backgroundColor);
    const ground = light(paint(grounds));
    const words = light(paint([...grounds, style(node).color]));
    return [selector, (Math.max(ground, words) + .05) / (Math.min(ground, words) + .05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(visit: Open, scheme: str) -> None:
    """Contrast is at least 4.5 to 1 for every kind of words, in both schemes (WCAG AA)."""
    reader = visit(color_scheme=scheme)
    page = reader.page
    kinds = [".tagline", ".welcome .more", "button.question", ".hint", "#send", ".languages button"]
    measured = page.evaluate(CONTRAST, kinds)
    reader.ask("solar lights?")
    page.mouse.move(0, 0)
    kinds = [
        ".asked", "h3.case", ".quote p", "a.cite", ".card .name", ".fact", ".passage", "mark",
        "a.open", ".kind", ".number", ".quiet.copy", "select",
    ]  # fmt: skip
    measured += page.evaluate(CONTRAST, kinds)
    reader.ask("Was a hospital built?")
    page.mouse.move(0, 0)
    shown = (".verdict span", ".words", "h3.case", ".quote p", "a.cite")
    measured += page.evaluate(CONTRAST, [f"#turn-2 {each}" for each in shown])
    reader.ask("?!")
    measured += page.evaluate(CONTRAST, [".trouble:not([hidden])"])
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(246, 245, 239)", "dark": "rgb(18, 24, 21)"}[scheme]
    assert [each for each in measured if each[1] < 4.5] == []


def test_a_screen_reader_hears_each_piece_once(visit: Open) -> None:
    """The log is live, its nodes are added and never drawn again, its sources are not read out."""
    reader = visit()
    page = reader.page
    log = page.get_by_role("log", name="Conversation")
    expect(log).to_have_attribute("aria-live", "polite")
    page.evaluate(
        """() => { window.removed = [];
        const note = (node) => node.nodeType === 1 && window.removed.push(node.outerHTML);
        new MutationObserver((changes) => changes.forEach((change) =>
          change.removedNodes.forEach(note)
        )).observe(document.querySelector('#log'), {childList: true, subtree: true}); }"""
    )
    reader.ask("several places?")
    reader.ask("benefit?")
    assert page.evaluate("window.removed") == []
    expect(log.locator(".sources").first).to_have_attribute("aria-live", "off")


def test_a_question_that_was_not_heard_of_is_sent_again(visit: Open, engine: FakeEngine) -> None:
    """Gradio may lose a question without a word; the page asks again by itself."""
    reader = visit()
    page = reader.page
    reader.ask("solar lights?")
    page.route("**/queue/join*", lambda route: route.fulfill(json={"event_id": "nowhere"}), times=1)
    reader.ask("benefit?")
    expect(page.locator("#turn-2 .quote")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(2)
    assert [asked[0] for asked in engine.asked] == ["solar lights?", "benefit?"]


def test_a_lost_connection_is_said_and_survived(visit: Open, engine: FakeEngine) -> None:
    """No wait without an end: a sentence, and when the server is back, the answer on retry."""
    engine.hold = threading.Event()
    reader = visit()
    page = reader.page
    page.get_by_role("textbox").fill("benefit?")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_have_text("Searching the collection…")
    page.context.set_offline(True)
    trouble = page.locator(".turn .trouble")
    expect(trouble).to_contain_text("connection to Casebook was lost")
    engine.hold.set()
    engine.hold = None
    with page.expect_navigation(timeout=2 * WAIT):
        page.context.set_offline(False)
    expect(trouble).to_be_visible()
    page.locator(".turn .retry:visible").click()
    expect(page.locator(".turn .quote p")).to_contain_text(BENEFIT)
    reader.faults.clear()  # what the browser says of a lost connection is no fault of the page


def test_a_hostile_document_is_only_words(chromium: Browser) -> None:
    """Markup in a title or a paragraph is shown as written, and marked to the character."""
    words = (
        'A 🌱 <script>window.pwned = 1</script> <img src=x onerror="window.pwned = 1"> **bold** '
        "\u202erev"
    )
    engine = hostile_engine(words)
    context = chromium.new_context()
    with serving(engine) as address:
        reader = Visit(context.new_page(), address)
        listen(reader.page, reader)
        page = reader.page
        page.goto(address)
        expect(page.locator("#boot")).to_have_count(0)
        reader.ask("benefit <script>window.pwned = 1</script>")
        expect(page.locator(".asked .text")).to_have_text(
            "benefit <script>window.pwned = 1</script>"
        )
        assert page.locator(".quote").text_content() == f"{words} benefit [1]"
        assert page.locator(".card mark").text_content() == f"{words} benefit"
        page.goto(address + (page.locator("a.open").get_attribute("href") or ""))
        assert page.locator("mark").all_text_contents() == [f"{words} benefit"]
        page.goto(f"{address}/cases/c0#c2-3")
        page.reload()
        assert page.locator("mark").all_text_contents() == ["🌱"]
        page.goto(f"{address}/cases/c0#c{len(words) - 3}-{len(words) + 7}")
        assert page.locator("mark").all_text_contents() == ["rev", "A 🌱"[:3]]
        page.goto(f"{address}/cases/c0#c90000-90001")
        expect(page.locator("#note")).to_have_text("The words of this link are not in this case.")
        assert page.evaluate("window.pwned") is None
        assert reader.faults == []
    context.close()


def test_a_conversation_goes_with_its_member(chromium: Browser) -> None:
    """It is there after a reload; signed out elsewhere, or another member's, it is gone."""
    context = chromium.new_context()
    with serving(FakeEngine(), **REQUIRED) as address:
        context.request.post(f"{address}/session", form={"token": sign()})
        reader = Visit(context.new_page(), address)
        page = reader.page
        page.goto(address)
        expect(page.locator("#boot")).to_have_count(0, timeout=WAIT)
        reader.ask("benefit")
        page.reload()
        expect(page.locator(".turn")).to_have_count(1, timeout=WAIT)
        time.sleep(1.1)  # a session knows the second in which it was made
        context.request.post(f"{address}/session/end", form={"token": sign()}, max_redirects=0)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
        expect(page.locator("article.missing")).to_be_visible(timeout=WAIT)
        kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
        assert "benefit" not in kept
        time.sleep(1.1)
        context.request.post(f"{address}/session", form={"token": sign(jti="2")})
        page.goto(address)
        expect(page.locator("#boot")).to_have_count(0, timeout=WAIT)
        reader.ask("lockdown")
        context.request.post(f"{address}/session", form={"token": sign(sub="member-8")})
        page.reload()
        expect(page.locator("#boot")).to_have_count(0, timeout=WAIT)
        expect(page.locator("#welcome")).to_be_visible()
        assert page.locator(".turn").count() == 0
        expect(page.locator("#examples li")).to_have_count(4)
        expect(page.locator("#earlier")).to_be_hidden()
        assert "lockdown" not in page.evaluate("JSON.stringify({...localStorage})")
    context.close()


def test_a_refused_question_is_told_soon(chromium: Browser) -> None:
    """What is over the limit never reaches the queue, and the page says so in a sentence."""
    context = chromium.new_context(extra_http_headers={"X-Forwarded-For": "198.51.100.7"})
    with serving(
        FakeEngine(), trusted_proxies=("127.0.0.1/32",), questions_per_minute=1
    ) as address:
        reader = Visit(context.new_page(), address)
        reader.page.goto(address)
        expect(reader.page.locator("#boot")).to_have_count(0, timeout=WAIT)
        reader.ask("benefit")
        reader.ask("lockdown")
        trouble = reader.page.locator(".turn").last.locator("p.trouble")
        expect(trouble).to_have_text(ERRORS["en"]["limited"], timeout=WAIT)
    context.close()
