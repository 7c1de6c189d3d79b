"""Which sentence answers, and which passage: evidence on each, weighed by a file.

A score is a sum of features times weights; the differences of two sentences' scores are log odds,
and so are those of two passages', one of whose features is the score of its best sentence.
Weights are for three kinds of pairs: a question in the text's language and written with blanks
between words, one in the text's language and written without, and one in another language than the
text. Every feature is of the question and one passage alone, so that a score does not depend on
what else was found. `ranker.json` holds the weights, with what they were fitted on;
`python -m benchmarks.train` writes it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.kinds import SIGNS, find_kind
from index.reading import Reading
from index.search.query import Query

PATH = Path(__file__).with_name("ranker.json")
MIXTURES = ("spaced", "unspaced", "across")
FEATURES = (
    "chunk", "near", "near with the one before", "near with the next", "near beyond its passage",
    "near what is asked", "typical of its passage", "words", "words with the one before",
    "words before", "local words", "common words", "words of its passage", "pairs", "tail",
    "translated", "translated of its passage", "first", "place", "length", "another language",
    *SIGNS,
)  # fmt: skip
OF_PASSAGES = ("chunk", "words of its passage", "another language", "best sentence")
# Cosines differ by tenths, the other features by ones.
_COSINE, _TYPICAL = 10.0, 10.0

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as sentences are compared with it.

    `vector` (d,) is its own, `asking` (d,) that of what is asked of its names.
    """

    query: Query
    vector: Floats
    asking: Floats


@dataclass(frozen=True, slots=True)
class Read:
    """A passage and its m sentences: the score of its chunk, `vector` (d,), and theirs (m, d)."""

    chunk: float
    language: str
    vector: Floats
    vectors: Floats
    sentences: Sequence[Reading]


class Ranker:
    """The weights of one file."""

    def __init__(self, path: Path) -> None:
        """Read `path`: a list of len(MIXTURES) numbers for each of FEATURES and of OF_PASSAGES."""
        held = json.loads(path.read_bytes())
        self._weights = np.array([held["weights"][name] for name in FEATURES], np.float32)
        self._passages = np.array([held["passages"][name] for name in OF_PASSAGES], np.float32)

    def score(self, asked: Asked, passages: Sequence[Read]) -> tuple[Floats, list[Floats]]:
        """Return the scores of n passages (n,) and of the sentences of each, (m,); float32."""
        features = describe(asked, passages)
        counts = [len(one.sentences) for one in passages]
        mixtures = np.stack([mix(asked.query, one.language) for one in passages])
        scores = _mix(features @ self._weights, np.repeat(mixtures, counts, axis=0))
        bounds = np.cumsum([0, *counts])
        of_passages = describe_passages(features, scores, bounds[:-1])
        whole = _mix(of_passages @ self._passages, mixtures)
        return whole, np.split(scores, bounds[1:-1])


@functools.cache
def load_ranker() -> Ranker:
    """Return the ranker that comes with Casebook."""
    return Ranker(PATH)


def mix(query: Query, language: str) -> Floats:
    """Return 1 for that of MIXTURES that a question and a text in a language are, 0 for others."""
    same = query.language == language
    unspaced = language in ("zh", "ja", "th")
    return np.array([same and not unspaced, same and unspaced, not same], np.float32)


def describe(asked: Asked, passages: Sequence[Read]) -> Floats:
    """Return the FEATURES of every sentence of every passage, (s, f) float32, in order."""
    kind = find_kind(asked.query.text)
    sentences = [each for one in passages for each in one.sentences]
    groups = Groups([len(one.sentences) for one in passages])
    other = np.array([one.language != asked.query.language for one in passages])[groups.of]
    columns = [
        *_compare_vectors(asked, passages, groups),
        *_compare_words(asked.query, sentences, groups),
        *_compare_translated(asked.query, passages, groups),
        *_place(sentences, groups),
        other,
        *np.array([kind.find_signs(each.signs) for each in sentences], np.float32).T,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def describe_passages(features: Floats, scores: Floats, firsts: NDArray[np.int64]) -> Floats:
    """Return OF_PASSAGES (n, 4) float32, given the FEATURES (s, f) and scores (s,) of sentences.

    `firsts` (n,) is where the sentences of each passage begin.
    """
    told = [features[firsts, FEATURES.index(name)] for name in OF_PASSAGES[:-1]]
    return np.stack([*told, np.maximum.reduceat(scores, firsts)], axis=1).astype(np.float32)


class Groups:
    """Which of s sentences one after another belong to which of n passages, none without any.

    `firsts` (n,) and `lasts` (n,) are the places of each passage's first and last sentence,
    `counts` (n,) how many it has, and `of` (s,) the number of each sentence's passage.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        """Take how many sentences each passage has."""
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


def find_local(counts: Floats, sentences: Floats) -> Floats:
    """Return how much each word tells the sentences of its passage apart, (n, w).

    `counts` (n, w) of the `sentences` (n, 1) of each passage hold it. A word that none holds, or
    every one, tells nothing or little: ln((m + 1) / (c + 0.5)) for one that c of m sentences hold.
    """
    return np.where(counts > 0, np.log((sentences + 1) / (counts + 0.5)), 0.0)


def mark(words: Sequence[object], texts: Sequence[frozenset[Any]]) -> Floats:
    """Return (texts, words): 1 where a text holds a word, else 0; no word is there twice."""
    places, distinct = {word: place for place, word in enumerate(words)}, frozenset(words)
    held = [distinct & text for text in texts]  # most texts hold few of them
    marks = np.zeros((len(texts), len(words)), np.float32)
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in held])
    marks[rows, [places[word] for each in held for word in each]] = 1
    return marks


def _mix(scores: Floats, mixtures: Floats) -> Floats:
    """Return of the scores (s, m) of each row that of its mixture, (s,)."""
    return np.asarray((scores * mixtures).sum(axis=1))


def _weigh(marks: Floats, weights: Floats) -> Floats:
    """Return the sum of the weights of the marks of each row, (m,).

    Not by `@`: for matrices as small as these NumPy's now and then warned of an invalid value.
    """
    return np.asarray(np.einsum("mw,w->m", marks, weights))


def _compare_vectors(asked: Asked, passages: Sequence[Read], groups: Groups) -> list[Floats]:
    vectors = np.concatenate([one.vectors for one in passages])
    cosines = vectors @ asked.vector
    pairs = vectors[:-1] + vectors[1:]
    both = pairs @ asked.vector / np.maximum(np.linalg.norm(pairs, axis=1), 1e-9)
    before, after = np.append(cosines[:1], both), np.append(both, cosines[-1:])
    before[groups.firsts], after[groups.lasts] = cosines[groups.firsts], cosines[groups.lasts]
    # a name is near in all sentences on it: how much nearer each is without the names
    beyond = vectors @ (asked.asking - asked.vector)
    whole = np.stack([one.vector for one in passages])
    typical = groups.centre(np.einsum("sd,sd->s", vectors, whole[groups.of]))
    chunk = np.array([one.chunk for one in passages])[groups.of]
    near = _COSINE * cosines
    return [
        _COSINE * chunk, near, _COSINE * before, _COSINE * after, groups.centre(near),
        _COSINE * beyond, _TYPICAL * typical,
    ]  # fmt: skip


def _compare_words(query: Query, sentences: Sequence[Reading], groups: Groups) -> list[Floats]:
    distinct = sorted(query.weights)
    weights = np.array([query.weights[stem] for stem in distinct], np.float32)
    weights = weights / max(float(weights.sum()), 1e-9)
    held = mark(distinct, [each.stems for each in sentences])
    earlier = np.vstack([np.zeros_like(held[:1]), held[:-1]])
    earlier[groups.firsts] = 0
    local, common = _compare_within(held, groups)
    weight = dict(zip(distinct, weights.tolist(), strict=True))
    pairs = list(dict.fromkeys(pairwise(query.stems)))
    paired = np.array([weight[first] + weight[second] for first, second in pairs])
    in_order = mark(pairs, [each.pairs for each in sentences])
    place = {stem: number for number, stem in enumerate(distinct)}
    tail = [place[each] for each in set(query.stems[len(query.stems) // 2 :])]
    in_passages = np.minimum(groups.sum(held), 1)
    return [
        _weigh(held, weights),
        _weigh(np.maximum(held, earlier), weights),
        _weigh(earlier, weights),
        _weigh(local, weights),
        _weigh(common, weights),
        _weigh(in_passages, weights)[groups.of],
        _weigh(in_order, paired) / max(float(paired.sum()), 1e-9),
        held[:, tail].mean(axis=1) if tail else np.zeros(len(held)),
    ]


def _compare_translated(query: Query, passages: Sequence[Read], groups: Groups) -> list[Floats]:
    """Return how much of a question each sentence, and its passage, has in its own language."""
    met, whole = np.zeros(len(groups.of)), np.zeros(len(passages))
    at = 0
    for number, one in enumerate(passages):
        said = query.words.get(one.language, ()) if one.language != query.language else ()
        held = np.array(
            [[not terms.isdisjoint(each.stems) for terms, _ in said] for each in one.sentences]
        )
        if said:
            weights = np.array([weight for _, weight in said])
            weights = weights / max(float(weights.sum()), 1e-9)
            met[at : at + len(held)] = held @ weights
            whole[number] = held.any(axis=0) @ weights
        at += len(one.sentences)
    return [met, whole[groups.of]]


def _compare_within(held: Floats, groups: Groups) -> tuple[Floats, Floats]:
    """Return the marks (s, w) by how local their word is, and by its share of the sentences."""
    counts, sentences = groups.sum(held), groups.counts[:, None]
    return held * find_local(counts, sentences)[groups.of], held * (counts / sentences)[groups.of]


def _place(sentences: Sequence[Reading], groups: Groups) -> list[Floats]:
    numbers = np.arange(len(sentences)) - groups.firsts[groups.of]
    lengths = np.log1p([each.length for each in sentences])
    return [numbers == 0, numbers / groups.counts[groups.of], lengths]
