"""Conversations that a device keeps, in a real Chromium: undone, reopened, deleted, hostile."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.axe import find_violations
from tests.fakes import BENEFIT
from tests.visit import Open

HOSTILE = (
    '<img src=x onerror="window.pwned = 1"><script>window.pwned = 1</script><p onclick="pwned = 1" '
    'style="position: fixed" class="words">kept words<svg onload="window.pwned = 1"></svg></p>'
    '<a href="javascript:window.pwned = 1" id="question">link</a><iframe src="/"></iframe>'
)
TURN: dict[str, Any] = {
    "number": 1, "state": "done", "question": "kept <b>question</b>", "company": "", "plain": "",
    "written": HOSTILE, "pieces": HOSTILE, "offers": HOSTILE, "sources": HOSTILE, "vote": "<i>",
    "release": "fa4e", "outcome": "answer", "language": "en", "notice": "<i>x</i>",
}  # fmt: skip


def list_earlier(page: Page) -> list[str]:
    """Return the first questions of the earlier conversations that are shown."""
    return page.locator("#conversations .name").all_inner_texts()


def reload(page: Page) -> None:
    """Load the page again and wait until it stands."""
    page.reload()
    expect(page.locator("#boot")).to_have_count(0)
    expect(page.locator("#company option")).to_have_count(4)


def test_a_new_conversation_can_be_undone(visit: Open) -> None:
    """Every turn is back, with its sources and links, and goes on from there."""
    reader = visit()
    page = reader.page
    reader.ask("benefit?")
    reader.ask("solar lights?")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#way")).to_contain_text("A new conversation has begun.")
    assert find_violations(page) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#way")).to_be_hidden()
    expect(page.locator("#welcome")).to_be_hidden()
    page.locator("#turn-1").get_by_role("link", name="Source 1").click()
    expect(page.locator("#source-1-1")).to_be_focused()
    reader.ask("lockdown?")
    expect(page.locator("#turn-3 .quote")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    reader.ask("benefit?")
    expect(page.locator("#way")).to_be_hidden()


def test_earlier_conversations_are_kept_until_deleted(visit: Open) -> None:
    """Over a reload, opened from the empty chat, each once, and all deleted with a way back."""
    reader = visit()
    page = reader.page
    reader.ask("benefit?")
    page.get_by_role("button", name="New conversation").click()
    reader.ask("solar lights?")
    page.get_by_role("button", name="New conversation").click()
    assert list_earlier(page) == ["solar lights?", "benefit?"]
    assert find_violations(page) == []
    page.get_by_role("button", name="benefit?").click()
    expect(page.locator(".turn .quote")).to_contain_text(BENEFIT)
    reader.ask("lockdown?")
    page.get_by_role("button", name="New conversation").click()
    assert list_earlier(page) == ["benefit?", "solar lights?"]
    reload(page)
    assert list_earlier(page) == ["benefit?", "solar lights?"]
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="本设备上的历史对话")).to_be_visible()
    page.get_by_role("button", name="删除这些对话").click()
    expect(page.locator("#earlier")).to_be_hidden()
    page.get_by_role("button", name="撤销").click()
    assert list_earlier(page) == ["benefit?", "solar lights?"]
    page.get_by_role("button", name="删除这些对话").click()
    reload(page)
    expect(page.locator("#earlier")).to_be_hidden()
    assert "benefit" not in page.evaluate("JSON.stringify({...localStorage})")


def test_what_was_kept_is_made_anew(visit: Open) -> None:
    """Of hostile markup in the storage nothing but an answer's elements comes to the page."""
    reader = visit()
    page = reader.page
    kept = {"owner": "", "conversations": [{"id": "a", "at": 1, "turns": [TURN]}]}
    page.evaluate("kept => localStorage.setItem('casebook:earlier:', kept)", json.dumps(kept))
    reload(page)
    assert list_earlier(page) == ["kept <b>question</b>"]
    page.get_by_role("button", name="kept").click()
    expect(page.locator(".pieces .words")).to_have_text("kept words")
    assert page.locator("#log").locator("script, img, svg.x, iframe, [onclick]").count() == 0
    assert page.locator("#question").count() == 1
    assert page.locator(".pieces a").get_attribute("href") is None
    assert page.locator(".pieces .words").get_attribute("style") is None
    page.locator(".pieces .words").click()
    page.locator(".pieces a").click()
    reader.ask("benefit?")
    expect(page.locator("#turn-2 .quote")).to_be_visible()
    assert page.evaluate("window.pwned") is None


def test_whatever_a_storage_holds_the_chat_works(visit: Open) -> None:
    """What is no conversation is passed over, and written over by the next one."""
    reader = visit()
    page = reader.page
    for kept in (
        "{", "null", "[]", '"x"', "7", '{"owner": "", "conversations": 7}',
        '{"owner": "", "turns": {"length": 3}, "conversations": [7, null, {"id": 1}]}',
        '{"owner": "", "id": 7, "draft": [], "turns": [{"number": -1}, {"number": 1e9}, null]}',
        '{"owner": "", "conversations": [{"id": "a", "at": 1e99, "turns": [{}]}]}',
        '{"owner": {}, "draft": "another one\'s"}', "x" * 4_500_000,
    ):  # fmt: skip
        page.evaluate("kept => localStorage.setItem('casebook:earlier:', kept)", kept)
        page.evaluate(
            """kept => addEventListener('pagehide',
              () => sessionStorage.setItem('casebook:tab:', kept))""",  # after the page's own
            kept,
        )
        reload(page)
        expect(page.locator("#welcome")).to_be_visible()
        expect(page.locator("#earlier")).to_be_hidden()
        expect(page.locator("#question")).to_have_value("")
    reader.ask("benefit?")
    page.get_by_role("button", name="New conversation").click()
    assert list_earlier(page) == ["benefit?"]


def test_a_long_history_is_bounded(visit: Open) -> None:
    """Twenty conversations are kept, the last ones, of twelve turns each."""
    reader = visit()
    page = reader.page
    turns = [{**TURN, "number": number, "pieces": ""} for number in range(1, 31)]
    many = [{"id": str(at), "at": at, "turns": turns} for at in range(40)]
    kept = json.dumps({"owner": "", "conversations": many})
    page.evaluate("kept => localStorage.setItem('casebook:earlier:', kept)", kept)
    reader.ask("benefit?")
    page.get_by_role("button", name="New conversation").click()
    assert len(list_earlier(page)) == 20
    assert list_earlier(page)[0] == "benefit?"
    held = json.loads(page.evaluate("localStorage.getItem('casebook:earlier:')"))
    assert max(len(each["turns"]) for each in held["conversations"]) == 12


def test_without_a_storage_the_chat_works(visit: Open) -> None:
    """A browser may refuse it altogether: nothing is kept, and undo still works."""
    reader = visit()
    page = reader.page
    page.context.add_init_script(
        """for (const name of ['localStorage', 'sessionStorage'])
          Object.defineProperty(window, name,
            {get() { throw new DOMException('no', 'SecurityError'); }})"""
    )
    reload(page)
    reader.ask("benefit?")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#earlier")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".turn .quote")).to_contain_text(BENEFIT)
    reload(page)
    expect(page.locator("#welcome")).to_be_visible()
