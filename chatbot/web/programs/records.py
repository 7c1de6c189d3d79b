"""The engine's records as those of the HTTP contract, for every protocol that shows them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chatbot.web import schemas as contract

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue, SearchResult


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


def describe_cases(catalogue: Catalogue) -> contract.CasesBody:
    """Return every case, and what they can be filtered by."""
    return contract.CasesBody(
        cases=[_summarise(entry) for entry in catalogue.entries],
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
    )


def _count(entries: tuple[CaseEntry, ...]) -> contract.Facets:
    companies = Counter(entry.case.company for entry in entries if entry.case.company)
    languages = Counter(entry.document.language for entry in entries)
    documents = Counter(entry.document.id for entry in entries)
    known = {entry.document.id: entry.document for entry in entries}
    return contract.Facets(
        companies=_facets(companies),
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
        document=contract.DocumentBody.model_validate(view.document, from_attributes=True),
        passages=[
            contract.CasePassage.model_validate(passage, from_attributes=True)
            for passage in view.passages
        ],
        release=view.release,
    )
