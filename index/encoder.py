"""Texts to unit vectors and to sub-words, whatever runs the model.

A text is encoded on its own, never in a padded batch: its vector then depends on nothing but its
words, so an incremental build gives the bytes of a full one. (Measured: long passages are as fast
one by one, sentences 3.5 times slower than in batches of 32; see benchmarks/LOG.md.)
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index import model_folder
from index.splitter import Splitter

PREPARATION = "nfc-1"  # names how a text is prepared below; part of the model's identity
_AHEAD = 64  # texts that wait for a thread: few, so that a long build holds few of them

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

    `limit` is how many sub-words it reads at once, special ones among them; `query` and `passage`
    are the prompts put before a question and before a passage.
    """

    identity: str
    dimension: int
    limit: int
    query: str
    passage: str


class TextEncoder(Encoder):
    """Prepares texts for a model that someone else runs; see Encoder.

    A text longer than the model reads is encoded in windows, and its vector is their mean weighted
    by length, made unit again, so nothing at its end is lost.
    """

    def __init__(
        self,
        splitter: Splitter,
        traits: Traits,
        run: Callable[[list[int]], Vectors],
        threads: int = 1,
    ) -> None:
        """Take what splits texts and what runs the model.

        `run` makes the (d,) float32 vector of one window of sub-words; with `threads` over 1 it is
        called by as many at once while passages are encoded.
        """
        self._splitter = splitter
        self._traits = traits
        self._run = run
        self._threads = threads
        self.dimension = traits.dimension
        self.identity = traits.identity

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        for number, text in enumerate(texts):
            rows[number] = self._encode(self._traits.query + prepare_text(text))
        return rows

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder; `progress` is told texts done and in all after each."""
        rows = np.empty((len(texts), self.dimension), np.float32)
        prepared = (self._traits.passage + prepare_text(text) for text in texts)
        for number, row in enumerate(self._map(prepared)):
            rows[number] = row
            progress(number + 1, len(texts))
        return rows

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """See Encoder."""
        return [self._splitter.split(prepare_text(text).lower()) for text in texts]

    def _map(self, texts: Iterable[str]) -> Iterable[Vectors]:
        """Yield the vectors of texts in their order, encoded by as many threads as there may be."""
        if self._threads == 1:
            yield from map(self._encode, texts)
            return
        left = iter(texts)
        with ThreadPoolExecutor(self._threads) as pool:
            while batch := list(islice(left, _AHEAD)):
                yield from pool.map(self._encode, batch)

    def _encode(self, text: str) -> Vectors:
        start, end = self._splitter.start, self._splitter.end
        ids = self._splitter.split(text)
        size = self._traits.limit - len(start) - len(end)
        windows = [ids[at : at + size] for at in range(0, max(len(ids), 1), size)]
        total = np.zeros(self.dimension, dtype=np.float32)
        for window in windows:
            row = make_unit(self._run([*start, *window, *end]))
            total += max(len(window), 1) * row
        return make_unit(total)


def count_cores() -> int:
    """Return how many cores this process may use, at most 8: a passage keeps no more busy."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, 8)


def make_unit(vector: Vectors) -> Vectors:
    """Return a vector (d,) at length 1; one of length 0 stays as it is."""
    unit: Vectors = vector / np.maximum(np.linalg.norm(vector), np.float32(1e-12))
    return unit


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
