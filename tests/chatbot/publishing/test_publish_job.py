"""chatbot.publishing.publish_job: one publishing at a time, for whoever looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import cast

import pytest

from chatbot.evaluation.regression_questions import Change, GateReport, Quoted, Setback
from chatbot.publishing.publish_job import PublishJob, State
from chatbot.publishing.publisher import Publication, Publisher
from chatbot.web.error_responses import REQUEST_ID
from corpus.errors import BuildLockedError, GateError
from index.build_plan import Plan

PLAN = Plan(
    ("a.txt",), (), (), {}, (), {}, ("a.txt: A",), (), (), 1, 2, 0, 0, 2, texts=5, to_encode=4,
    duplicates=(),
)  # fmt: skip
LOST = Setback("When?", ("then",), Quoted("It was then.", "a.txt"), Quoted())
WORDED = Change(
    "When?", ("then",), Quoted("Then.", "a.txt"), Quoted("It was then.", "a.txt"),
    ("answer", "answer"), True,
)  # fmt: skip
REPORT = GateReport(2, 1, 2, 1, (), (LOST,), (), ("When?",), (WORDED,))


class FakePublisher:
    """Publishes as a test says: `steps` of four texts, then what `end` returns or raises."""

    def __init__(self) -> None:
        """Wait for nothing."""
        self.accepted: list[bool] = []
        self.at_work, self.hold = threading.Event(), threading.Event()
        self.end: Callable[[], Publication] = lambda: Publication(PLAN, "r1", True, None)

    def publish(
        self,
        accept: bool,
        full: bool,
        announce: Callable[[Plan], None],
        progress: Callable[[int, int], None],
        asking: Callable[[int, int], None],
    ) -> Publication:
        """Announce, encode one text, wait, encode the rest, ask."""
        self.accepted.append(accept)
        assert not full
        announce(PLAN)
        progress(1, 4)
        self.at_work.set()
        assert self.hold.wait(60)
        progress(4, 4)
        asking(1, 2)
        return self.end()


@pytest.fixture
def publisher() -> FakePublisher:
    """A desk that waits in the middle."""
    return FakePublisher()


def finish(work: PublishJob) -> State:
    """Return how it ended."""
    until = time.monotonic() + 60
    while (state := work.state).working:
        assert time.monotonic() < until
        time.sleep(0.01)
    return state


def test_it_is_seen_from_the_plan_to_the_release(publisher: FakePublisher) -> None:
    """Whoever looks sees how far it is, and how and when it ended."""
    work = PublishJob(cast("Publisher", publisher), lambda: 7.0)
    assert (work.state.phase, work.state.working, work.state.at) == ("idle", False, None)
    work.start()
    assert publisher.at_work.wait(60)
    state = work.state
    assert (state.phase, state.done, state.total, state.plan) == ("encoding", 1, 4, PLAN)
    publisher.hold.set()
    last = finish(work)
    assert last.phase == "done"
    assert last.publication == Publication(PLAN, "r1", True, None)
    assert last.at is not None
    assert last.at.utcoffset() is not None
    assert publisher.accepted == [False]


def test_it_can_be_stopped(publisher: FakePublisher) -> None:
    """With the text it is at; nothing is published, and it may be started again."""
    work = PublishJob(cast("Publisher", publisher))
    work.start()
    assert publisher.at_work.wait(60)
    work.stop()
    publisher.hold.set()
    last = finish(work)
    assert (last.phase, last.publication, last.line) == ("stopped", None, "")
    work.start()
    assert finish(work).phase == "done"


def test_a_second_one_is_refused_while_it_works(publisher: FakePublisher) -> None:
    """With words an editor understands; afterwards it may be started again."""
    work = PublishJob(cast("Publisher", publisher))
    work.start()
    with pytest.raises(BuildLockedError, match="another editor is publishing now"):
        work.start()
    publisher.hold.set()
    assert finish(work).phase == "done"
    work.start(accept=True)
    assert finish(work).phase == "done"
    assert publisher.accepted == [False, True]


def test_the_gate_stops_it_with_its_report(publisher: FakePublisher) -> None:
    """The questions that were lost are there to be shown."""

    def stop() -> Publication:
        raise GateError("nothing is published: 1 lost", REPORT)

    publisher.end = stop
    publisher.hold.set()
    work = PublishJob(cast("Publisher", publisher))
    work.start()
    last = finish(work)
    assert (last.phase, last.gate, last.code, last.plan) == ("failed", REPORT, "gate", PLAN)


def test_what_goes_wrong_is_kept_for_the_page(publisher: FakePublisher) -> None:
    """Another build's lock is its line; a fault inside is logged under the request's id."""

    def locked() -> Publication:
        raise BuildLockedError("another build is at work (process 7): wait for it to end")

    def fault() -> Publication:
        raise RuntimeError("secret")

    publisher.hold.set()
    work = PublishJob(cast("Publisher", publisher))
    publisher.end = locked
    work.start()
    assert "process 7" in finish(work).line
    publisher.end = fault
    token = REQUEST_ID.set("request-7")
    work.start()
    REQUEST_ID.reset(token)
    last = finish(work)
    assert (last.code, last.request_id) == ("internal", "request-7")
    assert "secret" not in last.line
