"""Votes on the chat's answers in a real Chromium, and what the store has of them."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.axe import find_violations
from tests.fakes import RELEASE, FakeEngine, serving
from tests.visit import Open, Visit, listen


def test_a_vote_against_an_answer_tells_why(chromium: Browser, tmp_path: Path) -> None:
    """Yes goes at once; No asks for a reason and goes with it, once, also of what is near."""
    context = chromium.new_context(locale="en-US")
    with serving(FakeEngine(), var=tmp_path) as address:
        reader = Visit(context.new_page(), address)
        page = reader.page
        listen(page, reader)
        page.goto(address)
        expect(page.locator("#boot")).to_have_count(0)
        reader.ask("benefit?")
        first = page.locator("#turn-1 .vote")
        first.get_by_role("button", name="Yes").click()
        expect(first.locator(".said-so")).to_have_text("Thank you.")
        expect(first.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
        reader.ask("Was a hospital built?")
        near = page.locator("#turn-2 .vote")
        near.get_by_role("button", name="No").click()
        expect(near.get_by_role("group", name="What was wrong?")).to_be_visible()
        expect(near.get_by_role("radio").first).to_be_focused()
        assert find_violations(page) == []
        page.keyboard.press("Escape")
        expect(near.locator(".why")).to_be_hidden()
        expect(near.get_by_role("button", name="No")).to_be_focused()
        page.keyboard.press("Enter")
        near.get_by_role("radio", name="Should be there").check()
        near.get_by_role("textbox").fill(" page <b>7</b> ")
        near.get_by_role("button", name="Send").click()
        expect(near.locator(".said-so")).to_have_text("Thank you.")
        expect(near.locator(".why")).to_be_hidden()
        expect(near.get_by_role("button", name="No")).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(page.locator("#boot")).to_have_count(0)
        expect(near.get_by_role("button", name="No")).to_have_attribute("aria-pressed", "true")
        assert reader.faults == []
    lines = (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    keys = ("question", "vote", "outcome", "reason", "comment", "release", "citation", "member")
    assert [tuple(each[key] for key in keys) for each in told] == [
        ("benefit?", "up", "answer", "", "", RELEASE, 0, ""),
        ("Was a hospital built?", "down", "nearest", "missing", "page <b>7</b>", RELEASE, 0, ""),
    ]
    context.close()


def test_a_vote_that_did_not_arrive_is_said(visit: Open) -> None:
    """The button is not shown as pressed, what was written stays, and it can be sent again."""
    reader = visit(locale="zh-CN")
    page = reader.page
    reader.ask("What is the price of copper?")
    page.route("**/api/feedback", lambda route: route.abort())
    vote = page.locator(".vote")
    vote.get_by_role("button", name="否").click()
    vote.get_by_role("radio", name="不完整").check()
    vote.get_by_role("textbox").fill("铜")
    vote.get_by_role("button", name="发送").click()
    expect(vote.locator(".said-so")).to_have_text("未能送达，请重试。")
    expect(vote.get_by_role("button", name="否")).to_have_attribute("aria-pressed", "false")
    expect(vote.get_by_role("textbox")).to_have_value("铜")
    page.unroute("**/api/feedback")
    vote.get_by_role("button", name="发送").click()
    expect(vote.locator(".said-so")).to_have_text("感谢您的反馈。")
    reader.faults.clear()  # what the browser says of the lost vote


def test_what_failed_or_was_stopped_takes_no_vote(visit: Open) -> None:
    """There is no answer that could help; only these can be asked again as they are."""
    reader = visit()
    page = reader.page
    reader.ask("?!")
    expect(page.locator(".trouble:visible")).to_have_count(1)
    expect(page.locator(".vote:visible")).to_have_count(0)
    expect(page.locator(".retry:visible")).to_have_count(1)
    reader.ask("benefit?")
    expect(page.locator("#turn-2 .vote")).to_be_visible()
    expect(page.locator("#turn-2 .retry:visible")).to_have_count(0)
