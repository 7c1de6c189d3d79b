"""One question to one release: the answer, its quotations checked against their documents.

Holds nothing between two questions; the engine decides which release is asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from chatbot import extractive
from chatbot.about import WORDS, Topic, find_company, find_topic, suggest
from chatbot.answer import Answer, Citation, Part
from chatbot.conversation import Turn, find_subject
from chatbot.question import Filters, choose_language, clean_question, select_cases
from chatbot.quotation import check_answer, cite
from corpus.errors import CitationError
from corpus.language import detect
from index.encoder import Encoder
from index.release import Release
from index.search import Hit, keep_content, search

LANGUAGES = ("en", "zh")  # of the framing words

log = logging.getLogger("casebook")


def answer(
    release: Release,
    get_encoder: Callable[[], Encoder],
    question: str,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    language: str | None = None,
) -> Answer:
    """Return what `release` says to a question; see Engine.ask for the arguments and errors.

    `get_encoder` is called only where something has to be searched for.
    """
    started = time.perf_counter()
    asked = clean_question(question)
    words_in = language if language in LANGUAGES else choose_language(asked)
    cases = select_cases(release, filters)
    topic = find_topic(asked)
    company = find_company(keep_content(release.glossary.translate(asked)), release.companies)
    if company and cases is None:
        draft = _tell_company(company, asked, words_in, release)
    elif topic:
        draft = _tell_about(topic, asked, words_in, release)
    else:
        subject = find_subject(asked, history)
        draft = _search_and_quote(asked, subject, words_in, release, get_encoder, cases)
    made = replace(draft, elapsed_ms=round((time.perf_counter() - started) * 1000, 1))
    try:
        check_answer(made, release.documents_of(c.document_id for c in made.citations))
    except CitationError as error:
        log.error("an answer was held back in release %s: %s", release.id, error)
        raise
    return made


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
    return Answer(
        question, language, bool(citations), "about", tuple(parts), tuple(citations), (),
        suggest(release.companies, language), 1.0, release.id, 0.0,
    )  # fmt: skip


def _tell_company(company: str, question: str, language: str, release: Release) -> Answer:
    """Answer a question that names a company and nothing else: how each of its cases begins."""
    parts: list[Part] = []
    citations: list[Citation] = []
    for case, document in release.cases():
        prose = [p for p in release.case_passages(case) if p.kind == "paragraph"]
        if case.company != company or not prose or len(citations) == extractive.QUOTES:
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
    release: Release,
    get_encoder: Callable[[], Encoder],
    cases: set[int] | None,
) -> Answer:
    def look(words: str, within: set[int] | None) -> list[Hit]:
        return search(release, get_encoder(), words, extractive.HITS, within)

    # A follow-up is judged together with its subject and answered from the subject's cases.
    judged = hits = look(f"{subject} {question}".strip(), cases)
    if subject:
        before = extractive.choose(subject, look(subject, cases))
        within = {release.case_number(choice.hit.case.id) for choice in before}
        hits = look(question, within) or judged
    confidence = round(extractive.estimate_confidence(judged, detect(question)), 3)
    choices = extractive.choose(question, hits) if confidence >= extractive.FOUND else []
    if choices:
        parts, citations = extractive.compose(choices, language)
        return Answer(
            question, language, True, "extractive", parts, citations, (), (), confidence,
            release.id, 0.0,
        )  # fmt: skip
    return _absent(question, language, judged, release, confidence)


def _absent(
    question: str,
    language: str,
    hits: Sequence[Hit],
    release: Release,
    confidence: float,
) -> Answer:
    words = WORDS[language]
    nearest = extractive.list_nearest(hits)
    text = f"{words['absent']} {words['nearest']}" if nearest else words["absent"]
    return Answer(
        question, language, False, "absent", (Part("words", text),), (), nearest,
        suggest(release.companies, language), confidence, release.id, 0.0,
    )  # fmt: skip
