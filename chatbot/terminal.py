"""What the verbs write: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from index.encoder import Progress


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(data, ensure_ascii=False, indent=2))


def say(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr, flush=True)


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
