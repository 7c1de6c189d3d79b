"""The collection as a place: what is listed, counted and found, and what an address may ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatbot.answers.catalogue import CaseEntry, Catalogue
from chatbot.web.pages.collection import (
    A_PAGE,
    CollectionQuery,
    Option,
    list_options,
    render_collection,
    select,
)
from corpus import errors
from corpus.records import Case, CaseKind, Document
from tests.chatbot.web.test_rendering import TEXT, Reader, shown
from tests.fakes import FakeEngine

HTML = {"accept": "text/html,*/*"}


def make_entry(
    at: int, company: str, published: str, language: str, kind: CaseKind = "case"
) -> CaseEntry:
    """Return a case of one word, whose title tells its number."""
    facts = ("", "Press", "", published, language, "", "")
    case = Case(f"c{at}", f"d{at}", kind, f"Case {at}", company, 0, 6, "Words.")
    return CaseEntry(case, Document(f"d{at}", f"{at}.txt", "s", "Words.", *facts))


ENTRIES = (
    make_entry(0, "", "2021-01-01", "en", "introduction"),
    make_entry(1, "Acme", "2021-05-01", "en"),
    make_entry(2, "Brill", "2023", "zh"),
    make_entry(3, "Acme", "2023-02-01", "zh+en"),
    make_entry(4, "", "", "und"),
)


def titles(entries: list[CaseEntry]) -> list[str]:
    """Return the titles of cases."""
    return [entry.case.title for entry in entries]


def read_titles(html: str) -> list[str]:
    """Return the titles that a page lists."""
    return [unescape(each) for each in re.findall(r"<h2><a [^>]+>([^<]*)</a></h2>", html)]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ["Case 3", "Case 2", "Case 1", "Case 4"]),
        ({"company": "Acme"}, ["Case 3", "Case 1"]),
        ({"company": "Acme", "year": "2023"}, ["Case 3"]),
        ({"language": "zh"}, ["Case 3", "Case 2"]),
        ({"company": "Nobody"}, []),
    ],
)
def test_the_facets_leave_what_has_all_of_them(asked: dict[str, str], wanted: list[str]) -> None:
    """The newest first; an introduction is no case."""
    assert titles(select(ENTRIES, CollectionQuery.model_validate(asked))) == wanted


def test_a_count_is_what_choosing_the_value_would_leave() -> None:
    """Each facet is counted under the others, and a value that is chosen is always there."""
    options = list_options(ENTRIES, CollectionQuery(company="Acme", year="1999"), "zh")
    assert options["company"] == [Option("Acme", "Acme", 0)]
    assert options["year"] == [
        Option("2023", "2023", 1), Option("2021", "2021", 1), Option("1999", "1999", 0),
    ]  # fmt: skip
    free = list_options(ENTRIES, CollectionQuery(), "zh")
    assert free["company"] == [Option("Acme", "Acme", 2), Option("Brill", "Brill", 1)]
    assert [(each.name, each.cases) for each in free["language"]] == [
        ("中文", 2), ("未知语言", 1), ("英语", 2),
    ]  # fmt: skip


def test_many_cases_come_in_pages() -> None:
    """Every case stands on one page, and each page leads to those beside it."""
    entries = tuple(make_entry(at, "A&B", f"2020-01-{at % 28 + 1:02}", "en") for at in range(45))
    catalogue = Catalogue(entries, "r")
    listed = []
    for page in (1, 2, 3, 99):
        query = CollectionQuery(company="A&B", page=page)
        html = render_collection(catalogue, query, None, "en", "/x")
        found = read_titles(html)
        assert len(found) == (A_PAGE if page < 3 else 5)
        assert ('rel="prev"' in html, 'rel="next"' in html) == (page > 1, page < 3)
        if page < 3:
            assert f'href="/x/cases?company=A%26B&amp;page={page + 1}"' in html
        if page < 4:
            listed += found
    assert sorted(listed) == sorted(entry.case.title for entry in entries)


@given(TEXT)
def test_nothing_in_the_collection_or_an_address_becomes_markup(text: str) -> None:
    """Titles, companies and what was looked for are words on the page, and stay in its links."""
    entry = make_entry(1, text, "2020", "en")
    query = CollectionQuery.model_construct(q=text, company=text)
    html = render_collection(Catalogue((entry,), "r"), query, None, "zh", "/x")
    start, end = html.index("<main>") + len("<main>"), html.index("</main>")
    reader = Reader(re.sub("<input [^>]*>", "", html[start:end]))
    assert {tag for tag, _ in reader.seen} <= {
        "h1", "form", "label", "span", "select", "option", "button", "p", "a", "ol", "li", "h2",
        "time", "bdi",
    }  # fmt: skip
    assert shown(text) in reader.text


@given(st.text(max_size=40), st.text(max_size=6), st.text(max_size=12), st.integers())
def test_an_address_is_read_or_refused(q: str, year: str, language: str, page: int) -> None:
    """What is read gives an address that is read the same; all else is a validation error."""
    try:
        query = CollectionQuery(q=q, year=year, language=language, page=page)
    except ValidationError:
        return
    assert re.fullmatch(r"([0-9]{4})?", year)
    read = httpx.QueryParams(query.address().partition("?")[2])
    assert CollectionQuery.model_validate(dict(read)) == query


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A browser's first visit."""
    with httpx.Client(base_url=address, headers=HTML) as client:
        yield client


def test_the_collection_is_searched(client: httpx.Client) -> None:
    """Passages come with their case and a link that marks them, of the chosen company alone."""
    everything = client.get("/cases", params={"q": "water"}).text
    assert "20 passages" in everything
    page = client.get("/cases", params={"q": "water", "company": "CAMCE", "lang": "zh"})
    assert set(read_titles(page.text)) == {
        "CAMCE: Facilitating Water Resource Management and Drinking Water Supply in Bangladesh"
    }
    links = re.findall(r'<h2><a href="/([^"]+)"', page.text)
    assert all(re.fullmatch(r"cases/\w+#c\d+-\d+-[0-9a-f]+", each) for each in links)
    assert "casebook_language=zh" in page.headers["set-cookie"]
    assert 'href="/?q=water&amp;company=CAMCE"' in page.text
    nowhere = client.get("/cases", params={"q": "water", "year": "1999"})
    assert nowhere.status_code == 200
    assert "没有找到相关段落" in nowhere.text


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page=1000001", "year=99", "year=20244", "language=%3Cb%3E", "q=%3F",
     "q=" + "x" * 2001, "company=" + "x" * 501],
)  # fmt: skip
def test_a_bad_address_is_refused(client: httpx.Client, query: str) -> None:
    """A page for a browser, the contract's error for a program, 422 for both."""
    page = client.get(f"/cases?{query}")
    assert page.status_code == 422
    assert "This address cannot be answered" in page.text
    assert page.headers["x-request-id"] in page.text
    data = client.get(f"/cases?{query}", headers={"accept": "application/json"})
    assert data.status_code == 422
    assert data.json()["error"]["code"] in ("bad_request", "bad_question")


def test_fields_of_other_sites_are_passed_over(client: httpx.Client) -> None:
    """What a newsletter adds to a link is no reason to refuse it."""
    assert client.get("/cases?utm_source=letter").status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.NoReleaseError("var: nothing"), 503, "has not been published yet"),
        (errors.LimitedError("too many", 30), 429, "Please wait a minute"),
        (errors.SlowError("too slow"), 503, "is taking too long"),
        (RuntimeError("a secret"), 500, "Please try again in a moment"),
    ],
)
def test_what_fails_is_a_page(
    client: httpx.Client, engine: FakeEngine, error: Exception, status: int, words: str
) -> None:
    """With its status and what to do, and without the words of a foreign exception."""
    engine.error = error
    page = client.get("/cases?q=water")
    assert page.status_code == status
    assert words in page.text
    assert "secret" not in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nothing", "text/html", "text/html"),
        ("/nothing", "application/json", "application/json"),
        ("/nothing", "*/*", "application/json"),
        ("/cases/nothing", "*/*", "text/html"),
        ("/cases/nothing", "application/json", "application/json"),
        ("/cases/a/b", "text/html", "text/html"),
        ("/api/nothing", "text/html", "application/json"),
        ("/v1/nothing", "text/html", "application/json"),
        ("/gradio_api/nothing", "text/html", "application/json"),
    ],
)
def test_an_address_that_leads_nowhere(
    client: httpx.Client, path: str, accept: str, kind: str
) -> None:
    """It is a page for who opens one, in their language, and JSON for a program."""
    answer = client.get(path, headers={"accept": accept, "accept-language": "zh"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)
    if kind == "text/html":
        assert '<html lang="zh-CN">' in answer.text
        assert 'href="/cases"' in answer.text
    else:
        assert answer.json()["error"]["code"] == "not_found"
