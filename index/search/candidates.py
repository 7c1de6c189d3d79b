"""Which chunks may answer: found by meaning, by words and through a dictionary, in one order.

For each language of the collection the best by each kind of evidence are gathered, so that no
language is crowded out by another. A candidate's score is then

    CHUNK c + (1 - CHUNK) b + WORDS s        in the question's language
                            + TRANSLATED s   in another

where c and b are the question's cosines with the chunk and with its best sentence, and s is the
share of the question's words, by their rarity, that the chunk meets: as they are, or as the
dictionary and the glossary have them in the chunk's language. It depends on the question and the
chunk alone, so a document more or less changes no score. A question that is there in two languages
gives each chunk the better of its scores. Nothing here decides whether there is an
answer. benchmarks/LOG.md has the figures, and what did not help.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.encoder.encoder import Vectors
from index.search.query import Query
from index.storage.ann import DEPTH
from index.storage.release import Numbers, Release
from index.storage.vectors import Rows
from index.storage.words import K1

NEAR = 200  # of each language, by each kind of evidence, where it is larger
CHUNK, WORDS, TRANSLATED = 0.4, 0.45, 0.4

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk and the evidence that found it, the same whatever else is in the collection.

    `dense` and `sentence` are the cosines of the chunk and of its best sentence; `overlap`, 0 to 1,
    is the share of the question's words that the chunk meets as they are, and `translated` in its
    own language where that is another; `lexical` is BM25 by the words' rarity in public text.
    `language` is the chunk's, `asked` the question's.
    """

    chunk: int
    score: float
    dense: float
    sentence: float
    lexical: float
    overlap: float
    translated: float
    language: str
    asked: str


def find_candidates(
    release: Release,
    query: Query,
    vector: Vectors,
    k: int,
    cases: Collection[int] | None = None,
    other: Query | None = None,
) -> list[Candidate]:
    """Return the min(k, n) best chunks for a question, best first, ties by number.

    `vector` (d,) is the question's; `cases` limits the chunks to those of these cases, by their
    numbers in `release.cases()`. `other` is the question in another language: it finds chunks too
    and may give them a better score, while their evidence stays that of `query`.
    """
    tags = release.languages_of_chunks
    own, translated, words = _share(release, query)
    chunks = _gather(release, vector, words, cases)
    if other is not None:
        _, _, others = _share(release, other)
        chunks = np.union1d(chunks, _gather(release, other.read().vector, others, cases))
    if not len(chunks):
        return []
    dense, sentence, scores = _score(release, vector, words, chunks)
    if other is not None:
        scores = np.maximum(scores, _score(release, other.read().vector, others, chunks)[2])
    best = np.lexsort((chunks, -scores))[:k]
    whole = (K1 + 1) * sum(weight for _, weight in query.groups(query.language))
    return [
        Candidate(
            int(chunks[at]), float(scores[at]), float(dense[at]), float(sentence[at]),
            float(own[chunks[at]] * whole), float(own[chunks[at]]),
            float(translated[chunks[at]]), str(tags[chunks[at]]), query.language,
        )
        for at in best.tolist()
    ]  # fmt: skip


def _share(release: Release, query: Query) -> tuple[Scores, Scores, Scores]:
    """Return the shares of a question's words that every chunk meets, and what they count for.

    As they are, and in the chunk's language where that is another: 0 in the question's own.
    """
    tags = release.languages_of_chunks
    own = release.words.share(query.groups(query.language))
    translated = np.zeros(len(tags), np.float32)
    for language in release.languages:
        if language != query.language:
            there = tags == language
            translated[there] = release.words.share(query.groups(language))[there]
    same = tags == query.language
    words = np.where(same, np.float32(WORDS) * own, np.float32(TRANSLATED) * translated)
    return own, translated, words


def _score(
    release: Release, vector: Vectors, words: Scores, chunks: Numbers
) -> tuple[Scores, Scores, Scores]:
    """Return the cosines of some chunks and of their best sentences, and the chunks' scores."""
    dense = release.chunks.compare(chunks, vector)
    sentence = score_sentences(release, vector, chunks)
    return dense, sentence, CHUNK * dense + (1 - CHUNK) * sentence + words[chunks]


def score_sentences(release: Release, vector: Vectors, chunks: Numbers) -> Scores:
    """Return the cosine (c,) of the best sentence of each of some chunks with a question (d,)."""
    bounds = release.starts[release.chunk_rows]
    firsts, counts = bounds[chunks], np.diff(bounds)[chunks]
    starts = np.cumsum(counts) - counts
    numbers = np.arange(counts.sum()) + np.repeat(firsts - starts, counts)
    best: Scores = np.maximum.reduceat(release.sentences.compare(numbers, vector), starts)
    return best


def find_best(scores: Scores, k: int) -> Numbers:
    """Return the k rows with the highest scores above 0, ties by row, in no order."""
    least = max(float(np.partition(scores, -k)[-k]), 0.0) if len(scores) > k else 0.0
    above, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
    if not least:
        return above
    return np.concatenate([above, equal[: k - len(above)]])


def _gather(
    release: Release, vector: Vectors, words: Scores, cases: Collection[int] | None
) -> Numbers:
    """Return the chunks worth comparing in full, ascending."""
    count = len(words)
    there = np.arange(count)
    if cases is not None:
        there = np.flatnonzero(np.isin(release.chunk_cases(), list(cases)))
    if len(there) <= DEPTH:
        return there
    tags = release.languages_of_chunks[there]
    found = []
    if cases is None and not isinstance(release.nearest, Rows):
        # Lists and Milvus find the nearest of all languages; that vectors do not lie by language is
        # the alignment's work.
        found.append(release.nearest.search(vector, NEAR * len(release.languages))[0])
    for language in release.languages:
        chunks = there[tags == language]
        if len(chunks) <= NEAR:
            found.append(chunks)
            continue
        found.append(chunks[find_best(words[chunks], NEAR)])
        if cases is not None or isinstance(release.nearest, Rows):
            near = release.chunks.compare(chunks, vector)
            found.append(chunks[np.argpartition(-near, NEAR)[:NEAR]])
    return np.unique(np.concatenate(found))
