"""Questions that the chat offers, and refusals under a filter, in a real Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from tests.axe import find_violations
from tests.fakes import BENEFIT, LIGHTS, LIGHTS_PHOTO, FakeEngine, serving
from tests.visit import Open, Visit, listen


def test_an_empty_chat_offers_the_editors_questions(visit: Open, engine: FakeEngine) -> None:
    """In the reader's language, of the company that is chosen, and none that is not answered."""
    page = visit().page
    shown = page.locator("#examples button")
    assert set(shown.all_inner_texts()) == {
        "How many people benefit from the Padma Water Plant?",
        "What was carried into the lockdown area?",
        "Where were solar lights given?",
        "Which companies are covered?",
    }
    page.get_by_role("combobox", name="Company").select_option("WeRide")
    expect(shown).to_have_text(["What was carried into the lockdown area?"])
    page.get_by_role("button", name="中文").click()
    expect(shown).to_have_text(["文远知行在 lockdown 期间运送了什么？"])
    shown.click()
    expect(page.locator(".turn .quote")).to_be_visible()
    assert engine.asked[-1][2] == {"company": ["WeRide"]}


def test_an_answer_is_followed_by_what_else_its_case_says(
    chromium: Browser, tmp_path: Path
) -> None:
    """After it was shown; nothing that was asked, is quoted already, or is not answered."""
    engine = FakeEngine()
    engine.quotes = {
        "solar": (LIGHTS,),
        "photo": (LIGHTS_PHOTO,),
        "powerchina": (LIGHTS, LIGHTS_PHOTO),
        "benefit": (BENEFIT,),
    }
    known: list[dict[str, Any]] = [
        {"question": "Where were SOLAR lights given?", "answers": [LIGHTS]},
        {"question": "Who gave solar lights?", "answers": [LIGHTS]},
        {"question": "What does the photo show?", "answers": [LIGHTS_PHOTO]},
        {"question": "What is not known?", "answers": [LIGHTS_PHOTO]},
        {"question": "Who benefits?", "answers": [BENEFIT]},
    ]
    lines = [json.dumps({**each, "language": "en"}) for each in known]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines), "utf-8")
    context = chromium.new_context(locale="en-US")
    with serving(engine, reports=tmp_path) as address:
        reader = Visit(context.new_page(), address)
        page = reader.page
        listen(page, reader)
        page.goto(address)
        expect(page.locator("#boot")).to_have_count(0)
        reader.ask("where were solar lights given")
        chips = page.locator(".follow:visible button")
        expect(chips).to_have_text(["What does the photo show?", "What did POWERCHINA do?"])
        assert find_violations(page) == []
        chips.first.click()
        expect(page.locator("#turn-2 .quote p").first).to_have_text(f"{LIGHTS_PHOTO} [1]")
        expect(page.locator("#turn-1 .follow")).to_be_hidden()
        page.wait_for_load_state("networkidle")
        expect(page.locator(".follow:visible")).to_have_count(0)  # both are on the page
        assert [asked[0] for asked in engine.asked] == [
            "where were solar lights given", "What does the photo show?",
        ]  # fmt: skip
        assert reader.faults == []
    context.close()


def test_an_answer_waits_for_no_follow_up(visit: Open) -> None:
    """Where they cannot be had, nothing is missing and nothing is said."""
    reader = visit()
    page = reader.page
    page.route("**/api/questions*", lambda route: route.abort())
    reader.ask("benefit?")
    expect(page.locator(".turn .quote")).to_be_visible()
    expect(page.locator(".follow:visible")).to_have_count(0)
    expect(page.locator(".tools:visible .copy")).to_be_visible()
    reader.faults.clear()  # what the browser says of the lost request


def test_a_refusal_under_a_filter_asks_all_on_demand(visit: Open, engine: FakeEngine) -> None:
    """Its label speaks of these cases alone; the button asks again without the filter."""
    reader = visit()
    page = reader.page
    page.get_by_role("combobox", name="Company").select_option("CAMCE")
    reader.ask("What is the price of copper?")
    expect(page.locator(".absent")).to_have_text("Not in these cases")
    assert find_violations(page) == []
    page.get_by_role("button", name="How many people benefit from").click()
    expect(page.locator("#turn-2 .quote")).to_be_visible()
    assert engine.asked[-1][2] == {"company": ["CAMCE"]}
    page.locator("#turn-1").get_by_role("button", name="Ask all companies").click()
    expect(page.locator("#turn-3 .absent")).to_have_text("Not in the collection")
    assert engine.asked[-1][0] == "What is the price of copper?"
    assert engine.asked[-1][2] == {}
    expect(page.get_by_role("combobox", name="Company")).to_have_value("")
    expect(page.locator("#turn-3 .only")).to_be_hidden()
    expect(page.locator("#turn-3 .widen")).to_have_count(0)
    page.get_by_role("combobox", name="Company").select_option("CAMCE")
    reader.ask("benefit?")
    expect(page.locator("#turn-4 .widen")).to_have_count(0)
