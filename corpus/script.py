"""Chinese as it is compared: traditional and simplified signs, full and half width alike.

Used for search alone; what is quoted keeps its signs. `lexicons/simplified.json` has the signs, and
`training.simplified` makes it.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from pathlib import Path

PATH = Path(__file__).parent / "lexicons" / "simplified.json"


def simplify(text: str) -> str:
    """Return a text with simplified signs and compatible forms (NFKC); its length may change."""
    return text if text.isascii() else simplify_signs(unicodedata.normalize("NFKC", text))


def simplify_signs(text: str) -> str:
    """Return a text with simplified signs, sign by sign, so that every place in it stays."""
    return text if text.isascii() else text.translate(_load_table())


@functools.cache
def _load_table() -> dict[int, int]:
    pairs = json.loads(PATH.read_bytes())
    return str.maketrans(pairs["traditional"], pairs["simplified"])
