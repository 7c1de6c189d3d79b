"""The page of one case: every word of it, at its offsets, readable without JavaScript.

Pure: records in, HTML out. Each paragraph carries the offset of its first character (`data-start`,
in code points of the document's text); `static/case.js` marks the characters that the address names
(`#c<start>-<end>-<mark>`, see `chatbot.answers.citations.link_to`) and completes the citation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chatbot.answers.answer import WORDS as SAID
from chatbot.answers.catalogue import name_company
from chatbot.web.pages.collection import CollectionQuery, select, write_query
from chatbot.web.templates import render
from corpus.language.countries import name_country, split_countries
from index.languages.cldr import name_language

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue
    from corpus.records import Case, Document

MOST_OTHERS = 8  # of the company


class Beside(NamedTuple):
    """What leads on from a case: the ones before and after it on the page of all, its company's."""

    before: CaseEntry | None
    after: CaseEntry | None
    others: tuple[CaseEntry, ...]


def find_beside(case: Case, catalogue: Catalogue) -> Beside:
    """Return what leads on from a case; from an introduction, nothing does."""
    query = CollectionQuery()
    entries = select(catalogue.entries, query)
    at = next((at for at, entry in enumerate(entries) if entry.case.id == case.id), None)
    if at is None:
        return Beside(None, None, ())
    others = (
        entry
        for entry in entries
        if case.company
        and name_company(entry.case) == name_company(case)
        and entry.case.id != case.id
    )
    return Beside(
        entries[at - 1] if at else None,
        entries[at + 1] if at + 1 < len(entries) else None,
        tuple(others)[:MOST_OTHERS],
    )


def list_pages(case: Case, document: Document) -> list[tuple[int, str]]:
    """Return where pages of the original begin within a case, each with its label, ascending."""
    starts = [case.start, *(at for at in document.pages if case.start < at < case.end)]
    return [(at, document.find_page(at)[1]) for at in starts] if document.pages else []


def list_cited(case: Case, document: Document) -> list[str]:
    """Return what a citation of a case says, in its order, without page, address and day."""
    company = "" if case.title.startswith(case.company) else case.company
    facts = [company, f"“{case.title}”", document.source or document.publisher, document.published]
    return [fact for fact in facts if fact]


def list_places(case: Case, language: str) -> dict[str, list[tuple[str, str]]]:
    """Return sector and countries, each with its name and the address of the cases that have it."""
    facts = case.facts
    return {
        "sector": [(facts.sector, "cases" + write_query(sector=facts.sector))] * bool(facts.sector),
        "country": [
            (name_country(code, language), "cases" + write_query(country=code))
            for code in split_countries(facts.country)
        ],
    }


def render_case(view: CaseView, catalogue: Catalogue, language: str, root: str) -> str:
    """Return the case page in an interface language; `root` is the prefix of every address."""
    case, document, passages = view.case, view.document, view.passages
    first = passages[0] if passages and passages[0].kind == "heading" else None
    headed = first is not None and first.text.lstrip("# ").strip() == case.title.strip()
    return render(
        "case.html",
        case=case,
        document=document,
        heading=first if headed else None,
        passages=passages[1:] if headed else passages,
        original_pages=list_pages(case, document),
        cited=list_cited(case, document),
        said=SAID[language],
        beside=find_beside(case, catalogue),
        company_query="cases" + write_query(company=name_company(case)),
        places=list_places(case, language),
        name_company=name_company,
        name_language=name_language,
        ask=write_query(company=case.company),
        title=case.title,
        path=f"cases/{case.id}",
        language=language,
        root=root,
    )
