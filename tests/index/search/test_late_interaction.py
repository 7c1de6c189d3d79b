"""index.search.late_interaction: sub-words of a question compared with those of chunks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.encoder.encoder import States
from index.search.candidates import Candidate
from index.search.late_interaction import WEIGHT, LateInteraction

SIZE, MATCHED, WIDTH = 6, 4, 5


def make_parts() -> dict[str, NDArray[Any]]:
    """Return made-up arrays of a file."""
    chance = np.random.default_rng(3)
    return {
        "look": chance.normal(0, 0.4, (WIDTH, SIZE + MATCHED + 1)).astype(np.float16),
        "look_shift": chance.normal(0, 0.1, SIZE + MATCHED + 1).astype(np.float32),
    }


def make_states(count: int, seed: int) -> States:
    """Return made-up states of a chunk."""
    chance = np.random.default_rng(seed)
    rows = chance.integers(-127, 128, (count, SIZE + MATCHED)).astype(np.int8)
    return States(rows, np.full((count, 2), 0.004, np.float16), np.zeros(count, np.uint16))


def make_candidate(chunk: int, score: float) -> Candidate:
    """Return a candidate with a score."""
    return Candidate(chunk, score, 0.0, 0.0, 0.0, 0.0, 0.0, "en", "en")


@pytest.fixture
def interaction() -> LateInteraction:
    """What the arrays say."""
    return LateInteraction(make_parts(), SIZE, MATCHED)


ASKED = np.random.default_rng(9).normal(0, 2, (3, WIDTH)).astype(np.float32)


def test_every_word_asked_counts_with_the_word_most_like_it(interaction: LateInteraction) -> None:
    """Weighed by how much it tells, as it is written down word by word."""
    parts, states = make_parts(), make_states(7, 1)
    wanted, weights = [], []
    for row in ASKED:
        normed = (row - row.mean()) / np.sqrt(row.var() + 1e-5)
        made = normed @ parts["look"].astype(np.float32) + parts["look_shift"]
        alike = []
        for number, scale in zip(states.rows.astype(np.float32), states.scales, strict=True):
            told = number[:SIZE] / np.linalg.norm(number[:SIZE])
            kept = np.concatenate([told, number[SIZE:] * np.float32(scale[1])])
            alike.append(kept @ made[:-1])
        wanted.append(max(alike))
        weights.append(np.exp(made[-1]))
    (found,) = interaction.compare(ASKED, [states])
    assert found == pytest.approx(np.average(wanted, weights=weights), rel=1e-4)


def test_a_chunk_is_as_alike_whatever_stands_beside_it(interaction: LateInteraction) -> None:
    """To the last bit, so that no document more changes an order."""
    chunks = [make_states(count, count) for count in (4, 9, 30, 200)]
    together = interaction.compare(ASKED, chunks)
    assert together == [interaction.compare(ASKED, [each])[0] for each in chunks]
    assert len(set(together)) == len(chunks)


def test_candidates_are_put_by_both_scores(interaction: LateInteraction) -> None:
    """Where what found them is even, by what is alike; of twins the first number comes first."""
    chunks = [make_states(12, seed) for seed in (1, 2, 2)]
    alike = interaction.compare(ASKED, chunks)
    even = [make_candidate(chunk, 0.5) for chunk in (7, 9, 4)]
    order = [one.chunk for one in interaction.order(ASKED, even, chunks)]
    assert order == ([7, 4, 9] if alike[0] > alike[1] else [4, 9, 7])
    least = int(np.argmin(alike))
    lead = WEIGHT * (max(alike) - min(alike)) + 0.01
    even[least] = replace(even[least], score=0.5 + lead)
    assert interaction.order(ASKED, even, chunks)[0] is even[least]


def test_what_has_no_states_keeps_its_place(interaction: LateInteraction) -> None:
    """Of a chunk without sub-words, of another reader's, and of a question without any."""
    odd = States(np.ones((3, 2), np.int8), np.ones((3, 2), np.float16), np.zeros(3, np.uint16))
    assert interaction.compare(ASKED, [States.empty(), odd, make_states(0, 1)]) == [0.0, 0.0, 0.0]
    assert interaction.compare(ASKED[:0], [make_states(3, 1)]) == [0.0]
    assert interaction.compare(np.ones((2, WIDTH + 1), np.float32), [make_states(3, 1)]) == [0.0]
    assert interaction.order(ASKED, [], []) == []


@pytest.mark.parametrize(
    "change",
    [
        {"look": np.zeros((WIDTH, SIZE), np.float16)},
        {"look_shift": np.zeros(3, np.float32)},
        {"look_shift": np.full(SIZE + MATCHED + 1, np.nan, np.float32)},
        {"look": np.full((WIDTH, SIZE + MATCHED + 1), np.inf, np.float16)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, NDArray[Any]]) -> None:
    """Of another projection, or no numbers."""
    with pytest.raises(ValueError, match="sub-words"):
        LateInteraction({**make_parts(), **change}, SIZE, MATCHED)
