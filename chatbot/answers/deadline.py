"""How long a question may take.

No thread can be ended from outside, so the time is looked at between the steps of answering.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from corpus.errors import SlowError
from index.reader.ranking import Found
from index.search.names import find_known
from index.searcher import READ, Searcher
from index.storage.release import Release

FORM = 8.0  # seconds that a language model has for what it is asked before the answer
LIMIT = 30.0  # seconds; a question takes some hundredths of one, one of 2,000 characters two

log = logging.getLogger("casebook")


class Deadline:
    """The moment at which a question is given up."""

    def __init__(self, seconds: float = LIMIT) -> None:
        """Begin to count."""
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._told = False

    def allows(self, seconds: float) -> bool:
        """Tell whether so much time is left; the first time that it is not, the log says so."""
        allowed = self._left() >= seconds
        if not allowed and not self._told:
            self._told = True
            log.warning("a question is read in fewer ways: the language model takes its time")
        return allowed

    def check(self) -> None:
        """Raise SlowError where the time is over."""
        if self._left() < 0:
            raise give_up(self._seconds)

    def _left(self) -> float:
        return self._end - time.monotonic()


def give_up(seconds: float) -> SlowError:
    """Return the error for a question that has taken so long."""
    return SlowError(f"no answer after {seconds:g} seconds; ask again, best in fewer words")


class Rephraser(Protocol):
    """What puts questions in other words for the search, into `languages`; no reader sees them."""

    languages: Sequence[str]

    def make_whole(self, asked: Sequence[str], question: str) -> str:
        """Return a follow-up of questions, oldest first, so that it stands alone, or as it is."""

    def translate(self, question: str, language: str) -> str:
        """Return a question in one of the languages, or nothing."""


@dataclass(frozen=True, slots=True)
class TimedSearcher:
    """A searcher for one question, as long as there is time, and what puts it in other words.

    `said` is all that the reader asked: no other names are told to be lacking.
    """

    searcher: Searcher
    deadline: Deadline
    said: str
    rephraser: Rephraser | None = None

    @property
    def release(self) -> Release:
        """The release that is searched."""
        return self.searcher.release

    def get(self) -> Searcher:
        """Return the searcher."""
        return self.searcher

    def read(
        self, words: str, cases: Collection[int] | None = None, k: int = READ, other: str = ""
    ) -> Found:
        """Return what is found and read for some words, which `other` has in another language.

        Raises SlowError.
        """
        self.deadline.check()
        parse = self.searcher.parse
        found = self.searcher.read(parse(words), k, cases, parse(other) if other else None)
        return replace(found, lacking=tuple(find_known(self.said, found.lacking)))

    def has_time(self, forms: int) -> bool:
        """Tell whether a language model, where there is one, has time to be asked so often."""
        return self.rephraser is None or self.deadline.allows(forms * FORM)
