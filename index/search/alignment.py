"""Vectors that lie by meaning first and by language second.

A multilingual model puts texts of one language near each other, whatever they say: a question in
Chinese is nearer to any Chinese chunk than to the English one that answers it. Two ways to mend it,
each of which looks at one text alone:

    LearnedMap   for the bundled model: a low-rank step added to each vector, one for questions, one
                 for chunks and one for sentences. `alignment.npz` holds it, and what made it;
                 `python -m training.alignment` writes it.
    Centring     for any other model: the mean of the text's language taken off, measured when the
                 model is made ready on the everyday sentences of `index.languages.everyday.json`.

benchmarks/LOG.md has what was tried and the figures.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from corpus.language.detection import detect
from index.encoder.encoder import (
    EncodedQuery,
    Encoder,
    Pieces,
    Progress,
    States,
    Vectors,
    ignore_progress,
    join_pieces,
    make_unit,
)
from index.encoder.projection import Projection
from index.languages.dictionary import Dictionary
from index.languages.everyday import read_everyday

PATH = Path(__file__).with_name("alignment.npz")
FORMAT = 1
Kind = Literal["question", "chunk", "sentence"]
KINDS: tuple[Kind, ...] = ("question", "chunk", "sentence")
# What NumPy and zipfile raise over a file that is missing, damaged or of something else.
_UNREADABLE = (
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, BadZipFile, zlib.error,
)  # fmt: skip


class Alignment(Protocol):
    """How vectors of one encoder are put; `identity` changes with what it does to them."""

    identity: str

    def apply(self, kind: Kind, rows: Vectors, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows for those (n, d) of n texts, each by its own alone."""


class LearnedMap(Alignment):
    """x' = unit(x - m + U D (x - m) + b), with m, D, U and b of the text's kind."""

    def __init__(self, path: Path = PATH) -> None:
        """Read a file of weights; raises ModelError, naming it, where it is none of this format."""
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                held = {name: file[name] for name in file.files}
            self.made: Mapping[str, Any] = json.loads(str(held["made"]))
            if self.made["format"] != FORMAT:
                raise ValueError(f"format {self.made['format']}, and {FORMAT} is read here")
            self.encoder = str(self.made["encoder"])
            self._parts = {kind: self._read_kind(held, kind) for kind in KINDS}
        except _UNREADABLE as error:
            raise ModelError(
                f"{path}: not an alignment that can be read ({error}); take it from Casebook's "
                "own files, or run `python -m training.alignment`"
            ) from error
        self.dimension = len(self._parts["question"][0])
        self.identity = f"map-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"

    @staticmethod
    def _read_kind(held: Mapping[str, NDArray[Any]], kind: str) -> tuple[Vectors, ...]:
        names = ("mean", "down", "up", "shift")
        mean, down, up, shift = (held[f"{kind}_{name}"].astype(np.float32) for name in names)
        rank, width = down.shape
        if (mean.shape, up.shape, shift.shape) != ((width,), (width, rank), (width,)):
            raise ValueError(f"the parts of {kind} do not fit each other")
        return mean, np.ascontiguousarray(down.T), np.ascontiguousarray(up.T), shift

    def fits(self, encoder: Encoder) -> bool:
        """Tell whether this was made for an encoder's model, in whatever precision it runs."""
        return encoder.identity.startswith(self.encoder) and encoder.dimension == self.dimension

    def apply(self, kind: Kind, rows: Vectors, texts: Sequence[str]) -> Vectors:  # noqa: ARG002
        """See Alignment."""
        mean, down, up, shift = self._parts[kind]
        # Row by row: a product of several rows may add in another order than that of one.
        made = np.empty_like(rows)
        for number, row in enumerate(rows):
            centred = row - mean
            made[number] = centred + (centred @ down) @ up + shift
        return make_unit(made)


class Centring(Alignment):
    """x' = unit(x - m), with m the mean of everyday sentences in the text's language.

    A text in a language without such sentences is left the mean of all languages.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Encode the sentences, as questions and as passages."""
        sentences = read_everyday()
        self._means: dict[Kind, dict[str, Vectors]] = {kind: {} for kind in KINDS}
        for language, texts in sentences.items():
            asked = encoder.encode_queries(texts).mean(axis=0)
            told = encoder.encode_passages(texts).mean(axis=0)
            for kind in KINDS:
                self._means[kind][language] = asked if kind == "question" else told
        for means in self._means.values():
            means[""] = np.mean(list(means.values()), axis=0)
        told = json.dumps(sentences, ensure_ascii=False, sort_keys=True)
        self.identity = f"centred-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

    def apply(self, kind: Kind, rows: Vectors, texts: Sequence[str]) -> Vectors:
        """See Alignment."""
        means = self._means[kind]
        taken = [means.get(detect(text), means[""]) for text in texts]
        return make_unit(rows - np.array(taken, np.float32)) if taken else rows


class AlignedEncoder(Encoder):
    """An encoder whose questions, chunks and sentences are aligned; passages are its own.

    With a projection, it gives the states of chunks as the bundled reader takes them.
    """

    def __init__(
        self,
        encoder: Encoder,
        alignment: Alignment,
        dictionary: Dictionary,
        projection: Projection | None = None,
    ) -> None:
        """Take all; the identity tells them, so that a release is never searched with another."""
        self.dictionary = dictionary
        self._encoder, self._alignment, self._projection = encoder, alignment, projection
        parts = [encoder.identity, alignment.identity]
        self.identity = "+".join([*parts, projection.identity] if projection else parts)
        self.dimension = encoder.dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._alignment.apply("question", self._encoder.encode_queries(texts), texts)

    def encode_alike(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; as the model makes them."""
        return self._encoder.encode_alike(texts)

    def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """See Encoder."""
        read = self._encoder.read_queries(texts)
        return [
            EncodedQuery(
                self._align(query.vector, text), partial(self._find_part, query.find_part),
                query.states,
            )
            for query, text in zip(read, texts, strict=True)
        ]  # fmt: skip

    def encode_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> tuple[Vectors, list[States]]:
        """See Encoder."""
        rows = np.empty((len(chunks), self.dimension), np.float32)
        states = []
        for number, read in enumerate(self._encoder.read_chunks(chunks, progress)):
            rows[number] = read.vector
            states.append(self._projection.pack(read) if self._projection else States.empty())
        texts = [join_pieces(pieces) for pieces in chunks]
        return self._alignment.apply("chunk", rows, texts), states

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder."""
        rows = self._encoder.encode_passages(texts, progress)
        return self._alignment.apply("sentence", rows, texts)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder."""
        return self._encoder.encode_passages(texts, progress)

    def _align(self, vector: Vectors, text: str) -> Vectors:
        made: Vectors = self._alignment.apply("question", vector[None, :], [text])[0]
        return made

    def _find_part(self, find: Callable[[str], Vectors], part: str) -> Vectors:
        return self._align(find(part), part)


def choose_alignment(
    encoder: Encoder, report: Callable[[str], None], path: Path = PATH
) -> Alignment:
    """Return the learned map, or centring for an encoder that it was not made for.

    `report` is told in one line of a map that cannot be read.
    """
    try:
        learned = LearnedMap(path)
    except ModelError as error:
        report(f"{error}; languages are told apart by their means instead")
        return Centring(encoder)
    return learned if learned.fits(encoder) else Centring(encoder)
