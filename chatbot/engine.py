"""Questions in, checked answers out; the one object that the web, the verbs and the tests ask.

The engine follows the live release and holds what it has for as long as a request works. Where the
live one cannot be used, the best of the others is served, and the status says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from chatbot.answer_cache import RecentAnswers, make_key
from chatbot.answers.answer import Answer, Citation
from chatbot.answers.answering import answer
from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue, SearchResult, Status
from chatbot.answers.citations import check_answer
from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import LIMIT, Rephraser
from chatbot.answers.question_input import Filters, clean_question, select_cases
from chatbot.answers.small_talk_examples import is_measured, read_examples
from chatbot.llm.restating import Complete, can_write, write
from corpus.errors import CasebookError, CorruptReleaseError, NotFoundError, ReleaseError
from index.encoder.encoder import Encoder
from index.reader.protocol import Reader
from index.searcher import Searcher
from index.storage.manifest import check_model
from index.storage.publish import Releases
from index.storage.release import Release

EVERY = 0.5  # seconds between two looks at which release is live

log = logging.getLogger("casebook")


class Engine:
    """Answers from the live release; safe to share between threads.

    Nothing is loaded at construction: the encoder when `warm` or the first question needs it.
    """

    def __init__(
        self,
        releases: Releases,
        load_encoder: Callable[[], Encoder],
        *,
        complete: Complete | None = None,
        limit: float = LIMIT,
        load_reader: Callable[[Encoder], Reader] | None = None,
        rephraser: Rephraser | None = None,
    ) -> None:
        """Take the releases to follow, the way to load the encoder, and a language model if any.

        `limit` is how many seconds a question may take once the encoder is there. `load_reader`
        loads what reads the passages, for the encoder; `rephraser` puts questions in other words
        for the search.
        """
        self.limit = limit
        self._releases = releases
        self._load_encoder = load_encoder
        self._complete = complete
        self._load_reader = load_reader
        self._rephraser = rephraser
        self._encoder: Encoder | None = None
        self._reader: Reader | None = None
        self._encoder_lock = threading.Lock()
        self._release: Release | None = None
        self._searcher: Searcher | None = None
        self._release_lock = threading.Lock()
        self._refused = ("", 0)  # the live release that cannot be used, and its stamp
        self._recent = RecentAnswers()
        self._following = False
        self._warm = False
        self._ahead = ""  # the release whose first passages are read

    def warm(self) -> None:
        """Load encoder and reader, open the live release and ask it something: then it is ready.

        Raises ModelError or a ReleaseError where that cannot be.
        """
        self.search("warm")
        encoder = self._get_encoder()
        if is_measured(encoder):
            read_examples(encoder)
        self._get_reader()
        self._warm = True

    def read_ahead(self) -> None:
        """Read the first passages of the live release, once, so that no question waits for it.

        Raises ModelError or a ReleaseError.
        """
        with self._reading() as release:
            if self._ahead != release.id:
                self._ahead = release.id
                self._search_in(release).read_ahead()

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
        `language`, one of the interface's, is that of the framing words; without it, the
        question's. Raises QuestionError, FilterError, BusyError, SlowError, ModelError or a
        ReleaseError.
        """
        started = time.perf_counter()
        with self._reading() as release:
            key = make_key(release.id, question, history, filters, language)
            given = self._recent.find(key)
            if given is None:
                given = answer(
                    release,
                    lambda: self._search_in(release),
                    question,
                    history=history,
                    filters=filters,
                    language=language,
                    limit=self.limit,
                    rephraser=self._rephraser,
                )
                self._recent.keep(key, given)
                return given
            check_answer(given, release.documents_of(c.document_id for c in given.citations))
        return replace(given, elapsed_ms=round((time.perf_counter() - started) * 1000, 1))

    def can_write(self, answer: Answer) -> bool:
        """Tell whether `write` would ask a language model."""
        return self._complete is not None and can_write(answer)

    def write(self, answer: Answer) -> Answer:
        """Return the answer with a language model's sentences before its quotations, or as it was.

        Takes as long as the endpoint may. What the model wrote has been checked against the
        quotations, and they against the release once more; where that is no longer live, or where
        no model is set, the answer stays as it is. Raises ModelError or a ReleaseError.
        """
        if self._complete is None or not can_write(answer):
            return answer
        started = time.perf_counter()
        with self._reading() as release:
            if release.id != answer.release:
                return answer
            written = write(answer, self._complete, release.glossary, self._get_encoder())
            check_answer(written, release.documents_of(c.document_id for c in written.citations))
        took = round(answer.elapsed_ms + (time.perf_counter() - started) * 1000, 1)
        return replace(written, elapsed_ms=took)

    def find_citations(self, question: str, filters: Filters | None = None) -> tuple[Citation, ...]:
        """Return what is quoted as the answer to `question` by itself, none where nothing is.

        For whoever wants to know before it is asked; raises as `ask` does.
        """
        given = self.ask(question, (), filters)
        return given.citations if given.outcome == "answer" else ()

    def check(self, question: str, filters: Filters | None = None) -> None:
        """Raise what `ask` would raise before it searches; cheap."""
        clean_question(question)
        with self._reading() as release:
            select_cases(release, filters)

    def search(self, question: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the k passages nearest to `question`, best first; raises as `ask` does."""
        asked = clean_question(question)
        with self._reading() as release:
            cases = select_cases(release, filters)
            return SearchResult(tuple(self._search_in(release).search(asked, k, cases)), release.id)

    def cases(self) -> Catalogue:
        """Return every case of the live release; raises a ReleaseError where there is none."""
        with self._reading() as release:
            return Catalogue(tuple(CaseEntry(c, d) for c, d in release.cases()), release.id)

    def case(self, case_id: str) -> CaseView:
        """Return one case; raises NotFoundError for an unknown id, else a ReleaseError."""
        with self._reading() as release:
            found = release.find_case(case_id)
            if found is None:
                raise NotFoundError(
                    f"no case {case_id[:40]!r} in release {release.id}: see /api/cases"
                )
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
        refused, reader = self._refused[0], self._reader
        if refused:
            message = f"the live release {refused} cannot be used: {release.id} is served instead"
        return Status(
            True, self._warm, release.id, manifest.documents, manifest.cases,
            manifest.rows, manifest.model, message, refused, reader.name if reader else "",
        )  # fmt: skip

    def _get_encoder(self) -> Encoder:
        with self._encoder_lock:
            if self._encoder is None:
                self._encoder = self._load_encoder()
            encoder = self._encoder
        held = self._release
        if held is not None:  # perhaps opened before the encoder was loaded
            check_model(held.manifest, encoder.identity)
        return encoder

    def _get_reader(self) -> Reader | None:
        """Return what reads the passages, loaded once; None where the engine was given none."""
        encoder = self._get_encoder()
        with self._encoder_lock:
            if self._reader is None and self._load_reader is not None:
                self._reader = self._load_reader(encoder)
            return self._reader

    def _search_in(self, release: Release) -> Searcher:
        """Return what searches a release; that of the one served last is kept."""
        searcher = self._searcher
        if searcher is None or searcher.release is not release:
            encoder = self._get_encoder()
            searcher = self._searcher = Searcher(release, encoder, self._get_reader())
        return searcher

    def follow(self, stop: threading.Event) -> None:
        """Look twice a second which release is live and open it, until `stop` is set.

        Meanwhile no request waits for a release to be opened, nor for its first passages to be
        read.
        """
        self._following = True
        try:
            while not stop.wait(EVERY):
                try:
                    self._refresh()
                    self.read_ahead()
                except CasebookError as error:
                    log.error("no release can be served: %s", error)
                except Exception:
                    log.exception("following the live release failed; it is tried again")
        finally:
            self._following = False

    @contextmanager
    def _reading(self) -> Iterator[Release]:
        """Give the release that is served, which is opened anew where it turns out damaged."""
        release = self._hold()
        try:
            yield release
        except CorruptReleaseError as error:
            self._drop(release, str(error))
            raise

    def _drop(self, release: Release, reason: str) -> None:
        """Have the next question open the live release again, and so look at its every byte."""
        with self._release_lock:
            if self._release is release:
                log.error("release %s is opened again: %s", release.id, reason)
                self._release = self._searcher = None

    def _hold(self) -> Release:
        held = self._release
        if held is not None and (changed := held.find_changed()) is not None:
            self._drop(held, f"{changed}: was written to")
            held = None
        return held if held is not None and self._following else self._refresh()

    def _refresh(self) -> Release:
        """Return the live release, opened if it is new, or else the best that can be served."""
        held = self._release
        try:
            live = self._releases.live()
        except ReleaseError as error:
            return held or self._fall_back("", error)
        if held is not None and held.id == live:
            self._refused = ("", 0)
            return held
        if held is not None and self._refused == (live, self._releases.stamp(live)):
            return held
        with self._release_lock:
            if self._release is not None and self._release.id == live:
                return self._release
            try:
                self._release = self._open(live)
            except ReleaseError as error:
                log.error("release %s is not served: %s", live, error)
                self._refused = (live, self._releases.stamp(live))
                return self._release or self._fall_back(live, error)
            self._refused = ("", 0)
            return self._release

    def _fall_back(self, live: str, reason: ReleaseError) -> Release:
        """Return the best of the other releases; raises `reason` where none can be used."""
        for release_id in self._releases.fallbacks():
            if release_id == live:
                continue
            try:
                self._release = self._open(release_id)
            except ReleaseError as error:
                log.error("release %s is not served: %s", release_id, error)
                continue
            self._refused = (live or "CURRENT", self._releases.stamp(live))
            log.error("release %s is served instead", release_id)
            return self._release
        raise reason

    def _open(self, release_id: str) -> Release:
        identity = self._encoder.identity if self._encoder else None
        return self._releases.open(release_id, identity)
