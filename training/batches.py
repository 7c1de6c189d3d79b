"""Batches of groups for the reader: what is drawn of each question's chunks, and how it is varied.

A question is seen with one chunk that answers it among others that were found for it, the better
ones more often. So that the reader learns to say that nothing answers, the right chunk is now and
then left out, or its right sentences are cut out of it. So that it learns meaning, some sub-words
of the question are left out, and some of what was counted is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from index.reader.features import FEATURES
from training.groups import Array, Groups

CHUNKS = 4  # of a group, in training
# Sub-words of a chunk, and how often: the fewer the faster, but as long they are when one asks.
LONGEST = ((200, 0.7), (330, 0.3))
GONE, CUT, BLIND, DROP = 0.12, 0.08, 0.12, 0.3
VALIDATED = 12  # one article in so many judges and is not trained on
_RUN = 24  # batches that are sorted by length together
WORDS = [n for n, name in enumerate(FEATURES) if "word" in name or name in ("pairs", "tail")]
NEAR = [n for n, name in enumerate(FEATURES) if "near" in name or name.startswith("typical")]

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of a group: states (t, w), pieces (t,), features (s, f), open and right (s,)."""

    states: Array
    pieces: Array
    features: Array
    open: NDArray[np.bool_]
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question, (q, w) states with `there` (q,), and its chunks."""

    asked: Array
    there: NDArray[np.bool_]
    parts: Sequence[Part]

    @property
    def longest(self) -> int:
        """How many sub-words its longest chunk has."""
        return max(len(part.pieces) for part in self.parts)


def list_questions(groups: Groups, validated: bool) -> NDArray[np.int64]:
    """Return the numbers of the questions that are trained on, or of those that judge."""
    articles = groups.articles
    foreign = np.arange(len(articles)) % VALIDATED == 0
    judged = np.where(articles >= 0, articles % VALIDATED == 0, foreign)
    asked = np.diff(groups.asked_starts) > 0
    return np.flatnonzero((judged == validated) & asked)


def open_part(groups: Groups, at: int) -> Part:
    """Return a chunk that was found, by its place among all that were, whole."""
    chunk = int(groups.chunks[at])
    tokens = slice(*groups.starts[chunk : chunk + 2].tolist())
    rows = slice(*groups.rows[at : at + 2].tolist())
    features = groups.features[rows]
    return Part(
        groups.states[tokens], groups.pieces[tokens], features,
        np.ones(len(features), bool), groups.right[rows],
    )  # fmt: skip


def draw(groups: Groups, question: int, chance: np.random.Generator) -> Drawn:
    """Return a question with some of its chunks, varied."""
    tokens = slice(*groups.asked_starts[question : question + 2].tolist())
    asked = groups.asked[tokens]
    first, last = groups.found[question : question + 2].tolist()
    right = [
        at for at in range(first, last) if groups.right[slice(*groups.rows[at : at + 2])].any()
    ]
    wrong = [at for at in range(first, last) if at not in right]
    fate = chance.random()
    longest = int(chance.choice([size for size, _ in LONGEST], p=[share for _, share in LONGEST]))
    parts: list[Part] = []
    withheld = chance.random(3) < BLIND
    if right and fate >= GONE:
        part = open_part(groups, int(chance.choice(right)))
        cut = fate < GONE + CUT and part.right.sum() < len(part.right)
        part = crop(part, longest, chance)
        if cut:
            part = cut_out(part)
            withheld[2] = True
        parts.append(part)
    weights = 1 / (np.arange(len(wrong)) + 2)
    count = min(CHUNKS - len(parts), len(wrong))
    if count > 0:
        drawn = chance.choice(wrong, count, replace=False, p=weights / weights.sum())
        parts += [crop(open_part(groups, int(at)), longest, chance) for at in drawn]
    there = np.ones(len(asked), bool)
    if chance.random() < DROP and len(asked) > 4:
        kept = chance.random(len(asked)) >= chance.choice([0.15, 0.4])
        there = kept if kept.sum() > 2 else there
    columns = [*(WORDS if withheld[0] else ()), *(NEAR if withheld[1] else ())]
    columns = list(range(len(FEATURES))) if withheld[2] else columns
    if columns:
        parts = [withhold(part, columns) for part in parts]
    order = chance.permutation(len(parts))
    return Drawn(asked, there, [parts[at] for at in order])


def crop(part: Part, longest: int, chance: np.random.Generator) -> Part:
    """Return a run of a chunk's sentences of about `longest` sub-words, a right one among them."""
    pieces = np.asarray(part.pieces)
    if len(pieces) <= longest:
        return part
    sizes = np.bincount(pieces, minlength=len(part.open) + 1)
    room = longest - int(sizes[0])
    right = np.flatnonzero(part.right)
    start = int(chance.choice(right)) if len(right) else int(chance.integers(len(part.open)))
    low, high = start, start + 1
    filled = int(sizes[1 + low])
    while True:
        ways = []
        if low > 0 and filled + sizes[low] <= room:
            ways.append(-1)
        if high < len(part.open) and filled + sizes[1 + high] <= room:
            ways.append(1)
        if not ways:
            break
        if chance.choice(ways) < 0:
            filled += int(sizes[low])
            low -= 1
        else:
            filled += int(sizes[1 + high])
            high += 1
    kept = (pieces == 0) | ((pieces > low) & (pieces <= high))
    numbers = np.where(pieces > 0, pieces - low, 0)[kept]
    return Part(
        part.states[kept], numbers, part.features[low:high], part.open[low:high],
        part.right[low:high],
    )  # fmt: skip


def cut_out(part: Part) -> Part:
    """Return a chunk without the sentences that answer; none of it may be right then."""
    gone = np.concatenate([[False], part.right])
    pieces = np.where(gone[part.pieces], -1, part.pieces)
    return Part(
        part.states, pieces, part.features, part.open & ~part.right, np.zeros_like(part.right)
    )


def withhold(part: Part, columns: Sequence[int]) -> Part:
    """Return a chunk without some of its features: they are not a number then."""
    features = np.array(part.features)
    features[:, list(columns)] = np.nan
    return Part(part.states, part.pieces, features, part.open, part.right)


def stack(drawn: Sequence[Drawn], centre: Array) -> Batch:
    """Return groups as the network takes them, and which sentences are right (g, k, s).

    Features that are not numbers become `centre`, which says nothing.
    """
    groups, width = len(drawn), drawn[0].asked.shape[1]
    chunks = max(len(one.parts) for one in drawn)
    tokens = max(one.longest for one in drawn)
    asked_most = max(len(one.asked) for one in drawn)
    sentences = max(len(part.open) for one in drawn for part in one.parts)
    told = np.zeros((groups, chunks, tokens, width), np.float16)
    pieces = np.full((groups, chunks, tokens), -1, np.int64)
    asked = np.zeros((groups, asked_most, width), np.float16)
    there = np.zeros((groups, asked_most), bool)
    features = np.zeros((groups, chunks, sentences, len(centre)), np.float32)
    open_ = np.zeros((groups, chunks, sentences), bool)
    right = np.zeros_like(open_)
    for number, one in enumerate(drawn):
        asked[number, : len(one.asked)] = one.asked
        there[number, : len(one.asked)] = one.there
        for place, part in enumerate(one.parts):
            told[number, place, : len(part.pieces)] = part.states
            pieces[number, place, : len(part.pieces)] = part.pieces
            count = len(part.open)
            features[number, place, :count] = part.features
            open_[number, place, :count] = part.open
            right[number, place, :count] = part.right
    features = np.where(np.isnan(features), centre, features)
    put = torch.from_numpy
    return (
        put(told).float(), put(pieces), put(asked).float(), put(there),
        put(features.astype(np.float32)), put(open_), put(right),
    )  # fmt: skip


def give_batches(
    sets: Sequence[Groups], times: Sequence[float], size: int, centre: Array,
    chance: np.random.Generator,
) -> Iterator[Batch]:  # fmt: skip
    """Give batches of `size` groups without end; each round has every set `times` over."""
    asked = [list_questions(one, validated=False) for one in sets]
    while True:
        round_ = [
            (number, int(question))
            for number, (one, often) in enumerate(zip(asked, times, strict=True))
            for question in chance.choice(one, round(len(one) * often), replace=often > 1)
        ]
        chance.shuffle(round_)
        for first in range(0, len(round_), size * _RUN):
            drawn = [
                draw(sets[number], question, chance)
                for number, question in round_[first : first + size * _RUN]
            ]
            drawn = sorted((one for one in drawn if one.parts), key=lambda one: one.longest)
            batches = [drawn[at : at + size] for at in range(0, len(drawn), size)]
            for at in chance.permutation(len(batches)):
                if len(batches[at]) == size:
                    yield stack(batches[at], centre)
