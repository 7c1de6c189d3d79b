"""What an editor says of cases, from the form to the pages, in a real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from corpus.library import Offer
from corpus.metadata import Facts
from corpus.records import CaseFacts
from index.build import build
from tests.axe import find_violations
from tests.fake_publisher import TOKEN, Office, serving_publisher
from tests.small_reader import use_small_reader

WIND = "东风公司：草原风电场\n\n东风公司2022年在肯尼亚建设了风电场，三千人用上清洁电力。\n"
WATER = (
    "# Two plants\n\n## Acme: Water for a town\n\nAcme built a water plant in Kenya in 2021. The "
    "plant of Acme gives clean water to 3,000 people.\n\n## Brill: A tea house\n\nBrill opened a "
    "tea house. The tea of Brill is green.\n"
)
EVIL = "<img src=x onerror=alert(1)>\u202e&amp; "
LONG = "Aufsichtsratsmitgliederversammlung" * 2

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A library with cases in two languages, which an editor has described, published."""
    with pytest.MonkeyPatch.context() as patch:
        use_small_reader(patch)
        office = Office.make(tmp_path_factory.mktemp("facts"))
        wind = Facts(
            title="东风公司：草原风电场", company="东风公司", published="2022-05-01",
            sector="Wind power", country="KE+ET", title_en="Eastwind: A wind farm",
            summary_en="A wind farm gives 3,000 people clean power.",
        )  # fmt: skip
        water = CaseFacts("Water", "KE", "", "埃克姆：小镇供水", "", "三千人喝上了清洁的水。")
        cases = {"Acme: Water for a town": water, "No such case": CaseFacts("Lost")}
        office.library.add(Offer("wind.txt", WIND.encode(), wind))
        office.library.add(
            Offer("water.md", WATER.encode(), Facts(published="2023-02-01", cases=cases))
        )
        office.library.describe("tea.txt", Facts(sector=LONG, title_zh=EVIL, summary_zh=EVIL))
        (office.library.folder / "glossary.json").write_text(
            json.dumps([["Acme", "埃克姆"], ["Eastwind", "东风公司"]], ensure_ascii=False), "utf-8"
        )
        build(office.library, office.releases, office.encoder)
        yield office


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    """The server's address."""
    with serving_publisher(office, warm=True) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Open]:
    """Open pages, none of which may meet an error or be wider than its window."""
    faults: list[str] = []
    with ExitStack() as contexts:

        def open_page(path: str, width: int = 1280, **settings: Any) -> Page:
            chosen = {"locale": "en-US", "bypass_csp": True, **settings}
            context = chromium.new_context(viewport={"width": width, "height": 800}, **chosen)
            contexts.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("dialog", lambda dialog: faults.append(dialog.message))
            page.goto(address + path)
            return page

        yield open_page
    assert faults == []


QUESTION = "/?q=How+many+people+drink+the+clean+water+of+the+plant+of+Acme%3F"


def test_cases_are_found_by_sector_and_country(visit: Open) -> None:
    """Values are counted, called as CLDR has them, and asked for in any case of letters."""
    page = visit("/cases")
    country = page.get_by_label("Country")
    assert country.locator("option").all_inner_texts() == [
        "All countries", "Ethiopia (1)", "Kenya (2)",
    ]  # fmt: skip
    country.select_option("KE")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("2 of 5 cases")
    page.get_by_label("Sector").select_option("Water")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".entries h2")).to_have_text(["Acme: Water for a town"])
    page.locator(".entries a").click()
    page.get_by_role("link", name="Kenya").click()
    expect(page.locator(".entries li")).to_have_count(2)
    page = visit("/cases?lang=zh&company=eastwind&country=ke&sector=WIND%20POWER")
    expect(page.get_by_label("企业")).to_have_value("Eastwind")
    expect(page.get_by_label("国家或地区").locator("option:checked")).to_have_text("肯尼亚 (1)")
    page = visit("/cases?country=QQ&sector=%3Cb%3E")
    expect(page.locator("main")).to_contain_text("No case fits all of this.")


def test_a_reader_of_the_other_language_is_helped(visit: Open) -> None:
    """Names, an editor's title and summary, and that a source is in another language."""
    page = visit("/cases?lang=zh&company=Acme")
    entry = page.locator(".entries li")
    expect(entry.locator(".company")).to_have_text("埃克姆 (Acme)")
    expect(entry.locator(".gloss")).to_have_text("编者按 埃克姆：小镇供水 三千人喝上了清洁的水。")
    page.locator(".entries a").click()
    expect(page.locator("article .gloss")).to_contain_text("埃克姆：小镇供水")
    expect(page.locator(".deeds .back")).to_have_text("询问埃克姆的案例")
    page = visit("/cases?lang=en&q=清洁电力")
    found = page.locator(".entries li", has_text="草原风电场").first
    expect(found.locator(".company")).to_have_text("Eastwind (东风公司)")
    expect(found.locator(".origin")).to_have_text("source in Chinese")

    page = visit(f"{QUESTION}&lang=zh")
    card = page.locator(".card", has_text="Water for a town").first
    expect(card.locator(".alias")).to_have_text("埃克姆")
    expect(card.locator(".origin")).to_be_visible()
    expect(card.locator(".gloss")).to_contain_text("编者按")
    page.get_by_role("button", name="EN").click()
    for part in (".alias", ".origin", ".gloss"):
        expect(card.locator(part).first).to_be_hidden()


def test_no_word_is_cut_on_paper(visit: Open) -> None:
    """Every word that the page shows stands whole on the sheet, within its edges."""
    page = visit("/cases?q=water")
    paths = [
        page.locator(".entries a").first.get_attribute("href") or "",
        "/cases?q=water",
        QUESTION,
    ]
    for path in paths:
        page = visit(path)
        if path == QUESTION:
            expect(page.locator(".turn .tools").last).to_be_visible()
        page.emulate_media(media="print")
        # the chat prints its turns, without its own heading
        shown = page.locator(".turn" if path == QUESTION else "body").last.inner_text()
        data = page.pdf(format="A5")
        printed = ""
        with pypdfium2.PdfDocument(BytesIO(data)) as sheets:
            for sheet in sheets:
                words = sheet.get_textpage()
                printed += words.get_text_range() + "\n"
                left, right = 20, sheet.get_width() - 20
                for at in range(words.count_chars()):
                    box = words.get_charbox(at)
                    assert box[0] == box[2] or left < box[0] < box[2] < right
        for word in set(re.findall(r"\b[A-Za-z]{3,30}\b", shown)):
            assert re.search(rf"\b{word}\b", printed), word


def test_an_editor_describes_a_case(visit: Open, office: Office, address: str) -> None:
    """The form tells what was read and what was set, offers sectors, and refuses no country."""
    page = visit("/editor/en/")
    page.locator("#token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#files")).to_be_visible()
    page.goto(f"{address}/editor/en/document?name=wind.txt")
    assert page.locator("#facts .from").all_inner_texts() == [
        "set by an editor", "set by an editor", "set by an editor", "read from the document",
        *["set by an editor"] * 4,
    ]  # fmt: skip
    expect(page.get_by_label("Countries")).to_have_value("Kenya, Ethiopia")
    assert "Water" in page.locator("#sectors option").evaluate_all(
        "(all) => all.map((o) => o.value)"
    )
    page.goto(f"{address}/editor/en/document?name=water.md")
    expect(page.locator("main")).to_contain_text("2 cases")
    expect(page.locator("main")).to_contain_text("1 misnamed case")
    about = page.locator(".about-case").nth(1)
    about.locator("summary").click()
    about.get_by_label("Sector").fill("  Tea\u200b  houses ")
    about.get_by_label("Countries").fill("Atlantis")
    about.get_by_role("button", name="Save").click()
    expect(page.locator("#said.trouble")).to_contain_text("country 'Atlantis' is not one of")
    expect(about.get_by_label("Countries")).to_have_value("Atlantis")
    about.get_by_label("Countries").fill("孟加拉国, ke")
    about.get_by_label("Title for Chinese readers").fill(EVIL)
    about.get_by_role("button", name="Save").click()
    expect(page.locator("#said.done")).to_contain_text("water.md")
    facts = office.library.facts("water.md")
    assert facts.cases["Brill: A tea house"] == CaseFacts(
        "Tea houses", "BD+KE", "", EVIL.replace("\u202e", "").strip()
    )
    assert facts.cases["Acme: Water for a town"].title_zh == "埃克姆：小镇供水"
    assert find_violations(page) == []


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "zh"), (820, "dark", "en"), (360, "dark", "zh"), (320, "light", "en")],
)
def test_axe_finds_nothing_and_nothing_overflows(
    visit: Open, office: Office, width: int, scheme: str, language: str
) -> None:
    """Whatever a title, a summary or a sector holds; 640 of 1280 points are a zoom of 200 %."""
    for scale in (1, 2):
        settings = {"color_scheme": scheme, "device_scale_factor": scale}
        page = visit(
            f"/cases?lang={language}", width // scale if width > 700 else width, **settings
        )
        paths = ["", "&q=tea", f"&sector={LONG}"]
        links = [link.get_attribute("href") for link in page.locator(".entries a").all()]
        for path in [*(f"/cases?lang={language}{each}" for each in paths), *links]:
            page.goto(page.url.partition("/cases")[0] + str(path))
            assert find_violations(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path
