"""The process that reads documents: it never sees one itself, and forks for each.

    python -m corpus.isolation.fork_server SECONDS MEMORY

Standard input is a socket, on which each message is one byte, the number of a format in `FORMATS`,
with a connection. The fork reads a request from that, answers and ends; it is killed when its time
is over. Readers' libraries are imported before the fork, once, when the first document of a format
comes. When the other end of standard input is closed, this process and its forks end.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path

from corpus.errors import DocumentError, Message
from corpus.isolation.limits import Limits, limit_process, too_large
from corpus.isolation.wire import parse_request, write_entry, write_refusal
from corpus.library import Offer, read_entry
from corpus.metadata import show
from corpus.readers import READERS
from corpus.readers.mhtml import read_archive
from corpus.readers.web import read_page

FORMATS = tuple(READERS)
# What is imported when a format is read: .2 seconds for openpyxl, .02 to .04 for the others.
_LIBRARIES = {
    ".pdf": ("pypdfium2",),
    ".md": ("markdown_it", "lxml.html"),
    ".markdown": ("markdown_it", "lxml.html"),
    ".xlsx": ("openpyxl", "lxml.etree"),
    ".txt": (),
}
# Read before the first fork, so that what readers keep for all documents (patterns, names of months
# from CLDR) is made once: .1 to .3 seconds, which every fork would take again.
_SAMPLE = """Acme Ltd: Wells for the towns of Peru

Source: Example Chamber, 3 May 2021

In 2021 the engineers of Acme Ltd. built twelve wells, and 3,000 people drink from them.

文远公司：水厂

文远公司2021年5月3日在秘鲁建设了水厂。三千人受益。
"""
_NO_MEMORY = 2  # the `code` of lxml's errors where libxml2 had too little
_PIECE = 2**20  # bytes received at once


def main() -> None:
    """Fork for each connection until nobody is there to send one."""
    limits = Limits(int(sys.argv[2]), float(sys.argv[1]))
    # Should the machine run short of memory, documents are given up before the server is.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    control = socket.socket(fileno=sys.stdin.fileno())
    read_entry(Offer("sample.txt", _SAMPLE.encode()))
    forks: dict[int, float] = {}  # processes, and when their time is over
    while True:
        # While one reads, look every second whether it has ended, or has no time left.
        if select.select([control], [], [], 1 if forks else None)[0]:
            message, handles, _, _ = socket.recv_fds(control, 1, 1)
            if not message:
                break
            _prepare(FORMATS[message[0]])
            forks[_fork(control, handles[0], limits)] = time.monotonic() + limits.seconds
        for process, end in list(forks.items()):
            over = time.monotonic() >= end
            if over:
                os.kill(process, signal.SIGKILL)
            if os.waitpid(process, 0 if over else os.WNOHANG)[0]:
                del forks[process]
    for process in forks:
        os.kill(process, signal.SIGKILL)


@cache
def _prepare(suffix: str) -> None:
    """Import what a format is read with, and keep for all documents of it what stays the same."""
    for name in _LIBRARIES.get(suffix, ("lxml.html",)):
        importlib.import_module(name)
    if READERS[suffix] in (read_page, read_archive):
        lines = _SAMPLE.strip().split("\n\n")
        page = f"<html><title>{lines[0]}</title><body><h1>" + "<p>".join(lines)
        read_entry(Offer("sample.html", page.encode()))


def _fork(control: socket.socket, handle: int, limits: Limits) -> int:
    gc.freeze()  # what is shared stays so: a collection would write to all of it
    process = os.fork()
    if process:
        os.close(handle)
        return process
    try:
        control.close()
        limit_process(limits)
        with socket.socket(fileno=handle) as connection:
            connection.sendall(_answer(_receive(connection), limits))
    finally:
        os._exit(0)


def _receive(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(_PIECE):
        pieces.append(piece)
    return b"".join(pieces)


def _answer(request: bytes, limits: Limits) -> bytes:
    """Return the document of a request, or why it is none, as `wire` writes it."""
    offer, facts_sha256 = parse_request(request)
    try:
        return write_entry(read_entry(offer, facts_sha256))
    except Exception as error:  # noqa: BLE001 - whatever a reader lets through is the document's
        line = _explain(error, show(offer.name), limits)
    return write_refusal(line)  # when what was read is gone, so that there is memory for it


def _explain(error: Exception, shown: str, limits: Limits) -> Message:
    if _is_of_memory(error):
        return Message("{name}: {why}", name=shown, why=too_large(limits))
    if isinstance(error, DocumentError):
        return error.message
    place = traceback.extract_tb(error.__traceback__)[-1]
    fault = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return Message(
        "{name}: breaks what reads it ({fault}); split it, or save it anew", name=shown, fault=fault
    )


def _is_of_memory(error: BaseException | None) -> bool:
    """Tell whether an error is of memory, or was made of one: libraries wrap them as their own."""
    while error is not None:
        if isinstance(error, MemoryError) or getattr(error, "code", None) == _NO_MEMORY:
            return True
        error = error.__cause__ or error.__context__
    return False


if __name__ == "__main__":
    main()
