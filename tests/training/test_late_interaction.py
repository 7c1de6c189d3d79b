"""training.late_interaction: how a question's sub-words learn what to look for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from index.encoder.encoder import ReadChunk
from index.encoder.projection import Projection
from index.search.late_interaction import LateInteraction
from tests.small_network import make_network
from training import late_interaction
from training.export import export_projection
from training.groups import Groups

WIDTH, KINDS = 32, 12


def make_groups(count: int = 240) -> Groups:
    """Return questions of four chunks each, found with the same score.

    The one that has the question's first sub-word is right.
    """
    chance = np.random.default_rng(2)
    words = chance.standard_normal((KINDS, WIDTH)).astype(np.float32)
    chunks = np.stack([chance.permutation(KINDS)[:3] for _ in range(40)])
    asked, found, right = [], list[list[int]](), []
    while len(found) < count:
        word = int(chance.integers(KINDS))
        having, lacking = (np.flatnonzero((chunks == word).any(1) == has) for has in (True, False))
        four = [int(chance.choice(having)), *chance.choice(lacking, 3, replace=False).tolist()]
        asked.append(words[[word, int(chance.integers(KINDS))]] + 0.05)
        found.append(four)
        right.append([True, False, False, False])
    noise = chance.normal(0, 0.1, (chunks.size, WIDTH)).astype(np.float32)
    return Groups(
        "cases", (words[chunks.ravel()] + noise).astype(np.float16),
        np.tile([0, 1, 1], len(chunks)), np.arange(0, chunks.size + 1, 3),
        np.concatenate(asked).astype(np.float16), np.arange(0, 2 * count + 1, 2),
        np.arange(0, 4 * count + 1, 4), np.concatenate(found), np.arange(4 * count + 1),
        np.zeros((4 * count, 30), np.float16), np.concatenate(right), np.arange(count),
    )  # fmt: skip


@pytest.fixture
def projection() -> Projection:
    """The small network's."""
    return Projection(export_projection(make_network(WIDTH)))


def count_first(groups: Groups, interaction: LateInteraction, projection: Projection) -> float:
    """Return the share of the questions whose right chunk is the most alike."""
    kept = [
        projection.pack(
            ReadChunk(np.zeros(WIDTH, np.float32), groups.states[a:b], groups.pieces[a:b])
        )
        for a, b in zip(groups.starts[:-1], groups.starts[1:], strict=True)
    ]
    right = 0
    for number in range(len(groups.found) - 1):
        asked = groups.asked[2 * number : 2 * number + 2].astype(np.float32)
        chunks = groups.chunks[4 * number : 4 * number + 4]
        alike = interaction.compare(asked, [kept[chunk] for chunk in chunks])
        right += int(np.argmax(alike)) == 0
    return right / (len(groups.found) - 1)


def test_the_question_learns_what_to_look_for(
    projection: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk that has what is asked comes first where all else is even; one seed, one result."""
    groups = make_groups()
    monkeypatch.setattr(late_interaction, "STEPS", 1)
    monkeypatch.setattr(late_interaction, "WARM", 10)
    small = projection.size, projection.matched
    first = LateInteraction(late_interaction.train({"cases": groups}, projection, 3), *small)
    monkeypatch.setattr(late_interaction, "STEPS", 250)
    made = late_interaction.train({"cases": groups}, projection, 3)
    learned = LateInteraction(made, *small)
    again = late_interaction.train({"cases": groups}, projection, 3)
    assert all(np.array_equal(made[name], again[name]) for name in made)
    assert count_first(groups, learned, projection) > 0.8
    assert count_first(groups, first, projection) < 0.7


def test_what_is_written_is_what_was_trained(projection: Projection) -> None:
    """The arrays compare as the network does, within 16 bits."""
    torch.manual_seed(4)
    asked = late_interaction.Asked(
        WIDTH, projection.size + projection.matched, torch.from_numpy(projection.match)
    )
    look, shift = asked.export()
    made = LateInteraction({"look": look, "look_shift": shift}, projection.size, projection.matched)
    groups = make_groups(12)
    told = late_interaction.put_states(groups, projection)
    *given, right = late_interaction.stack(groups, told, range(12), np.random.default_rng(1))
    assert right[:, 0].all()
    assert not right[:, 1:].any()
    logits = (asked(*given) / asked.log_scale.exp()).detach()
    chunk = int(groups.chunks[0])
    place = slice(*groups.starts[chunk : chunk + 2].tolist())
    read = ReadChunk(np.zeros(WIDTH, np.float32), groups.states[place], groups.pieces[place])
    states = projection.pack(read)
    (found,) = made.compare(groups.asked[:2].astype(np.float32), [states])
    assert found == pytest.approx(float(logits[0, 0]), abs=0.02)
