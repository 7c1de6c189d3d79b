"""One file per format, each with a function from a file's bytes and name to a Reading.

`READERS` maps a suffix, lower case with its dot, to the reader of that format; a file whose suffix
is not in it is not a document. The name is there for messages alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from corpus.readers.text import read_text
from corpus.records import Reading

Reader = Callable[[bytes, str], Reading]

READERS: dict[str, Reader] = {".txt": read_text}


def read_bytes(data: bytes, name: str) -> Reading:
    """Read a file by its format; raises DocumentError, naming file and mend."""
    return READERS[PurePosixPath(name).suffix.lower()](data, name)


def suffix_for(data: bytes, name: str) -> str:
    """Return the suffix that a file of this content gets in the library."""
    return PurePosixPath(name).suffix.lower()
