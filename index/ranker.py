"""Which sentence answers, and which passage: evidence on each, weighed by a file.

A score is a sum of features times weights; the differences of two sentences' scores are log odds,
and so are those of two passages', one of whose features is the score of its best sentence.
Weights are for three kinds of question: in the texts' language and written with blanks between
words, in the texts' language and written without, and in another language than the texts, and mixed
by how far words count. `ranker.json` holds them, with what they were fitted on;
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
from index.reading import UNSPACED, Reading, list_stems

PATH = Path(__file__).with_name("ranker.json")
MIXTURES = ("spaced", "unspaced", "across")
FEATURES = (
    "passage", "near", "near with the one before", "near with the next", "near beyond its passage",
    "near what is asked", "typical of its passage", "words", "words with the one before",
    "words before", "local words", "common words", "pairs", "tail", "stems", "local stems",
    "common stems", "stems of its passage", "first", "place", "length", *SIGNS,
)  # fmt: skip
OF_PASSAGES = ("passage", "stems of its passage", "best sentence")

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as sentences are compared with it.

    `query` (d,) is its vector, `asking` that of what is asked of its names, and `vector` the first
    less what the texts have in common; a cosine with it less `mean`, divided by `deviation`, is in
    standard deviations. `content` is the
    question without the words that only make it one, `subwords` those of the content, and `weights`
    how rare each of the distinct ones is, ascending by number; they add up to 1. `share` is how far
    words count, 0 to 1.
    """

    text: str
    content: str
    query: Floats
    asking: Floats
    vector: Floats
    mean: float
    deviation: float
    subwords: Sequence[int]
    weights: Floats
    share: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage and its m sentences: its fused score, `vector` (d,), and theirs (m, d).

    `lean` is how much nearer the question is to the passage's language than to others.
    """

    fused: float
    lean: float
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

    def score(self, asked: Asked, candidates: Sequence[Candidate]) -> tuple[Floats, list[Floats]]:
        """Return the scores of n candidates (n,) and of the sentences of each, (m,); float32."""
        features = describe(asked, candidates)
        scores = _weigh(features, _weigh(self._weights, mix(asked)))
        bounds = np.cumsum([0, *(len(one.sentences) for one in candidates)])
        passages = describe_passages(features, scores, bounds[:-1])
        whole = _weigh(passages, _weigh(self._passages, mix(asked)))
        return whole, np.split(scores, bounds[1:-1])


@functools.cache
def load_ranker() -> Ranker:
    """Return the ranker that comes with Casebook."""
    return Ranker(PATH)


def mix(asked: Asked) -> Floats:
    """Return how far each of MIXTURES applies to a question; they add up to 1."""
    letters = [character for character in asked.text if character.isalpha()]
    unspaced = 2 * sum(map(bool, map(UNSPACED.match, letters))) > len(letters)
    share = asked.share
    return np.array([share * (not unspaced), share * unspaced, 1.0 - share], np.float32)


def describe(asked: Asked, candidates: Sequence[Candidate]) -> Floats:
    """Return the FEATURES of every sentence of every candidate, (s, f) float32, in order."""
    kind = find_kind(asked.text)
    sentences = [each for one in candidates for each in one.sentences]
    groups = Groups([len(one.sentences) for one in candidates])
    columns = [
        *_compare_vectors(asked, candidates, groups),
        *_compare_words(asked, sentences, groups),
        *_compare_stems(asked, sentences, groups),
        *_place(sentences, groups),
        *np.array([kind.find_signs(each.signs) for each in sentences], np.float32).T,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def describe_passages(features: Floats, scores: Floats, firsts: NDArray[np.int64]) -> Floats:
    """Return OF_PASSAGES (n, 3) float32, given the FEATURES (s, f) and scores (s,) of sentences.

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


def _weigh(marks: Floats, weights: Floats) -> Floats:
    """Return the sum of the weights of the marks of each row, (m,).

    Not by `@`: for matrices as small as these NumPy's now and then warned of an invalid value.
    """
    return np.asarray(np.einsum("mw,w->m", marks, weights))


def _compare_vectors(asked: Asked, candidates: Sequence[Candidate], groups: Groups) -> list[Floats]:
    vectors = np.concatenate([one.vectors for one in candidates])
    cosines = vectors @ asked.vector
    pairs = vectors[:-1] + vectors[1:]
    both = pairs @ asked.vector / np.maximum(np.linalg.norm(pairs, axis=1), 1e-9)
    before, after = np.append(cosines[:1], both), np.append(both, cosines[-1:])
    before[groups.firsts], after[groups.lasts] = cosines[groups.firsts], cosines[groups.lasts]
    common = asked.mean + np.array([one.lean for one in candidates])[groups.of]
    near, before, after = ((each - common) / asked.deviation for each in (cosines, before, after))
    # a name is near in all sentences on it: how much nearer each is without the names
    beyond = vectors @ (asked.asking - asked.query)
    beyond = (beyond - beyond.mean()) / asked.deviation
    passages = np.stack([one.vector for one in candidates])
    typical = groups.centre(np.einsum("sd,sd->s", vectors, passages[groups.of]))
    typical = typical / max(float(np.sqrt(np.mean(typical**2))), 1e-6)
    fused = np.array([one.fused for one in candidates])[groups.of]
    return [fused, near, before, after, groups.centre(near), beyond, typical]


def _compare_words(asked: Asked, sentences: Sequence[Reading], groups: Groups) -> list[Floats]:
    distinct = sorted(set(asked.subwords))
    held = mark(distinct, [each.subwords for each in sentences])
    earlier = np.vstack([np.zeros_like(held[:1]), held[:-1]])
    earlier[groups.firsts] = 0
    local, common = _compare_within(held, groups)
    weight = dict(zip(distinct, asked.weights.tolist(), strict=True))
    pairs = list(dict.fromkeys(pairwise(asked.subwords)))
    paired = np.array([weight[first] + weight[second] for first, second in pairs])
    in_order = mark(pairs, [each.pairs for each in sentences])
    place = {subword: number for number, subword in enumerate(distinct)}
    tail = [place[each] for each in set(asked.subwords[len(asked.subwords) // 2 :])]
    return [
        _weigh(held, asked.weights),
        _weigh(np.maximum(held, earlier), asked.weights),
        _weigh(earlier, asked.weights),
        _weigh(local, asked.weights),
        _weigh(common, asked.weights),
        _weigh(in_order, paired) / max(float(paired.sum()), 1e-9),
        held[:, tail].mean(axis=1) if tail else np.zeros(len(held)),
    ]


def _compare_stems(asked: Asked, sentences: Sequence[Reading], groups: Groups) -> list[Floats]:
    stems = list(dict.fromkeys(list_stems(asked.content)))
    held = mark(stems, [each.stems for each in sentences])
    local, common = _compare_within(held, groups)
    in_passages = np.minimum(groups.sum(held), 1)
    passages = in_passages.sum(axis=0)
    rare = np.log1p((len(groups.counts) - passages + 0.5) / (passages + 0.5))
    rare = rare / max(float(rare.sum()), 1e-9)
    whole = max(len(stems), 1)
    return [
        _weigh(held, rare),
        local.sum(axis=1) / whole,
        common.sum(axis=1) / whole,
        _weigh(in_passages, rare)[groups.of],
    ]


def _compare_within(held: Floats, groups: Groups) -> tuple[Floats, Floats]:
    """Return the marks (s, w) by how local their word is, and by its share of the sentences."""
    counts, sentences = groups.sum(held), groups.counts[:, None]
    return held * find_local(counts, sentences)[groups.of], held * (counts / sentences)[groups.of]


def _place(sentences: Sequence[Reading], groups: Groups) -> list[Floats]:
    numbers = np.arange(len(sentences)) - groups.firsts[groups.of]
    lengths = np.log1p([each.length for each in sentences])
    return [numbers == 0, numbers / groups.counts[groups.of], lengths]
