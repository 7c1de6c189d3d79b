"""The editor's page in a real Chromium, as an editor works at it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.axe import find_violations
from tests.browser import WAIT
from tests.chatbot.web.test_chat_browser import CONTRAST, Visit, listen, measure_overflow
from tests.fake_publisher import TOKEN, Office, serving_publisher

ROAD = """The long road

The road joins nine villages. It is forty kilometres long.

Photo: The road in spring

The people of Lund say that it never ends.
"""
EVIL = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>${window.pwned=1}{{x}}'
LEFT = ("AbortError", "Unexpected error Connection errored out")  # of a page that is left
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    """One server for the module's tests."""
    office = Office.make(tmp_path_factory.mktemp("office"))
    with serving_publisher(office) as address:
        yield office, address


@pytest.fixture
def office(server: tuple[Office, str], small_reader: None) -> Office:
    """Return the office, as new."""
    server[0].reset()
    return server[0]


@pytest.fixture
def editor(chromium: Browser, server: tuple[Office, str], office: Office) -> Iterator[Open]:
    """Sign editors in; afterwards none of their pages may have met an error or left the server."""
    opened: list[Visit] = []
    with ExitStack() as contexts:

        def sign_in(width: int = 1280, **settings: Any) -> Visit:
            context: BrowserContext = chromium.new_context(
                viewport={"width": width, "height": 800}, **{"locale": "en-US", **settings}
            )
            contexts.callback(context.close)
            found = Visit(context.new_page(), server[1])
            opened.append(found)
            listen(found.page, found)
            found.page.goto(f"{server[1]}/editor")
            found.page.locator("#token").fill(TOKEN)
            found.page.keyboard.press("Enter")
            expect(found.page.locator("#boot")).to_have_count(0)
            expect(found.page.locator("#drafts .label")).to_be_visible()
            return found

        yield sign_in
    for each in opened:
        # Gradio's field for files says this of itself
        assert [line for line in each.faults if line != "Method not implemented."] == []


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files in the field, as a browser's own window does."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files
    ]
    page.set_input_files("#files input[type=file]", payloads)


def show(page: Page, part: str) -> None:
    """Go to a part of the page."""
    page.get_by_role("tab", name=part, exact=True).click()


def publish(page: Page) -> None:
    """Publish what is there and wait for the end."""
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator("#change")).not_to_contain_text("The last publishing")
    expect(page.locator("#change .said.done")).to_contain_text("Published")


def test_from_a_file_to_a_release_and_back(editor: Open, office: Office) -> None:
    """Two files, one of them bad: preview, correct the company, add, see, publish, go back."""
    before = office.releases.live()
    page = editor().page
    choose(page, ("Long Road.txt", ROAD.encode()), ("bad.txt", b"\0\1\2"))
    expect(page.locator("#said .said")).to_have_text("1 document taken. 1 could not be read.")
    expect(page.locator("#said .problems li")).to_contain_text("bad.txt: byte 0")
    expect(page.locator(".drafts li")).to_have_count(1)
    proof = page.locator(".proof")
    assert proof.locator(".passage .kind").all_inner_texts() == ["Heading", "Photo caption"]
    assert proof.locator(".sentence").all_inner_texts()[1] == "2The road joins nine villages. "
    expect(proof.locator(".owner")).to_have_text("Case without a company")
    page.get_by_label("Company").fill("Acme")
    page.get_by_label("Date").fill("soon")
    page.get_by_role("button", name="Update the preview").click()
    expect(page.locator("#said .trouble")).to_contain_text("published 'soon' is not a date")
    page.get_by_label("Date").fill("2024-02-23")
    page.get_by_role("button", name="Update the preview").click()
    expect(proof.locator(".owner")).to_have_text("Case of Acme")
    page.get_by_role("button", name="Add to the collection").click()
    expect(page.locator("#said .done")).to_contain_text("Long-Road.txt: added.")
    expect(page.locator("#drafts")).to_contain_text("No document waits")
    expect(proof).to_be_hidden()
    assert office.library.facts("Long-Road.txt").company == "Acme"

    show(page, "Collection")
    row = page.get_by_role("row", name=re.compile("Long-Road"))
    expect(row.locator(".state")).to_have_text("new")
    expect(page.locator(".state.live")).to_have_count(2)

    show(page, "Publish")
    page.get_by_role("button", name="See what will change").click()
    change = page.locator("#change")
    expect(change.locator(".lines.added").first).to_contain_text("Long-Road.txt")
    assert change.locator(".tile").first.inner_text().split() == [
        "Documents", "added", "1", "edited", "0", "removed", "0", "kept", "2",
    ]  # fmt: skip
    assert office.releases.live() == before
    publish(page)
    after = office.releases.live()
    assert after != before
    expect(change).to_contain_text("2 of 2 are answered rightly; before, 2.")

    show(page, "Releases")
    page.get_by_role("button", name=f"Make release {before} live").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Make release {before} live?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert office.releases.live() == after
    page.get_by_role("button", name=f"Make release {before} live").click()
    dialog.get_by_role("button", name="Make live").click()
    expect(page.locator("#releases-said .done")).to_have_text(f"Release {before} is live.")
    assert office.releases.live() == before


def test_the_gate_stops_and_can_be_overruled(editor: Open, office: Office) -> None:
    """What is lost is shown; with the box ticked, by the keyboard, the release is published."""
    before = office.releases.live()
    page = editor().page
    show(page, "Collection")
    page.get_by_role("button", name="Remove bridge.txt").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#collection-said .done")).to_contain_text("removed")
    row = page.get_by_role("row", name=re.compile("bridge"))
    expect(row.locator(".state")).to_have_text("removed")
    show(page, "Publish")
    expect(page.get_by_label("Publish all the same")).to_be_hidden()
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
    page.get_by_role("button", name="Publish", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Publish all the same")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#change .said.done")).to_contain_text("Published")
    expect(page.get_by_label("Publish all the same")).to_be_hidden()
    assert office.releases.live() != before
    show(page, "Collection")
    page.get_by_role("button", name="Restore bridge.txt").click()
    expect(page.locator("#collection-said .done")).to_contain_text("restored")
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
    expect(page.locator("#change .said.done")).to_be_visible()
    expect(page.locator("#accept")).to_be_hidden()
    weaker = page.locator(".setbacks.weaker")
    expect(weaker.get_by_role("heading")).to_have_text("Weaker" if locale == "en-US" else "减弱")
    expect(weaker.locator("blockquote")).to_have_count(2)  # the page may be drawn once more
    before, now = weaker.locator("blockquote").all_inner_texts()
    assert before == "The red bridge was built in 1999 by Ada."
    assert now.startswith('It was put there in 1999 by Ada "><img src=x')
    assert len(now) <= 161
    assert measure_overflow(page) == 0
    kinds = [f".setbacks {kind}" for kind in ("h4", ".counts", "li > p", "dt", "bdi", "blockquote")]
    assert [each for each in page.evaluate(CONTRAST, kinds) if each[1] < 4.5] == []
    assert find_violations(page, "#change") == []
    assert page.evaluate("window.pwned") is None
    assert page.locator("#change :is(img, script)").count() == 0


def test_publishing_is_watched_and_survives_its_page(editor: Open, office: Office) -> None:
    """A bar while it works; a second editor is told; a reloaded page follows on."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD.encode()))
    office.encoder.hold = threading.Event()
    reader = editor()
    page = reader.page
    show(page, "Publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "1")
    expect(page.locator("#progress .phase")).to_have_text("Encoding what is new")
    expect(page.locator("#progress .counts")).to_contain_text(
        re.compile(r"1 of \d+ texts · .* left")
    )
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    other = editor(locale="zh-CN").page
    other.get_by_role("tab", name="发布").click()
    expect(other.get_by_role("progressbar")).to_be_visible()
    page.reload()
    expect(page.locator("#boot")).to_have_count(0)
    show(page, "Publish")
    expect(bar).to_be_visible()
    office.encoder.hold.set()
    expect(page.locator("#change .said.done")).to_contain_text("Published")
    expect(other.locator("#change .said.done")).to_contain_text("已发布")
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    reader.faults = [line for line in reader.faults if not line.startswith(LEFT)]


def test_facts_of_a_document_are_corrected(editor: Open, office: Office) -> None:
    """The form opens below its row's button, and what was changed is what is kept."""
    page = editor().page
    show(page, "Collection")
    page.get_by_role("button", name="Correct the facts of tea.txt").click()
    form = page.locator("#correct")
    expect(form.get_by_label("Title")).to_have_value("Tea of the south")
    form.get_by_label("Company").fill("Hill & Sons")
    form.get_by_label("Address of the original").fill("https://example.org/tea")
    form.get_by_role("button", name="Save the facts").click()
    expect(page.locator("#collection-said .done")).to_contain_text(
        "tea.txt: the facts were changed"
    )
    expect(form).to_be_hidden()
    row = page.get_by_role("row", name=re.compile("tea.txt"))
    expect(row.locator(".state")).to_have_text("edited")
    expect(row.get_by_role("link")).to_have_attribute("href", "https://example.org/tea")
    facts = office.library.facts("tea.txt")
    assert (facts.company, facts.title, facts.url) == ("Hill & Sons", "", "https://example.org/tea")
    page.get_by_label("Find").fill("HILL")
    page.keyboard.press("Enter")
    expect(page.locator("#collection tbody tr")).to_have_count(1)


def test_a_chinese_editor_gets_a_chinese_page(editor: Open, office: Office) -> None:
    """From the form for signing in on; the switch changes every word and keeps the documents."""
    page = editor(locale="zh-CN").page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="添加案例")).to_be_visible()
    choose(page, ("road.txt", ROAD.encode()))
    expect(page.locator("#said .said")).to_have_text("已接收 1 个文档。")
    expect(page.get_by_role("button", name="加入案例集")).to_be_visible()
    words = page.locator("label span, .gradio-container button:not(.look), .label, h2, h3")
    shown = [word for word in words.all_inner_texts() if re.search("[a-z]{3}", word)]
    assert [word for word in shown if "MiB" not in word] == []
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page.get_by_role("heading", name="Add cases")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".drafts .name")).to_have_text("road.txt")


def test_the_keyboard_is_enough(editor: Open, office: Office) -> None:
    """Signing in, the parts by arrow keys, a button in a row, the question, the way out."""
    page = editor().page
    page.get_by_role("tab", name="Add", exact=True).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Add", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="The collection")).to_be_visible()
    remove = page.get_by_role("button", name="Remove tea.txt")
    expect(remove).to_be_visible()
    page.get_by_role("tab", name="Collection", exact=True).focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if remove.evaluate("node => node === document.activeElement"):
            break
    expect(remove).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(remove).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#collection-said .done")).to_contain_text("removed")
    assert office.library.names() == ("bridge.txt",)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(
    editor: Open, office: Office, scheme: str
) -> None:
    """320 pixels wide: each part, with a long name, a table and a report."""
    reader = editor(width=320, color_scheme=scheme)
    page = reader.page
    assert measure_overflow(page) == 0
    choose(page, (f"{'long' * 40}.txt", ROAD.encode()), ("bad.txt", b"\0"))
    expect(page.locator(".proof")).to_be_visible()
    assert measure_overflow(page) == 0
    page.get_by_role("button", name="Add to the collection").click()
    expect(page.locator("#said .done")).to_be_visible()
    assert measure_overflow(page) == 0
    show(page, "Collection")
    expect(page.locator(".state.new")).to_be_visible()
    assert measure_overflow(page) == 0
    publish(page)
    assert measure_overflow(page) == 0
    show(page, "Releases")
    expect(page.locator("#releases .state.live")).to_be_visible()
    assert measure_overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(editor: Open, office: Office, scheme: str) -> None:
    """Contrast is at least 4.5 to 1 for every kind of words, in both schemes (WCAG AA)."""
    page = editor(color_scheme=scheme).page
    choose(page, ("road.txt", ROAD.encode()), ("bad.txt", b"\0"))
    expect(page.locator(".proof")).to_be_visible()
    page.mouse.move(0, 0)
    kinds = [
        ".tagline", ".quiet", ".opening p", "#desk [role=tab]", "#desk [role=tab].selected",
        ".said.trouble", ".problems li", ".look .name", ".look .about", "#drafts .small", ".counts",
        "#add-this", "#preview-again", "#fetch", ".sentence", ".kind", ".owner", "sup",
        ".passage.caption p", "#draft-title input, #draft-title textarea",
    ]  # fmt: skip
    measured = page.evaluate(CONTRAST, kinds)
    show(page, "Collection")
    expect(page.locator("#collection .state").first).to_be_visible()
    measured += page.evaluate(
        CONTRAST, ["#collection thead th", ".state.live", "#collection .small"]
    )
    show(page, "Publish")
    page.get_by_role("button", name="See what will change").click()
    expect(page.locator(".tile").first).to_be_visible()
    measured += page.evaluate(CONTRAST, [".tile dt", ".tile dd", "#publish-now"])
    assert [each for each in measured if each[1] < 4.5] == []


def test_a_search_is_not_overtaken(
    editor: Open, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole list, asked for first read slowly, does not come to stand over what was found."""
    reading, go_on, documents = threading.Event(), threading.Event(), office.publisher.documents

    def read_slowly() -> Any:
        if reading.is_set():
            return documents()
        reading.set()
        assert go_on.wait(WAIT / 1000)
        return documents()

    monkeypatch.setattr(office.publisher, "documents", read_slowly)
    page = editor().page
    show(page, "Collection")
    assert reading.wait(WAIT / 1000)
    page.get_by_label("Find").fill("tea")
    page.keyboard.press("Enter")
    expect(page.locator("#collection tbody tr")).to_have_count(1)
    go_on.set()
    show(page, "Releases")
    expect(page.locator("#releases tbody tr").first).to_be_visible()
    assert page.locator("#collection tbody tr").count() == 1


def test_nothing_hostile_runs(editor: Open, office: Office) -> None:
    """Markup in names, titles, facts, errors and questions is shown as written, everywhere."""
    reader = editor()
    page = reader.page
    text = f"{EVIL}\n\nEvil {EVIL} words are here. {EVIL}\n\nPhoto: {EVIL}\n"
    choose(page, (f"{EVIL}.txt", text.encode()), (f"bad{EVIL}.txt", b"\0"),
           (f"../../{'x' * 300}\u202e.txt", b"It is long."))  # fmt: skip
    expect(page.locator("#said .problems li")).to_contain_text("onerror")
    expect(page.locator(".proof .title")).to_contain_text("<script>window.pwned=1</script>")
    page.get_by_label("Company").fill(EVIL)
    page.get_by_label("Title").fill(EVIL)
    page.get_by_role("button", name="Update the preview").click()
    expect(page.locator(".proof .owner")).to_have_text(f"Case of {EVIL}")
    page.get_by_role("button", name="Add all").click()
    expect(page.locator("#said .done")).to_contain_text("added")
    (name,) = [name for name in office.library.names() if "pwned" in name]
    show(page, "Collection")
    expect(page.locator("#collection tbody tr").nth(1)).to_be_visible()
    page.get_by_label("Find").fill(EVIL)
    page.keyboard.press("Enter")
    expect(page.locator("#collection tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Correct the facts of").click()
    expect(page.locator("#held-title input, #held-title textarea")).to_have_value(EVIL)
    page.get_by_role("button", name="Remove", exact=False).first.click()
    expect(page.locator("#ask-what")).to_contain_text(name)
    page.get_by_role("button", name="Cancel").first.click()
    publish(page)
    expect(page.locator("#change")).to_contain_text(name)
    assert page.evaluate("window.pwned") is None
    assert page.locator(".gradio-container img, .gradio-container script").count() == 0


def test_a_session_that_ended_leads_to_signing_in(
    editor: Open, server: tuple[Office, str], office: Office
) -> None:
    """As after a restart of the server: the next click says to sign in again, and why."""
    reader = editor()
    page = reader.page
    page.context.add_cookies(
        [{"name": "casebook_editor", "value": "0" * 64, "domain": "127.0.0.1", "path": "/editor"}]
    )
    show(page, "Collection")
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#drafts .label")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_focused()
    page.goto(f"{reader.address}/editor/en/")
    expect(page.get_by_label("Token")).to_be_visible()
    # what the browser says of a refused request is no fault of the page
    refused = (" 401 ", " 403 ", *LEFT)
    reader.faults = [line for line in reader.faults if not any(one in line for one in refused)]


def test_damage_is_loud(editor: Open, office: Office) -> None:
    """Over every part of the page, and beside the release."""
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
        row = page.get_by_role("row", name=re.compile(damaged))
        expect(row.locator(".state.damaged")).to_be_visible()
        expect(row.get_by_role("button")).to_have_count(0)
    finally:
        path.write_bytes(whole)
