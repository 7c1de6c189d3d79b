"""What readers asked in vain, or got an unsure answer to: a table of bounded size and age.

Nothing is kept of who asked: a question, how often it came, on which days first and last, and what
became of it. A question that is answered surely is not kept at all, and of one reader no more than
some in a day: who asks for hours drops nobody else's.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from chatbot.answers.answer import Answer
from chatbot.answers.answering import FOUND

log = logging.getLogger("casebook")

BORDER = 0.1  # of confidence, on either side of what an answer needs, in which it is unsure
MOST = 5000  # questions; the one asked longest ago goes first
OF_ONE = 50  # questions that one reader has kept in a day, so that nobody drops all others'
_READERS = 10_000  # whose questions of a day are counted, in memory
_LONGEST = 500  # characters of a question that is kept
_PATIENCE = 0.2  # seconds that a question may wait for another process to write
_PAUSE = 30.0  # seconds until a file that failed is tried again
_TABLE = """CREATE TABLE IF NOT EXISTS asked (
    question TEXT PRIMARY KEY, language TEXT, outcome TEXT, confidence REAL, release TEXT,
    times INTEGER, first TEXT, last TEXT)"""
_NOTE = """INSERT OR REPLACE INTO asked SELECT :question, :language, :outcome, :confidence,
    :release, 1 + ifnull(max(times), 0), ifnull(min(first), :today), :today
    FROM asked WHERE question = :question"""
_DROP = """DELETE FROM asked WHERE last < :first OR rowid <=
    (SELECT rowid FROM asked ORDER BY rowid DESC LIMIT 1 OFFSET :most)"""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question and what became of it the last time; `first` and `last` are days in UTC."""

    question: str
    language: str
    outcome: str
    confidence: float
    release: str
    times: int
    first: str
    last: str


class AskedQuestions:
    """The table `questions.sqlite` in a folder; safe for threads and processes."""

    def __init__(self, folder: Path, days: int) -> None:
        """Take the folder, and how many days a question is kept after it was asked; 0 keeps none.

        The file is made by the first question.
        """
        self._path = folder / "questions.sqlite"
        self._days = days
        self._lock = threading.Lock()
        self._again = 0.0  # when a file that failed is tried again, by the monotonic clock
        self._counted: date | None = None  # the day that is counted
        self._of_day: Counter[str] = Counter()

    def note(self, answer: Answer, today: date | None = None, sender: str = "") -> None:
        """Keep what was asked, where it got no sure answer; a disk that refuses is only logged.

        Of one sender OF_ONE a day are kept, of the empty one all.
        """
        sure = answer.outcome == "answer" and answer.confidence > FOUND + BORDER
        if not self._days or sure or answer.mode == "about" or len(answer.question) > _LONGEST:
            return
        day = today or datetime.now(UTC).date()
        with self._lock:
            if time.monotonic() < self._again or not self._has_room(sender, day):
                return
            try:
                self._write(answer, day)
            except (sqlite3.Error, OSError) as error:
                self._again = time.monotonic() + _PAUSE
                log.warning("what readers asked in vain cannot be kept: %s", error)

    def _has_room(self, sender: str, day: date) -> bool:
        if self._counted != day or len(self._of_day) > _READERS:
            self._counted = day
            self._of_day.clear()
        if sender:
            self._of_day[sender] += 1
        return self._of_day[sender] <= OF_ONE

    def _write(self, answer: Answer, day: date) -> None:
        with self._open() as table:
            table.execute(_NOTE, {
                "question": answer.question.encode("utf-8", "replace").decode(),
                "language": answer.language, "outcome": answer.outcome,
                "confidence": answer.confidence, "release": answer.release,
                "today": day.isoformat(),
            })  # fmt: skip
            self._drop_old(table, day)

    def read(self, today: date | None = None) -> list[AskedQuestion]:
        """Return what is kept, the last asked first; raises OSError where it cannot be read."""
        if not self._path.exists():
            return []
        try:
            with self._open() as table:
                self._drop_old(table, today or datetime.now(UTC).date())
                rows = table.execute("SELECT * FROM asked ORDER BY rowid DESC")
                return [AskedQuestion(*row) for row in rows]
        except sqlite3.Error as error:
            raise OSError(f"{self._path.name} cannot be read ({error})") from error

    def drop(self, questions: Iterable[str]) -> None:
        """Take questions out; asked again, they come back."""
        with self._open() as table:
            rows = [(question,) for question in questions]
            table.executemany("DELETE FROM asked WHERE question = ?", rows)

    def _drop_old(self, table: sqlite3.Connection, today: date) -> None:
        first = (today - timedelta(days=self._days)).isoformat()
        table.execute(_DROP, {"first": first, "most": MOST})

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as table, table:
            table.execute("PRAGMA secure_delete = ON")
            table.execute(_TABLE)
            yield table
