"""The widget on a member portal, in a real Chromium that blocks third-party cookies and storage.

The portal is the one of `examples/portal`, on another site (`localhost`) than Casebook
(`127.0.0.1`), with a policy that allows no inline script or style.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Frame,
    FrameLocator,
    Locator,
    Page,
    Route,
    expect,
)

from chatbot.answers.answer import Answer, Row
from corpus.errors import NoReleaseError
from examples.portal.portal import MEMBERS, Portal
from tests.axe import find_violations
from tests.browser import WAIT, opening_chromium
from tests.chatbot.web.test_chat_browser import CONTRAST, measure_overflow
from tests.fakes import BENEFIT, LOCKDOWN, FakeEngine, hostile_engine, serving

KEY = "a key of the portal that is longer than 32 bytes"


@dataclass
class Visit:
    """A reader on a page of the portal, what was asked for, and what must stay empty: `faults`."""

    page: Page
    portal: Portal
    casebook: str
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def button(self) -> Locator:
        """The widget's button on the page."""
        return self.page.locator("casebook-widget button").first

    @property
    def frame(self) -> FrameLocator:
        """The widget's frame."""
        return self.page.frame_locator("casebook-widget iframe")

    @property
    def inside(self) -> Frame:
        """The frame's document, to run a script in."""
        return next(each for each in self.page.frames if each.url.endswith("/widget"))

    def sign_in(self, name: str = "mei") -> None:
        """Sign in to the portal."""
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(MEMBERS[name])
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def open(self) -> None:
        """Press the widget's button and wait until the frame can be used."""
        self.button.click()
        expect(self.frame.locator("#question")).to_be_visible()

    def ask(self, question: str) -> None:
        """Type a question and wait for the end of its answer."""
        turns = self.frame.locator(".turn").count()
        self.frame.locator("#question").fill(question)
        self.frame.locator("#question").press("Enter")
        expect(self.frame.locator(".turn")).to_have_count(turns + 1)
        expect(self.frame.locator("#send")).to_be_visible()


def wait_until(place: Page | Frame, condition: str) -> None:
    """Return when a condition holds; Playwright's own waiting needs a policy with `eval`."""
    place.evaluate(
        f"""async () => {{
          const end = Date.now() + {WAIT};
          while (!({condition})) {{
            if (Date.now() > end) throw new Error("never: {condition}");
            await new Promise(requestAnimationFrame);
          }}
        }}"""
    )


Open = Callable[..., Visit]


@contextmanager
def running(portal: Portal) -> Iterator[Portal]:
    """Serve a portal until the block ends."""
    thread = threading.Thread(target=portal.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield portal
    finally:
        portal.shutdown()
        thread.join(60)
        portal.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module's tests, which blocks what other sites want to keep."""
    with opening_chromium("--test-third-party-cookie-phaseout") as browser:
        yield browser


@dataclass
class Site:
    """A portal, and the Casebook that its members ask."""

    portal: Portal
    engine: FakeEngine
    casebook: str
    var: Path


@contextmanager
def founding(var: Path, engine: FakeEngine, led: bool = False) -> Iterator[Site]:
    """Serve a portal and a Casebook for its members alone, `led` to it if they have no session."""
    with running(Portal(0, "http://127.0.0.1:1", KEY)) as portal:
        settings: dict[str, Any] = {
            "var": var, "embed_origins": (portal.origin,), "members": "required",
            "member_key": KEY, "member_issuer": portal.origin, "questions_per_minute": 1000,
            "portal": f"{portal.origin}/" if led else "",
        }  # fmt: skip
        with serving(engine, **settings) as casebook:
            portal.casebook = casebook
            yield Site(portal, engine, casebook, var)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal and one Casebook for the module's tests."""
    with founding(tmp_path_factory.mktemp("var"), FakeEngine()) as site:
        yield site


@pytest.fixture
def site(shared: Site) -> Site:
    """Return the shared site, as new."""
    shared.portal.attributes = ""
    shared.engine.error, shared.engine.hold, shared.engine.written = None, None, ()
    shared.engine.asked.clear()
    return shared


def visit(browser: Browser, site: Site, **settings: Any) -> Visit:
    """Open the portal's first page in a new context."""
    context: BrowserContext = browser.new_context(
        **{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **settings}
    )
    found = Visit(context.new_page(), site.portal, site.casebook)
    context.on("request", lambda request: found.requests.append(request.url))
    found.page.on("pageerror", lambda error: found.faults.append(f"exception {error}"))
    found.page.on(
        "console",
        lambda line: found.faults.append(line.text) if line.type in ("error", "warning") else None,
    )
    found.page.goto(site.portal.origin)
    return found


@pytest.fixture
def start(chromium: Browser, site: Site) -> Iterator[Open]:
    """Sign a reader in; afterwards none may have met an error, on the portal or in the frame."""
    opened: list[Visit] = []

    def begin(attributes: str = "", name: str = "mei", **settings: Any) -> Visit:
        site.portal.attributes = attributes
        reader = visit(chromium, site, **settings)
        opened.append(reader)
        if name:
            reader.sign_in(name)
        return reader

    yield begin
    for each in opened:
        each.page.context.close()
        assert each.faults == []


def test_before_the_click_there_is_one_request(start: Open) -> None:
    """The page loads the script and nothing else; the first opening loads the frame."""
    reader = start()
    expect(reader.button).to_be_visible()
    asked = [url for url in reader.requests if url.startswith(reader.casebook)]
    assert set(asked) == {f"{reader.casebook}/widget.js"}
    reader.requests.clear()
    reader.open()
    expect(reader.frame.locator("#company option")).to_have_count(4)
    asked = [url.removeprefix(reader.casebook) for url in reader.requests]
    assert [re.sub(r"\w{12}/|.*(?=/casebook-token)", "", path) for path in asked] == [
        "/widget", "/widget/frame.css", "/widget/frame.js", "/casebook-token", "/api/cases",
    ]  # fmt: skip


def test_all_cases_are_a_click_away(start: Open) -> None:
    """From the frame, in a tab of their own."""
    reader = start()
    reader.open()
    with reader.page.context.expect_page() as opening:
        reader.frame.get_by_role("link", name="All cases").click()
    expect(opening.value.locator(".entries li")).to_have_count(4)
    assert opening.value.url == f"{reader.casebook}/cases"


def test_from_a_question_to_the_words_in_their_case(start: Open, site: Site) -> None:
    """Ask, open [1] in place, follow it to the marked words in a tab of its own, twice."""
    reader = start()
    reader.open()
    reader.ask("How many people benefit from the Padma Water Plant?")
    frame = reader.frame
    expect(frame.locator("blockquote > p:not(.origin)")).to_contain_text(BENEFIT)
    cite = frame.get_by_role("button", name="Source 1")
    expect(cite).to_have_attribute("aria-expanded", "false")
    cite.click()
    expect(cite).to_have_attribute("aria-expanded", "true")
    card = frame.locator(".card:visible")
    expect(card).to_contain_text("2024-02-23")
    expect(card.locator("mark")).to_have_text(BENEFIT)
    expect(card.locator("mark")).to_be_in_viewport()
    for _ in range(2):
        with reader.page.context.expect_page() as opening:
            card.get_by_role("link", name="Read in the case").click()
        case = opening.value
        expect(case.locator("mark")).to_have_text(BENEFIT)
        expect(case.locator("mark")).to_be_in_viewport()
        assert case.evaluate("opener") is None
        assert re.fullmatch(rf"{reader.casebook}/cases/\w+#c\d+-\d+-[0-9a-f]+", case.url)
        case.close()
    cite.click()
    expect(frame.locator(".card:visible")).to_have_count(0)
    assert not any("eyJ" in url for url in reader.requests)


def test_an_answer_is_copied_with_its_sources(start: Open) -> None:
    """Words, numbers, facts and addresses; in the reader's language it says that it did."""
    reader = start(permissions=["clipboard-read", "clipboard-write"])
    reader.open()
    reader.ask("benefit?")
    button = reader.frame.get_by_role("button", name="Copy", exact=True)
    button.click()
    expect(reader.frame.get_by_role("button", name="Copied")).to_be_visible()
    expect(reader.frame.locator("#live")).to_have_text("Copied")
    reader.page.bring_to_front()
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    words, sources = copied.split("\n\n")[-2:]
    assert BENEFIT in words
    assert re.fullmatch(
        rf"\[1\] .+ · CAMCE · .+ · 2024-02-23\n    {reader.casebook}/cases/\w+#c\d+-\d+-\w+",
        sources,
    )
    reader.inside.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    reader.frame.get_by_role("button", name="Copied").click()
    expect(reader.frame.get_by_role("button", name="Copying was refused")).to_be_visible()


def test_one_company_is_asked_alone(start: Open, site: Site) -> None:
    """It is chosen above the question, told with it, kept by a retry, and let go again."""
    reader = start()
    reader.open()
    choice = reader.frame.get_by_role("combobox", name="Company")
    expect(choice.locator("option")).to_have_text(
        ["All companies", "CAMCE", "POWERCHINA", "WeRide"]
    )
    choice.select_option("CAMCE")
    site.engine.error = NoReleaseError("none")
    reader.ask("benefit?")
    site.engine.error = None
    choice.select_option("")
    reader.frame.get_by_role("button", name="Ask again").click()
    expect(reader.frame.locator(".cite")).to_be_visible()
    expect(reader.frame.get_by_text("Only CAMCE")).to_be_visible()
    reader.ask("solar lights?")
    expect(reader.frame.locator(".turn").last).not_to_contain_text("Only")
    assert [asked[2] for asked in site.engine.asked] == [{"company": ["CAMCE"]}] * 2 + [{}]
    reader.faults.clear()  # what the browser says of the refused question


def test_the_chat_opens_as_a_page(start: Open) -> None:
    """For the member, in a tab of its own, without a token in its address."""
    reader = start()
    reader.open()
    with reader.page.context.expect_page() as opening:
        reader.frame.get_by_role("link", name="Open as a page").click()
    expect(opening.value.get_by_role("heading", name="What would you like")).to_be_visible()
    assert opening.value.url == f"{reader.casebook}/"
    assert not any("eyJ" in url for url in reader.requests)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_whoever_is_signed_out_hears_it_before_asking(start: Open, locale: str) -> None:
    """In the chat's language, and no more once there is a token; nothing was refused for it."""
    attributes = 'data-language="zh"' if locale == "zh-CN" else ""
    reader = start(attributes, name="", viewport={"width": 360, "height": 740})
    reader.open()
    hint = reader.frame.locator("#hint")
    expect(hint).to_contain_text("Only members may ask" if not attributes else "仅限会员提问")
    assert find_violations(reader.inside) == []
    assert not any("/api/" in url for url in reader.requests)
    token = reader.portal.sign_token("mei")
    reader.page.evaluate("token => Casebook.setToken(token)", token)
    expect(hint).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark"), (320, "light")])
def test_several_companies_are_a_table(
    start: Open, site: Site, monkeypatch: pytest.MonkeyPatch, width: int, scheme: str
) -> None:
    """A row for each with its quotations and their numbers, or that it does not say."""
    plain = site.engine.ask

    def compare(*given: Any, **more: Any) -> Answer:
        answer = plain(*given, **more)
        names = dict.fromkeys(citation.case for citation in answer.citations)
        rows = [
            Row(name, tuple(c.number for c in answer.citations if c.case == name)) for name in names
        ]
        return replace(answer, table=(*rows, Row("<b>Silent</b> Ltd", ())))

    monkeypatch.setattr(site.engine, "ask", compare)
    reader = start(color_scheme=scheme, viewport={"width": width, "height": 800})
    reader.open()
    reader.ask("several places?")
    table = reader.frame.get_by_role("table", name="Who says what")
    expect(table.get_by_role("rowheader").last).to_have_text("<b>Silent</b> Ltd")
    expect(table.get_by_role("row").last.get_by_role("cell")).to_have_text("Does not say this.")
    expect(table.locator(".cite")).to_have_count(4)
    expect(reader.frame.locator("h3.case")).to_have_count(0)
    expect(reader.frame.locator(".turn > blockquote")).to_have_count(0)
    table.locator(".cite").nth(2).click()
    expect(table.locator(".card:visible mark")).to_be_in_viewport()
    assert find_violations(reader.inside) == []
    assert reader.inside.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    wait_until(reader.page, "sessionStorage.casebook")
    reader.page.reload()
    reader.open()
    expect(table.locator(".cite")).to_have_count(4)


def test_the_box_for_words_comes_into_view(start: Open) -> None:
    """Below a vote at the end of a long answer."""
    reader = start(viewport={"width": 390, "height": 500})
    reader.open()
    reader.ask("several places?")
    reader.frame.get_by_role("group", name="Does this help?").get_by_text("No").click()
    expect(reader.frame.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)


SWAPS = {
    "Turbo": "document.documentElement.replaceChild(body, document.body)",
    "Astro": "document.body.replaceWith(body)",
    "morph": "document.body.replaceChildren(...body.children)",
}


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("phone", [False, True])
def test_it_comes_along_when_the_page_is_swapped(start: Open, swap: str, phone: bool) -> None:
    """Once, with the conversation, open where it was open, into the target that is there now."""
    size = {"width": 390, "height": 700} if phone else {"width": 1280, "height": 800}
    reader = start('data-target="#later"', viewport=size)
    reader.open()
    reader.ask("benefit?")
    wait_until(reader.page, "sessionStorage.casebook")
    dialog = reader.page.get_by_role("dialog")
    assert dialog.evaluate("(each) => each.matches(':modal')") == phone
    for target in ("later", "other"):
        reader.page.evaluate(
            f"""() => {{ const body = document.createElement('body');
            body.innerHTML = '<main><h1>New</h1><div id="{target}"></div></main>';
            {SWAPS[swap]}; }}"""
        )
        expect(reader.frame.locator("blockquote > p:not(.origin)")).to_contain_text(BENEFIT)
        expect(reader.page.locator("casebook-widget")).to_have_count(1)
        expect(reader.page.locator("#later casebook-widget")).to_have_count(int(target == "later"))
        assert dialog.evaluate("(each) => each.matches(':modal')") == (phone and target == "other")
        expect(reader.page.locator("casebook-widget button").first).to_have_attribute(
            "aria-expanded", "true"
        )
    reader.page.evaluate("Casebook.destroy(); document.body.append('x')")
    reader.page.wait_for_timeout(100)
    expect(reader.page.locator("casebook-widget")).to_have_count(0)


def test_an_element_of_its_name_is_not_in_its_way(start: Open, site: Site) -> None:
    """`id="Casebook"` makes a global of that name; the widget comes all the same, and for members.

    A target that is no selector is as one that is not there.
    """
    reader = start('data-target="#]["')

    reader.page.add_init_script(
        """new MutationObserver(() => {
          const main = document.querySelector("main");
          if (main && !main.id) main.id = "Casebook";
        }).observe(document, {childList: true, subtree: true})"""
    )
    reader.page.reload()
    assert reader.page.evaluate("document.querySelector('#Casebook').localName") == "main"
    reader.open()
    reader.ask("benefit?")
    expect(reader.frame.locator(".cite")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_a_link_leads_over_the_portal_and_back(
    chromium: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    """Whoever follows a link without a session signs in at the portal and stands at its words."""
    with founding(tmp_path, FakeEngine(), led=True) as site:
        reader = visit(
            chromium, site, viewport={"width": width, "height": 700}, color_scheme=scheme
        )
        reader.sign_in()
        reader.open()
        reader.ask("benefit?")
        reader.frame.locator(".cite").click()
        with reader.page.context.expect_page() as opening:
            reader.frame.get_by_role("link", name="Read in the case").click()
        expect(opening.value.locator("mark")).to_have_text(BENEFIT)
        link = opening.value.url
        reader.page.context.close()
        for wrong_first in (True, False):
            page = chromium.new_context(viewport={"width": width, "height": 700}).new_page()
            page.goto(link)
            expect(page.get_by_role("heading", name="Casebook is for members")).to_be_visible()
            assert find_violations(page) == []
            assert measure_overflow(page) == 0
            page.get_by_role("link", name="Sign in at the member portal").click()
            for password in ["wrong"] * wrong_first + [MEMBERS["mei"]]:
                page.get_by_label("Name").fill("mei")
                page.get_by_label("Password").fill(password)
                page.get_by_role("button", name="Sign in").click()
            expect(page.locator("mark")).to_have_text(BENEFIT)
            expect(page.locator("mark")).to_be_in_viewport()
            assert page.url == link
            page.goto(f"{site.casebook}/cases?lang=zh")
            expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
            page.context.close()


def test_no_portal_leads_elsewhere(chromium: Browser, tmp_path: Path) -> None:
    """A hostile `next` ends at a page that refuses it; without a session no word of it runs."""
    with founding(tmp_path, FakeEngine(), led=True) as site:
        page = chromium.new_context().new_page()
        for evil in ("//evil.example", "https://evil.example", '"><script>window.pwned=1</script>'):
            page.goto(f"{site.portal.origin}/?{urlencode({'next': evil})}")
            if page.get_by_label("Name").count():
                page.get_by_label("Name").fill("mei")
                page.get_by_label("Password").fill(MEMBERS["mei"])
                page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", name="cannot be answered")).to_be_visible()
            assert page.url == f"{site.casebook}/session"
            assert page.evaluate("window.pwned") is None
        page.context.close()


def test_the_portal_leads_to_the_chat_as_a_page(start: Open) -> None:
    """Its form posts a token, once for each press, and the chat opens in a tab of its own."""
    reader = start()
    for _ in range(2):
        with reader.page.context.expect_page() as opening:
            reader.page.get_by_role("button", name="Open Casebook").click()
        chat = opening.value
        expect(chat.get_by_role("heading", name="What would you like to know?")).to_be_visible()
        assert chat.url == f"{reader.casebook}/"
        assert chat.evaluate("opener") is None
        chat.close()
    assert not any("eyJ" in url for url in reader.requests)


def test_a_chinese_page_gets_a_chinese_widget(start: Open, site: Site) -> None:
    """Button, frame and answer are Chinese; the other language is one press away, and stays."""
    reader = start('data-language="zh"')
    expect(reader.button).to_have_text("询问案例集")
    reader.open()
    expect(reader.frame.locator("html")).to_have_attribute("lang", "zh-CN")
    reader.ask("帕德玛水厂项目惠及多少人？")
    expect(reader.frame.locator("blockquote > p:not(.origin)")).to_contain_text(BENEFIT)
    expect(reader.frame.get_by_role("button", name="出处 1")).to_be_visible()
    shown = reader.frame.locator("[data-word]:visible").all_inner_texts()
    assert [word for word in shown if word and not re.search("[\u4e00-\u9fff]", word)] == []
    reader.frame.get_by_role("button", name="EN").click()
    expect(reader.frame.get_by_text("Does this help?")).to_be_visible()
    expect(reader.frame.locator("#question")).to_have_attribute(
        "placeholder", "Ask about the cases…"
    )
    reader.page.get_by_role("link", name="Events").click()
    reader.open()
    expect(reader.frame.get_by_text("Does this help?")).to_be_visible()


def test_what_a_model_wrote_is_told_from_quotations(start: Open, site: Site) -> None:
    """Its sentences stand apart, with their numbers, before the quotations that they restate."""
    site.engine.written = ("Lights were <b>given</b>.",)
    reader = start()
    reader.open()
    reader.ask("solar lights?")
    written = reader.frame.locator(".written")
    expect(written).to_have_text("Lights were <b>given</b>. [1]")
    expect(reader.frame.locator("blockquote > p:not(.origin)")).to_have_count(2)


def test_what_comes_near_does_not_look_like_an_answer(start: Open, site: Site) -> None:
    """Label and words say so, and are read out first; a vote tells what it is on."""
    reader = start()
    reader.open()
    reader.ask("Was a hospital built?")
    frame = reader.frame
    expect(frame.locator(".verdict")).to_have_text("Not said outright")
    expect(frame.locator("#live")).to_have_text(
        re.compile("^Not said outright: The collection does not say this outright. The nearest")
    )
    expect(frame.locator(".turn > blockquote")).to_have_count(4)
    expect(frame.locator(".nearest")).to_have_count(0)
    frame.locator(".cite").nth(2).click()
    expect(frame.locator(".card:visible mark")).to_have_text(BENEFIT)
    frame.get_by_role("group", name="Does this quotation fit?").get_by_text("No").click()
    expect(frame.locator(".said")).to_be_visible()
    vote = json.loads((site.var / "feedback.jsonl").read_text("utf-8").splitlines()[-1])
    assert (vote["outcome"], vote["citation"], vote["vote"]) == ("nearest", 3, "down")
    frame.get_by_role("button", name="中文").click()
    expect(frame.locator(".verdict")).to_have_text("没有直接说明")
    reader.ask("benefit?")
    look = "(each) => { const {borderInlineStartStyle: line, color} = getComputedStyle(each);"
    look += " return [line, color]; }"
    near, answer = (
        frame.locator(".turn").nth(turn).locator("> blockquote").first.evaluate(look)
        for turn in (0, 1)
    )
    assert near[0] != answer[0]
    assert near[1] != answer[1]
    inside = ", ".join(
        f"document.querySelector('{each}')"
        for each in (".verdict", ".words", "h3.case", ".turn > blockquote")
    )
    contrast = CONTRAST.replace("document.querySelector(selector)", "selector").replace(
        "[selector, ", "[0, "
    )
    assert all(each >= 4.5 for _, each in reader.inside.evaluate(f"({contrast})([{inside}])"))


def test_an_answer_kept_from_before_is_still_an_answer(start: Open) -> None:
    """A page may hold a conversation whose answers do not tell their outcome."""
    reader = start()

    def forget(route: Route) -> None:
        response = route.fetch()
        body = re.sub(r'"outcome":"\w+",?', "", response.text())
        route.fulfill(response=response, body=body)

    reader.page.route("**/api/ask", forget)
    reader.open()
    reader.ask("benefit?")
    expect(reader.frame.locator(".turn > blockquote")).to_have_count(1)
    expect(reader.frame.locator(".verdict")).to_have_count(0)
    expect(reader.frame.locator("#live")).to_have_text(re.compile("^Answer, 1 quoted: "))


def test_the_keyboard_is_enough(start: Open) -> None:
    """Enter opens, the question has the focus, Tab goes round, Esc closes and returns it."""
    reader = start()
    reader.button.focus()
    reader.page.keyboard.press("Enter")
    dialog = reader.page.get_by_role("dialog", name="Casebook")
    expect(dialog).to_be_visible()
    expect(reader.button).to_have_attribute("aria-expanded", "true")
    expect(reader.frame.locator("#question")).to_be_focused()
    reader.page.keyboard.type("several")
    reader.page.keyboard.press("Shift+Enter")
    reader.page.keyboard.type("places")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, cancelable: true})"
    assert reader.inside.evaluate(f"document.querySelector('#question').dispatchEvent({composing})")
    reader.page.keyboard.press("Enter")
    expect(reader.frame.locator(".cite")).to_have_count(4)
    reader.frame.locator("#talk").focus()
    reader.page.keyboard.press("Tab")
    expect(reader.frame.locator(".cite").first).to_be_focused()
    reader.page.keyboard.press("Enter")
    expect(reader.frame.locator(".card").first).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(reader.button).to_be_focused()
    expect(reader.button).to_have_attribute("aria-expanded", "false")
    reader.page.keyboard.press("Enter")
    expect(reader.frame.locator("#question")).to_be_focused()
    reader.frame.get_by_role("button", name="Close").click()
    expect(reader.button).to_be_focused()


def test_one_region_reads_the_finished_answer_once(start: Open) -> None:
    """Pieces that come in are silent; the whole answer is said, and said one time."""
    reader = start()
    reader.open()
    assert (
        reader.inside.locator("[role=status], [role=log], [role=alert], [aria-live]").count() == 1
    )
    reader.inside.evaluate(
        """() => { window.said = []; const live = document.querySelector('#live');
        new MutationObserver(() => window.said.push(live.textContent))
          .observe(live, {childList: true, characterData: true, subtree: true}); }"""
    )
    reader.ask("benefit?")
    wait_until(reader.inside, "window.said.length > 0")
    [said] = reader.inside.evaluate("window.said")
    assert said.startswith("Answer, 1 quoted: ")
    assert said.endswith(f"“{BENEFIT}” [1]")
    assert (
        reader.inside.locator("[role=status], [role=log], [role=alert], [aria-live]").count() == 1
    )


def test_the_conversation_goes_along_and_ends_with_the_sign_in(start: Open, site: Site) -> None:
    """Another page shows it whole; after the sign-out it is gone, for everybody."""
    reader = start()
    reader.open()
    with pytest.raises(Error, match="denied"):  # which is why the page has to keep it
        reader.inside.evaluate("sessionStorage.length")
    reader.ask("How many people benefit?")
    wait_until(reader.page, "sessionStorage.casebook")
    reader.page.get_by_role("link", name="Events").click()
    reader.open()
    expect(reader.frame.locator("blockquote > p:not(.origin)")).to_contain_text(BENEFIT)
    reader.ask("and the lockdown?")
    assert site.engine.asked[-1][1][0].content == "How many people benefit?"
    assert len(site.engine.asked) == 2
    reader.page.get_by_role("button", name="Sign out").click()
    expect(reader.page.get_by_label("Name")).to_be_visible()
    wait_until(reader.page, "window.Casebook && !sessionStorage.casebook")
    reader.sign_in()
    reader.open()
    expect(reader.frame.locator("#welcome")).to_be_visible()
    expect(reader.frame.locator(".turn")).to_have_count(0)


def test_another_member_does_not_see_it(start: Open, site: Site) -> None:
    """A token for somebody else ends the conversation, on this page and from one kept."""
    reader = start()
    reader.open()
    reader.ask("How many people benefit?")
    wait_until(reader.page, "sessionStorage.casebook")
    kept = reader.page.evaluate("sessionStorage.casebook")
    reader.page.evaluate("token => Casebook.setToken(token)", site.portal.sign_token("jonas"))
    expect(reader.frame.locator(".turn")).to_have_count(0)
    wait_until(reader.page, "!sessionStorage.casebook")
    reader.page.evaluate("kept => { sessionStorage.casebook = kept; }", kept)
    reader.page.context.clear_cookies()
    reader.page.goto(site.portal.origin)
    reader.page.evaluate("kept => { sessionStorage.casebook = kept; }", kept)
    reader.page.evaluate("token => Casebook.setToken(token)", site.portal.sign_token("jonas"))
    reader.open()
    wait_until(reader.page, "!sessionStorage.casebook")
    expect(reader.frame.locator(".turn")).to_have_count(0)


def test_the_page_can_neither_read_nor_change_what_it_keeps(start: Open) -> None:
    """It holds no word of the conversation; with one letter changed nothing of it is shown."""
    reader = start()
    reader.open()
    reader.ask("How many people benefit?")
    wait_until(reader.page, "sessionStorage.casebook")
    kept = reader.page.evaluate("atob(sessionStorage.casebook)")
    assert "people" not in kept
    reader.page.evaluate(
        "() => { const kept = sessionStorage.casebook; sessionStorage.casebook ="
        " kept.slice(0, 40) + (kept[40] === 'A' ? 'B' : 'A') + kept.slice(41); }"
    )
    reader.page.get_by_role("link", name="Events").click()
    reader.open()
    wait_until(reader.page, "!sessionStorage.casebook")
    expect(reader.frame.locator(".turn")).to_have_count(0)


def test_stop_retry_suggestion_follow_up_and_a_new_conversation(start: Open, site: Site) -> None:
    """What a reader does beside asking."""
    site.engine.hold = threading.Event()
    reader = start()
    reader.open()
    frame = reader.frame
    frame.locator("#question").fill("solar lights?")
    frame.get_by_role("button", name="Ask", exact=True).click()
    expect(frame.locator(".notice")).to_have_text("Searching the collection…")
    frame.get_by_role("button", name="Stop").click()
    expect(frame.locator(".notice")).to_have_text("Stopped.")
    site.engine.hold.set()
    site.engine.hold = None
    frame.get_by_role("button", name="Ask again").click()
    expect(frame.locator(".cite")).to_have_count(2)
    expect(frame.locator(".turn")).to_have_count(1)
    reader.ask("What is the price of copper?")
    expect(frame.locator(".absent")).to_have_text("Not in the collection")
    with reader.page.context.expect_page() as opening:
        frame.locator(".nearest a").first.click()
    expect(opening.value.locator("h1")).to_be_visible()
    frame.get_by_role("button", name="How many people benefit from").click()
    expect(frame.locator(".turn").last).to_contain_text(BENEFIT)
    assert [turn.content for turn in site.engine.asked[-1][1]][::2] == [
        "solar lights?", "What is the price of copper?",
    ]  # fmt: skip
    frame.get_by_role("button", name="New conversation").click()
    expect(frame.locator(".turn")).to_have_count(0)
    expect(frame.locator("#welcome")).to_be_visible()
    wait_until(reader.page, "!sessionStorage.casebook")
    reader.ask("benefit?")
    assert site.engine.asked[-1][1] == ()


def test_a_vote_reaches_the_log(start: Open, site: Site) -> None:
    """One on a quotation, one on the answer with a word to it; the pressed one shows."""
    reader = start()
    reader.open()
    reader.ask("benefit?")
    frame = reader.frame
    frame.locator(".cite").click()
    card = frame.get_by_role("group", name="Does this quotation fit?")
    card.get_by_role("button", name="No").click()
    expect(card.get_by_role("button", name="No")).to_have_attribute("aria-pressed", "true")
    answer = frame.get_by_role("group", name="Does this help?")
    answer.get_by_role("button", name="Yes").click()
    comment = frame.get_by_role("textbox", name="Anything to add? (optional)")
    comment.fill("Just what I needed 谢谢")
    frame.get_by_role("button", name="Send").click()
    expect(comment).to_have_count(0)
    lines = [
        json.loads(line) for line in (site.var / "feedback.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(each["vote"], each["citation"], each["comment"]) for each in lines[-3:]] == [
        ("down", 1, ""), ("up", 0, ""), ("up", 0, "Just what I needed 谢谢"),
    ]  # fmt: skip
    assert "mei" not in lines[-1]["member"]


def test_nothing_of_the_page_reaches_an_answer(start: Open, site: Site) -> None:
    """Attributes of any kind are text, cut to length, or ignored; what is asked stays the same."""
    greeting = "&lt;img src=x onerror='window.pwned = 1'&gt;" + "long " * 100
    reader = start(
        f'data-language="xx" data-theme="evil" data-color="red;}}*{{display:none" '
        f'data-position="up" data-greeting="{greeting}" data-question="x" data-target="#nowhere"'
    )
    expect(reader.button).to_have_text("Ask the cases")
    reader.open()
    shown = reader.frame.locator("#greeting").inner_text()
    assert shown.startswith("<img src=x onerror='window.pwned = 1'>long")
    assert len(shown) <= 200
    reader.ask("benefit?")
    assert site.engine.asked == [("benefit?", (), {}, None)]
    assert reader.inside.evaluate("window.pwned") is None


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (401, "token_refused", {}), (403, "origin", {}), (429, "limited", {"Retry-After": "2"}),
        (503, "busy", {"Retry-After": "1"}), (500, "internal", {}),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence_with_its_reason(
    start: Open, status: int, code: str, headers: dict[str, str]
) -> None:
    """The reader can ask again, at once or when the server said; the page stays whole."""
    reader = start()
    body = {"error": {"code": code, "message": "no", "request_id": "0"}}
    reader.page.route(
        "**/api/ask",
        lambda route: route.fulfill(status=status, json=body, headers=headers),
        times=1,
    )
    reader.open()
    reader.ask("benefit?")
    expect(reader.frame.locator(".trouble")).to_have_text(re.compile(r"\w+ \w+"))
    expect(reader.frame.locator(".code")).to_have_text(f"Reason: {code}")
    retry = reader.frame.locator(".retry")
    if headers:
        expect(retry).to_have_text(re.compile(r"Ask again in \d s"))
        expect(retry).to_be_disabled()
    expect(retry).to_be_enabled()
    retry.click()
    expect(reader.frame.locator(".cite")).to_be_visible()
    reader.faults.clear()  # what the browser says of the refused request


def test_a_token_that_ran_out_is_renewed_without_a_word(start: Open) -> None:
    """Upon a 401 the page's function is called once more, and the question goes on."""
    reader = start()
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.headers["authorization"])
        error = {"error": {"code": "token_expired", "message": "old", "request_id": "0"}}
        route.fulfill(status=401, json=error)

    reader.page.route("**/api/ask", refuse, times=1)
    reader.open()
    expect(reader.frame.locator("#company option")).to_have_count(4)
    reader.requests.clear()
    reader.ask("benefit?")
    expect(reader.frame.locator(".cite")).to_be_visible()
    assert sum(url.endswith("/casebook-token") for url in reader.requests) == 1
    assert refused[0].startswith("Bearer eyJ")
    reader.faults.clear()  # what the browser says of the 401


def test_a_token_is_renewed_before_it_runs_out(start: Open, site: Site) -> None:
    """One that is still good is used again; one about to end is not sent any more."""
    reader = start()
    reader.requests.clear()
    reader.open()
    reader.ask("benefit?")
    reader.ask("solar lights?")
    assert sum(url.endswith("/casebook-token") for url in reader.requests) == 1
    site.portal.life = 20
    reader.page.reload()
    reader.open()
    expect(reader.frame.locator(".turn")).to_have_count(2)
    reader.requests.clear()
    reader.ask("benefit?")
    reader.ask("solar lights?")
    site.portal.life = 300
    assert sum(url.endswith("/casebook-token") for url in reader.requests) >= 2


def test_without_a_token_the_reason_is_said(start: Open, site: Site) -> None:
    """Nobody signed in, a token nobody renews, a function that fails: each in its words."""
    reader = start(name="")
    reader.open()
    reader.ask("benefit?")
    expect(reader.frame.locator(".code")).to_have_text("Reason: token_missing")
    expect(reader.frame.locator(".trouble")).to_contain_text("sign in")
    site.portal.life = -60
    reader.page.evaluate("token => Casebook.setToken(token)", site.portal.sign_token("mei"))
    site.portal.life = 300
    reader.frame.locator(".retry").click()
    expect(reader.frame.locator(".code")).to_have_text("Reason: token_expired")
    reader.page.evaluate("Casebook.setToken(async () => { throw new Error('no'); })")
    reader.frame.locator(".retry").click()
    expect(reader.frame.locator(".code")).to_have_text("Reason: token_missing")
    reader.page.evaluate("token => Casebook.setToken(token)", site.portal.sign_token("mei"))
    reader.frame.locator(".retry").click()
    expect(reader.frame.locator(".cite")).to_be_visible()
    reader.faults.clear()  # what the browser says of each 401, and the loader of the function


def test_a_server_that_is_gone_is_said_and_survived(start: Open) -> None:
    """At the opening and while asking: the reason, and the answer when it is back."""
    reader = start()
    reader.page.context.set_offline(True)
    reader.button.click()
    notice = reader.page.get_by_role("status")
    expect(notice).to_have_text("Opening…")
    expect(notice).to_contain_text("(offline)")
    assert find_violations(reader.page) == []
    reader.page.get_by_role("button", name="Close").press("Escape")
    expect(reader.button).to_be_focused()
    reader.button.click()
    expect(notice).to_have_text("Opening…")
    reader.page.context.set_offline(False)
    reader.page.get_by_role("button", name="Try again").click()
    expect(reader.frame.locator("#question")).to_be_focused()
    expect(reader.page.get_by_role("button", name="Close")).to_have_count(0)  # behind the frame
    reader.page.context.set_offline(True)
    reader.ask("benefit?")
    expect(reader.frame.locator(".code")).to_have_text("Reason: offline")
    reader.page.context.set_offline(False)
    reader.frame.locator(".retry").click()
    expect(reader.frame.locator(".cite")).to_be_visible()
    reader.page.get_by_role("link", name="Events").click()
    expect(reader.page.get_by_role("heading", name="Events")).to_be_visible()
    reader.faults.clear()  # what the browser says of a lost connection


def test_a_wait_is_told_and_has_an_end(start: Open, site: Site) -> None:
    """At once that it searches, later that it takes long; at last, or when the line goes, why."""
    reader = start()
    reader.page.clock.install()
    reader.page.reload()
    reader.open()
    site.engine.hold = threading.Event()
    frame = reader.frame

    def begin() -> Locator:
        frame.locator("#question").fill("benefit?")
        frame.locator("#question").press("Enter")
        expect(frame.locator(".notice")).to_have_text("Searching the collection…")
        return frame.locator(".code")

    code = begin()
    reader.page.clock.fast_forward(8_500)
    expect(frame.locator(".notice")).to_have_text("Still searching. This takes longer than usual.")
    assert site.engine.waiting == 1
    reader.page.clock.fast_forward(82_000)
    expect(code).to_have_text("Reason: slow")
    frame.get_by_role("button", name="New conversation").click()
    code = begin()
    reader.page.context.set_offline(True)
    expect(code).to_have_text("Reason: offline")
    reader.page.context.set_offline(False)
    site.engine.hold.set()
    frame.locator(".retry").click()
    expect(frame.locator(".cite")).to_be_visible()
    reader.faults.clear()  # what the browser says of a lost connection


@pytest.mark.parametrize("framed", [False, True])
def test_a_foreign_portal_is_refused(chromium: Browser, site: Site, framed: bool) -> None:
    """The browser does not show the frame there; where it did, the frame would say nothing."""
    with running(Portal(0, site.casebook, KEY)) as foreign:
        site = Site(foreign, site.engine, site.casebook, site.var)
        reader = visit(chromium, site)
        reader.sign_in()
        if framed:  # as if the browser knew no frame-ancestors

            def loosen(route: Route) -> None:
                answer = route.fetch()
                headers = {k: v for k, v in answer.headers.items() if "security" not in k}
                route.fulfill(response=answer, headers=headers)

            reader.page.route("**/widget", loosen)
        reader.button.click()
        expect(reader.page.get_by_role("status")).to_contain_text("(origin)")
        if framed:
            expect(reader.frame.locator("body")).to_be_hidden()
        assert not any("/casebook-token" in url for url in reader.requests)
        reader.page.get_by_role("link", name="Events").click()
        expect(reader.page.get_by_role("heading", name="Events")).to_be_visible()
        reader.page.context.close()


def test_only_the_frame_is_heard(start: Open) -> None:
    """Messages of the page's own, or of another frame in it, do nothing."""
    reader = start()
    reader.open()
    reader.ask("benefit?")
    wait_until(reader.page, "sessionStorage.casebook")
    kept = reader.page.evaluate("sessionStorage.casebook")
    reader.page.evaluate(
        """() => new Promise((heard) => {
          for (const type of ["casebook:close", "casebook:need-token"]) postMessage({ type }, "*");
          postMessage({ type: "casebook:keep", sealed: "" }, "*");
          addEventListener("message", ({ data }) => data === "end" && heard());
          postMessage("end", "*");
        })"""
    )
    expect(reader.page.get_by_role("dialog")).to_be_visible()
    assert reader.page.evaluate("sessionStorage.casebook") == kept
    reader.inside.evaluate(
        """() => new Promise((heard) => {
          addEventListener("message", ({ data }) => data === "end" && heard());
          postMessage({ type: "casebook:forget" }, "*");
          postMessage("end", "*");
        })"""
    )
    expect(reader.frame.locator(".turn")).to_have_count(1)


def test_twice_loaded_is_once_there_and_destroyed_is_gone(start: Open) -> None:
    """A second tag adds nothing; afterwards nothing is left, and a new tag begins anew."""
    reader = start()
    page = reader.page
    again = """() => new Promise((loaded) => {
      const tag = document.createElement("script");
      tag.src = document.querySelector("script").src;
      tag.onload = loaded;
      document.head.append(tag);
    })"""
    expect(reader.button).to_be_visible()
    page.evaluate(again)
    expect(page.locator("casebook-widget")).to_have_count(1)
    reader.open()
    reader.ask("benefit?")
    wait_until(page, "sessionStorage.casebook")
    page.evaluate("Casebook.destroy()")
    expect(page.locator("casebook-widget")).to_have_count(0)
    assert page.evaluate("[typeof Casebook, sessionStorage.casebook]") == ["undefined", ""]
    page.evaluate(again)
    reader.open()
    expect(reader.frame.locator(".turn")).to_have_count(0)
    page.evaluate("Casebook.close()")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("Casebook.open()")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_hostile_document_is_only_words(chromium: Browser, tmp_path: Path) -> None:
    """Markup, handlers, links, images and direction characters are shown as they are written."""
    words = (
        'A 🌱 <script>window.pwned = 1</script> <img src=x onerror="window.pwned = 1"> '
        "[a](javascript:window.pwned=1) ![b](http://evil.example/b.png) **c** \u202erev [7]"
    )
    engine = hostile_engine(words)
    with founding(tmp_path, engine) as site:
        reader = visit(chromium, site)
        reader.sign_in()
        reader.open()
        asked = "benefit <script>window.pwned = 1</script>"
        reader.ask(asked)
        frame = reader.frame
        expect(frame.locator(".asked [dir]")).to_have_text(asked)
        assert frame.locator("blockquote > p:not(.origin)").text_content() == f"{words} benefit [1]"
        expect(frame.locator(".cite")).to_have_count(1)
        frame.locator(".cite").click()
        assert frame.locator(".card mark").text_content() == f"{words} benefit"
        assert frame.locator(".card .name").text_content() == words
        assert frame.locator("img, script:not([src]), iframe, b").count() == 0
        links = frame.locator(".card a").evaluate_all("all => all.map((each) => each.href)")
        assert all(
            re.match(rf"{site.casebook}/cases/c0#c\d+-\d+-[0-9a-f]+$", each) for each in links
        )
        reader.ask("copper?")
        assert frame.locator(".nearest .company").first.text_content() == "Evil <b>Ltd</b>"
        for place in (reader.page, reader.inside):
            assert place.evaluate("window.pwned") is None
        assert not any("evil.example" in url for url in reader.requests)
        assert reader.faults == []
        reader.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(start: Open, scheme: str) -> None:
    """Neither on the page with the widget nor in the frame, in each of its states."""
    reader = start(color_scheme=scheme)

    def check() -> None:
        for place in reader.page.frames:
            assert find_violations(place) == []

    check()
    reader.open()
    check()
    reader.ask("several places?")
    reader.frame.locator(".cite").first.click()
    reader.frame.get_by_role("group", name="Does this help?").get_by_text("Yes").click()
    expect(reader.frame.get_by_role("button", name="Send")).to_be_visible()
    check()
    reader.ask("What is the price of copper?")
    reader.ask("Was a hospital built?")
    check()
    reader.ask("?!")
    expect(reader.frame.locator(".trouble")).to_be_visible()
    check()
    reader.faults.clear()  # what the browser says of the refused question


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("color", ["#fff", "#000", "#777777", "#ffd54f", "#b3261e", "#0a84ff"])
def test_any_colour_can_be_read(start: Open, color: str, scheme: str) -> None:
    """It is everywhere in the widget; words in it or on it have 4.5 to 1 at the least (WCAG AA)."""
    reader = start(f'data-color="{color}" data-theme="{scheme}"')
    reader.open()
    reader.ask("several places?")
    reader.frame.locator(".cite").first.click()
    contrast = CONTRAST.replace("document.querySelector(selector)", "selector").replace(
        "[selector, ", "[0, "
    )
    on_page = reader.page.evaluate(
        f"({contrast})([document.querySelector('casebook-widget').shadowRoot.querySelector('button')])"
    )
    kinds = (
        "#send", ".cite[aria-expanded=true]", ".cite[aria-expanded=false]", ".card a",
        ".languages [aria-pressed=true]",
    )  # fmt: skip
    inside = ", ".join(f"document.querySelector('{each}')" for each in kinds)
    shares = [*on_page, *reader.inside.evaluate(f"({contrast})([{inside}])")]
    assert [each for each in shares if each[1] < 4.5] == []
    quiet = reader.frame.locator(".cite[aria-expanded=false]").first
    tone = quiet.evaluate("(each) => getComputedStyle(each).color")
    assert not tone.startswith("rgb(23, 96, 74")
    if color in ("#fff", "#000", "#777777"):
        chroma = [float(each) for each in re.findall(r"[\d.e-]+", tone)][1]
        assert chroma < 0.001


@pytest.mark.parametrize(
    "screen",
    [
        {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True},
        {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    ],
    ids=["phone", "zoom"],
)
def test_a_small_screen_shows_everything(start: Open, screen: dict[str, Any]) -> None:
    """320 pixels, and a window at 200 %: the whole screen, nothing sideways, all in reach."""
    reader = start(**screen)
    reader.open()
    reader.ask("Was a hospital built?")
    reader.ask("several places?")
    reader.frame.locator(".cite").last.click()
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert reader.inside.evaluate(wide) == 0
    assert reader.page.evaluate(wide) == 0
    talk = reader.inside.locator("main")
    assert talk.evaluate("(each) => each.scrollWidth - each.clientWidth") == 0
    title = reader.inside.locator("h1")
    assert title.evaluate("(each) => each.scrollWidth - each.clientWidth") == 0
    expect(reader.frame.locator("#composer")).to_be_in_viewport(ratio=1)
    expect(reader.frame.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    box = reader.page.get_by_role("dialog").bounding_box()
    assert box
    assert (box["x"], box["y"]) == (0, 0)
    assert (box["width"], box["height"]) == tuple(screen["viewport"].values())
    reader.frame.get_by_role("button", name="Close").click()
    expect(reader.button).to_be_focused()


def test_a_phones_keyboard_leaves_the_question_in_sight(start: Open) -> None:
    """The keyboard takes half of the screen: the widget takes the other half."""
    reader = start(name="", viewport={"width": 390, "height": 700})
    reader.page.add_init_script(
        "Object.defineProperty(window, 'visualViewport', "
        "{value: Object.assign(new EventTarget(), {height: 700, offsetTop: 0})});"
    )
    reader.page.reload()
    reader.open()
    reader.page.evaluate(
        "() => { Object.assign(visualViewport, {height: 350, offsetTop: 20});"
        " visualViewport.dispatchEvent(new Event('resize')); }"
    )
    box = reader.page.get_by_role("dialog").bounding_box()
    assert box == {"x": 0, "y": 20, "width": 390, "height": 350}
    expect(reader.frame.locator("#question")).to_be_in_viewport(ratio=1)


def test_whoever_wants_no_motion_gets_none(start: Open) -> None:
    """Neither the wait nor the answer moves."""
    reader = start(reduced_motion="reduce")
    reader.open()
    reader.ask("several places?")
    assert reader.inside.evaluate("document.getAnimations().length") == 0


def test_it_can_stand_in_the_page(start: Open) -> None:
    """With a target the button and the frame are part of the page's flow."""
    reader = start('data-target="#casebook" data-theme="dark"')
    reader.open()
    inside = reader.page.locator("#casebook casebook-widget")
    expect(inside).to_have_count(1)
    main = reader.page.locator("main").bounding_box()
    dialog = reader.page.get_by_role("dialog").bounding_box()
    assert main
    assert dialog
    assert main["x"] < dialog["x"]
    assert dialog["y"] + dialog["height"] <= main["y"] + main["height"]
    assert reader.inside.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(18, 24, 21)"
    )
    reader.ask("lockdown?")
    expect(reader.frame.locator("blockquote > p:not(.origin)")).to_contain_text(LOCKDOWN)
