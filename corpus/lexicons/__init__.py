"""Language data that the readers go by, one JSON file for each kind."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_lexicon(name: str) -> Any:
    """Return what `<name>.json` of this folder holds; nobody may change it."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_bytes())
