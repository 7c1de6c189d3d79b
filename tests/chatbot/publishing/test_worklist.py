"""The worklist and what it is made of: questions asked in vain, votes, what is done."""

from __future__ import annotations

import json
import logging
import sqlite3
import stat
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatbot.answers.answering import FOUND
from chatbot.publishing import asked_questions, worklist
from chatbot.publishing.asked_questions import BORDER, OF_ONE, AskedQuestions
from chatbot.publishing.feedback import Vote, VoteLog
from chatbot.publishing.worklist import Worklist
from corpus.errors import NotFoundError
from index.encoder.encoder import Vectors
from tests.fakes import FakeEngine

DAY = date(2026, 3, 1)
ABSENT = FakeEngine().ask("Why?")


def encode(texts: Sequence[str]) -> Vectors:
    """Return one vector for what asks for the price of copper, another for each other question."""
    encoded.extend(texts)
    rows = np.zeros((len(texts), 1000), np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[0 if "copper" in text else 1 + sum(text.encode()) % 999] = 1
    return rows


encoded: list[str] = []


@pytest.fixture
def work(tmp_path: Path) -> Worklist:
    """An empty list."""
    encoded.clear()
    return Worklist(tmp_path, 90, encode)


def note(asked: AskedQuestions, question: str, confidence: float = 0.01, **more: Any) -> None:
    """Have a question asked in vain."""
    given = {"day": None, **more}
    asked.note(replace(ABSENT, question=question, confidence=confidence), given["day"])


def test_what_is_kept_is_the_question_alone(tmp_path: Path) -> None:
    """Counted, with the days of the first and the last time; nobody else may read the file."""
    asked = AskedQuestions(tmp_path, 90)
    assert asked.read() == []
    assert list(tmp_path.iterdir()) == []
    note(asked, "Why?", day=DAY)
    note(asked, "桥\ud800在哪里？", day=DAY)
    note(asked, "Why?", 0.02, day=date(2026, 3, 9))
    first, second = asked.read(date(2026, 3, 9))
    assert (first.question, first.times, first.first, first.last, first.confidence) == (
        "Why?", 2, "2026-03-01", "2026-03-09", 0.02,
    )  # fmt: skip
    assert (second.question, second.times) == ("桥?在哪里？", 1)
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True), ({"mode": "nearest"}, True), ({"mode": "about"}, False),
        ({"question": "x" * 501}, False), ({"question": "x" * 500}, True),
        ({"mode": "extractive", "found": True, "confidence": 0.9}, False),
        ({"mode": "extractive", "found": True, "confidence": FOUND + BORDER / 2}, True),
    ],
)  # fmt: skip
def test_a_sure_answer_is_no_work(tmp_path: Path, change: dict[str, Any], kept: bool) -> None:
    """Nor is a greeting, nor what is no question any more."""
    asked = AskedQuestions(tmp_path, 90)
    asked.note(replace(ABSENT, **change))
    assert bool(asked.read()) is kept


def test_it_is_bounded_in_rows_and_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question asked longest ago goes; after as many days as set, each goes; 0 keeps none."""
    monkeypatch.setattr(asked_questions, "MOST", 3)
    asked = AskedQuestions(tmp_path, 10)
    for number in range(5):
        note(asked, f"{number}?", day=DAY)
    note(asked, "2?", day=DAY)
    assert [each.question for each in asked.read(DAY)] == ["2?", "4?", "3?"]
    assert asked.read(date(2026, 3, 12)) == []
    assert b"4?" not in (tmp_path / "questions.sqlite").read_bytes()
    none = AskedQuestions(tmp_path / "none", 0)
    note(none, "Why?")
    assert not (tmp_path / "none").exists()


def test_one_reader_drops_nobody_elses(tmp_path: Path) -> None:
    """Of one reader so many questions are kept in a day, and as many on the next one."""
    asked = AskedQuestions(tmp_path, 90)

    def ask(question: str, sender: str, day: date = DAY) -> None:
        asked.note(replace(ABSENT, question=question), day, sender)

    for number in range(2 * OF_ONE):
        ask(f"Eve's {number}?", "198.51.100.7")
    ask("Ann's?", "198.51.100.8")
    assert [each.question for each in asked.read(DAY)[:2]] == ["Ann's?", f"Eve's {OF_ONE - 1}?"]
    assert len(asked.read(DAY)) == OF_ONE + 1
    ask("Eve's again?", "198.51.100.7", date(2026, 3, 2))
    assert asked.read(DAY)[0].question == "Eve's again?"


def test_nothing_waits_for_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is locked, no table or no folder is logged, and the answer goes its way.

    One that failed is left alone for half a minute: no question waits for it meanwhile.
    """
    asked = AskedQuestions(tmp_path, 90)
    note(asked, "Why?")
    with sqlite3.connect(tmp_path / "questions.sqlite") as holder, caplog.at_level(logging.WARNING):
        holder.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        for number in range(20):
            note(asked, f"{number}?")
        assert time.monotonic() - started < 2  # not twenty times .2 s
        holder.rollback()
        assert caplog.text.count("cannot be kept") == 1
    holder.close()
    (tmp_path / "questions.sqlite").write_bytes(b"no table" * 1000)
    note(AskedQuestions(tmp_path, 90), "Where?")
    with pytest.raises(OSError, match=r"questions\.sqlite cannot be read"):
        asked.read()
    (tmp_path / "file").write_text("")
    note(AskedQuestions(tmp_path / "file", 90), "Who?")
    assert caplog.text.count("cannot be kept") == 3


def test_many_write_at_once(tmp_path: Path) -> None:
    """No question of several threads is lost."""
    asked = AskedQuestions(tmp_path, 90)

    def ask() -> None:
        for _ in range(5):
            note(asked, "Why?")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked.read()[0].times == 20


def test_questions_that_mean_the_same_are_one_item(work: Worklist) -> None:
    """The most asked first; an unsure one stands by itself; each is encoded once."""
    for question in ("What does copper cost?", "Who?", "copper price", "copper price"):
        note(work.asked, question)
    note(work.asked, "Is copper dear?", FOUND - BORDER / 2)
    first, second, third = work.read()
    assert (first.kind, first.questions, first.times) == (
        "unanswered", ("copper price", "What does copper cost?"), 3,
    )  # fmt: skip
    assert (second.questions, third.kind, third.question) == (
        ("Who?",),
        "unsure",
        "Is copper dear?",
    )
    assert work.find(first.id) == first
    assert len(encoded) == 4


def test_what_is_done_comes_back_when_it_is_asked_again(work: Worklist, tmp_path: Path) -> None:
    """All questions of an item go; a vote that is done stays away, also for another process."""
    note(work.asked, "copper price")
    note(work.asked, "What does copper cost?")
    VoteLog(tmp_path, 180).append(
        Vote("benefit?", "00c0ffee0000", "down", 2, "another case", reason="place")
    )
    asked, vote = work.read()
    assert (vote.kind, vote.comment, vote.citation) == ("vote", "another case", 2)
    assert vote.reason == "place"
    assert datetime.fromisoformat(vote.last).tzinfo == UTC
    for item in (asked, vote):
        assert work.finish(item.id) == item
        with pytest.raises(NotFoundError, match="on the worklist no longer"):
            work.finish(item.id)
    assert Worklist(tmp_path, 90, encode).read() == []
    note(work.asked, "copper price")
    assert [item.question for item in work.read()] == ["copper price"]


def test_a_log_of_votes_may_hold_anything(work: Worklist, tmp_path: Path) -> None:
    """Votes for an answer, half lines and other things are passed over; the last vote is first."""
    votes = VoteLog(tmp_path, 180)
    for number in range(3):
        votes.append(Vote(f"{number}?", "00c0ffee0000", "up" if number == 1 else "down"))
    good = json.loads((tmp_path / "feedback.jsonl").read_text().splitlines()[0])
    with (tmp_path / "feedback.jsonl").open("ab") as log:
        for line in (b"\xff\xfe", b"[", b"[]", b"7", b"null", b'{"vote": "down"}', b"[" * 100_000,
                     json.dumps({**good, "question": 7}).encode(),
                     json.dumps({**good, "reason": ["place"]}).encode(),
                     json.dumps({**good, "citation": "1"}).encode()):  # fmt: skip
            log.write(line + b"\n")
    (tmp_path / "feedback.old.jsonl").write_text(json.dumps({**good, "question": "old?"}) + "\n")
    assert [item.question for item in work.read()] == ["2?", "0?", "old?"]


def test_only_the_last_are_grouped(work: Worklist, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of any length is read in bounded time."""
    monkeypatch.setattr(worklist, "MOST", 2)
    for number in range(4):
        note(work.asked, f"{number}?")
    assert [item.question for item in work.read()] == ["3?", "2?"]
