"""Time in tests: a clock that a test sets, and waiting for as long as a busy machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        """Start anywhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def wait_until(happened: Callable[[], object], seconds: float = 120) -> None:
    """Return as soon as something has happened elsewhere; fails where it does not."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds:g} seconds"
        time.sleep(0.01)


def is_ready(client: httpx.Client) -> bool:
    """Tell whether a server can answer already."""
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
