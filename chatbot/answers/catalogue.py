"""What the engine tells beside answers: hits, cases and how things stand; frozen records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from corpus.language.countries import split_countries
from corpus.records import Case, Document, Passage
from index.reader.ranking import Hit


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, and in which release."""

    hits: tuple[Hit, ...]
    release: str


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """A case with the document it stands in."""

    case: Case
    document: Document


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every case of a release, by document name, then in text order."""

    entries: tuple[CaseEntry, ...]
    release: str


# What cases are told apart by; a case may have several values, or none. A company goes by the first
# name that the glossary has for it, so that it is one in whatever language its cases are.
FACETS: dict[str, Callable[[CaseEntry], list[str]]] = {
    "company": lambda entry: [name_company(entry.case)],
    "sector": lambda entry: [entry.case.facts.sector],
    "country": lambda entry: split_countries(entry.case.facts.country),
    "year": lambda entry: [entry.document.published[:4]],
    "language": lambda entry: entry.document.language.split("+"),
}


def name_company(case: Case, language: str = "") -> str:
    """Return a case's company by one name for all spellings, or as a language's readers have it."""
    names = {"en": case.company_en, "zh": case.company_zh}
    return (names[language] if language else case.company_en or case.company_zh) or case.company


def list_values(entry: CaseEntry, key: str) -> list[str]:
    """Return what a case has of a facet, without empty values."""
    return [value for value in FACETS[key](entry) if value]


def select_cases(entries: Iterable[CaseEntry], wanted: Mapping[str, str]) -> list[CaseEntry]:
    """Return the cases, no introductions, that have each wanted value, in any case of letters."""
    asked = {key: value.casefold() for key, value in wanted.items()}
    return [
        entry
        for entry in entries
        if entry.case.kind == "case"
        and all(
            any(value == each.casefold() for each in _list_spelled(entry, key))
            for key, value in asked.items()
        )
    ]


def _list_spelled(entry: CaseEntry, key: str) -> list[str]:
    case = entry.case
    names = [case.company, case.company_en, case.company_zh] if key == "company" else []
    return [*list_values(entry, key), *names]


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with its document and passages, headings and captions among them, in text order."""

    case: Case
    document: Document
    passages: tuple[Passage, ...]
    release: str


@dataclass(frozen=True, slots=True)
class Status:
    """Whether questions can be answered, from what, and one line that says why not.

    `live` says that a release is open, `ready` that the encoder is warm as well. `refused` is the
    release that should be live and cannot be used, so that `release` is another; else empty.
    `reader` is the name of what reads the passages, empty as long as none is loaded.
    """

    live: bool
    ready: bool
    release: str
    documents: int
    cases: int
    passages: int
    model: str
    message: str
    refused: str = ""
    reader: str = ""
