"""Texts to unit vectors, and to the states of their sub-words, whatever runs the model.

A vector depends on nothing but the text's words, so that an incremental build gives the bytes of a
full one, and a question the same answer however many are asked. So texts are read together only by
a model that gives each the same bits as alone, see `Traits.together`; the others one by one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

import numpy as np

from index.encoder import model_folder
from index.encoder.encoder import (
    EncodedQuery,
    Encoder,
    Pieces,
    Progress,
    ReadChunk,
    Vectors,
    ignore_progress,
    make_unit,
)
from index.encoder.tokenizer import Splitter

PREPARATION = "nfc-1"  # names how a text is prepared below; part of the model's identity
_AHEAD = 64  # texts that wait for a thread: few, so that a long build holds few of them
# Sub-words read at once, with those that texts are padded by: four questions. More gain little, and
# in long texts none; benchmarks/LOG.md has the times.
_TOGETHER = 64
_PADDING = 12  # sub-words padded in vain that take as long as another batch
# How far a part's vector is taken from the question's towards the mean of the part's states, which
# know of the rest and so lie near it (.1): as far as parts encoded alone lie from it (.3 to .4, and
# a little more). It then tells as much as theirs; benchmarks/LOG.md has the figures.
_APART = 0.45
# Sub-words of a question that are read, the prompt among them. Of a longer one those at its
# beginning and its end: what is asked seldom stands in the middle of what is told around it, and a
# question of 2,000 characters would take ten times as long as a short one.
ASKED = 64

Windows = Sequence[list[int]]  # sub-words with the special ones, as many as are read at once


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

    A passage longer than the model reads is encoded in windows, and its vector is their mean
    weighted by length, made unit again, so nothing at its end is lost; a question is one window of
    ASKED sub-words. Where a vector is the mean of its
    sub-words' states, the states of some tell a part of a question: one reading is enough for both.
    """

    def __init__(
        self,
        splitter: Splitter,
        traits: Traits,
        run: Callable[[Windows], Vectors],
        threads: int = 1,
        read: Callable[[Windows], tuple[Vectors, Sequence[Vectors]]] | None = None,
    ) -> None:
        """Take what splits texts and what runs the model.

        `run` makes the (n, d) float32 rows of n windows of sub-words; with `threads` over 1 it is
        called by as many at once while passages are encoded. `read` makes them too, and with them
        the states (w, d) of each window; None for a model whose rows are not their means.
        """
        self.splitter = splitter
        self._traits = traits
        self._run = run
        self._read = read
        self._threads = threads
        self.dimension = traits.dimension
        self.identity = traits.identity

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        return self._encode(self._cut_questions(texts), partial(map, self._run))

    def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """See Encoder."""
        read, states = self._read, dict[tuple[int, ...], Vectors]()
        if read is None:
            return super().read_queries(texts)

        def run(windows: Windows) -> Vectors:
            rows, made = read(windows)
            states.update(zip(map(tuple, windows), made, strict=True))
            return rows

        cut = self._cut_questions(texts)
        rows = self._encode(cut, partial(map, run))
        prompt = len(self.splitter.split(self._traits.query))
        return [
            EncodedQuery(
                row, partial(self._find_part, row, window, states[tuple(window)]),
                self._join_states([states[tuple(window)]], prompt),
            )
            for row, (window,) in zip(rows, cut, strict=True)
        ]  # fmt: skip

    def _join_states(self, windows: Sequence[Vectors], prompt: int) -> Vectors:
        """Return the states of a text's windows without those of special sub-words and a prompt."""
        first, last = len(self.splitter.start), len(self.splitter.end)
        return np.concatenate([each[first : len(each) - last] for each in windows])[prompt:]

    def _find_part(
        self, vector: Vectors, window: Sequence[int], states: Vectors, part: str
    ) -> Vectors:
        """Return the vector of a part of a question, by the states of its sub-words."""
        ((other,),) = self._cut_questions([part])
        prompt = len(self.splitter.start) + len(self.splitter.split(self._traits.query))
        blocks = SequenceMatcher(None, window, other, autojunk=False).get_matching_blocks()
        kept = [at for first, _, count in blocks for at in range(first, first + count)]
        own = [at for at in kept if prompt <= at < len(window) - len(self.splitter.end)]
        if not own:
            return vector
        mean = make_unit(states[own, -self.dimension :].mean(axis=0))
        return make_unit(vector + np.float32(_APART) * make_unit(mean - vector))

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
                    self._cut(self._traits.passage, chunk), partial(pool.map, self._run), tell
                )
        return rows

    def read_chunks(
        self, chunks: Sequence[Pieces], progress: Progress = ignore_progress
    ) -> Iterator[ReadChunk]:
        """See Encoder.

        A piece is split into sub-words by itself, so that each of them is of one piece. Windows are
        read one by one, as many at once as there are threads.
        """
        read = self._read
        if read is None:
            yield from super().read_chunks(chunks, progress)
            return
        start, end = self.splitter.start, self.splitter.end
        size = self._traits.limit - len(start) - len(end)
        prompt = self.splitter.split(self._traits.passage)

        def read_one(pieces: Pieces) -> ReadChunk:
            split = [self.splitter.split(prepare_text(piece)) for piece in pieces]
            ids = [*prompt, *(number for each in split for number in each)]
            windows = [
                [*start, *ids[at : at + size], *end] for at in range(0, max(len(ids), 1), size)
            ]
            made = [read([window]) for window in windows]
            rows = make_unit(np.concatenate([row for row, _ in made]))
            weights = [[max(len(each) - len(start) - len(end), 1)] for each in windows]
            vector = make_unit((np.array(weights, np.float32) * rows).sum(axis=0))
            states = self._join_states([each for _, (each,) in made], len(prompt))
            owners = np.repeat(np.arange(len(pieces)), [len(each) for each in split])
            return ReadChunk(vector, states, owners)

        with ThreadPoolExecutor(self._threads) as pool:
            for first in range(0, len(chunks), _AHEAD):
                some = chunks[first : first + _AHEAD]
                for done, each in enumerate(pool.map(read_one, some), 1):
                    progress(first + done, len(chunks))
                    yield each

    def _encode(
        self,
        cut: Sequence[Windows],
        run: Callable[[Iterable[Windows]], Iterable[Vectors]],
        tell: Callable[[float], None] = lambda _: None,
    ) -> Vectors:
        """Return the rows of texts, which are cut into windows.

        `run` gives those of batches of windows; `tell` hears the share done.
        """
        windows = [window for each in cut for window in each]
        most = _TOGETHER if self._traits.together else 0
        batches = list(divide([len(window) for window in windows], most))
        made = run([windows[number] for number in batch] for batch in batches)
        rows = np.empty((len(windows), self.dimension), np.float32)
        done = 0
        for batch, some in zip(batches, made, strict=True):
            rows[batch] = some
            done += len(batch)
            tell(done / len(windows))
        rows = make_unit(rows)
        if len(windows) == len(cut):
            return rows
        special = len(self.splitter.start) + len(self.splitter.end)
        weights = np.array([max(len(window) - special, 1) for window in windows], np.float32)
        firsts = np.cumsum([0, *map(len, cut)])[:-1]
        return make_unit(np.add.reduceat(weights[:, None] * rows, firsts))

    def _cut_questions(self, texts: Sequence[str]) -> list[Windows]:
        """Return the one window of each question, see ASKED."""
        start, end = self.splitter.start, self.splitter.end
        most = min(self._traits.limit - len(start) - len(end), ASKED)
        ahead = (most + 1) // 2
        split = (self.splitter.split(self._traits.query + prepare_text(text)) for text in texts)
        return [
            [[*start, *(ids if len(ids) <= most else ids[:ahead] + ids[ahead - most :]), *end]]
            for ids in split
        ]

    def _cut(self, prompt: str, texts: Sequence[str]) -> list[Windows]:
        """Return the windows of each text, of as many sub-words as the model reads at once."""
        start, end = self.splitter.start, self.splitter.end
        size = self._traits.limit - len(start) - len(end)
        split = (self.splitter.split(prompt + prepare_text(text)) for text in texts)
        return [
            [[*start, *ids[at : at + size], *end] for at in range(0, max(len(ids), 1), size)]
            for ids in split
        ]


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
