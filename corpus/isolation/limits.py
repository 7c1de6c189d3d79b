"""How much memory and time one document may take, and how the system is told."""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import dataclass

from corpus.errors import Message


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


def too_large(limits: Limits) -> Message:
    """Return what is said of a document that takes too much memory."""
    return Message(
        "needs more than {size} GiB of memory to be read; split it, or save it anew",
        size=f"{limits.memory / 2**30:g}",
    )


def broken(limits: Limits) -> Message:
    """Return what is said of a document that ends its process: by a fault, or short of memory."""
    return Message(
        "breaks what reads it, or needs more than {size} GiB of memory to be read; "
        "split it, or save it anew",
        size=f"{limits.memory / 2**30:g}",
    )


def too_slow(limits: Limits) -> Message:
    """Return what is said of a document that takes too long."""
    return Message(
        "takes more than {seconds} seconds to be read; split it, or save it anew",
        seconds=f"{limits.seconds:g}",
    )


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
