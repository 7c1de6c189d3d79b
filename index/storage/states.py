"""The states of all chunks' sub-words on disk, mapped: see index.storage.release for the files."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError
from index.encoder.encoder import States

_TYPES: dict[str, Any] = {
    "states": np.dtype(np.int8),
    "state_scales": np.dtype(np.float16),
    "state_pieces": np.dtype(np.uint16),
}


class StatesWriter:
    """Writes the states of chunks, one after another; memory does not grow with them."""

    def __init__(self, folder: Path) -> None:
        """Open the files of a folder."""
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {
            name: (folder / f"{name}.raw").open("wb") for name in _TYPES
        }
        self._starts = array("q", [0])
        self._width = 0

    def append(self, states: States) -> None:
        """Add those of a chunk, of the same width as all before it, or none."""
        count = len(states.pieces)
        self._starts.append(self._starts[-1] + count)
        if count:
            self._width = states.rows.shape[1]
            for name, rows in zip(_TYPES, (states.rows, states.scales, states.pieces), strict=True):
                self._files[name].write(np.ascontiguousarray(rows).tobytes())

    def close(self) -> None:
        """Put a header before what was written."""
        count = self._starts[-1]
        shapes = {"states": (count, self._width), "state_scales": (count, 2)}
        for name, file in self._files.items():
            file.close()
            path = self._folder / f"{name}.npy"
            shape = shapes.get(name, (count,))
            header = {"descr": _TYPES[name].str, "fortran_order": False, "shape": shape}
            with path.open("wb") as made, (self._folder / f"{name}.raw").open("rb") as raw:
                np.lib.format.write_array_header_1_0(made, header)
                while block := raw.read(1 << 22):
                    made.write(block)
            (self._folder / f"{name}.raw").unlink()
        np.save(self._folder / "state_starts.npy", np.asarray(self._starts, np.int64))


class StoredStates:
    """The states of a folder; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Map the files; raises CorruptReleaseError, naming the one that is none."""
        self._rows, self._scales, self._pieces = (
            _map(folder / f"{name}.npy", kind) for name, kind in _TYPES.items()
        )
        self._starts = _map(folder / "state_starts.npy", np.dtype(np.int64))
        if not len(self._rows) == len(self._scales) == len(self._pieces) == self._starts[-1]:
            raise CorruptReleaseError(
                f"{folder}/states.npy: not as long as its chunks; build again"
            )

    def read(self, chunk: int) -> States:
        """Return the states of a chunk, by its number."""
        here = slice(*self._starts[chunk : chunk + 2].tolist())
        return States(self._rows[here], self._scales[here], self._pieces[here])


def _map(path: Path, kind: Any) -> NDArray[Any]:
    try:
        # A view without NumPy's own class for mapped files, which makes each slice of it slower.
        array: NDArray[Any] = np.load(path, mmap_mode="r").view(np.ndarray)
        if array.dtype != kind:
            raise ValueError(f"numbers of {array.dtype}, not of {kind}")
    except (OSError, EOFError, ValueError) as error:
        raise CorruptReleaseError(f"{path}: {error}; build again") from error
    return array
