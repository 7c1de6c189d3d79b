"""How long a question may take.

No thread can be ended from outside, so the time is looked at between the steps of answering.
"""

from __future__ import annotations

import time

from corpus.errors import SlowError

LIMIT = 30.0  # seconds; a question takes some hundredths of one, one of 2,000 characters two


class Deadline:
    """The moment at which a question is given up."""

    def __init__(self, seconds: float = LIMIT) -> None:
        """Begin to count."""
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise SlowError where the time is over."""
        if time.monotonic() > self._end:
            raise give_up(self._seconds)


def give_up(seconds: float) -> SlowError:
    """Return the error for a question that has taken so long."""
    return SlowError(f"no answer after {seconds:g} seconds; ask again, best in fewer words")
