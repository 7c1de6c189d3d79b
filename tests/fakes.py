"""Stand-ins for what is slow: an engine over the real article that needs no model and no index.

It has the signatures of `chatbot.engine.Engine`, quotes the article's own characters, and remembers
what it was asked. What it answers is decided by a word in the question, so a test can foretell it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from starlette.types import ASGIApp

from chatbot.answers.answer import Answer, Citation, Nearest, Part
from chatbot.answers.catalogue import CaseEntry, CaseView, Catalogue, SearchResult, Status
from chatbot.answers.citations import check_answer, cite, link_to
from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import LIMIT
from chatbot.answers.extractive import tabulate
from chatbot.answers.small_talk import WORDS
from chatbot.engine import Engine
from chatbot.settings import Settings
from corpus.errors import CasebookError, FilterError, NotFoundError, QuestionError
from corpus.library import Library
from corpus.records import Case, Document, Entry, Passage, Sentence
from index.reader.ranking import Evidence, Hit
from index.searcher import Searcher
from tests.clock import wait_until

REPORTS = Path(__file__).parents[1] / "corpus" / "reports"
RELEASE = "fa4e00000000"

BENEFIT = (
    "The completion of the Padma Water Plant project significantly improved the quality of "
    "drinking water for local residents, benefiting approximately 3 million people."
)
LOCKDOWN = (
    "The autonomous vehicles of WeRide were dispatched over 500 times, transferring over 20,000 "
    "supplies weighing over 100 tons in total."
)
LIGHTS = (
    "In Lauteye Village, Bunkure Town, Kano State, Nigeria, POWERCHINA conducted a grand donation "
    'of solar lights for "A Hundred Companies in a Thousand Villages", resolving the century-old '
    "problem of nighttime lighting faced by local residents."
)
LIGHTS_PHOTO = (
    "Photo: Donation of solar lights to Lauteye Village, Bunkure Town, Kano State, Nigeria by "
    "POWERCHINA"
)


def no_searcher() -> Searcher:
    """Fail, as who asks for it reads a question that it can tell without."""
    raise AssertionError("a question was read in vain")


# A word in the question, and what is quoted to it.
QUOTES = {
    "benefit": (BENEFIT,),
    "惠及": (BENEFIT,),
    "lockdown": (LOCKDOWN,),
    "solar": (LIGHTS, LIGHTS_PHOTO),
    "several": (LOCKDOWN, BENEFIT, LIGHTS, LIGHTS_PHOTO),
}
# A word in the question, and what is quoted to it as nearest.
NEAR = {
    "hospital": (LIGHTS, LIGHTS_PHOTO, BENEFIT, LOCKDOWN),
    "医院": (LIGHTS, LIGHTS_PHOTO, BENEFIT, LOCKDOWN),
}
# The editor's questions: each is answered, and the last in vain.
KNOWN: dict[str, dict[str, Any]] = {
    "How many people benefit from the Padma Water Plant?": {"language": "en", "answers": [BENEFIT]},
    "What was carried into the lockdown area?": {"language": "en", "answers": [LOCKDOWN]},
    "Where were solar lights given?": {"language": "en", "answers": [LIGHTS]},
    "帕德玛水厂项目惠及多少人？": {"language": "zh", "answers": [BENEFIT]},
    "文远知行在 lockdown 期间运送了什么？": {"language": "zh", "answers": [LOCKDOWN]},
    "solar 灯捐赠给了哪里？": {"language": "zh", "answers": [LIGHTS]},
    "How high is the wind farm?": {"language": "en", "answers": [BENEFIT]},
}
ABSENT = {
    "en": "The collection does not answer this. The nearest cases are listed below.",
    "zh": "案例集中没有找到这个问题的答案。下面列出与问题最接近的案例。",
}
SUGGESTED = {
    "en": ("Which companies are covered?", "How many people benefit from the Padma Water Plant?"),
    "zh": ("收录了哪些公司？", "帕德玛水厂项目惠及多少人？"),
}


def read_article() -> Entry:
    """Return the article of the collection, read from its file."""
    library = Library(REPORTS)
    return library.read(library.names()[0])


class FakeEngine:
    """An engine over one entry.

    `error` is raised by every question, `ready` is what `status` tells, `hold` lets questions wait:
    `ask` adds itself to `waiting` and goes on when the event is set. The web waits `limit` seconds.
    `written` is what its language model says; without, it has none.
    """

    def __init__(self, entry: Entry | None = None) -> None:
        """Take the entry to answer from; the article, if none is given."""
        self.entry = entry or read_article()
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Be as new."""
        self.quotes: dict[str, tuple[str, ...]] = QUOTES
        self.written: tuple[str, ...] = ()
        self.error: Exception | None = None
        self.ready = True
        self.limit = LIMIT
        self.hold: threading.Event | None = None
        self.waiting = 0
        self.most_waiting = 0
        self.asked: list[tuple[str, tuple[Turn, ...], dict[str, list[str]], str | None]] = []
        self.tried: list[tuple[str, list[str]]] = []

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Mapping[str, Sequence[str]] | None = None,
        language: str | None = None,
    ) -> Answer:
        """Answer by a word in the question."""
        given = {key: list(values) for key, values in (filters or {}).items()}
        with self._lock:
            self.asked.append((question, tuple(history), given, language))
        self._wait()
        self._raise()
        words = clean(question)
        self._check_filters(given)
        speaks = language or ("zh" if any("\u4e00" <= c <= "\u9fff" for c in words) else "en")
        answer = self._compose(words, speaks)
        check_answer(answer, [self.entry.document])
        return answer

    def can_write(self, answer: Answer) -> bool:
        """Tell whether `written` has sentences and the answer quotations."""
        return bool(self.written) and answer.mode == "extractive"

    def write(self, answer: Answer) -> Answer:
        """Put the sentences of `written` before the quotations, the first of which all cite."""
        self._wait()
        parts = (Part("words", "Written:"), *(Part("written", each, 1) for each in self.written))
        written = replace(answer, mode="generative", parts=(*parts, *answer.parts))
        check_answer(written, [self.entry.document])
        return written

    def find_citations(
        self, question: str, filters: Mapping[str, Sequence[str]] | None = None
    ) -> tuple[Citation, ...]:
        """Return what answers a question, remembered as tried and not as asked."""
        wanted = list((filters or {}).get("company", ()))
        self.tried.append((question, wanted))
        answer = self._compose(clean(question), "en")
        wanted = wanted or [each.company for each in answer.citations]
        fits = all(each.company in wanted for each in answer.citations)
        return answer.citations if answer.found and fits else ()

    def check(self, question: str, filters: Mapping[str, Sequence[str]] | None = None) -> None:
        """Raise what `ask` would raise for the question or the filters."""
        clean(question)
        self._check_filters({key: list(values) for key, values in (filters or {}).items()})

    def search(
        self, question: str, k: int = 10, filters: Mapping[str, Sequence[str]] | None = None
    ) -> SearchResult:
        """Return the first k passages, of the cases that the filters leave, with falling scores."""
        self._wait()
        clean(question)
        self._raise()
        given = {key: list(values) for key, values in (filters or {}).items()}
        kept = given.pop("case_id", [case.id for case in self.entry.cases])
        self._check_filters(given)
        passages = [each for each in self.entry.passages if each.case_id in kept]
        hits = tuple(
            Hit(
                rank, 10.0 - rank / 10, passage, self._case_of(passage), self.entry.document,
                Evidence(0.9, 0.8, 7.5, 0.5, 0.0), tuple(1.0 for _ in passage.sentences),
            )
            for rank, passage in enumerate(passages[:k], 1)
        )  # fmt: skip
        return SearchResult(hits, RELEASE)

    def cases(self) -> Catalogue:
        """Return every case of the entry."""
        self._raise()
        return Catalogue(
            tuple(CaseEntry(case, self.entry.document) for case in self.entry.cases), RELEASE
        )

    def case(self, case_id: str) -> CaseView:
        """Return one case."""
        self._raise()
        for case in self.entry.cases:
            if case.id == case_id:
                own = tuple(p for p in self.entry.passages if p.case_id == case.id)
                return CaseView(case, self.entry.document, own, RELEASE)
        raise NotFoundError(f"no case {case_id[:40]!r} in release {RELEASE}: see /api/cases")

    def status(self) -> Status:
        """Tell what `ready` and `error` say."""
        if isinstance(self.error, CasebookError):
            return Status(False, False, "", 0, 0, 0, "", str(self.error))
        message = "ready" if self.ready else "the encoder is loading"
        return Status(
            True, self.ready, RELEASE, 1, len(self.entry.cases), len(self.entry.passages),
            "fake", message, reader="small",
        )  # fmt: skip

    def _wait(self) -> None:
        if self.hold is None:
            return
        with self._lock:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
        self.hold.wait(60)
        with self._lock:
            self.waiting -= 1

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error

    def _check_filters(self, filters: Mapping[str, Sequence[str]]) -> None:
        for key, values in filters.items():
            if key != "company":
                raise FilterError(f"no filter {key[:40]!r}: use one of company")
            for value in values:
                if value not in {case.company for case in self.entry.cases}:
                    raise FilterError(f"no case has company {value[:60]!r}: use one of CAMCE")

    def _case_of(self, passage: Passage) -> Case:
        return next(case for case in self.entry.cases if case.id == passage.case_id)

    def _cite(self, number: int, quote: str) -> Citation:
        document: Document = self.entry.document
        start = document.text.index(quote)
        passage = next(p for p in self.entry.passages if p.start <= start < p.end)
        return cite(number, document, self._case_of(passage), passage, start, start + len(quote))

    def _compose(self, question: str, language: str) -> Answer:
        if "companies are" in question or "哪些公司" in question:
            titles = [case.title for case in self.entry.cases if case.kind == "case"]
            opening = Part("words", f"The collection holds {len(titles)} cases:")
            return self._quote(question, language, titles, opening)
        for word, quotes in self.quotes.items():
            if word in question.lower():
                return self._quote(question, language, quotes)
        cases = [case for case in self.entry.cases if case.kind == "case"][:2]
        refusal = Answer(
            question, language, False, "absent", (Part("words", ABSENT[language]),), (),
            tuple(Nearest(c.id, c.title, c.company, link_to(c)) for c in cases),
            SUGGESTED[language], 0.1, RELEASE, 3.5,
        )  # fmt: skip
        for word, quotes in NEAR.items():
            if word in question.lower():
                made = self._quote(question, language, quotes)
                parts = (Part("words", WORDS[language]["near"]), *made.parts)
                return replace(refusal, mode="nearest", parts=parts, citations=made.citations)
        return refusal

    def _quote(
        self, question: str, language: str, quotes: Sequence[str], opening: Part | None = None
    ) -> Answer:
        parts: list[Part] = [opening] if opening else []
        citations: list[Citation] = []
        named = ""
        for number, quote in enumerate(quotes, 1):
            citation = self._cite(number, quote)
            if not opening and citation.case != named:
                named = citation.case
                parts.append(Part("case", named))
            citations.append(citation)
            parts.append(Part("quote", citation.quote, number))
        return Answer(
            question, language, True, "about" if opening else "extractive", tuple(parts),
            tuple(citations), (), SUGGESTED[language] if opening else (), 0.9, RELEASE, 3.5,
            () if opening else tabulate(citations),
        )  # fmt: skip


def hostile_engine(words: str) -> FakeEngine:
    """Return an engine over a document whose text, title and facts are all these words.

    Its second paragraph has ` benefit` behind them, and answers a question with that word.
    """
    text = f"{words}\r\n\r\n{words} benefit"
    document = Document("d0", "a.txt", "0" * 64, text, words, words, words, "", "en", "", words)
    case = Case("c0", "d0", "case", words, "Evil <b>Ltd</b>", 0, len(text), text)
    start = len(words) + 4
    passages = tuple(
        Passage(f"p{at}", "d0", "c0", "paragraph", at, end, text[at:end],
                (Sentence(at, end, text[at:end]),))
        for at, end in ((0, len(words)), (start, len(text)))
    )  # fmt: skip
    engine = FakeEngine(Entry(document, (case,), passages))
    engine.quotes = {"benefit": (f"{words} benefit",)}
    return engine


def clean(question: str) -> str:
    """Return the question on one line; raises QuestionError as the engine does."""
    if len(question) > 2000:
        raise QuestionError(f"the question has {len(question)} characters; ask in at most 2000")
    if not any(character.isalnum() for character in question):
        raise QuestionError("the question has no words; type a question in any language")
    return " ".join(question.split())


def reply_whole(engine: FakeEngine | Engine, data: Any, root: str = "") -> list[dict[str, Any]]:
    """Return every update that a question to the chat gets, asked without waiting for a turn."""
    from chatbot.web.chat import Turns, reply

    async def run(work: Callable[[], Any], cost: int = 0) -> Any:
        return work()

    async def collect() -> list[dict[str, Any]]:
        asked = reply(cast("Engine", engine), data, root, Turns(run, run))
        return [update async for update in asked]

    return asyncio.run(collect())


def read_config(page: str) -> dict[str, Any]:
    """Return what one of Gradio's documents says of its page."""
    text = page.partition("window.gradio_config = ")[2]
    config: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return config


@contextmanager
def serving(engine: FakeEngine, root_path: str = "", **settings: Any) -> Iterator[str]:
    """Serve the whole web application on a free port of loopback; gives its address."""
    from chatbot.web import create_app

    with tempfile.TemporaryDirectory() as var:  # unless a test looks into it
        reports = Path(var) / "reports"
        reports.mkdir()
        known = ({"question": asked, **told} for asked, told in KNOWN.items())
        lines = (json.dumps(each, ensure_ascii=False) + "\n" for each in known)
        (reports / "questions.jsonl").write_text("".join(lines), "utf-8")
        given: dict[str, Any] = {"var": Path(var), "reports": reports, **settings}
        told = Settings(root_path=root_path, **given)
        app = create_app(cast("Engine", engine), told)
        with serving_app(app, root_path, told.trusted_proxies) as address:
            yield address


@contextmanager
def serving_app(app: ASGIApp, root_path: str = "", proxies: tuple[str, ...] = ()) -> Iterator[str]:
    """Serve an application on a free port of loopback; gives its address."""
    import uvicorn

    from chatbot.server import HttpProtocol, bound_connections

    # named, asyncio turns Nagle's algorithm off: without, each answer waits for 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=cast(
            "Any", partial(HttpProtocol, bound=bound_connections(Settings(trusted_proxies=proxies)))
        ),
        log_level="error",
        ws="none",
        root_path=root_path,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
