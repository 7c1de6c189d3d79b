"""The editor's page in a real Chromium, as an editor works at it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from chatbot.publishing.asked_questions import AskedQuestions
from tests.axe import find_violations
from tests.chatbot.web.test_chat_browser import CONTRAST, measure_overflow
from tests.fake_publisher import BRIDGE, TOKEN, Office
from tests.fakes import FakeEngine
from tests.visit import Visit, listen

ROAD = """The long road

The road joins nine villages. It is forty kilometres long.

Photo: The road in spring

The people of Lund say that it never ends.
"""
EVIL = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>${window.pwned=1}{{x}}'
REFUSED = re.compile("status of (404|409|422)")  # a page that is none, or is sent back
Open = Callable[..., Visit]


@pytest.fixture
def editor(chromium: Browser, server: tuple[Office, str], office: Office) -> Iterator[Open]:
    """Sign editors in; afterwards none of their pages may have met an error or left the server."""
    opened: list[Visit] = []
    with ExitStack() as contexts:

        def sign_in(width: int = 1280, **settings: Any) -> Visit:
            context: BrowserContext = chromium.new_context(
                base_url=server[1],
                viewport={"width": width, "height": 800},
                **{"locale": "en-US", **settings},
            )
            contexts.callback(context.close)
            found = Visit(context.new_page(), server[1])
            opened.append(found)
            listen(found.page, found)
            found.page.goto(f"{server[1]}/editor")
            found.page.locator("#token").fill(TOKEN)
            found.page.keyboard.press("Enter")
            expect(found.page.locator("#files")).to_be_visible()
            return found

        yield sign_in
    for each in opened:
        assert [line for line in each.faults if not REFUSED.search(line)] == []


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files in the field, as a browser's own window does, and upload them."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files
    ]
    page.set_input_files("#files", payloads)
    page.locator("#upload button").click()


def show(page: Page, part: str) -> None:
    """Go to the page of a task."""
    page.locator(".tasks").get_by_role("link", name=part, exact=True).click()


def publish(page: Page) -> None:
    """Publish what is there and wait for the end."""
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator("#outcome .said.done")).to_contain_text("Published")


def test_from_a_file_to_a_release_and_back(editor: Open, office: Office) -> None:
    """Two files, one of them bad: preview, correct the company, add, see, publish, go back."""
    before = office.releases.live()
    page = editor().page
    upload(page, ("Long Road.txt", ROAD.encode()), ("bad.txt", b"\0\1\2"))
    told = page.locator("#said")
    expect(told).to_contain_text("1 document taken. 1 could not be read.")
    expect(told).to_be_focused()
    expect(told.locator(".problems li")).to_contain_text("bad.txt: byte 0")
    proof = page.locator(".proof")
    assert proof.locator(".passage .kind").all_inner_texts() == ["Heading", "Photo caption"]
    assert proof.locator(".sentence").all_inner_texts()[1] == "2The road joins nine villages. "
    expect(proof.locator(".owner")).to_have_text("Case without a company")
    missing = page.locator(".wanted label")
    assert missing.all_inner_texts() == ["Company", "Date"]
    page.get_by_label("Company").fill("Acme")
    page.get_by_label("Date").fill("soon")
    page.get_by_role("button", name="Update the preview").click()
    expect(page.locator("#said.trouble")).to_contain_text("published 'soon' is not a date")
    expect(page.get_by_label("Company")).to_have_value("Acme")
    page.get_by_label("Date").fill("2024-02-23")
    page.get_by_role("button", name="Update the preview").click()
    expect(proof.locator(".owner")).to_have_text("Case of Acme")
    expect(missing).to_have_count(0)
    page.get_by_role("button", name="Add to the collection").click()
    expect(page.locator("#said.done")).to_contain_text("Long-Road.txt: added.")
    expect(page.locator(".waiting")).to_have_count(0)
    assert office.library.facts("Long-Road.txt").company == "Acme"
    row = page.get_by_role("row", name=re.compile("Long-Road"))
    expect(row.locator(".state")).to_have_text("new")
    expect(page.locator(".state.live")).to_have_count(2)

    show(page, "Publish")
    page.get_by_role("button", name="See what will change").click()
    change = page.locator("#plan")
    expect(change.locator(".lines.added").first).to_contain_text("Long-Road.txt")
    assert change.locator(".tile").first.inner_text().split() == [
        "Documents", "added", "1", "edited", "0", "removed", "0", "kept", "2",
    ]  # fmt: skip
    assert office.releases.live() == before
    publish(page)
    after = office.releases.live()
    assert after != before
    expect(page.locator("#outcome")).to_contain_text("2 of 2 are answered rightly; before, 2.")

    show(page, "Releases")
    row = page.get_by_role("row", name=re.compile(before))
    row.locator("summary").click()
    expect(row).to_contain_text(f"Make release {before} live?")
    assert office.releases.live() == after
    row.get_by_role("button", name="Make live").click()
    expect(page.locator("#said.done")).to_have_text(f"Release {before} is live.")
    assert office.releases.live() == before


def test_the_gate_stops_and_can_be_overruled(editor: Open, office: Office) -> None:
    """What is lost is shown; with the box ticked, by the keyboard, the release is published."""
    before = office.releases.live()
    page = editor().page
    row = page.get_by_role("row", name=re.compile("bridge"))
    row.locator("summary").click()
    row.get_by_role("button", name="Remove").click()
    expect(page.locator("#said.done")).to_contain_text("removed")
    expect(row.locator(".state")).to_have_text("removed")
    show(page, "Publish")
    expect(page.get_by_label("Publish all the same")).to_have_count(0)
    page.get_by_role("button", name="Publish", exact=True).click()
    stopped = page.get_by_role("alert").filter(has_text="Nothing was published")
    expect(stopped).to_be_visible()
    lost = page.locator(".setbacks.lost li")
    assert [line for line in lost.inner_text().split("\n") if line] == [
        "When was the red bridge built?",
        *("Expected", "in 1999"),
        *("Before", "The red bridge was built in 1999 by Ada.", "bridge.txt"),
        *("Now", "nothing is answered"),
    ]
    assert office.releases.live() == before
    page.get_by_role("button", name="See what will change").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Publish all the same")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome .said.done")).to_contain_text("Published")
    expect(page.get_by_label("Publish all the same")).to_have_count(0)
    assert office.releases.live() != before
    show(page, "Documents")
    page.get_by_role("button", name="Restore bridge.txt").click()
    expect(page.locator("#said.done")).to_contain_text("restored")
    assert "bridge.txt" in office.library.names()


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "zh-CN")])
def test_a_weaker_answer_is_shown_and_stops_nothing(
    editor: Open, office: Office, scheme: str, locale: str
) -> None:
    """On a phone, in both languages: both quotations, with nothing in them that runs."""
    text = f"Bridges\n\nIt was put there in 1999 by Ada {EVIL} {'x' * 300}.\n"
    (office.library.folder / "bridge.txt").write_text(text, "utf-8")
    page = editor(width=320, color_scheme=scheme, locale=locale).page
    show(page, "Publish" if locale == "en-US" else "发布")
    page.locator("#publish-now").click()
    expect(page.locator("#outcome .said.done")).to_be_visible()
    expect(page.locator(".check")).to_have_count(0)
    weaker = page.locator(".setbacks.weaker")
    expect(weaker.get_by_role("heading")).to_have_text("Weaker" if locale == "en-US" else "减弱")
    before, now = weaker.locator("blockquote").all_inner_texts()
    assert before == "The red bridge was built in 1999 by Ada."
    assert now.startswith('It was put there in 1999 by Ada "><img src=x')
    assert len(now) <= 161
    assert measure_overflow(page) == 0
    kinds = [f".setbacks {kind}" for kind in ("h3", ".counts", "li > p", "dt", "bdi", "blockquote")]
    assert [each for each in page.evaluate(CONTRAST, kinds) if each[1] < 4.5] == []
    assert find_violations(page) == []
    assert page.evaluate("window.pwned") is None
    assert page.locator("main :is(img, script)").count() == 0


def test_publishing_is_watched_and_survives_its_page(editor: Open, office: Office) -> None:
    """A bar while it works; a second editor is told; a reloaded page follows on."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD.encode()))
    office.encoder.hold = threading.Event()
    page = editor().page
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "1")
    expect(page.locator("#progress .phase")).to_have_text("Encoding what is new")
    expect(page.locator("#progress .counts")).to_contain_text(
        re.compile(r"1 of \d+ texts · .* left")
    )
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    assert find_violations(page) == []
    other = editor(locale="zh-CN").page
    show(other, "发布")
    expect(other.get_by_role("progressbar")).to_be_visible()
    page.reload()
    expect(bar).to_have_attribute("value", "1")
    office.encoder.hold.set()
    expect(page.locator("#outcome .said.done")).to_contain_text("Published")
    expect(other.locator("#outcome .said.done")).to_contain_text("已发布")
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()


def test_publishing_is_stopped(editor: Open, office: Office) -> None:
    """By the button beside the bar; what was live stays live."""
    before = office.releases.live()
    office.publisher.add(office.publisher.take_file("road.txt", ROAD.encode()))
    office.encoder.hold = threading.Event()
    page = editor().page
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    page.get_by_role("button", name="Stop").click()
    office.encoder.hold.set()
    expect(page.locator("#outcome .said")).to_contain_text("was stopped")
    assert office.releases.live() == before


def test_it_works_without_scripts(editor: Open, office: Office) -> None:
    """From a file to a release: forms and links are enough, and progress comes by itself."""
    page = editor(java_script_enabled=False).page
    upload(page, ("road.txt", ROAD.encode()))
    page.get_by_role("button", name="Add to the collection").click()
    expect(page.locator("#said.done")).to_contain_text("road.txt: added.")
    office.encoder.hold = threading.Event()
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    office.encoder.hold.set()
    expect(page.locator("#outcome .said.done")).to_contain_text("Published")
    show(page, "Documents")
    row = page.get_by_role("row", name=re.compile("road.txt"))
    row.locator("summary").click()
    row.get_by_role("button", name="Remove").click()
    expect(page.locator("#said.done")).to_contain_text("removed")


def test_facts_of_a_document_are_corrected(editor: Open, office: Office) -> None:
    """On its own page, and what was changed is what is kept."""
    page = editor().page
    page.get_by_role("link", name="tea.txt").click()
    form = page.locator("#facts")
    expect(form.get_by_label("Title", exact=True)).to_have_value("Tea of the south")
    form.get_by_label("Company").fill("Hill & Sons")
    form.get_by_label("Address of the original").fill("https://example.org/tea")
    form.get_by_role("button", name="Save the facts").click()
    expect(page.locator("#said.done")).to_contain_text("tea.txt: the facts were changed")
    expect(page.locator(".owner")).to_have_text("Case of Hill & Sons")
    facts = office.library.facts("tea.txt")
    assert (facts.company, facts.title, facts.url) == ("Hill & Sons", "", "https://example.org/tea")
    show(page, "Documents")
    row = page.get_by_role("row", name=re.compile("tea.txt"))
    expect(row.locator(".state")).to_have_text("edited")
    expect(row.get_by_role("link", name="https")).to_have_attribute(
        "href", "https://example.org/tea"
    )
    page.get_by_label("Find").fill("HILL")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_known_question_is_checked_before_it_is_kept(editor: Open, office: Office) -> None:
    """Kept at once where it is answered so; else what is answered is shown, and it is one's choice.

    The words of a quotation are one press away, and what was typed stays.
    """
    page = editor(width=360).page
    show(page, "Known questions")
    page.get_by_label("Question").fill("What is made of old oak?")
    page.get_by_label("Words of the answer").fill("new pine")
    page.get_by_role("button", name="Keep as a known question").click()
    expect(page.locator("#said.trouble")).to_contain_text("Not kept yet")
    expect(page.locator("#tried .state")).to_have_text("not as expected")
    expect(page.locator("#tried")).to_contain_text("No quotation that is shown holds the words.")
    expect(page.get_by_label("Words of the answer")).to_have_value("new pine")
    assert len(office.publisher.questions()) == 2
    assert find_violations(page) == []
    assert measure_overflow(page) == 0
    page.get_by_label("Words of the answer").fill("new spruce")
    page.get_by_role("button", name="Keep it all the same").click()
    expect(page.locator("#said.trouble")).to_contain_text("Not kept yet")  # it was of other words
    page.get_by_role("link", name="Expect these words: The blue bridge").click()
    expect(page.get_by_label("Words of the answer")).to_have_value(
        "new spruce\nThe blue bridge is made of old oak."
    )
    expect(page.locator("#tried .state")).to_have_text("as expected")
    page.get_by_role("button", name="Keep as a known question").click()
    expect(page.locator("#said.done")).to_have_text("Known from now on: What is made of old oak?")
    page.get_by_label("Question").fill("What is made of old oak?")
    page.get_by_role("button", name="Ask it now", exact=True).click()
    expect(page.locator("#tried")).to_contain_text("nothing should be answered, but this is")
    page.get_by_role("button", name="Keep it all the same").click()
    expect(page.locator("#said.done")).to_contain_text("It is not answered so now")
    assert office.publisher.questions()[-1].answers == ()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_a_file_uploaded_again_shows_what_changes(
    editor: Open, office: Office, width: int, scheme: str
) -> None:
    """Title, passages and sentences that go, before it is added; what was said of it stays."""
    held = office.publisher.library.facts("bridge.txt")
    office.publisher.describe("bridge.txt", replace(held, company="Northern Rail"))
    page = editor(width=width, color_scheme=scheme).page
    text = BRIDGE.replace("Bridges", f"Big bridges {EVIL}").replace("in 1999", "in 2001")
    upload(page, ("bridge.txt", text.encode()))
    told = page.locator("#replaces")
    expect(told.get_by_role("heading", level=2)).to_have_text("Takes the place of bridge.txt")
    expect(told).to_contain_text("Sentences: 3 stay, 2 go, 2 come.")
    expect(told.locator(".pairs")).to_contain_text("Bridges of the north → Big bridges")
    expect(told.locator(".removed li")).to_have_text(
        ["Bridges of the north", "The red bridge was built in 1999 by Ada."]
    )
    expect(told.locator(".added li").last).to_have_text("The red bridge was built in 2001 by Ada.")
    expect(page.get_by_label("Company")).to_have_value("Northern Rail")
    assert page.evaluate("window.pwned") is None
    assert find_violations(page) == []
    assert measure_overflow(page) == 0
    page.goto(page.url.replace("waiting/1", ""))
    upload(page, ("bridge.txt", BRIDGE.encode()))
    expect(told).to_contain_text("Nothing that is quoted or said of it changes.")
    assert office.library.facts("bridge.txt").company == "Northern Rail"


@pytest.mark.parametrize(("width", "locale"), [(360, "zh-CN"), (1280, "en-US")])
def test_the_page_of_publishing_says_what_waits(
    editor: Open, office: Office, width: int, locale: str
) -> None:
    """Nothing, or which documents and how many questions; before anything is pressed."""
    page = editor(width=width, locale=locale).page
    english = locale == "en-US"
    show(page, "Publish" if english else "发布")
    waiting = page.locator("#unpublished")
    expect(waiting).to_contain_text(
        "Nothing: readers are answered from all" if english else "都已用于回答"
    )
    expect(waiting).to_contain_text(
        "2 known questions will be asked first." if english else "先问 2 个已知问题"
    )
    office.publisher.add(office.publisher.take_file(f"{EVIL}.txt", ROAD.encode()))
    office.publisher.remove("tea.txt")
    page.reload()
    expect(waiting.locator(".new h3")).to_have_text("new" if english else "新增")
    expect(waiting.locator(".new li")).to_contain_text("pwned")
    expect(waiting.locator(".removed li")).to_have_text("tea.txt")
    assert find_violations(page) == []
    assert measure_overflow(page) == 0
    assert page.evaluate("window.pwned") is None


def test_a_chinese_editor_gets_a_chinese_page(editor: Open, office: Office) -> None:
    """From the form for signing in on; the switch stays on the page and keeps the documents."""
    page = editor(locale="zh-CN").page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="添加案例")).to_be_visible()
    upload(page, ("road.txt", ROAD.encode()))
    expect(page.locator("#said")).to_have_text("已接收 1 个文档。")
    expect(page.get_by_role("button", name="加入案例集")).to_be_visible()
    for part in ("文档", "发布", "版本", "已知问题"):
        show(page, part)
        words = page.locator("label, button, .label, h1, h2, .more, thead th, .tasks a")
        shown = [word for word in words.all_inner_texts() if re.search("[a-z]{3}", word)]
        assert shown == []
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page.get_by_role("heading", name="Known questions")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    show(page, "Documents")
    expect(page.locator(".waiting .name")).to_have_text("road.txt")


def test_the_keyboard_is_enough(editor: Open, office: Office) -> None:
    """Signing in, the tasks, a button in a row, the question before it, the way out."""
    page = editor().page
    page.get_by_role("link", name="Documents", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Publish", exact=True)).to_be_visible()
    show(page, "Documents")
    remove = page.locator("summary[aria-label='Remove tea.txt']")
    page.get_by_label("Find").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if remove.evaluate("node => node === document.activeElement"):
            break
    expect(remove).to_be_focused()
    page.keyboard.press("Enter")
    question = page.locator(".ask[open]")
    expect(question).to_contain_text("Remove tea.txt from the collection?")
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    assert "tea.txt" in office.library.names()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#said.done")).to_contain_text("removed")
    assert office.library.names() == ("bridge.txt",)


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "dark")])
def test_every_page_is_whole(editor: Open, office: Office, width: int, scheme: str) -> None:
    """Nothing to scroll sideways and nothing that axe finds: a long name, a table, a report."""
    page = editor(width=width, color_scheme=scheme).page

    def check() -> None:
        page.wait_for_load_state()  # with its style
        assert measure_overflow(page) == 0
        assert find_violations(page) == []

    check()
    upload(page, (f"{'long' * 40}.txt", ROAD.encode()), ("bad.txt", b"\0"), ("x.txt", b"It is."))
    expect(page.locator(".proof")).to_be_visible()
    check()
    page.get_by_role("button", name="Add to the collection").click()
    expect(page.locator("#said.done")).to_be_visible()
    page.locator("summary").first.click()
    check()
    publish(page)
    check()
    show(page, "Releases")
    page.locator("summary").last.click()
    check()
    show(page, "Known questions")
    page.get_by_label("Question").fill("What grows on the seven hills?")
    page.get_by_role("button", name="Ask it now", exact=True).click()
    expect(page.locator("#tried")).to_be_visible()
    check()
    page.request.post("/api/ask", data={"question": f"Who painted the {'moon' * 40}?"})
    show(page, "Worklist")
    expect(page.locator(".work .asked")).to_contain_text("Who painted the moon")
    check()
    page.goto(page.url + "/nothing")
    check()


def test_words_stand_out_from_their_ground(editor: Open, office: Office) -> None:
    """Contrast is at least 4.5 to 1 also where axe cannot tell, in the dark (WCAG AA)."""
    page = editor(color_scheme="dark").page
    upload(page, ("road.txt", ROAD.encode()), ("bad.txt", b"\0"))
    expect(page.locator(".proof")).to_be_visible()
    page.mouse.move(0, 0)
    kinds = [
        ".tagline", ".quiet", ".tasks a", ".tasks a[aria-current]", ".said.trouble",
        ".problems li", ".counts", ".primary", ".sentence", ".kind", ".owner", "sup", ".missing",
        ".passage.caption p", "#title", ".wanted label",
    ]  # fmt: skip
    assert [each for each in page.evaluate(CONTRAST, kinds) if each[1] < 4.5] == []


def test_nothing_hostile_runs(editor: Open, office: Office) -> None:
    """Markup in names, titles, facts, errors and questions is shown as written, everywhere."""
    page = editor().page
    text = f"{EVIL}\n\nEvil {EVIL} words are here. {EVIL}\n\nPhoto: {EVIL}\n"
    upload(page, (f"{EVIL}.txt", text.encode()), (f"bad{EVIL}.txt", b"\0"),
           (f"../../{'x' * 300}\u202e.txt", b"It is long."))  # fmt: skip
    expect(page.locator("#said .problems li")).to_contain_text("onerror")
    expect(page.locator(".proof .title")).to_contain_text("<script>window.pwned=1</script>")
    page.get_by_label("Company").fill(EVIL)
    page.get_by_label("Title", exact=True).fill(EVIL)
    page.get_by_role("button", name="Update the preview").click()
    expect(page.locator(".proof .owner")).to_have_text(f"Case of {EVIL}")
    page.get_by_role("button", name="Add all").click()
    expect(page.locator("#said.done")).to_contain_text("added")
    (name,) = [name for name in office.library.names() if "pwned" in name]
    page.get_by_label("Find").fill(EVIL)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody summary").click()
    expect(page.locator(".ask[open] p")).to_contain_text(name)
    page.locator("tbody .name").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(EVIL)
    show(page, "Known questions")
    page.get_by_label("Question").fill(EVIL)
    page.get_by_label("Words of the answer").fill(EVIL)
    page.get_by_role("button", name="Ask it now", exact=True).click()
    expect(page.locator("#tried")).to_be_visible()
    page.get_by_role("button", name="Keep it all the same").click()
    expect(page.locator("#said.done")).to_contain_text("onerror")
    publish(page)
    expect(page.locator("#outcome")).to_contain_text(name)
    asked = replace(FakeEngine().ask("Why?"), question=EVIL)
    AskedQuestions(office.folder / "var", 90).note(asked)
    vote = {"question": "When was it built?", "release": "00c0ffee0000", "vote": "down"}
    page.request.post("/api/feedback", data={**vote, "comment": EVIL})
    show(page, "Worklist")
    expect(page.locator(".work")).to_have_count(2)
    expect(page.locator("main")).to_contain_text(f"The reader says: {EVIL}")
    assert page.evaluate("window.pwned") is None
    assert page.locator("main :is(img, script)").count() == 0


def test_a_session_that_ended_leads_to_signing_in(editor: Open, office: Office) -> None:
    """As after a restart of the server: the next click or form says to sign in again, and why."""
    reader = editor()
    page = reader.page
    ended = {"name": "casebook_editor", "value": "0" * 64, "domain": "127.0.0.1", "path": "/editor"}
    page.context.add_cookies([ended])  # type: ignore[list-item]
    show(page, "Releases")
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Releases", exact=True)).to_be_visible()
    show(page, "Publish")
    page.context.add_cookies([ended])  # type: ignore[list-item]
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Publish", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_focused()
    page.goto(f"{reader.address}/editor/en/")
    expect(page.get_by_label("Token")).to_be_visible()
    # what the browser says of a refused token is no fault of the page
    reader.faults = [line for line in reader.faults if " 403 " not in line]


def test_a_lost_server_is_told_and_found_again(editor: Open, office: Office) -> None:
    """The page that follows publishing says so, and goes on when the server is back."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD.encode()))
    office.encoder.hold = threading.Event()
    reader = editor()
    page = reader.page
    show(page, "Publish")
    page.route("**/publish/progress", lambda route: route.abort())
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator("#trouble")).to_contain_text("connection to Casebook was lost")
    page.unroute("**/publish/progress")
    expect(page.locator("#trouble")).to_be_hidden()
    office.encoder.hold.set()
    expect(page.locator("#outcome .said.done")).to_contain_text("Published")
    reader.faults = [line for line in reader.faults if "ERR_FAILED" not in line]


def test_damage_is_loud(editor: Open, office: Office) -> None:
    """Over every page, and beside the release."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD.encode()))
    damaged = office.releases.live()
    office.publisher.publish()
    path: Path = office.releases.path(damaged) / "starts.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    try:
        page = editor().page
        alarm = page.get_by_role("alert").filter(has_text="A release is damaged")
        expect(alarm).to_be_visible()
        show(page, "Releases")
        expect(alarm).to_be_visible()
        row = page.get_by_role("row", name=re.compile(damaged))
        expect(row.locator(".state.damaged")).to_be_visible()
        expect(row.get_by_role("button")).to_have_count(0)
    finally:
        path.write_bytes(whole)
