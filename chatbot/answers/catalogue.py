"""What the engine tells beside answers: hits, cases and how things stand; frozen records."""

from __future__ import annotations

from dataclasses import dataclass

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
