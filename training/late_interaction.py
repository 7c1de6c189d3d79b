"""Learn how a question's sub-words are compared with those of the chunks that a release keeps.

What is compared is what the reader keeps of a chunk (index.encoder.projection), so nothing more is
stored: only the question's side is learned, in two minutes on one core, at the end of
`python -m training.reader`. A question is put beside one chunk that answers it and others that were
found for it, and the right one should come first by what found it and this together; the question's
sub-words are now and then left out, so that no single one decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from index.encoder.projection import Projection
from training.batches import list_questions
from training.groups import Array, Groups

# Company cases in two languages are what finding is worst at; the rest keeps what it can.
TIMES = {"cases": 4.0, "written": 1.5, "mixed": 1.5, "squad": 0.7, "cmrc": 0.7, "drcd": 0.7,
         "es-de": 0.5}  # fmt: skip
STEPS, QUESTIONS, CHUNKS = 2000, 12, 10
RATE, DECAY, WARM = 1.5e-3, 0.05, 100
LONGEST = 380  # sub-words of a chunk
VARIED, DROP = 0.4, 0.25  # of the batches, and of their questions' sub-words
_AT_ONCE = 20_000
_NEVER = -1e4
_SCORE = 10.0  # what `chunk` in the features is of a candidate's score

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


class Asked(nn.Module):
    """The question's side: what each sub-word looks for, and how much it counts."""

    def __init__(self, width: int, compared: int, match: Tensor) -> None:
        """Take the widths of the encoder's states and of what a chunk's sub-words are kept as.

        It starts with what the reader compares words by, `match` (width, m), the last m of those.
        """
        super().__init__()
        self.norm, self.look = nn.LayerNorm(width), nn.Linear(width, compared)
        self.weigh = nn.Linear(width, 1)
        nn.init.normal_(self.look.weight, std=0.02)
        with torch.no_grad():
            self.look.weight[-match.shape[1] :] = 0.3 * match.T
        self.share = nn.Parameter(torch.tensor(0.5))
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def forward(
        self, told: Tensor, there: Tensor, asked: Tensor, counted: Tensor, scores: Tensor
    ) -> Tensor:
        """Return the logits (g, k) of k chunks for each of g questions.

        `told` (g, k, t, c) with `there` (g, k, t), `asked` (g, q, width) with `counted` (g, q), and
        `scores` (g, k), by which the chunks were found.
        """
        normed = self.norm(asked)
        alike = torch.einsum("gktc,gqc->gktq", told, self.look(normed))
        best = alike.masked_fill(~there[..., None], _NEVER).amax(2)
        weights = self.weigh(normed)[..., 0].masked_fill(~counted, _NEVER).softmax(-1)
        found: Tensor = scores + self.share * (best * weights[:, None]).sum(-1)
        return self.log_scale.exp() * found

    def export(self) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Return (width, c + 1) and (c + 1,), of states without mean and of variance 1."""
        maps = torch.cat([self.share * self.look.weight, self.weigh.weight])
        shift = torch.cat([self.share * self.look.bias, self.weigh.bias]) + maps @ self.norm.bias
        made = (maps * self.norm.weight).T.detach().numpy().astype(np.float16)
        return np.ascontiguousarray(made), shift.detach().numpy().astype(np.float32)


def put_states(groups: Groups, projection: Projection) -> Array:
    """Return (t, c) float16: all states of some groups as they are compared."""
    made = []
    for at in range(0, len(groups.states), _AT_ONCE):
        told, match = projection.apply(np.asarray(groups.states[at : at + _AT_ONCE], np.float32))
        told = told / np.maximum(np.linalg.norm(told, axis=1, keepdims=True), np.float32(1e-6))
        made.append(np.concatenate([told, match], axis=1).astype(np.float16))
    return np.concatenate(made)


def list_answered(groups: Groups) -> NDArray[np.int64]:
    """Return the questions that are trained on and have a chunk that answers them beside others."""
    answered = [
        question
        for question in list_questions(groups, validated=False).tolist()
        if 0 < sum(mark_right(groups, question)) < len(mark_right(groups, question))
    ]
    return np.array(answered, np.int64)


def mark_right(groups: Groups, question: int) -> list[bool]:
    """Return which of the chunks that were found for a question hold a right sentence."""
    first, last = groups.found[question : question + 2].tolist()
    return [bool(groups.right[slice(*groups.rows[at : at + 2])].any()) for at in range(first, last)]


def stack(
    groups: Groups, told: Array, questions: Sequence[int], chance: np.random.Generator
) -> Batch:
    """Return what Asked takes of some questions, and which chunk of each is right (g, k)."""
    chosen = []
    for question in questions:
        marks = np.array(mark_right(groups, question))
        wrong = np.flatnonzero(~marks)
        weights = 1 / (np.arange(len(wrong)) + 6)
        drawn = chance.choice(
            wrong, min(CHUNKS - 1, len(wrong)), replace=False, p=weights / weights.sum()
        )
        right = int(chance.choice(np.flatnonzero(marks)))
        chosen.append(int(groups.found[question]) + np.array([right, *drawn.tolist()]))
    asked = [groups.asked[slice(*groups.asked_starts[each : each + 2])] for each in questions]
    chunks = [groups.chunks[each] for each in chosen]
    tokens = [
        [slice(*groups.starts[chunk : chunk + 2].tolist()) for chunk in each] for each in chunks
    ]
    most = max(len(each) for each in chosen)
    longest = min(max(t.stop - t.start for each in tokens for t in each), LONGEST)
    rows = torch.zeros(len(chosen), most, longest, told.shape[1])
    there = torch.zeros(rows.shape[:3], dtype=torch.bool)
    words = torch.zeros(len(chosen), max(map(len, asked)), asked[0].shape[1])
    counted = torch.zeros(words.shape[:2], dtype=torch.bool)
    scores = torch.full(rows.shape[:2], _NEVER)
    for number, (places, slices) in enumerate(zip(chosen, tokens, strict=True)):
        for at, (place, tokens_of) in enumerate(zip(places.tolist(), slices, strict=True)):
            part = told[tokens_of][:longest]
            rows[number, at, : len(part)] = torch.from_numpy(part.astype(np.float32))
            there[number, at, : len(part)] = True
            scores[number, at] = float(groups.features[groups.rows[place], 0]) / _SCORE
        words[number, : len(asked[number])] = torch.from_numpy(asked[number].astype(np.float32))
        counted[number, : len(asked[number])] = True
    right_one = torch.zeros(rows.shape[:2], dtype=torch.bool)
    right_one[:, 0] = True
    return rows, there, words, counted, scores, right_one


def give_batches(
    sets: Mapping[str, Groups], told: Mapping[str, Array], seed: int
) -> Iterator[Batch]:
    """Give batches without end, each of one set, the sets as often as TIMES says."""
    chance = np.random.default_rng(seed)
    names = [name for name in sets if name in TIMES]
    answered = {name: list_answered(sets[name]) for name in names}
    shares = np.array([TIMES[name] for name in names])
    while True:
        name = str(chance.choice(names, p=shares / shares.sum()))
        questions = chance.choice(answered[name], QUESTIONS).tolist()
        rows, there, words, counted, scores, right = stack(
            sets[name], told[name], questions, chance
        )
        if chance.random() < VARIED:
            kept = counted & torch.from_numpy(chance.random(counted.shape) >= DROP)
            counted = torch.where(kept.sum(1, keepdim=True) > 2, kept, counted)
        yield rows, there, words, counted, scores, right


def train(sets: Mapping[str, Groups], projection: Projection, seed: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of index.search.late_interaction, learned of some groups."""
    torch.manual_seed(seed)
    told = {name: put_states(one, projection) for name, one in sets.items() if name in TIMES}
    width, compared = next(iter(sets.values())).states.shape[1], next(iter(told.values())).shape[1]
    asked = Asked(width, compared, torch.from_numpy(projection.match))
    optimizer = torch.optim.AdamW(
        asked.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98)
    )
    batches, losses = give_batches(sets, told, seed), list[float]()
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (1 - step / STEPS)
        *given, right = next(batches)
        logits = asked(*given)
        good = torch.logsumexp(logits.masked_fill(~right, -1e9), 1)
        loss = (torch.logsumexp(logits, 1) - good).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(asked.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        if (step + 1) % 100 == 0:
            print(
                f"sub-words compared: step {step + 1} of {STEPS}, loss {np.mean(losses[-100:]):.3f}"
            )
    look, shift = asked.export()
    return {"look": look, "look_shift": shift}
