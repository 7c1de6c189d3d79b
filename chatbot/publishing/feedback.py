"""What readers think of answers: one line of JSON for each vote, in a log of bounded size.

A line holds no more of its reader than the opaque id that members have, and nothing of others.
"""

from __future__ import annotations

import fcntl
import json
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from chatbot.answers.answer import Outcome

LARGEST = 16 * 1024 * 1024  # bytes of the log before it is put aside
# What some readers of lines take for a line's end, and JSON does not.
_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
ASIDE = "feedback.old.jsonl"  # the log before this one; an older one is dropped


@dataclass(frozen=True, slots=True)
class Vote:
    """A reader's word on the answer to `question` from `release`.

    `citation` is the number of the quotation that is meant, 0 for the whole answer. `comment` is
    the reader's own words, or empty. `member` is an opaque id, empty for who is no member.
    `outcome` is the answer's, empty where the reader's page does not tell.
    """

    question: str
    release: str
    vote: Literal["up", "down"]
    citation: int = 0
    comment: str = ""
    member: str = ""
    outcome: Outcome | Literal[""] = ""


class VoteLog:
    """The log `feedback.jsonl` in a folder; safe for threads and processes, made by a vote."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        """Take the folder; `largest` is the bound in bytes."""
        self.path = folder / "feedback.jsonl"
        self._largest = largest
        self._lock = threading.Lock()

    def append(self, vote: Vote, now: datetime | None = None) -> None:
        """Write one vote with its time in UTC; blocks, raises OSError where the disk refuses."""
        at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
        line = json.dumps({"at": at, **asdict(vote)}, ensure_ascii=False).translate(_ENDS)
        data = f"{line}\n".encode("utf-8", "replace")  # a lone surrogate has no UTF-8
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self.path.with_name(".feedback.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other processes write it too
            if self.path.exists() and self.path.stat().st_size + len(data) > self._largest:
                self.path.replace(self.path.with_name(ASIDE))
            with self.path.open("ab") as log:
                log.write(data)
