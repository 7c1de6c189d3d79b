"""Keys, touch, small windows and looks at sources, in a real Chromium."""

from __future__ import annotations

import threading

from playwright.sync_api import Page, expect

from tests.axe import find_violations
from tests.fakes import BENEFIT, FakeEngine
from tests.visit import Open

LONG = (
    "Where were solar lights given, and "
    + "to whom else, and when, and what for, " * 9
    + "by whom?"
)


def find_focus(page: Page) -> str:
    """Return the id of what has the focus."""
    focus: str = page.evaluate("document.activeElement.id")
    return focus


def test_keys_reach_stop_empty_and_repeat(visit: Open, engine: FakeEngine) -> None:
    """`/` goes to the field, Esc stops, closes and empties, ArrowUp brings the last question."""
    reader = visit()
    page = reader.page
    page.locator(".languages button").first.focus()
    page.keyboard.press("/")
    assert find_focus(page) == "question"
    expect(page.locator("#question")).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#question")).to_have_value("")
    page.keyboard.type("1/2 benefit?")
    expect(page.locator("#question")).to_have_value("1/2 benefit?")
    engine.hold = threading.Event()
    page.keyboard.press("Enter")
    expect(page.locator("#stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".notice")).to_have_text("Stopped.")
    engine.hold.set()
    engine.hold = None
    page.keyboard.press("ArrowUp")
    expect(page.locator("#question")).to_have_value("1/2 benefit?")
    page.keyboard.press("ArrowUp")  # a field with words keeps them
    composing = "new KeyboardEvent('keydown', {key: 'Escape', isComposing: true, bubbles: true})"
    page.evaluate(f"document.querySelector('#question').dispatchEvent({composing})")
    expect(page.locator("#question")).to_have_value("1/2 benefit?")
    page.keyboard.press("Escape")
    expect(page.locator("#question")).to_have_value("")


def test_the_last_question_can_be_edited(visit: Open, engine: FakeEngine) -> None:
    """Asked anew it takes the place of its turn; Esc leaves all as it was."""
    reader = visit()
    page = reader.page
    reader.ask("solar lights?")
    reader.ask("benefit?")
    expect(page.locator(".edit:visible")).to_have_count(1)
    page.get_by_role("button", name="Edit question").click()
    expect(page.locator("#way")).to_contain_text("You are editing your last question.")
    expect(page.locator("#question")).to_have_value("benefit?")
    expect(page.locator("#question")).to_be_focused()
    assert find_violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#way")).to_be_hidden()
    expect(page.locator("#question")).to_have_value("")
    page.get_by_role("button", name="Edit question").click()
    page.locator("#question").fill("lockdown?")
    page.keyboard.press("Enter")
    expect(page.locator(".asked .text")).to_have_text(["solar lights?", "lockdown?"])
    expect(page.locator("#turn-3 .quote")).to_be_visible()
    expect(page.locator("#way")).to_be_hidden()
    assert [turn.content for turn in engine.asked[-1][1] if turn.role == "user"] == [
        "solar lights?"
    ]


def test_a_long_question_folds(visit: Open) -> None:
    """After three lines, with a button that shows all of it; a short one has none."""
    reader = visit(width=360)
    page = reader.page
    reader.ask(LONG)
    asked = page.locator("#turn-1 .asked .text")
    more = page.get_by_role("button", name="Show the whole question")
    folded = asked.evaluate("node => node.clientHeight")
    line = asked.evaluate("node => parseFloat(getComputedStyle(node).lineHeight)")
    assert folded <= 3.2 * line
    expect(asked).to_have_text(LONG)  # whole for who listens
    more.click()
    less = page.get_by_role("button", name="Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    assert (
        asked.evaluate("node => node.offsetHeight || node.getBoundingClientRect().height") > folded
    )
    less.click()
    assert asked.evaluate("node => node.clientHeight") == folded
    reader.ask("benefit?")
    expect(page.locator("#turn-2 .unfold")).to_be_hidden()


def test_a_low_window_is_left_to_the_words(visit: Open) -> None:
    """Neither header nor composer sticks; at a usual height both do."""
    reader = visit()
    page = reader.page
    look = "name => getComputedStyle(document.querySelector(name)).position"
    reader.ask("solar lights?")
    for name in (".masthead", ".composer", ".sources"):
        assert page.evaluate(look, name) == "sticky"
    page.set_viewport_size({"width": 640, "height": 360})
    for name in (".masthead", ".composer", ".sources"):
        assert page.evaluate(look, name) == "static"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert find_violations(page) == []


def test_a_source_is_looked_at_from_its_number(visit: Open) -> None:
    """By a pointer that rests there and by focus; Esc closes it, and the link leads to the card."""
    reader = visit()
    page = reader.page
    reader.ask("benefit?")
    preview = page.locator("#preview")
    cite = page.get_by_role("link", name="Source 1")
    cite.hover()
    expect(preview).to_be_visible()
    expect(preview.locator("mark")).to_have_text(BENEFIT)
    expect(preview).to_contain_text("2024-02-23")
    assert find_violations(page) == []
    preview.hover()  # one may go there
    page.wait_for_timeout(400)
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    page.locator(".languages button").last.focus()
    page.keyboard.press("Tab")
    expect(cite).to_be_focused()
    expect(preview).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#source-1-1")).to_be_focused()
    expect(preview).to_be_hidden()
    assert page.locator("#source-1-1").count() == 1


def test_a_finger_looks_first_and_the_keyboard_leaves(visit: Open) -> None:
    """Enter gives up the focus; the first tap on [n] shows its source, the next one goes there."""
    reader = visit(width=360, has_touch=True, is_mobile=True)
    page = reader.page
    page.locator("#question").tap()
    assert find_focus(page) == "question"
    reader.ask("benefit?")
    assert find_focus(page) == ""
    cite = page.get_by_role("link", name="Source 1")
    cite.tap()
    expect(page.locator("#preview mark")).to_have_text(BENEFIT)
    expect(page.locator("#source-1-1")).not_to_be_focused()
    box = page.locator("#preview").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.locator("#preview").tap()
    expect(page.locator("#source-1-1")).to_be_focused()
    expect(page.locator("#preview")).to_be_hidden()


def test_an_address_says_its_language(visit: Open) -> None:
    """`?lang=` counts on every page, over what the browser says, and follows the switch."""
    reader = visit("/?lang=zh&q=benefit")
    page = reader.page
    expect(page.locator("#send")).to_contain_text("提问")
    expect(page.locator(".turn .quote")).to_be_visible()
    assert page.url.endswith("/?lang=zh")
    page.get_by_role("button", name="EN", exact=True).click()
    assert page.url.endswith("/?lang=en")
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("#send")).to_contain_text("Ask")
    case = page.request.get(f"{reader.address}/api/cases").json()["cases"][0]["link"]
    page.wait_for_load_state("networkidle")
    for path in ("cases", case):
        page.context.clear_cookies()
        page.goto(f"{reader.address}/{path}?lang=zh")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    for path in ("nosuch", "cases/nosuch"):
        told = page.request.get(f"{reader.address}/{path}?lang=zh", headers={"Accept": "text/html"})
        assert 'lang="zh-CN"' in told.text()
