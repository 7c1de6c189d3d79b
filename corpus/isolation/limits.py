"""How much memory and time one document may take, and how the system is told."""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may take: bytes of memory, seconds by the clock.

    Of what is still read, 20 million characters of text take .5 GiB and 17 seconds of one core, the
    same of two-letter sentences .6 and 38, 5 MB of a web page in raised figures .4 and 34; a page
    of a PDF takes .02 to .17 seconds, so that 700 of the slowest are read.
    """

    memory: int = 2**30
    seconds: float = 120.0


LIMITS = Limits()
MEND = "split it, or save it anew"


def too_large(limits: Limits) -> str:
    """Return what is said of a document that takes too much memory."""
    return f"needs more than {limits.memory / 2**30:g} GiB of memory to be read; {MEND}"


def broken(limits: Limits) -> str:
    """Return what is said of a document that ends its process: by a fault, or short of memory."""
    return f"breaks what reads it, or n{too_large(limits)[1:]}"


def too_slow(limits: Limits) -> str:
    """Return what is said of a document that takes too long."""
    return f"takes more than {limits.seconds:g} seconds to be read; {MEND}"


def limit_process(limits: Limits) -> None:
    """Have the system hold this process to the limits, for good.

    Where it cannot, as macOS cannot limit memory, only the clock of whoever waits is left.
    """
    seconds = int(limits.seconds) + 5  # of the processor: for one whose clock nobody watches
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),  # a reader writes no file, and leaves no core
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
