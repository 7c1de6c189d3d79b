"""One question to one release: the answer, its quotations checked against their documents.

Holds nothing between two questions; the engine decides which release is asked.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from chatbot import extractive
from chatbot.about import (
    WORDS,
    Topic,
    find_companies,
    find_example,
    find_topic,
    match_list,
    suggest,
)
from chatbot.answer import Answer, Citation, Part
from chatbot.confidence import FOUND, estimate_confidence
from chatbot.conversation import (
    Turn,
    carry_over,
    clean_history,
    count_more,
    find_subject,
    join_questions,
)
from chatbot.deadline import LIMIT, Deadline
from chatbot.question import (
    Filters,
    asks_for_cases,
    choose_language,
    clean_question,
    list_cases,
    select_cases,
)
from chatbot.quotation import check_answer, cite
from corpus.errors import CitationError
from index.mentions import find_known, leave_out
from index.release import Release
from index.search.searcher import Hit, Searcher
from index.support import Support, survey

LANGUAGES = ("en", "zh")  # of the framing words
_NAMED = 3  # names that a refusal tells to be nowhere

log = logging.getLogger("casebook")


def answer(
    release: Release,
    get_searcher: Callable[[], Searcher],
    question: str,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    language: str | None = None,
    limit: float = LIMIT,
) -> Answer:
    """Return what `release` says to a question; see Engine.ask for the arguments and errors.

    `get_searcher` is called only where something has to be searched for; from then on the answer
    may take `limit` seconds.
    """
    started = time.perf_counter()
    asked, history = clean_question(question), clean_history(history)
    words_in = language if language in LANGUAGES else choose_language(asked)
    cases = select_cases(release, filters)
    whole = carry_over(asked, history, release.glossary, release.companies) or asked
    topic = find_topic(whole, get_searcher)
    told = find_companies(whole, release.cases_of, release.glossary, get_searcher)
    if told and cases is None:
        draft = _tell_companies(told, whole, words_in, release)
    elif topic:
        draft = _tell_about(topic, whole, words_in, release)
    else:
        subject = find_subject(whole, history)
        more = count_more(whole, history) if subject else 0
        searcher = _Timed(get_searcher(), Deadline(limit))
        if more:
            draft = _quote_more(subject, more, words_in, searcher, cases)
        else:
            each = cases is None and not subject
            if cases is None and asks_for_cases(whole):
                cases = list_cases(release)
            draft = (each and _quote_each(whole, words_in, searcher)) or _search_and_quote(
                whole, subject, words_in, searcher, cases
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


@dataclass(frozen=True, slots=True)
class _Timed:
    """A searcher for one question, as long as there is time."""

    searcher: Searcher
    deadline: Deadline

    @property
    def release(self) -> Release:
        """The release that is searched."""
        return self.searcher.release

    def survey(
        self, words: str, cases: Collection[int] | None = None
    ) -> tuple[list[Hit], Support | None]:
        """Return the hits and the support of some words; raises SlowError."""
        self.deadline.check()
        return survey(self.searcher, words, extractive.HITS, cases)

    def search(self, words: str, cases: Collection[int] | None) -> list[Hit]:
        """Return the many hits that more is quoted from; raises SlowError."""
        self.deadline.check()
        return self.searcher.search(words, extractive.HITS_MORE, cases)


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
        others, 1.0, release.id, 0.0,
    )  # fmt: skip


def _tell_companies(
    companies: Sequence[str], question: str, language: str, release: Release
) -> Answer:
    """Answer a question that names companies and nothing else: how their first cases begin.

    `companies` are names that `release.cases_of` holds.
    """
    parts: list[Part] = []
    citations: list[Citation] = []
    told: Counter[str] = Counter()
    owners = {number: name for name in companies for number in release.cases_of[name]}
    for at, (case, document) in enumerate(release.cases()):
        prose = [p for p in release.case_passages(case) if p.kind == "paragraph"]
        if at not in owners or not prose:
            continue
        told[owners[at]] += 1
        if told[owners[at]] > max(extractive.QUOTES // len(companies), 1):
            continue
        first = prose[0].sentences[0]
        number = len(citations) + 1
        citations.append(cite(number, document, case, prose[0], first.start, first.end))
        parts.append(Part("case", extractive.name_case(case, language)))
        parts.append(Part("quote", citations[-1].quote, number))
    return Answer(
        question, language, True, "extractive", tuple(parts), tuple(citations), (), (), 1.0,
        release.id, 0.0,
    )  # fmt: skip


def _search_and_quote(
    question: str,
    subject: str,
    language: str,
    searcher: _Timed,
    cases: set[int] | None,
) -> Answer:
    release = searcher.release
    # A follow-up is of its subject's matter, and has to be told in the subject's cases.
    judged, support = searcher.survey(join_questions(subject, question), cases)
    hits = judged
    if subject:
        before = extractive.choose(subject, searcher.survey(subject, cases)[0])
        within = {release.case_number(choice.hit.case.id) for choice in before}
        hits, told = searcher.survey(question, within)
        support = support and told and support.tell(told)
    confidence = round(estimate_confidence(support), 3)
    choices = extractive.choose(question, hits) if confidence >= FOUND else []
    if choices:
        return _quote(choices, question, language, release, confidence)
    absent = support.absent if support and support.spelled_alike else ()
    return _absent(question, language, judged, release, confidence, absent)


def _quote_each(question: str, language: str, searcher: _Timed) -> Answer | None:
    """Answer what is asked of several companies for each of them, and say of whom it is not.

    None where fewer than two are named, or the best passage on none of them is its own.
    """
    release = searcher.release
    text = release.glossary.translate(question, release.companies.__contains__)
    named = find_known(text, release.companies)[: extractive.QUOTES]
    if len(named) < 2:
        return None
    listed = match_list(named)
    choices: list[extractive.Choice] = []
    answered: dict[str, float] = {}
    for company in named:
        asked = listed.sub(company, text)
        asked = leave_out(asked, [other for other in named if other not in company])
        hits, support = searcher.survey(asked)
        confidence = round(estimate_confidence(support), 3)
        if confidence >= FOUND and hits[0].case.company == company:
            own = [hit for hit in hits if hit.case.company == company]
            answered[company] = confidence
            choices += extractive.choose(asked, own)[: extractive.QUOTES // len(named)]
    if not choices:
        return None
    made = _quote(choices, question, language, release, min(answered.values()))
    if silent := [company for company in named if company not in answered]:
        words = WORDS[language]["not_of"].format(names=WORDS[language]["and"].join(silent))
        made = replace(made, parts=(*made.parts, Part("words", words)))
    return made


def _quote_more(
    subject: str,
    times: int,
    language: str,
    searcher: _Timed,
    cases: set[int] | None,
) -> Answer:
    """Quote what else the cases say that answered `subject`, asked for more so many times."""
    release = searcher.release
    hits, support = searcher.survey(subject, cases)
    confidence = round(estimate_confidence(support), 3)
    given: list[extractive.Choice] = []
    choices = extractive.choose(subject, hits) if confidence >= FOUND else []
    if choices:
        hits = searcher.search(subject, cases)
    for _ in range(times):
        given += choices
        choices = extractive.choose_more(hits, given)
    if choices:
        return _quote(choices, subject, language, release, confidence)
    made = _absent(subject, language, hits, release, confidence, ())
    return replace(made, parts=(Part("words", WORDS[language]["no_more"]),)) if given else made


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
        release.id, 0.0,
    )  # fmt: skip


def _absent(
    question: str,
    language: str,
    hits: Sequence[Hit],
    release: Release,
    confidence: float,
    absent: Sequence[str],
) -> Answer:
    """Say that the collection does not answer, which names it lacks, and what is there instead."""
    words = WORDS[language]
    nearest = extractive.list_nearest(hits)
    text = [words["absent"]]
    if absent:
        text.append(words["nowhere"].format(names=words["and"].join(absent[:_NAMED])))
    companies = list(dict.fromkeys(near.company for near in nearest if near.company))
    if companies:
        text.append(words["nearest_of"].format(companies=words["and"].join(companies)))
    elif nearest:
        text.append(words["nearest"])
    return Answer(
        question, language, False, "absent", (Part("words", " ".join(text)),), (), nearest,
        suggest(release.companies, language), confidence, release.id, 0.0,
    )  # fmt: skip
