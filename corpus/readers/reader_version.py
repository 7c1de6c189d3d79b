"""How documents are read, as one word: two releases of equal edition read a file alike."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# What the readers make of a file follows from these beside the code of this room.
_LIBRARIES = (
    *("babel", "lxml", "markdown-it-py"),
    *("openpyxl", "pypdfium2"),
)


@cache
def identify_edition() -> str:
    """Return 12 hexadecimal digits that change with this room's code, words and libraries.

    Nobody has to remember to raise a number: a build reads again whatever may be read otherwise.
    """
    digest = hashlib.sha256()
    room = Path(__file__).parents[1]
    for path in sorted((*room.rglob("*.py"), *room.glob("lexicons/*.json"))):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes())
    for name in _LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name} absent\n".encode())
    return digest.hexdigest()[:12]
