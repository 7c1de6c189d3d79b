"""The collection as a place: every case, what there is of each kind, and what a search finds.

Pure: the engine's records and what the address asks for in, a page out. It works without scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from chatbot.answers.citations import link_to
from chatbot.answers.question_input import LENGTH
from chatbot.locales.interface import WORDS
from chatbot.web.templates import render
from index.languages.cldr import name_language

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, Catalogue
    from index.reader.ranking import Hit

A_PAGE = 20  # cases
MOST_HITS = 20  # passages
# What the cases are told apart by, in the order of the page; a document may be in two languages.
FACETS: dict[str, Callable[[CaseEntry], list[str]]] = {
    "company": lambda entry: [entry.case.company],
    "year": lambda entry: [entry.document.published[:4]],
    "language": lambda entry: entry.document.language.split("+"),
}


class CollectionQuery(BaseModel):
    """What the address of the page asks for; an empty field asks for nothing."""

    q: str = Field(default="", max_length=LENGTH, description="what to look for in the passages")
    company: str = Field(default="", max_length=500)
    year: str = Field(default="", pattern=r"^([0-9]{4})?$")
    language: str = Field(default="", pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?$")
    page: int = Field(default=1, ge=1, le=100_000, description=f"of {A_PAGE} cases each")
    lang: str = Field(default="", max_length=35, description="`en` or `zh`; kept in a cookie")

    def wanted(self) -> dict[str, str]:
        """Return the facets that are asked for."""
        asked = {key: str(getattr(self, key)) for key in FACETS}
        return {key: value for key, value in asked.items() if value}

    def address(self, **changes: str | int) -> str:
        """Return the page's address below the root, with other values for some fields."""
        held = self.model_dump(exclude={"lang"}) | changes
        return "cases" + write_query(**{key: value for key, value in held.items() if value != 1})


def write_query(**asked: str | int) -> str:
    """Return what stands behind an address to ask for some fields, without the empty ones."""
    fields = {key: value for key, value in asked.items() if value != ""}
    return f"?{urlencode(fields, errors='replace')}" if fields else ""


class Option(NamedTuple):
    """A value of a facet: how it is called, and how many cases have it beside what is chosen."""

    value: str
    name: str
    cases: int


class Found(NamedTuple):
    """A passage that a search found, and where its words are marked."""

    hit: Hit
    link: str
    page_label: str


def select(entries: Iterable[CaseEntry], query: CollectionQuery) -> list[CaseEntry]:
    """Return the cases that the facets leave, the newest first, those of a day in their order."""
    wanted = query.wanted().items()
    left = [
        entry
        for entry in entries
        if entry.case.kind == "case" and all(value in FACETS[key](entry) for key, value in wanted)
    ]
    return sorted(left, key=lambda entry: entry.document.published, reverse=True)


def list_options(
    entries: Sequence[CaseEntry], query: CollectionQuery, language: str
) -> dict[str, list[Option]]:
    """Return the values of each facet, with counts that the other facets leave."""
    options = {}
    for key, read in FACETS.items():
        chosen = query.wanted().get(key, "")
        left = select(entries, query.model_copy(update={key: ""}))
        counts = Counter(value for entry in left for value in read(entry))
        values = sorted({*counts, chosen} - {""}, key=str.casefold, reverse=key == "year")
        names = {
            value: name_language(value, language) if key == "language" else value
            for value in values
        }
        options[key] = [Option(value, names[value], counts[value]) for value in values]
    return options


def render_collection(
    catalogue: Catalogue,
    query: CollectionQuery,
    hits: Sequence[Hit] | None,
    language: str,
    root: str,
) -> str:
    """Return the page; `hits` are what was found, None where nothing is looked for."""
    cases = select(catalogue.entries, query)
    pages = max(1, -(-len(cases) // A_PAGE))
    at = min(query.page, pages)
    found = [
        Found(
            hit,
            link_to(hit.case, hit.passage.start, hit.passage.text),
            hit.document.find_page(hit.passage.start)[1],
        )
        for hit in hits or ()
    ]
    return render(
        "collection.html",
        title=WORDS[language]["collection"],
        path=query.address(),
        query=query,
        chosen=query.wanted(),
        options=list_options(catalogue.entries, query, language),
        total=sum(entry.case.kind == "case" for entry in catalogue.entries),
        count=len(cases),
        cases=cases[(at - 1) * A_PAGE : at * A_PAGE],
        found=None if hits is None else found,
        at=at,
        pages=pages,
        before=query.address(page=at - 1) if at > 1 else "",
        after=query.address(page=at + 1) if at < pages else "",
        ask=write_query(q=query.q, company=query.company),
        name_language=name_language,
        language=language,
        root=root,
    )
