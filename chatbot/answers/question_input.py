"""A question as it comes: cleaned, its language, and the cases that its filters leave."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from chatbot.locales import LANGUAGES
from corpus.errors import FilterError, QuestionError
from corpus.language.detection import detect, list_primary
from corpus.language.script import make_plain
from corpus.records import Case, Document
from index.storage.release import Release

LENGTH = 2000  # characters of a question
Filters = Mapping[str, Sequence[str]]


def clean_question(question: str) -> str:
    """Return the question on one line without control or direction characters.

    Raises QuestionError where nothing can be searched: no letter or digit, or more than
    LENGTH characters.
    """
    if len(question) > LENGTH:
        raise QuestionError(f"the question has {len(question)} characters; ask in at most {LENGTH}")
    kept = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in question
        if unicodedata.category(c) not in ("Cf", "Cs")
    )
    cleaned = " ".join(make_plain(kept).split())
    if not any(character.isalnum() for character in cleaned):
        raise QuestionError("the question has no words; type a question in any language")
    return cleaned


def choose_language(question: str) -> str:
    """Return the language of the framing words for a question: its own, or else English."""
    found = detect(question)
    return found if found in LANGUAGES else "en"


def select_cases(release: Release, filters: Filters | None) -> set[int] | None:
    """Return the numbers of the cases that the filters leave, or None where there is no filter.

    Values are compared without case, and two names of a company by the glossary are the same; one
    of several companies gives the cases of each.
    Raises FilterError for an unknown key, and for a value that no case has.
    """
    if not filters or not any(filters.values()):
        return None
    fields: dict[str, Callable[[Case, Document], str]] = {
        "company": lambda case, _: case.company,
        "case_id": lambda case, _: case.id,
        "document_id": lambda _, document: document.id,
        "language": lambda _, document: document.language,
    }
    cases = release.cases()
    left = set(range(len(cases)))
    for key, values in filters.items():
        if key not in fields:
            raise FilterError(f"no filter {key[:40]!r}: use one of {', '.join(fields)}")
        company = key == "company"
        spell = release.glossary.unify if company else str.casefold
        told = [fields[key](case, document) for case, document in cases]
        have = [{spell(value), *(list_primary(value) if key == "language" else ())}
                for value in told]  # fmt: skip
        wanted: set[str] = set()
        for value in values:
            alike = release.glossary.list_alike(value) if company else (value,)
            meant = set(map(spell, alike))
            if not value or not any(meant & each for each in have):
                some = sorted(set(told) - {""})[:8]
                raise FilterError(f"no case has {key} {value[:60]!r}: use one of {', '.join(some)}")
            wanted |= meant
        if values:
            left &= {number for number, each in enumerate(have) if each & wanted}
    return left
