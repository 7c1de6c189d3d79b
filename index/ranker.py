"""Which sentence answers: evidence on each sentence of the best passages, weighed by a file.

A score is a sum of features times weights; the differences of two sentences' scores are log odds.
Weights are for three kinds of question: in the texts' language and written with blanks between
words, in the texts' language and written without, and in another language than the texts, and mixed
by how far words count. `ranker.json` holds them, with what they were fitted on;
`python -m benchmarks.train` writes it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.kinds import SIGNS, Kind

PATH = Path(__file__).with_name("ranker.json")
MIXTURES = ("spaced", "unspaced", "across")
FEATURES = (
    "passage", "near", "near with the one before", "near with the next", "near beyond its passage",
    "typical of its passage", "words", "words with the one before", "words before", "local words",
    "common words", "pairs", "tail", "stems", "local stems", "common stems", "first", "place",
    "length", *SIGNS,
)  # fmt: skip

Floats = NDArray[np.floating[Any]]
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_STEM = 5  # letters that inflected and derived forms of a word mostly share


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as sentences are compared with it.

    `query` (d,) is its vector, and `vector` that less what the texts have in common; a cosine with
    the latter less `mean`, divided by `deviation`, is in standard deviations. `content` is the
    question without the words that only make it one, `subwords` those of the content, and `weights`
    how rare each of the distinct ones is, ascending by number; they add up to 1. `share` is how far
    words count, 0 to 1.
    """

    text: str
    content: str
    query: Floats
    vector: Floats
    mean: float
    deviation: float
    subwords: Sequence[int]
    weights: Floats
    share: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage and its m sentences: its fused score, `vector` (d,), and theirs (m, d)."""

    fused: float
    vector: Floats
    vectors: Floats
    texts: Sequence[str]
    subwords: Sequence[Sequence[int]]


class Ranker:
    """The weights of one file."""

    def __init__(self, path: Path) -> None:
        """Read `path`: an object with a list of len(MIXTURES) numbers for each of FEATURES."""
        weights = json.loads(path.read_bytes())["weights"]
        self._weights = np.array([weights[name] for name in FEATURES], np.float32)

    def score(self, asked: Asked, candidates: Sequence[Candidate]) -> list[Floats]:
        """Return the score of every sentence of every candidate, (m,) float32 each."""
        features = describe(asked, candidates)
        scores = _weigh(features, _weigh(self._weights, mix(asked)))
        return np.split(scores, np.cumsum([len(one.texts) for one in candidates])[:-1])


@functools.cache
def load_ranker() -> Ranker:
    """Return the ranker that comes with Casebook."""
    return Ranker(PATH)


def mix(asked: Asked) -> Floats:
    """Return how far each of MIXTURES applies to a question; they add up to 1."""
    letters = [character for character in asked.text if character.isalpha()]
    unspaced = 2 * sum(map(bool, map(_UNSPACED.match, letters))) > len(letters)
    share = asked.share
    return np.array([share * (not unspaced), share * unspaced, 1.0 - share], np.float32)


def describe(asked: Asked, candidates: Sequence[Candidate]) -> Floats:
    """Return the FEATURES of every sentence of every candidate, (s, f) float32, in order."""
    kind = Kind(asked.text)
    stems = list(dict.fromkeys(list_stems(asked.content)))
    held = [mark(stems, [list_stems(text) for text in one.texts]) for one in candidates]
    passages = np.array([one.any(axis=0) for one in held]).sum(axis=0)
    rare = np.log1p((len(candidates) - passages + 0.5) / (passages + 0.5))
    blocks = []
    for one, stemmed in zip(candidates, held, strict=True):
        columns = [
            *_compare_vectors(asked, one),
            *_compare_words(asked, one),
            _weigh(stemmed, rare) / max(float(rare.sum()), 1e-9),
            _weigh(stemmed, find_local(stemmed)) / max(len(stems), 1),
            _weigh(stemmed, stemmed.mean(axis=0)) / max(len(stems), 1),
            *_place(one),
            *np.array([kind.find_signs(text) for text in one.texts]).T,
        ]
        blocks.append(np.stack(columns, axis=1))
    features = np.concatenate(blocks).astype(np.float32)
    typical = features[:, FEATURES.index("typical of its passage")]
    typical /= max(float(np.sqrt(np.mean(typical**2))), 1e-6)
    return features


def find_local(held: Floats) -> Floats:
    """Return how much each word tells the sentences of one passage apart, (w,).

    `held` (m, w) is 1 where a sentence holds a word. A word that none holds, or every one, tells
    nothing or little: ln((m + 1) / (n + 0.5)) for one that n of m sentences hold.
    """
    counts = held.sum(axis=0)
    return np.where(counts > 0, np.log((len(held) + 1) / (counts + 0.5)), 0.0)


def list_stems(text: str) -> list[str]:
    """Return the first letters of every word, and the pairs of signs of unspaced scripts."""
    found = []
    for word in _WORD.findall(text.casefold()):
        if word.isascii() or not _UNSPACED.search(word):
            found.append(word if word.isdigit() else word[:_STEM])
        else:
            found += [word[at : at + 2] for at in range(len(word) - 1)] or [word]
    return found


def mark(words: Sequence[object], texts: Sequence[Iterable[object]]) -> Floats:
    """Return (texts, words): 1 where a text holds a word, else 0."""
    sets = [set(text) for text in texts]
    marks = [[word in held for word in words] for held in sets]
    return np.array(marks, np.float32).reshape(len(texts), len(words))


def _weigh(marks: Floats, weights: Floats) -> Floats:
    """Return the sum of the weights of the marks of each row, (m,).

    Not by `@`: for matrices as small as these NumPy's now and then warned of an invalid value.
    """
    return np.asarray(np.einsum("mw,w->m", marks, weights))


def _compare_vectors(asked: Asked, one: Candidate) -> list[Floats]:
    count = len(one.texts)
    cosines = one.vectors @ asked.vector
    pairs = one.vectors[:-1] + one.vectors[1:]
    both = pairs @ asked.vector / np.maximum(np.linalg.norm(pairs, axis=1), 1e-9)
    near, before, after = (
        (np.asarray(each) - asked.mean) / asked.deviation
        for each in (cosines, [cosines[0], *both], [*both, cosines[-1]])
    )
    typical = one.vectors @ one.vector
    return [
        np.full(count, one.fused), near, before, after, near - near.mean(),
        typical - typical.mean(),
    ]  # fmt: skip


def _compare_words(asked: Asked, one: Candidate) -> list[Floats]:
    distinct = sorted(set(asked.subwords))
    held = mark(distinct, one.subwords)
    earlier = np.vstack([np.zeros_like(held[:1]), held[:-1]])
    weight = dict(zip(distinct, asked.weights.tolist(), strict=True))
    pairs = list(dict.fromkeys(pairwise(asked.subwords)))
    paired = np.array([weight[first] + weight[second] for first, second in pairs])
    in_order = mark(pairs, [pairwise(text) for text in one.subwords])
    tail = sorted(set(asked.subwords[len(asked.subwords) // 2 :]))
    return [
        _weigh(held, asked.weights),
        _weigh(np.maximum(held, earlier), asked.weights),
        _weigh(earlier, asked.weights),
        _weigh(held, asked.weights * find_local(held)),
        _weigh(held, asked.weights * held.mean(axis=0)),
        _weigh(in_order, paired) / max(float(paired.sum()), 1e-9),
        mark(tail, one.subwords).mean(axis=1) if tail else np.zeros(len(held)),
    ]


def _place(one: Candidate) -> list[Floats]:
    count = len(one.texts)
    lengths = [len(subwords) for subwords in one.subwords]
    numbers = np.arange(count)
    return [numbers == 0, numbers / count, np.log1p(lengths)]
