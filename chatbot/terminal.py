"""What the verbs write: results on stdout, everything else on stderr."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from index.encoder.encoder import Progress

_USUAL, _NARROWEST = 80, 40  # columns
# Categories of characters, and directions of those that put others in another order
_UNSHOWABLE = ("Cc", "Cs", "Zl", "Zp")
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(data, ensure_ascii=plain, indent=2))


def say(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr, flush=True)


class Terminated(SystemExit):
    """SIGTERM came."""


@contextmanager
def ending_at_sigterm() -> Iterator[None]:
    """Have SIGTERM end what is done here as Ctrl-C does, cleaning up, by raising Terminated."""

    def end(*_: object) -> None:
        raise Terminated(143)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def writing() -> Iterator[None]:
    """Have what is written on stdout there at the end, in whatever encoding the terminal has.

    Signs that it lacks are spelled out. Raises OSError where stdout is full or closed; what could
    not be written is not tried again at the exit.
    """
    closed = sys.stdout is None
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
        if closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def count(number: int, what: str) -> str:
    """Return how many there are; `what` is the word for one of them."""
    if number == 1:
        return f"1 {what}"
    head, of, tail = what.partition(" of ")
    head, that, rest = head.partition(" that ") if not of else (head, "", "")
    plural = f"{head}es" if head.endswith(("x", "s", "sh", "ch")) else f"{head}s"
    return f"{number} {plural}{that}{rest}{of}{tail}"


def find_width() -> int:
    """Return how many columns stderr has, 80 where it is no terminal."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return _USUAL
    return max(columns, _NARROWEST) if columns else _USUAL


def lay_out(label: str, text: str, indent: int, width: int) -> list[str]:
    """Return a text behind its label, wrapped to `width` columns, further lines below the first.

    Nothing in it can steer a terminal: such characters become U+FFFD.
    """
    room = max(width - indent, 2)
    lines, used = [""], 0
    for piece in _split(_make_plain(text), room):
        size = sum(map(_measure, piece))
        if used and used + size > room:
            lines.append("")
            used = 0
        if used or piece != " ":
            lines[-1] += piece
            used += size
    first, *others = [line.rstrip() for line in lines]
    return [f"{label:{indent}}{first}", *(" " * indent + line for line in others)]


def _split(text: str, most: int) -> Iterator[str]:
    """Yield what no line may break: blanks, wide characters, words, of these `most` characters."""
    word = ""
    for character in text:
        alone = character == " " or _measure(character) == 2
        if word and (alone or len(word) == most):
            yield word
            word = ""
        if alone:
            yield character
        else:
            word += character
    if word:
        yield word


def _measure(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _make_plain(text: str) -> str:
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(each) in _UNSHOWABLE or unicodedata.bidirectional(each) in _TURNING
        else each
        for each in text
    )


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Progress]:
    """Give a function that shows how many are done, at what rate, and the time left.

    Nothing is shown where stderr is no terminal.
    """
    from tqdm import tqdm

    with tqdm(desc=what, unit=unit, leave=False, disable=None, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
