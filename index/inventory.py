"""What a library holds, document by document, read only where the live release does not tell it.

A document whose bytes and sidecar are those that the live release was built from, by the same
reading, is as that says; its file is hashed and not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from corpus.errors import DocumentError, ReleaseError
from corpus.glossary import Glossary, fold_signs
from corpus.library import Library
from corpus.passages import count_searched
from corpus.readers.reader_version import identify_edition
from corpus.records import CaseKind, Entry
from index.storage.manifest import check_files, read_manifest
from index.storage.publish import Releases
from index.storage.release import Tables

_READ = ("documents", "cases", "document_cases", "case_passages", "rows")  # files of a release


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A case without its words."""

    id: str
    kind: CaseKind
    title: str
    company: str
    sector: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A document without its text; `pages` and `passages` are how many it has."""

    id: str
    name: str
    title: str
    published: str
    language: str
    url: str
    file_sha256: str
    facts_sha256: str
    pages: int
    passages: int
    cases: tuple[CaseSummary, ...]


def summarize(entry: Entry) -> Summary:
    """Return what stands in a list of a document that was read."""
    document = entry.document
    return Summary(
        document.id, document.name, document.title, document.published, document.language,
        document.url, document.file_sha256, document.facts_sha256, len(document.pages),
        count_searched(entry), tuple(_summarize_case(asdict(case)) for case in entry.cases),
    )  # fmt: skip


def _summarize_case(case: Mapping[str, Any]) -> CaseSummary:
    """Return what stands in a list of a case, from its record."""
    facts = case.get("facts", {})
    told = {key: case[key] for key in ("id", "kind", "title", "company")}
    return CaseSummary(**told, **{key: facts.get(key, "") for key in ("sector", "country")})


def select_summaries(document: Summary, wanted: Mapping[str, str], glossary: Glossary) -> Summary:
    """Return a document with the cases alone, no introductions, that have each wanted value.

    Keys are `company`, by any of its names, `sector`, `country`, `year` and `language`.
    """
    asked = {key: value.casefold() for key, value in wanted.items()}
    names = {fold_signs(each) for each in glossary.list_alike(wanted.get("company", ""))}
    own = {"year": [document.published[:4]], "language": document.language.casefold().split("+")}

    def fits(case: CaseSummary) -> bool:
        held = own | {
            "sector": [case.sector.casefold()], "country": case.country.casefold().split("+"),
        }  # fmt: skip
        return all(
            fold_signs(case.company) in names if key == "company" else value in held[key]
            for key, value in asked.items()
        )

    cases = tuple(case for case in document.cases if case.kind == "case" and fits(case))
    return replace(document, cases=cases)


def list_holdings(library: Library, releases: Releases) -> tuple[list[Summary], dict[str, str]]:
    """Return the documents of a library by name, and why the others cannot be read.

    Raises LibraryError where the folder cannot be read.
    """
    live = _read_live(releases)
    found: list[Summary] = []
    failed: dict[str, str] = {}
    for name in library.names():
        try:
            held = live.get(name)
            if held is None or library.stamp(name) != (held.file_sha256, held.facts_sha256):
                held = summarize(library.read(name))
            found.append(held)
        except DocumentError as error:
            failed[name] = error.message
    return found, failed


def _read_live(releases: Releases) -> Mapping[str, Summary]:
    """Return what the live release tells of its documents, by name; nothing where it cannot."""
    try:
        folder = releases.path(releases.live())
        manifest = read_manifest(folder)
        if manifest.edition != identify_edition():
            return {}
        check_files(folder, manifest, _READ)
        tables = Tables.open(folder)
    except ReleaseError:  # none yet, or damaged
        return {}
    told = {}
    for number in range(len(tables.documents)):
        document: dict[str, Any] = tables.documents[number]
        first, last = tables.document_cases[number : number + 2].tolist()
        rows = np.searchsorted(tables.rows, tables.case_passages[[first, last]])
        cases = [tables.cases[case] for case in range(first, last)]
        told[document["name"]] = Summary(
            document["id"], document["name"], document["title"], document["published"],
            document["language"], document["url"], document["file_sha256"],
            document["facts_sha256"], len(document["pages"]),
            int(rows[1] - rows[0]),
            tuple(map(_summarize_case, cases)),
        )  # fmt: skip
    return told
