"""One file per format, each with a function from a file's bytes and name to a Reading.

`READERS` maps a suffix, lower case with its dot, to the reader of that format; a file whose suffix
is not in it is not a document. The name is there for messages alone.
"""

from __future__ import annotations

from collections.abc import Callable

from corpus.readers.text import read_text
from corpus.records import Reading

Reader = Callable[[bytes, str], Reading]

READERS: dict[str, Reader] = {".txt": read_text}
