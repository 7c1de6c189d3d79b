"""Features of a question and a sentence, as numbers, for readers that weigh them.

Every feature is of the question and one chunk alone, so that it does not depend on what else was
found. None of them knows what a word means: they are cosines, shares of words by their rarity in
public text, and places.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.reader.protocol import Floats, Text
from index.reader.stemmed import find_numbers
from index.search.query import Query

FEATURES = (
    "chunk", "near", "near with the one before", "near with the next", "near beyond its passage",
    "near what is asked", "typical of its passage", "words", "words with the one before",
    "words before", "local words", "common words", "words of its passage", "pairs", "tail",
    "translated", "translated of its passage", "first", "place", "length", "another language",
    "dense of its chunk", "words of its chunk", "translated of its chunk", "numbers lacking",
    "numbers", "names", "names lacking", "words asked", "unspaced",
)  # fmt: skip
# Cosines differ by tenths, the other features by ones.
_COSINE, _TYPICAL = 10.0, 10.0
_UNSPACED = ("zh", "ja", "th")


class _Passages:
    """Which of s sentences one after another belong to which of n passages.

    `firsts` (n,) and `lasts` (n,) are the places of each passage's first and last sentence,
    `counts` (n,) how many it has, and `of` (s,) the number of each sentence's passage.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = np.array(counts)
        ends = np.cumsum(self.counts)
        self.firsts, self.lasts = ends - self.counts, ends - 1
        self.of = np.repeat(np.arange(len(counts)), self.counts)

    def sum(self, rows: Floats) -> Floats:
        """Return the sum of (s,) or (s, w) rows over each passage, (n,) or (n, w)."""
        return np.asarray(np.add.reduceat(rows, self.firsts, axis=0))

    def centre(self, values: Floats) -> Floats:
        """Return (s,) values less their passage's mean."""
        return np.asarray(values - (self.sum(values) / self.counts)[self.of])


def describe(query: Query, texts: Sequence[Text]) -> list[Floats]:
    """Return the FEATURES of the sentences of every text, (m, f) float32 each."""
    passages = _Passages([count for text in texts for count in text.counts])
    sizes = [len(text.sentences) for text in texts]
    of = np.repeat(np.arange(len(texts)), sizes)
    columns = [
        *_compare_vectors(query, texts, passages, of),
        *_compare_words(query, texts, passages),
        *_compare_translated(query, texts, passages),
        *_place(texts, passages),
        np.array([text.candidate.language != query.language for text in texts])[of],
        10 * np.array([text.candidate.dense for text in texts])[of],
        np.array([text.candidate.overlap for text in texts])[of],
        np.array([text.candidate.translated for text in texts])[of],
        *_compare_numbers(query, texts, of),
        np.full(len(of), bool(query.names)),
        np.array([text.lacking for text in texts])[of],
        np.full(len(of), np.log1p(len(query.stems)) / 2),
        np.array([text.candidate.language in _UNSPACED for text in texts])[of],
    ]
    found = np.stack(columns, axis=1).astype(np.float32)
    return np.split(found, np.cumsum(sizes)[:-1])


def mark(words: Sequence[object], texts: Sequence[frozenset[object]]) -> Floats:
    """Return (texts, words): 1 where a text holds a word, else 0; no word is there twice."""
    places, distinct = {word: place for place, word in enumerate(words)}, frozenset(words)
    held = [distinct & text for text in texts]  # most texts hold few of them
    marks = np.zeros((len(texts), len(words)), np.float32)
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in held])
    marks[rows, [places[word] for each in held for word in each]] = 1
    return marks


def find_local(counts: Floats, sentences: Floats) -> Floats:
    """Return each word's inverse frequency among the sentences of its passage, (n, w).

    `counts` (n, w) of the `sentences` (n, 1) of each passage hold it. A word that none holds, or
    every one, tells nothing or little: ln((m + 1) / (c + 0.5)) for one that c of m sentences hold.
    """
    return np.where(counts > 0, np.log((sentences + 1) / (counts + 0.5)), 0.0)


def _weigh(marks: Floats, weights: Floats) -> Floats:
    """Return the sum of the weights of the marks of each row, (m,).

    Not by `@`: for matrices as small as these NumPy's now and then warned of an invalid value.
    """
    return np.asarray(np.einsum("mw,w->m", marks, weights))


def _compare_vectors(
    query: Query, texts: Sequence[Text], passages: _Passages, of: NDArray[np.int64]
) -> list[Floats]:
    read = query.read()
    asking = read.vector if query.asking == query.text else read.find_part(query.asking)
    vectors = np.concatenate([text.vectors for text in texts])
    cosines = vectors @ read.vector
    pairs = vectors[:-1] + vectors[1:]
    both = pairs @ read.vector / np.maximum(np.linalg.norm(pairs, axis=1), 1e-9)
    before, after = np.append(cosines[:1], both), np.append(both, cosines[-1:])
    before[passages.firsts] = cosines[passages.firsts]
    after[passages.lasts] = cosines[passages.lasts]
    # a name is near in all sentences on it: how much nearer each is without the names
    beyond = vectors @ (asking - read.vector)
    whole = passages.sum(vectors)
    whole = whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-9)
    typical = passages.centre(np.einsum("sd,sd->s", vectors, whole[passages.of]))
    chunk = np.array([text.candidate.score for text in texts])[of]
    near = _COSINE * cosines
    return [
        _COSINE * chunk, near, _COSINE * before, _COSINE * after, passages.centre(near),
        _COSINE * beyond, _TYPICAL * typical,
    ]  # fmt: skip


def _compare_words(query: Query, texts: Sequence[Text], passages: _Passages) -> list[Floats]:
    sentences = [each for text in texts for each in text.sentences]
    distinct = sorted(query.weights)
    weights = np.array([query.weights[stem] for stem in distinct], np.float32)
    weights = weights / max(float(weights.sum()), 1e-9)
    held = mark(distinct, [each.stems for each in sentences])
    earlier = np.vstack([np.zeros_like(held[:1]), held[:-1]])
    earlier[passages.firsts] = 0
    counts, sizes = passages.sum(held), passages.counts[:, None]
    local = held * find_local(counts, sizes)[passages.of]
    common = held * (counts / sizes)[passages.of]
    weight = dict(zip(distinct, weights.tolist(), strict=True))
    pairs = list(dict.fromkeys(pairwise(query.stems)))
    paired = np.array([weight[first] + weight[second] for first, second in pairs])
    in_order = mark(pairs, [each.pairs for each in sentences])
    place = {stem: number for number, stem in enumerate(distinct)}
    tail = [place[each] for each in set(query.stems[len(query.stems) // 2 :])]
    return [
        _weigh(held, weights),
        _weigh(np.maximum(held, earlier), weights),
        _weigh(earlier, weights),
        _weigh(local, weights),
        _weigh(common, weights),
        _weigh(np.minimum(counts, 1), weights)[passages.of],
        _weigh(in_order, paired) / max(float(paired.sum()), 1e-9),
        held[:, tail].mean(axis=1) if tail else np.zeros(len(held)),
    ]


def _compare_translated(query: Query, texts: Sequence[Text], passages: _Passages) -> list[Floats]:
    """Return how much of a question each sentence, and its passage, has in its own language."""
    met, whole = [], []
    for text in texts:
        language = text.candidate.language
        said = query.words.get(language, ()) if language != query.language else ()
        if not said:
            met.append(np.zeros(len(text.sentences)))
            whole.append(np.zeros(len(text.passages)))
            continue
        held = np.array(
            [[not terms.isdisjoint(each.stems) for terms, _ in said] for each in text.sentences]
        )
        weights = np.array([weight for _, weight in said])
        weights = weights / max(float(weights.sum()), 1e-9)
        met.append(held @ weights)
        firsts = np.cumsum([0, *text.counts])[:-1]
        whole.append(np.logical_or.reduceat(held, firsts, axis=0) @ weights)
    return [np.concatenate(met), np.concatenate(whole)[passages.of]]


def _compare_numbers(query: Query, texts: Sequence[Text], of: NDArray[np.int64]) -> list[Floats]:
    """Return the share of the question's numbers that a chunk lacks, and if a sentence has any."""
    asked = find_numbers(query.text)
    lacking = [
        len(asked.difference(*(each.numbers for each in text.sentences))) / len(asked)
        if asked
        else 0.0
        for text in texts
    ]
    has = [bool(each.numbers) for text in texts for each in text.sentences]
    return [np.array(lacking)[of], np.array(has)]


def _place(texts: Sequence[Text], passages: _Passages) -> list[Floats]:
    numbers = np.arange(len(passages.of)) - passages.firsts[passages.of]
    lengths = np.log1p([each.length for text in texts for each in text.sentences])
    return [numbers == 0, numbers / passages.counts[passages.of], lengths]
