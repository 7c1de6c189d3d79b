"""chatbot.publishing.publish_job: one publishing at a time, followed by whoever looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from chatbot.evaluation.regression_questions import GateReport, Quoted, Setback
from chatbot.publishing import publish_job
from chatbot.publishing.publish_job import PublishJob, State
from chatbot.publishing.publisher import Publication, Publisher
from chatbot.web.editor.fragments.changes import render_plan
from chatbot.web.error_responses import REQUEST_ID
from corpus.errors import BuildLockedError, GateError
from index.build_plan import Plan

PLAN = Plan(
    ("a.txt",), (), (), {}, (), {}, ("a.txt: A",), (), (), 1, 2, 0, 0, 2, texts=5, to_encode=4,
    duplicates=(),
)  # fmt: skip
LOST = Setback("When?", ("then",), Quoted("It was then.", "a.txt"), Quoted())
REPORT = GateReport(2, 1, 2, 1, (), (LOST,), (), ("When?",), ("When?",))


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
    return list(work.follow())[-1]


def test_it_is_followed_from_the_plan_to_the_release(publisher: FakePublisher) -> None:
    """Every follower sees how far it is, and how it ended."""
    work = PublishJob(cast("Publisher", publisher), lambda: 7.0)
    assert not work.state.working
    assert [state.phase for state in work.follow()] == ["idle"]
    work.start()
    assert publisher.at_work.wait(60)
    followers = [work.follow(), work.follow()]
    for follower in followers:
        state = next(follower)
        assert (state.phase, state.done, state.total, state.plan) == ("encoding", 1, 4, PLAN)
    publisher.hold.set()
    for follower in followers:
        *_, last = follower
        assert (last.phase, last.working) == ("done", False)
        assert last.publication == Publication(PLAN, "r1", True, None)
    assert publisher.accepted == [False]


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


def test_a_follower_waits_for_the_next_phase(
    publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each text: a page is told a few times a second, and at once when a phase begins."""
    monkeypatch.setattr(publish_job, "EVERY", 30.0)
    work = PublishJob(cast("Publisher", publisher))
    work.start()
    assert publisher.at_work.wait(60)
    states = work.follow()
    assert next(states).phase == "encoding"
    publisher.hold.set()
    assert next(states).phase in ("asking", "done")


def test_a_renamed_file_is_shown_as_that() -> None:
    """Where it was and where it is, and a count only where there is one."""
    made = replace(PLAN, added=(), renamed={"<a>.txt": "2024/a.txt"})
    html = render_plan(made, "en")
    assert "&lt;a&gt;.txt → 2024/a.txt" in html
    assert "<dt>renamed</dt><dd>1</dd>" in html
    assert "更名" in render_plan(made, "zh")
    assert "renamed" not in render_plan(PLAN, "en")
