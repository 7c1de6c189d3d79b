"""Texts to unit vectors and to sub-words, whatever runs the model.

A vector depends on nothing but the text's words, so that an incremental build gives the bytes of a
full one, and a question the same answer however many are asked. So texts are read together only by
a model that gives each the same bits as alone, see `Traits.together`; the others one by one.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index import model_folder
from index.splitter import Splitter

PREPARATION = "nfc-1"  # names how a text is prepared below; part of the model's identity
_AHEAD = 64  # texts that wait for a thread: few, so that a long build holds few of them
# Sub-words read at once, with those that texts are padded by: four questions. More gain little, and
# in long texts none; benchmarks/LOG.md has the times.
_TOGETHER = 64
_PADDING = 12  # sub-words padded in vain that take as long as another batch

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Take a step's report and show nothing."""


class Encoder(Protocol):
    """What the index needs of a model; the tests bring a small one of their own.

    `identity` names the model, its files' bytes and the preparation of texts: vectors of equal
    identity can be compared. `dimension` is the width d of the vectors.
    """

    identity: str
    dimension: int

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows, one for each question, in order."""

    def begin_queries(self, texts: Sequence[str]) -> Callable[[], Vectors]:
        """Begin to encode questions, if others can do it meanwhile; what is returned waits."""
        return partial(self.encode_queries, texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress = ...) -> Vectors:
        """Return (n, d) float32 unit rows, one for each text, in order."""

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the sub-word numbers of each text, lower-cased, in text order."""

    def __hash__(self) -> int:
        """Return a number by which what an encoder made is found again."""
        return object.__hash__(self)


def prepare_text(text: str) -> str:
    """Return `text` composed (NFC), runs of white space as one blank, none at the ends.

    The bundled tokenizer maps single characters, so an `e` with a combining accent has to be one
    character before it.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True, slots=True)
class Traits:
    """What an encoder has to know of a model beside its weights.

    `limit` is how many sub-words of a text it reads at once, special ones among them; `query` and
    `passage` are the prompts put before a question and before a passage. `together` tells that the
    vector of a text is the same to the bit whichever texts are read with it.
    """

    identity: str
    dimension: int
    limit: int
    query: str
    passage: str
    together: bool = False


class TextEncoder(Encoder):
    """Prepares texts for a model that someone else runs; see Encoder.

    A text longer than the model reads is encoded in windows, and its vector is their mean weighted
    by length, made unit again, so nothing at its end is lost.
    """

    def __init__(
        self,
        splitter: Splitter,
        traits: Traits,
        run: Callable[[Sequence[list[int]]], Vectors],
        threads: int = 1,
    ) -> None:
        """Take what splits texts and what runs the model.

        `run` makes the (n, d) float32 rows of n windows of sub-words; with `threads` over 1 it is
        called by as many at once while passages are encoded.
        """
        self.splitter = splitter
        self._traits = traits
        self._run = run
        self._threads = threads
        self.dimension = traits.dimension
        self.identity = traits.identity

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(self._traits.query, texts, map)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; `progress` is told about how many texts are done, and how many there are."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        with ThreadPoolExecutor(self._threads) as pool:
            for first in range(0, len(texts), _AHEAD):
                chunk = texts[first : first + _AHEAD]

                def tell(share: float, first: int = first, count: int = len(chunk)) -> None:
                    progress(first + round(count * share), len(texts))

                rows[first : first + len(chunk)] = self._encode(
                    self._traits.passage, chunk, pool.map, tell
                )
        return rows

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        return [self.splitter.split(prepare_text(text).lower()) for text in texts]

    def _encode(
        self,
        prompt: str,
        texts: Sequence[str],
        each: Callable[..., Iterable[Vectors]],
        tell: Callable[[float], None] = lambda _: None,
    ) -> Vectors:
        """Return the rows of texts; `each` is `map` or one like it; `tell` hears the share done."""
        start, end = self.splitter.start, self.splitter.end
        size = self._traits.limit - len(start) - len(end)
        windows: list[list[int]] = []
        firsts: list[int] = []  # of each text's windows
        for text in texts:
            ids = self.splitter.split(prompt + prepare_text(text))
            firsts.append(len(windows))
            windows += [
                [*start, *ids[at : at + size], *end] for at in range(0, max(len(ids), 1), size)
            ]
        most = _TOGETHER if self._traits.together else 0
        batches = list(divide([len(window) for window in windows], most))
        made = each(self._run, [[windows[number] for number in batch] for batch in batches])
        rows = np.empty((len(windows), self.dimension), np.float32)
        done = 0
        for batch, some in zip(batches, made, strict=True):
            rows[batch] = some
            done += len(batch)
            tell(done / len(windows))
        rows = make_unit(rows)
        if len(windows) == len(texts):
            return rows
        special = len(start) + len(end)
        weights = np.array([max(len(window) - special, 1) for window in windows], np.float32)
        return make_unit(np.add.reduceat(weights[:, None] * rows, firsts))


def divide(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Give the numbers of texts of some lengths in batches, the longest first.

    Padded to its longest, a batch has up to `most` sub-words, _PADDING of them in vain; or it is
    one text.
    """
    batch: list[int] = []
    longest = padding = 0
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        padding += longest - lengths[number]
        if batch and ((len(batch) + 1) * longest > most or padding > _PADDING):
            yield batch
            batch = []
        if not batch:
            longest, padding = lengths[number], 0
        batch.append(number)
    if batch:
        yield batch


def count_cores() -> int:
    """Return how many cores this process may use, at most 8: a passage keeps no more busy."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, 8)


def make_unit(vectors: Vectors) -> Vectors:
    """Return vectors (..., d) at length 1; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return units


def find_prompts(prompts: Mapping[str, str | None], folder: Path) -> tuple[str, str]:
    """Return the prompts for a question and for a passage.

    Taken from the model's own configuration; models of the E5 family that carry none get the two
    that their authors prescribe.
    """
    query = prompts.get("query") or ""
    passage = prompts.get("document") or prompts.get("passage") or ""
    if (
        not (query or passage)
        and "e5" in folder.as_posix().lower()
        and "instruct" not in folder.name
    ):
        return "query: ", "passage: "
    return query, passage


def identify(folder: Path) -> str:
    """Return a model's identity: the folder's name, a digest of its files and the preparation."""
    digest = hashlib.sha256(PREPARATION.encode())
    for path in list_model_files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(model_folder.fingerprint_file(path).encode())
    name = folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
    return f"{name}@{digest.hexdigest()[:16]}"


def list_model_files(folder: Path) -> Iterable[Path]:
    """Return the files that decide a model's vectors, sorted by path."""
    kinds = {".json", ".safetensors", ".bin", ".model", ".txt"}
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in kinds and path.is_file() and path.name != model_folder.FINGERPRINTS
    )
