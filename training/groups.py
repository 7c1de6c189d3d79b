"""Groups that the reader learns from: a question, the chunks found for it, and their states.

Made of a labelled collection by the product's own search and reading, so that training sees what
an answer will be read from: hard negatives in every language, the same features, the same
sub-words. Kept below a folder, memory-mapped, as the states of a million sub-words take gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.squad import Question
from corpus.chunks import divide_case
from corpus.tables import spell_passages
from index.encoder.encoder import Encoder
from index.reader.features import describe
from index.reader.protocol import Text
from index.storage.release import Release
from training.collections import Collection, Labelled

FOUND = 16  # chunks of a question that are kept, and what answers beyond them up to SOUGHT
SOUGHT = 24
FAR = 0.12  # questions of other collections, for each of its own
# Sets of one family may answer each other's questions.
_FAMILIES = (
    {"squad", "mixed", "es-de"}, {"cmrc", "drcd"}, {"jaquad"},
    {"cases", "swapped", "written", "everyday"},
)  # fmt: skip

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Groups:
    """One collection's questions with the chunks found for each.

    `states` (t, w) float16 of all chunks' sub-words, `pieces` (t,) int64 and `starts` (c + 1,) as
    in a release; `asked` (u, w) float16 and `asked_starts` (q + 1,) the same of the questions. Of
    question i the chunks found are `chunks[found[i] : found[i + 1]]`, best first, and the features
    of chunk j's sentences, `features[rows[j] : rows[j + 1]]` float16, with `right` where one
    answers. `articles` (q,) int64 is -1 for a question of another collection.
    """

    name: str
    states: Array
    pieces: Array
    starts: Array
    asked: Array
    asked_starts: Array
    found: Array
    chunks: Array
    rows: Array
    features: Array
    right: Array
    articles: Array

    @classmethod
    def open(cls, name: str, folder: Path) -> Groups:
        """Open those of a folder."""
        arrays = {each: np.load(folder / f"{each}.npy", mmap_mode="r") for each in _ARRAYS}
        for each in _ARRAYS[2:]:
            if each not in ("asked", "features"):
                arrays[each] = np.array(arrays[each])
        return cls(name, **arrays)


_ARRAYS = (
    "states", "asked", "pieces", "starts", "asked_starts", "found", "chunks", "rows", "features",
    "right", "articles",
)  # fmt: skip


def list_pieces(release: Release) -> Iterator[list[str]]:
    """Give the pieces of every chunk of a release, in order, as they were encoded."""
    chunk = 0
    for case, document in release.cases():
        number = release.case_number(case.id)
        passages: list[int] = []
        while chunk + len(passages) < len(release.chunk_rows) - 1:
            at = chunk + len(passages)
            if int(release.chunk_cases()[at]) != number:
                break
            passages.append(at)
        if not passages:
            continue
        held = [passage for at in passages for passage, _, _ in release.chunk(at)]
        for one in divide_case(document, case, held, release.glossary):
            said = spell_passages(held[one.first : one.last])
            yield [one.context, *(each.words for each in said)]
            chunk += 1


def draw_far(
    name: str, sets: Mapping[str, Sequence[Labelled]], chance: np.random.Generator
) -> list[Labelled]:
    """Return questions of unrelated sets, which a set cannot answer: FAR of as many as it has."""
    family = next(each for each in _FAMILIES if name in each)
    foreign = [one for other, asked in sets.items() if other not in family for one in asked]
    count = min(round(FAR * len(sets[name])), len(foreign))
    return [foreign[at] for at in chance.choice(len(foreign), count, replace=False)]


def make_groups(
    collection: Collection, others: Sequence[Labelled], encoder: Encoder, folder: Path
) -> None:
    """Search and read for every question and write the arrays of Groups into a folder.

    `others` are questions that the collection does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    release = collection.searcher.release
    states, pieces, starts = [], [], [0]
    chunks = list(list_pieces(release))
    with tqdm(total=len(chunks), desc=f"{collection.name}: states", unit="chunk") as bar:
        for chunk in encoder.read_chunks(chunks):
            states.append(chunk.states.astype(np.float16))
            pieces.append(chunk.pieces)
            starts.append(starts[-1] + len(chunk.states))
            bar.update(1)
    _save(folder, "states", np.concatenate(states))
    _save(folder, "pieces", np.concatenate(pieces))
    _save(folder, "starts", np.array(starts))
    del states
    asked, asked_starts, found, kept, rows = list[Array](), [0], [0], list[int](), [0]
    features, right, articles = [], [], []
    every = [*collection.asked, *others]
    foreign = len(collection.asked)
    for number, one in enumerate(tqdm(every, desc=f"{collection.name}: questions")):
        query = collection.searcher.parse(one.question.text)
        texts = collection.searcher.find(query, SOUGHT)
        marks = [mark(one.question, text) for text in texts]
        if number >= foreign:
            marks = [np.zeros_like(each) for each in marks]
        kept_at = [at for at, each in enumerate(marks) if at < FOUND or each.any()]
        texts, marks = [texts[at] for at in kept_at], [marks[at] for at in kept_at]
        read = query.read()
        asked.append(read.states.astype(np.float16))
        asked_starts.append(asked_starts[-1] + len(read.states))
        for text, told, each in zip(texts, describe(query, texts), marks, strict=True):
            kept.append(text.candidate.chunk)
            features.append(told.astype(np.float16))
            right.append(each)
            rows.append(rows[-1] + len(told))
        found.append(len(kept))
        articles.append(one.article if number < foreign else -1)
    _save(folder, "asked", np.concatenate(asked))
    _save(folder, "asked_starts", np.array(asked_starts))
    _save(folder, "found", np.array(found))
    _save(folder, "chunks", np.array(kept))
    _save(folder, "rows", np.array(rows))
    _save(folder, "features", np.concatenate(features))
    _save(folder, "right", np.concatenate(right))
    _save(folder, "articles", np.array(articles))


def mark(question: Question, text: Text) -> NDArray[np.bool_]:
    """Return (m,) whether each sentence holds an answer, white space at its end left out."""
    if text.document.name != question.document:
        return np.zeros(len(text.sentences), bool)
    return np.array(
        [
            any(
                sentence.start <= start
                and start + len(words) <= sentence.start + len(sentence.text.rstrip())
                for start, words in question.answers
            )
            for passage in text.passages
            for sentence in passage.sentences
        ]
    )


def _save(folder: Path, name: str, array: Array) -> None:
    np.save(folder / f"{name}.npy", array)
