"""What is said where the collection or the cases asked do not answer, and what is offered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from chatbot.answers import extractive
from chatbot.answers.answer import Answer, Nearest, Part
from chatbot.answers.small_talk import WORDS, suggest
from chatbot.locales import read_file
from index.reader.ranking import Found
from index.storage.release import Release

_NAMED = 3  # names that a refusal tells to be nowhere, and companies that it is about


def offer_nearest(
    choices: Sequence[extractive.Choice],
    question: str,
    language: str,
    found: Found,
    release: Release,
    confidence: float,
    cases: Collection[int] | None,
) -> Answer:
    """Say that the cases asked do not say it outright, and quote what comes nearest."""
    text = _say("near", language, release, cases, found.lacking)
    parts, citations = extractive.compose(choices, language)
    return Answer(
        question, language, False, "nearest", (Part("words", text), *parts), citations,
        extractive.list_nearest(found.hits), _suggest(language, release, cases), confidence,
        release.id, 0.0,
    )  # fmt: skip


def refuse(
    question: str,
    language: str,
    found: Found,
    release: Release,
    confidence: float,
    cases: Collection[int] | None,
) -> Answer:
    """Say that the cases asked do not answer, what no text names, and what is there instead."""
    words = WORDS[language]
    nearest = extractive.list_nearest(found.hits)
    text = [_say("absent", language, release, cases, found.lacking)]
    companies = list(dict.fromkeys(_name(near, language) for near in nearest if near.company))
    between = str(read_file(language)["between"])
    if companies:
        text.append(words["nearest_of"].format(companies=words["and"].join(companies)))
    elif nearest:
        text.append(words["nearest"])
    return Answer(
        question, language, False, "absent", (Part("words", between.join(text)),), (), nearest,
        _suggest(language, release, cases), confidence, release.id, 0.0,
    )  # fmt: skip


def _name(near: Nearest, language: str) -> str:
    """Return a case's company as the reader's language has it."""
    named = near.company_zh if language == "zh" else near.company_en
    return named or near.company


def _say(
    kind: Literal["near", "absent"],
    language: str,
    release: Release,
    cases: Collection[int] | None,
    lacking: Sequence[str],
) -> str:
    """Return the words that the collection, or the cases asked, do not say it.

    They are called by their companies where they are all that these have. Names are told that no
    text has.
    """
    words = WORDS[language]
    key, subject = str(kind), ""
    if cases is not None:
        key = f"{kind}_within"
        companies = _list_companies(cases, release)
        whole = {number for name in companies for number in _cases_of(name, release)}
        subject = words["cases_chosen"]
        if set(cases) == whole and len(companies) <= _NAMED:
            subject = words["cases_of"].format(companies=words["and"].join(companies))
    if not lacking:
        return words[key].format(cases=subject)
    nowhere = words["nowhere" if cases is None else "nowhere_at_all"]
    nowhere = nowhere.format(names=words["and"].join(lacking[:_NAMED]))
    return words[f"{key}_nowhere"].format(cases=subject, nowhere=nowhere)


def _suggest(language: str, release: Release, cases: Collection[int] | None) -> tuple[str, ...]:
    """Return questions that the cases asked answer."""
    if cases is None:
        return suggest(release.companies, language)
    return suggest(_list_companies(cases, release), language)[1:]  # the first asks of all


def _list_companies(cases: Collection[int], release: Release) -> list[str]:
    """Return the companies of some cases, each by one of its names."""
    ones = {release.glossary.unify(name): name for name in reversed(release.companies)}
    named = reversed(ones.values())
    return [name for name in named if not _cases_of(name, release).isdisjoint(cases)]


def _cases_of(company: str, release: Release) -> set[int]:
    return release.cases_of[release.glossary.unify(company)]
