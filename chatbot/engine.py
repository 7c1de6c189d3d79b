"""Questions in, checked answers out; the one object that the web, the verbs and the tests ask.

The engine follows the live release: each request looks which one CURRENT names, opens it if it is
new, and holds what it has for as long as it works. An answer leaves only when every quotation has
been compared with its document.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from chatbot import extractive
from chatbot.about import WORDS, Topic, find_company, find_topic, suggest
from chatbot.answer import Answer, Citation, Part
from chatbot.catalogue import CaseEntry, CaseView, Catalogue, SearchResult, Status
from chatbot.conversation import Turn, find_subject
from chatbot.question import Filters, choose_language, clean_question, select_cases
from chatbot.quotation import check_answer, cite
from corpus.errors import CasebookError, CitationError, NotFoundError, ReleaseError
from corpus.language import detect
from index.encoder import Encoder
from index.publish import Releases
from index.release import Release
from index.search import Hit, keep_content, search

LANGUAGES = ("en", "zh")  # of the framing words

log = logging.getLogger("casebook")


class Engine:
    """Answers from the live release; safe to share between threads.

    Nothing is loaded at construction: the encoder when `warm` or the first question needs it.
    """

    def __init__(self, releases: Releases, load_encoder: Callable[[], Encoder]) -> None:
        """Take the releases to follow and the way to load the encoder."""
        self._releases = releases
        self._load_encoder = load_encoder
        self._encoder: Encoder | None = None
        self._encoder_lock = threading.Lock()
        self._release: Release | None = None
        self._release_lock = threading.Lock()
        self._refused = ""  # the id of a live release that cannot be opened, to log it once
        self._warm = False

    def warm(self) -> None:
        """Load the encoder, open the live release and ask it something, so that it is ready.

        Raises ModelError or a ReleaseError where that cannot be.
        """
        self.search("warm")
        self._warm = True

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        language: str | None = None,
    ) -> Answer:
        """Return the answer to `question`, its quotations checked against their documents.

        `history` holds the turns before it, oldest first; `filters` limits the cases: for every
        key (`company`, `case_id`, `document_id`, `language`) a case must have one of the values.
        `language`, `en` or `zh`, is that of the framing words; without it, the question's. Raises
        QuestionError, FilterError, ModelError or a ReleaseError.
        """
        started = time.perf_counter()
        asked = clean_question(question)
        words_in = language if language in LANGUAGES else choose_language(asked)
        release = self._hold()
        cases = select_cases(release, filters)
        topic = find_topic(asked)
        company = find_company(keep_content(release.glossary.translate(asked)), release.companies)
        if company and cases is None:
            draft = self._tell_company(company, asked, words_in, release)
        elif topic:
            draft = self._tell_about(topic, asked, words_in, release)
        else:
            draft = self._answer(asked, find_subject(asked, history), words_in, release, cases)
        answer = replace(draft, elapsed_ms=round((time.perf_counter() - started) * 1000, 1))
        return self._check(answer, release)

    def check(self, question: str, filters: Filters | None = None) -> None:
        """Raise what `ask` would raise before it searches; cheap."""
        clean_question(question)
        select_cases(self._hold(), filters)

    def search(self, question: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the k passages nearest to `question`, best first; raises as `ask` does."""
        asked = clean_question(question)
        release = self._hold()
        cases = select_cases(release, filters)
        return SearchResult(
            tuple(search(release, self._get_encoder(), asked, k, cases)), release.id
        )

    def cases(self) -> Catalogue:
        """Return every case of the live release; raises a ReleaseError where there is none."""
        release = self._hold()
        return Catalogue(tuple(CaseEntry(c, d) for c, d in release.cases()), release.id)

    def case(self, case_id: str) -> CaseView:
        """Return one case; raises NotFoundError for an unknown id, else a ReleaseError."""
        release = self._hold()
        found = release.find_case(case_id)
        if found is None:
            raise NotFoundError(f"no case {case_id[:40]!r} in release {release.id}: see /api/cases")
        case, document = found
        return CaseView(case, document, tuple(release.case_passages(case)), release.id)

    def status(self) -> Status:
        """Tell how things stand; never raises, loads nothing but the release."""
        try:
            release = self._hold()
        except CasebookError as error:
            return Status(False, False, "", 0, 0, 0, "", str(error))
        manifest = release.manifest
        message = "ready" if self._warm else "the encoder is loading"
        if self._refused:
            message = f"the live release {self._refused} cannot be used; serving {release.id}"
        return Status(
            True, self._warm, release.id, manifest.documents, manifest.cases,
            manifest.passages, manifest.model, message,
        )  # fmt: skip

    def _get_encoder(self) -> Encoder:
        with self._encoder_lock:
            if self._encoder is None:
                self._encoder = self._load_encoder()
            encoder = self._encoder
        held = self._release
        if held is not None and held.manifest.model != encoder.identity:
            # Opened before the encoder was loaded: open it again, which says what is wrong.
            Release(held.folder, encoder.identity)
        return encoder

    def _hold(self) -> Release:
        held = self._release
        try:
            live = self._releases.live()
        except ReleaseError:
            if held is None:
                raise
            return held
        if held is not None and held.id == live:
            self._refused = ""
            return held
        if held is not None and self._refused == live:
            return held
        with self._release_lock:
            if self._release is not None and self._release.id == live:
                return self._release
            try:
                identity = self._encoder.identity if self._encoder else None
                self._release = Release(self._releases.path(live), identity)
            except ReleaseError as error:
                log.error("release %s is not served: %s", live, error)
                if self._release is None:
                    raise
                self._refused = live
            return self._release

    def _tell_about(self, topic: Topic, question: str, language: str, release: Release) -> Answer:
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

    def _tell_company(self, company: str, question: str, language: str, release: Release) -> Answer:
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

    def _answer(
        self,
        question: str,
        subject: str,
        language: str,
        release: Release,
        cases: set[int] | None,
    ) -> Answer:
        # A follow-up is judged together with its subject and answered from the subject's cases.
        judged = hits = self._search(release, f"{subject} {question}".strip(), cases)
        if subject:
            before = extractive.choose(subject, self._search(release, subject, cases))
            within = {release.case_number(choice.hit.case.id) for choice in before}
            hits = self._search(release, question, within) or judged
        confidence = round(extractive.estimate_confidence(judged, detect(question)), 3)
        choices = extractive.choose(question, hits) if confidence >= extractive.FOUND else []
        if choices:
            parts, citations = extractive.compose(choices, language)
            return Answer(
                question, language, True, "extractive", parts, citations, (), (), confidence,
                release.id, 0.0,
            )  # fmt: skip
        return self._absent(question, language, judged, release, confidence)

    def _search(self, release: Release, question: str, cases: set[int] | None) -> list[Hit]:
        return search(release, self._get_encoder(), question, extractive.HITS, cases)

    def _absent(
        self,
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

    def _check(self, answer: Answer, release: Release) -> Answer:
        try:
            check_answer(answer, release.documents_of(c.document_id for c in answer.citations))
        except CitationError as error:
            log.error("an answer was held back in release %s: %s", release.id, error)
            raise
        return answer
