"""The engine's records as those of the HTTP contract, for every protocol that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chatbot.answers.catalogue import list_values, select_cases
from chatbot.web import schemas as contract
from corpus.language.countries import split_countries

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue, SearchResult
    from corpus.records import Case


def describe_hits(found: SearchResult) -> contract.SearchBody:
    """Return hits, the best first."""
    hits = []
    for hit in found.hits:
        passage = hit.passage
        body = contract.PassageBody(
            id=passage.id,
            document_id=hit.document.id,
            document=hit.document.name,
            case_id=hit.case.id,
            case=hit.case.title,
            start=passage.start,
            end=passage.end,
            text=passage.text,
        )
        hits.append(
            contract.HitBody(rank=hit.rank, score=hit.score, passage=body, evidence=hit.evidence)
        )
    return contract.SearchBody(hits=hits, release=found.release)


def describe_cases(
    catalogue: Catalogue, wanted: Mapping[str, str] | None = None
) -> contract.CasesBody:
    """Return every case, or those that have each wanted value; and what all are told apart by."""
    entries = select_cases(catalogue.entries, wanted) if wanted else catalogue.entries
    return contract.CasesBody(
        cases=[_summarise(entry) for entry in entries],
        facets=_count(catalogue.entries),
        release=catalogue.release,
    )


def _summarise(entry: CaseEntry) -> contract.CaseSummary:
    case, document = entry.case, entry.document
    return contract.CaseSummary(
        id=case.id,
        title=case.title,
        company=case.company,
        kind=case.kind,
        document_id=document.id,
        document=document.name,
        language=document.language,
        source=document.source or document.publisher,
        published=document.published,
        url=document.url,
        link=f"cases/{case.id}",
        **_describe_facts(case),
    )


def _describe_facts(case: Case) -> dict[str, Any]:
    """Return the fields of CaseFactsBody."""
    facts = asdict(case.facts)
    countries = split_countries(facts.pop("country"))
    names = {"company_en": case.company_en, "company_zh": case.company_zh}
    return {**facts, **names, "countries": countries}


def _count(entries: Sequence[CaseEntry]) -> contract.Facets:
    cases = [entry for entry in entries if entry.case.kind == "case"]
    counts = {
        key: Counter(value for entry in cases for value in list_values(entry, key))
        for key in ("sector", "country", "year")
    }
    companies = Counter(entry.case.company for entry in cases if entry.case.company)
    languages = Counter(entry.document.language for entry in cases)
    documents = Counter(entry.document.id for entry in cases)
    known = {entry.document.id: entry.document for entry in cases}
    return contract.Facets(
        companies=_facets(companies),
        sectors=_facets(counts["sector"]),
        countries=_facets(counts["country"]),
        years=_facets(counts["year"]),
        languages=_facets(languages),
        documents=[
            contract.DocumentFacet(
                value=key, count=documents[key], name=each.name, title=each.title
            )
            for key, each in known.items()
        ],
    )


def _facets(counts: Counter[str]) -> list[contract.Facet]:
    ordered = sorted(counts.items(), key=lambda item: item[0].casefold())
    return [contract.Facet(value=value, count=count) for value, count in ordered]


def describe_case(view: CaseView) -> contract.CaseBody:
    """Return one case with its passages."""
    case = view.case
    return contract.CaseBody(
        id=case.id,
        title=case.title,
        company=case.company,
        kind=case.kind,
        start=case.start,
        end=case.end,
        link=f"cases/{case.id}",
        **_describe_facts(case),
        document=contract.DocumentBody.model_validate(view.document, from_attributes=True),
        passages=[
            contract.CasePassage.model_validate(passage, from_attributes=True)
            for passage in view.passages
        ],
        release=view.release,
    )
