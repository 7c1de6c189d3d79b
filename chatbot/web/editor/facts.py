"""What an editor says of a document and of its cases: as forms show it, and as they change it.

A form sends each value as it was shown beside the one that it has now, so that only what the editor
changed becomes a fact, and what a document says of itself stays its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from corpus.language.countries import name_countries
from corpus.metadata import CASE_FIELDS, Facts, check_facts
from corpus.records import Case, CaseFacts, Entry

OF_DOCUMENT = ("title", "company", "published", "language", "url")
WHOLE = ("sector", "country")  # of a case, and said of all cases of a document too
FIELDS = (*OF_DOCUMENT, *CASE_FIELDS)
MOST_CASES = 100  # of a document that have a form
Shown = dict[str, str]


def choose_fields(entry: Entry) -> tuple[str, ...]:
    """Return the facts that a document's form has: those of its case too where it is the only."""
    return FIELDS if len(entry.cases) == 1 else (*OF_DOCUMENT, *WHOLE)


def list_facts(entry: Entry, facts: Facts, language: str) -> Shown:
    """Return the facts that hold for a document: as they were said, or as its text says them."""
    document = entry.document
    company = entry.cases[0].company if len(entry.cases) == 1 else facts.company
    return {
        "title": document.title,
        "company": company,
        "published": document.published,
        "language": document.language,
        "url": document.url,
        **_spell(asdict(facts), language),
    }


def list_case_facts(case: Case, language: str) -> Shown:
    """Return what is said of a case, by the field."""
    return _spell(asdict(case.facts), language)


def list_set(facts: Facts) -> frozenset[str]:
    """Return the facts that an editor set; all others are as the document has them."""
    return frozenset(key for key in FIELDS if getattr(facts, key))


def correct(name: str, facts: Facts, shown: Shown, given: Shown, case: str = "") -> Facts:
    """Return facts with what an editor changed of the shown ones, and nothing else.

    `case` is the title of the one that they are of, empty for the document. Raises DocumentError,
    naming the document and the mend, where a value has not its form.
    """
    changed = {key: given[key].strip() for key in FIELDS if given[key].strip() != shown[key]}
    if not case:
        return check_facts({**asdict(facts), **changed}, name)
    told = asdict(facts.cases.get(case, CaseFacts()))
    told |= {key: value for key, value in changed.items() if key in CASE_FIELDS}
    return check_facts({**asdict(facts), "cases": {**asdict(facts)["cases"], case: told}}, name)


def _spell(facts: Mapping[str, str], language: str) -> Shown:
    told = {key: facts[key] for key in CASE_FIELDS}
    return {**told, "country": name_countries(told["country"], language)}
