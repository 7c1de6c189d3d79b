"""A file of JSON lines read by number: how a release keeps its records.

Beside `name.jsonl` stands `name.npy`, the (n + 1,) int64 byte offsets of its lines, so that one
record is read without the others. Memory-mapped: what nobody asks for stays on disk.
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from corpus.errors import CorruptReleaseError


class TableWriter:
    """Writes records one after another; a context manager that leaves both files complete."""

    def __init__(self, folder: Path, name: str) -> None:
        """Open `name.jsonl` in `folder` for writing."""
        self._file = (folder / f"{name}.jsonl").open("wb")
        self._offsets_path = folder / f"{name}.npy"
        self._offsets = [0]

    def append(self, record: Any) -> int:
        """Write one record, of what JSON can hold, and return its number, from 0."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self._offsets.append(self._offsets[-1] + self._file.write(line.encode("utf-8") + b"\n"))
        return len(self._offsets) - 2

    def copy(self, table: Table, first: int, last: int) -> None:
        """Write the records `first` to `last` (excluded) of another table, byte for byte."""
        self._file.write(table.bytes_of(first, last))
        shift = self._offsets[-1] - table.offset(first)
        self._offsets.extend(table.offset(n) + shift for n in range(first + 1, last + 1))

    def __len__(self) -> int:
        """Return how many records are written."""
        return len(self._offsets) - 1

    def __enter__(self) -> TableWriter:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the lines and write the offsets."""
        self._file.close()
        np.save(self._offsets_path, np.asarray(self._offsets, np.int64))


class Table:
    """The records of one file, in the order they were written."""

    def __init__(self, folder: Path, name: str) -> None:
        """Open both files; raises CorruptReleaseError where they do not fit each other."""
        path = self._path = folder / f"{name}.jsonl"
        try:
            # As a plain array, mapped all the same: one number costs a tenth of a memmap's.
            self._offsets = np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))
            with path.open("rb") as file:
                size = path.stat().st_size
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            if int(self._offsets[-1]) != size:
                raise ValueError("the lines and their offsets differ")
        except (OSError, EOFError, ValueError, IndexError) as error:
            raise CorruptReleaseError(f"{path}: {error}; build again") from error

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> Any:
        """Return one record; raises IndexError beyond the last, and CorruptReleaseError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        try:
            return json.loads(self.bytes_of(number, number + 1))
        except ValueError as error:
            raise CorruptReleaseError(
                f"{self._path}: line {number + 1} cannot be read; build again"
            ) from error

    def offset(self, number: int) -> int:
        """Return the byte at which a record begins; that of `len` is the end."""
        return int(self._offsets[number])

    def bytes_of(self, first: int, last: int) -> bytes:
        """Return the lines of the records `first` to `last` (excluded)."""
        return self._bytes[self.offset(first) : self.offset(last)]
