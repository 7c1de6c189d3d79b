"""One question to one release: the answer, its quotations checked against their documents.

Holds nothing between two questions; the engine decides which release is asked.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from chatbot.answers import extractive
from chatbot.answers.answer import Answer, Citation, Part, Row
from chatbot.answers.citations import check_answer, cite
from chatbot.answers.conversation import Turn, clean_history, list_asked, read_after
from chatbot.answers.deadline import LIMIT, Deadline, Rephraser, TimedSearcher
from chatbot.answers.question_input import Filters, choose_language, clean_question, select_cases
from chatbot.answers.refusals import offer_nearest, refuse
from chatbot.answers.small_talk import (
    WORDS,
    Topic,
    find_companies,
    find_example,
    find_topic,
    suggest,
)
from chatbot.locales import LANGUAGES
from corpus.errors import CitationError
from index.reader.ranking import Found, Hit
from index.search.names import leave_out
from index.searcher import Searcher
from index.storage.release import Release

# How likely the best sentence has to answer for an answer. A wrong answer costs more than a right
# one shown among the nearest passages; benchmarks/LOG.md has the curve.
FOUND = 0.56
NEAR = 0.05  # and for passages that come near; below, nothing is near
UNHELD = 0.25  # at most, where the case lacks a name that is known to be one
_COMPANIES = 6  # that one question is read for, each by itself
_MORE_READ = 16  # chunks of the cases that more is quoted from

log = logging.getLogger("casebook")


def answer(
    release: Release,
    get_searcher: Callable[[], Searcher],
    question: str,
    *,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    language: str | None = None,
    limit: float = LIMIT,
    rephraser: Rephraser | None = None,
) -> Answer:
    """Return what `release` says to a question; see Engine.ask for the arguments and errors.

    `get_searcher` is called only where something has to be searched for; from then on the answer
    may take `limit` seconds. What `rephraser` writes is searched with and never shown.
    """
    started = time.perf_counter()
    asked, history = clean_question(question), clean_history(history)
    words_in = language if language in LANGUAGES else choose_language(asked)
    cases = select_cases(release, filters)
    topic = find_topic(asked, get_searcher)
    openings: list[extractive.Choice] = []

    def begin() -> TimedSearcher:
        said = " ".join([asked, *list_asked(history)])
        return TimedSearcher(get_searcher(), Deadline(limit), said, rephraser)

    if topic is None:
        openings = _open_companies(asked, release, get_searcher, cases)
    if openings:
        draft = _quote(openings, asked, words_in, release, 1.0)
    elif topic == "more":
        draft = _quote_more(history, words_in, begin(), cases)
    elif topic:
        draft = _tell_about(topic, asked, words_in, release)
    else:
        searcher = begin()
        draft = (cases is None and _answer_each(asked, words_in, searcher)) or _answer(
            asked, history, words_in, searcher, cases
        )
    made = replace(
        draft, question=asked, elapsed_ms=round((time.perf_counter() - started) * 1000, 1)
    )
    try:
        check_answer(made, release.documents_of(c.document_id for c in made.citations))
    except CitationError as error:
        log.error("an answer was held back in release %s: %s", release.id, error)
        raise
    return made


def _answer(
    question: str,
    history: Sequence[Turn],
    language: str,
    searcher: TimedSearcher,
    cases: Collection[int] | None,
) -> Answer:
    """Answer from what is found for a question."""
    words, found = read_after(question, list_asked(history), searcher, cases)
    named = searcher.searcher.list_named(words) if found.known and cases is None else []
    if len(named) == 1 and searcher.has_time(1):  # the company's own cases may say it
        found = searcher.read(words, searcher.release.cases_of[named[0][0]])
    return _tell(found, question, language, searcher.release, cases)


def _rate(found: Found) -> float:
    """Return how likely what was found answers, as it is told.

    What is asked of a company or a place is never answered by a case that does not have its name,
    where that is known to be one.
    """
    confidence = round(found.confidence, 3)
    return min(confidence, UNHELD) if found.known else confidence


def _tell(
    found: Found,
    question: str,
    language: str,
    release: Release,
    cases: Collection[int] | None,
) -> Answer:
    """Answer with what was found, offer what comes near, or say that nothing does."""
    confidence = _rate(found)
    if confidence >= FOUND and (choices := extractive.choose(found.hits)):
        return _quote(choices, question, language, release, confidence)
    if confidence >= NEAR and (choices := extractive.choose_nearest(found.hits)):
        return offer_nearest(choices, question, language, found, release, confidence, cases)
    return refuse(question, language, found, release, confidence, cases)


def _answer_each(question: str, language: str, searcher: TimedSearcher) -> Answer | None:
    """Answer what is asked of several companies for each of them, and say of whom it is not.

    Each one's cases are read for themselves, for the question without the others' names. None where
    fewer than two are named, or nothing answers for any.
    """
    release = searcher.release
    named = searcher.searcher.list_named(question)[:_COMPANIES]
    if len(named) < 2:
        return None
    choices: list[extractive.Choice] = []
    answered: dict[str, float] = {}
    for company, spelled in named:
        others = [name for other, name in named if other != company]
        found = searcher.read(leave_out(question, others), release.cases_of[company])
        confidence = _rate(found)
        if confidence >= FOUND:
            answered[spelled] = confidence
            most = max(extractive.QUOTES // len(named), 1)
            choices += extractive.choose(found.hits)[:most]
    if not choices:
        return None
    made = _quote(choices, question, language, release, min(answered.values()))
    cases = [(release.case_number(each.case_id), each.number) for each in made.citations]
    rows = [
        Row(spelled, tuple(number for case, number in cases if case in release.cases_of[company]))
        for company, spelled in named
    ]
    made = replace(made, table=tuple(rows))
    if silent := [spelled for _, spelled in named if spelled not in answered]:
        words = WORDS[language]["not_of"].format(names=WORDS[language]["and"].join(silent))
        made = replace(made, parts=(*made.parts, Part("words", words)))
    return made


def _quote_more(
    history: Sequence[Turn],
    language: str,
    searcher: TimedSearcher,
    cases: Collection[int] | None,
) -> Answer:
    """Quote what else the cases say that answered the last question, for the nth time."""
    release = searcher.release
    times, asked = 1, list_asked(history)
    while asked and (topic := find_topic(asked[0], searcher.get)):
        times += topic == "more"
        asked = asked[1:]
    if not asked:
        return _tell_about("self", "", language, release)
    subject, found = asked[0], Found((), 1.0)
    choices = _open_companies(subject, release, searcher.get, cases)
    if not choices:
        subject, found = read_after(subject, asked[1:], searcher, cases)
        choices = extractive.choose(found.hits) if _rate(found) >= FOUND else []
    confidence = _rate(found)
    given: list[extractive.Choice] = []
    hits: Sequence[Hit] = ()
    if choices:
        within = {release.case_number(choice.hit.case.id) for choice in choices}
        hits = searcher.read(subject, within, _MORE_READ).hits
    for _ in range(times):
        given += choices
        choices = extractive.choose_more(hits, given)
    if choices:
        return _quote(choices, subject, language, release, confidence)
    made = refuse(subject, language, found, release, confidence, cases)
    return replace(made, parts=(Part("words", WORDS[language]["no_more"]),)) if given else made


def _tell_about(topic: Topic, question: str, language: str, release: Release) -> Answer:
    words = WORDS[language]
    parts: list[Part] = []
    citations: list[Citation] = []
    catalogue = [(c, d) for c, d in release.cases() if c.kind == "case"]
    if topic == "cases":
        companies = {case.company for case, _ in catalogue if case.company}
        text = words["cases" if companies else "cases_plain"]
        parts.append(Part("words", text.format(cases=len(catalogue), companies=len(companies))))
    else:
        parts.append(Part("words", words[topic]))
    if topic in ("cases", "self"):
        if topic == "self":
            parts.append(Part("words", words["holds"]))
        for case, document in catalogue[:50]:
            first = release.case_passages(case)[0]
            citation = cite(
                len(citations) + 1, document, case, first, first.start,
                first.sentences[0].end if first.kind != "heading" else first.end,
            )  # fmt: skip
            citations.append(citation)
            parts.append(Part("quote", citation.quote, citation.number))
    others = tuple(
        one for one in suggest(release.companies, language) if find_example(one) != topic
    )
    return Answer(
        question, language, bool(citations), "about", tuple(parts), tuple(citations), (),
        others, 1.0 if citations else 0.0, release.id, 0.0,
    )  # fmt: skip


def _open_companies(
    question: str,
    release: Release,
    get_searcher: Callable[[], Searcher],
    cases: Collection[int] | None,
) -> list[extractive.Choice]:
    """Return how the first cases of the companies begin that a question names and no more.

    As many of each as there is room for; none where it asks for something else, or for a company
    that has none of the `cases`.
    """
    companies = find_companies(question, release.cases_of, release.glossary, get_searcher)
    choices: list[extractive.Choice] = []
    told: Counter[str] = Counter()
    most = max(extractive.QUOTES // max(len(companies), 1), 1)
    owners = {
        number: name
        for name in companies
        for number in release.cases_of[name]
        if cases is None or number in cases
    }
    if set(companies) - set(owners.values()):
        return []
    for number in sorted(owners):
        if told[owners[number]] == most:
            continue
        case, document = release.case(number)
        prose = (one for one in release.case_passages(case) if one.kind == "paragraph")
        if (first := next(prose, None)) is not None:
            told[owners[number]] += 1
            choices.append(extractive.choose_first(case, document, first))
    return choices


def _quote(
    choices: Sequence[extractive.Choice],
    question: str,
    language: str,
    release: Release,
    confidence: float,
) -> Answer:
    parts, citations = extractive.compose(choices, language)
    return Answer(
        question, language, True, "extractive", parts, citations, (), (), confidence,
        release.id, 0.0, extractive.tabulate(citations),
    )  # fmt: skip
