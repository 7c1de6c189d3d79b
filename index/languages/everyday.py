"""Sixteen everyday sentences in each of seven languages, the same in all: `everyday.json`.

An encoder shows by them where texts of a language lie, and how near sentences are to questions on
something else. They do not depend on what a collection holds, so neither does what is judged by
them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

PATH = Path(__file__).with_name("everyday.json")


@functools.cache
def read_everyday() -> dict[str, list[str]]:
    """Return the sentences by language."""
    sentences: dict[str, list[str]] = json.loads(PATH.read_bytes())
    return sentences
