"""What readers think of answers: one line of JSON for each vote, in a log of bounded size and age.

A line holds no more of its reader than the opaque id that members have, and nothing of others. Its
owner alone may read the log. Votes that are too old are dropped when a server starts, and with the
first vote of a day.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Literal

from chatbot.answers.answer import Outcome

Reason = Literal["place", "incomplete", "missing", "other"]
LARGEST = 32 * 1024 * 1024  # bytes of the log before it is put aside
# What some readers of lines take for a line's end, and JSON does not.
_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
ASIDE = "feedback.old.jsonl"  # the log before this one; an older one is dropped


@dataclass(frozen=True, slots=True)
class Vote:
    """A reader's word on the answer to `question` from `release`.

    `citation` is the number of the quotation that is meant, 0 for the whole answer. `comment` is
    the reader's own words, or empty. `member` is an opaque id, empty for who is no member.
    `outcome` is the answer's, empty where the reader's page does not tell. `reason` is why a vote
    is against it, empty where its reader does not say.
    """

    question: str
    release: str
    vote: Literal["up", "down"]
    citation: int = 0
    comment: str = ""
    member: str = ""
    outcome: Outcome | Literal[""] = ""
    reason: Reason | Literal[""] = ""


class VoteLog:
    """The log `feedback.jsonl` in a folder; safe for threads and processes, made by a vote."""

    def __init__(self, folder: Path, days: int, largest: int = LARGEST) -> None:
        """Take the folder, how many days a vote is kept, and the bound in bytes."""
        self.path = folder / "feedback.jsonl"
        self._days = days
        self._largest = largest
        self._lock = threading.Lock()
        self._swept: object = None  # the day on which old votes were dropped

    def append(self, vote: Vote, now: datetime | None = None) -> None:
        """Write one vote with its time in UTC; blocks, raises OSError where the disk refuses."""
        moment = now or datetime.now(UTC)
        at = moment.isoformat(timespec="seconds")
        line = json.dumps({"at": at, **asdict(vote)}, ensure_ascii=False).translate(_ENDS)
        data = f"{line}\n".encode("utf-8", "replace")  # a lone surrogate has no UTF-8
        with self._alone():
            if self._swept != moment.date():
                self._drop_old(moment)
            if self.path.exists() and self.path.stat().st_size + len(data) > self._largest:
                self.path.replace(self.path.with_name(ASIDE))
            with _open(self.path, os.O_APPEND) as log:
                size = log.seek(0, os.SEEK_END)
                try:
                    _write(log, data)
                except OSError:  # half a line would spoil the next one
                    os.ftruncate(log.fileno(), size)
                    raise

    def sweep(self, now: datetime | None = None) -> None:
        """Drop the votes that are too old; blocks, raises OSError."""
        if self._list():
            with self._alone():
                self._drop_old(now or datetime.now(UTC))

    def forget(self, member: str) -> int:
        """Drop every vote of a member, by the opaque id, and return how many; raises OSError."""
        if not self._list():
            return 0
        with self._alone():
            return self._keep(lambda vote: vote.get("member") != member)

    def _list(self) -> list[Path]:
        paths = (self.path, self.path.with_name(ASIDE))
        return [path for path in paths if path.exists()]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, _open(self.path.with_name(".feedback.lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other processes write it too
            yield

    def _drop_old(self, now: datetime) -> None:
        first = (now - timedelta(days=self._days)).isoformat(timespec="seconds")
        self._keep(lambda vote: str(vote.get("at", "")) >= first)
        self._swept = now.date()

    def _keep(self, wanted: Callable[[dict[str, Any]], bool]) -> int:
        """Write the logs anew with the wanted votes alone; return how many went.

        A line that is no vote, such as a kill leaves, goes too: nobody can say whose it is.
        """
        dropped = 0
        for path in self._list():
            kept = path.with_name(".feedback.new")
            gone = 0
            with path.open("rb") as lines, _open(kept, os.O_TRUNC) as log:
                for line in lines:
                    if _is_wanted(line, wanted):
                        _write(log, line)
                    else:
                        gone += 1
            if gone:
                kept.replace(path)
            else:
                kept.unlink()
                path.chmod(0o600)
            dropped += gone
        return dropped


def _is_wanted(line: bytes, wanted: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        vote = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(vote, dict) and wanted(vote)


def _write(log: IO[bytes], data: bytes) -> None:
    if log.write(data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), log.name)


def _open(path: Path, more: int = 0) -> IO[bytes]:
    """Open a file for writing, which its owner alone may read, also where it is there already."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | more, 0o600), "wb", buffering=0)
    os.fchmod(file.fileno(), 0o600)
    return file
