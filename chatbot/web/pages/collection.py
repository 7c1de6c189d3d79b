"""The collection as a place: every case, what there is of each kind, and what a search finds.

Pure: the engine's records and what the address asks for in, a page out. It works without scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from pydantic import Field

from chatbot.answers.catalogue import FACETS, list_values, name_company, select_cases
from chatbot.answers.citations import link_to
from chatbot.answers.question_input import LENGTH
from chatbot.locales.interface import WORDS
from chatbot.web.schemas import CasesQuery
from chatbot.web.templates import render
from corpus.language.countries import name_countries, name_country
from index.languages.cldr import name_language

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, Catalogue
    from index.reader.ranking import Hit

A_PAGE = 20  # cases
MOST_HITS = 20  # passages


class CollectionQuery(CasesQuery):
    """What the address of the page asks for; an empty field asks for nothing."""

    q: str = Field(default="", max_length=LENGTH, description="what to look for in the passages")
    page: int = Field(default=1, ge=1, le=100_000, description=f"of {A_PAGE} cases each")
    lang: str = Field(default="", max_length=35, description="`en` or `zh`; kept in a cookie")

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
    left = select_cases(entries, query.wanted())
    return sorted(left, key=lambda entry: entry.document.published, reverse=True)


def spell_query(query: CollectionQuery, entries: Sequence[CaseEntry]) -> CollectionQuery:
    """Return what is asked for as the cases spell it, whatever name or case of letters it had."""
    spelled = {}
    for key, value in query.wanted().items():
        owner = next(iter(select_cases(entries, {key: value})), None)
        values = list_values(owner, key) if owner else [value]
        alike = [each for each in values if each.casefold() == value.casefold()]
        spelled[key] = (alike or values)[0]
    return query.model_copy(update=spelled)


def list_options(
    entries: Sequence[CaseEntry], query: CollectionQuery, language: str
) -> dict[str, list[Option]]:
    """Return the values of each facet, with counts that the other facets leave.

    A value is called as the language has it. What is chosen is there, whether a case has it or not.
    """
    options = {}
    for key in FACETS:
        chosen = query.wanted().get(key, "")
        counts: Counter[str] = Counter()
        spelled: dict[str, tuple[str, str]] = {}  # value and name of what differs by case alone
        for entry in select(entries, query.model_copy(update={key: ""})):
            for value in dict.fromkeys(list_values(entry, key)):
                name = name_value(key, value, entry, language)
                spelled.setdefault(value.casefold(), (value, name))
                counts[value.casefold()] += 1
        if chosen and chosen.casefold() not in spelled:
            owner = next(iter(select_cases(entries, {key: chosen})), None)
            spelled[chosen.casefold()] = chosen, name_value(key, chosen, owner, language)
        told = [Option(*each, counts[folded]) for folded, each in spelled.items()]
        options[key] = sorted(told, key=lambda each: each.name.casefold(), reverse=key == "year")
    return options


def name_value(key: str, value: str, entry: CaseEntry | None, language: str) -> str:
    """Return what readers of a language call a value of a facet, which `entry` has."""
    if key == "company" and entry:
        return name_company(entry.case, language)
    if key == "country":
        return name_country(value.upper(), language)
    return name_language(value, language) if key == "language" else value


def render_collection(
    catalogue: Catalogue,
    query: CollectionQuery,
    hits: Sequence[Hit] | None,
    language: str,
    root: str,
) -> str:
    """Return the page; `hits` are what was found, None where nothing is looked for."""
    query = spell_query(query, catalogue.entries)
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
        name_company=name_company,
        name_countries=name_countries,
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
