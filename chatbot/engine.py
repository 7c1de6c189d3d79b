"""Questions in, checked answers out; the one object that the web, the verbs and the tests ask.

The engine follows the live release: each request looks which one CURRENT names, opens it if it is
new, and holds what it has for as long as it works. An answer leaves only when every quotation has
been compared with its document.
"""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chatbot import extractive
from chatbot.about import WORDS, Topic, find_topic
from chatbot.answer import Answer, Citation, Part
from chatbot.conversation import Turn, make_whole
from chatbot.quotation import check_answer, cite
from corpus.errors import (
    CasebookError,
    CitationError,
    FilterError,
    NotFoundError,
    QuestionError,
    ReleaseError,
)
from corpus.language import detect
from corpus.records import Case, Document, Passage
from index.encoder import Encoder
from index.publish import Releases
from index.release import Release
from index.search import Hit, search

QUESTION_LENGTH = 2000  # characters
LANGUAGES = ("en", "zh")  # of the framing words
Filters = Mapping[str, Sequence[str]]

log = logging.getLogger("casebook")

SUGGESTIONS = {
    "en": (
        "Which companies are covered?",
        "How many people benefit from the Padma Water Plant?",
        "What did WeRide do during the COVID-19 lockdown?",
        "Where did POWERCHINA donate solar lights?",
    ),
    "zh": (
        "收录了哪些公司？",
        "帕德玛水厂项目惠及多少人？",
        "文远知行在抗击新冠疫情中做了什么？",
        "中国电建在哪些国家捐赠了光伏产品？",
    ),
}


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

    `live` says that a release is open, `ready` that the encoder is warm as well.
    """

    live: bool
    ready: bool
    release: str
    documents: int
    cases: int
    passages: int
    model: str
    message: str


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
        if topic:
            draft = self._tell_about(topic, asked, words_in, release)
        else:
            hits = search(
                release, self._get_encoder(), make_whole(asked, history), extractive.HITS, cases
            )
            draft = self._answer(asked, words_in, hits, release)
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
        """Return one case; raises NotFoundError for an unknown id, a ReleaseError without release."""
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
            parts.append(
                Part("words", text.format(cases=len(catalogue), companies=len(companies)))
            )
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
            SUGGESTIONS[language], 1.0, release.id, 0.0,
        )  # fmt: skip

    def _answer(
        self, question: str, language: str, hits: Sequence[Hit], release: Release
    ) -> Answer:
        confidence = round(extractive.estimate_confidence(hits, detect(question)), 3)
        choices = extractive.choose(question, hits) if confidence >= extractive.FOUND else []
        if choices:
            parts, citations = extractive.compose(choices, language)
            return Answer(
                question, language, True, "extractive", parts, citations, (), (), confidence,
                release.id, 0.0,
            )  # fmt: skip
        return self._absent(question, language, hits, release, confidence)

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
            SUGGESTIONS[language], confidence, release.id, 0.0,
        )  # fmt: skip

    def _check(self, answer: Answer, release: Release) -> Answer:
        try:
            check_answer(answer, release.documents_of(c.document_id for c in answer.citations))
        except CitationError as error:
            log.error("an answer was held back in release %s: %s", release.id, error)
            raise
        return answer


def clean_question(question: str) -> str:
    """Return the question on one line without control or direction characters.

    Raises QuestionError where nothing can be searched: no letter or digit, or more than
    QUESTION_LENGTH characters.
    """
    if len(question) > QUESTION_LENGTH:
        raise QuestionError(
            f"the question has {len(question)} characters; ask in at most {QUESTION_LENGTH}"
        )
    kept = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in question
        if unicodedata.category(c) not in ("Cf", "Cs")
    )
    cleaned = " ".join(kept.split())
    if not any(character.isalnum() for character in cleaned):
        raise QuestionError("the question has no words; type a question in any language")
    return cleaned


def choose_language(question: str) -> str:
    """Return the language of the framing words for a question: `zh` for Chinese, else `en`."""
    return "zh" if detect(question) == "zh" else "en"


def select_cases(release: Release, filters: Filters | None) -> set[int] | None:
    """Return the numbers of the cases that the filters leave, or None where there is no filter.

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
        have = [fields[key](case, document).casefold() for case, document in cases]
        known = Counter(have)
        for value in values:
            if not value or value.casefold() not in known:
                some = sorted({fields[key](c, d) for c, d in cases} - {""})[:8]
                raise FilterError(f"no case has {key} {value[:60]!r}: use one of {', '.join(some)}")
        if values:
            wanted = {value.casefold() for value in values}
            left &= {number for number, value in enumerate(have) if value in wanted}
    return left


