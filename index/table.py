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

    def append(self, record: dict[str, Any]) -> int:
        """Write one record and return its number, from 0."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self._offsets.append(self._offsets[-1] + self._file.write(line.encode("utf-8") + b"\n"))
        return len(self._offsets) - 2

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
        path = folder / f"{name}.jsonl"
        try:
            self._offsets = np.load(folder / f"{name}.npy", mmap_mode="r")
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

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Return one record; raises IndexError beyond the last."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        line = self._bytes[int(self._offsets[number]) : int(self._offsets[number + 1])]
        record: dict[str, Any] = json.loads(line)
        return record
