"""The calibration of the bundled reader, on questions that its network was not trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from tqdm import tqdm

from index.reader.calibration import FEATURES, describe_reading
from training.batches import Drawn, list_questions, open_part, stack
from training.groups import Array, Groups
from training.network import Network

READ = 8  # chunks that a question is answered from
MOST = 800  # questions of one set
# What each set counts for, whatever its size: company cases are what is asked in the end.
SHARES = {
    "cases": 0.35, "written": 0.2, "swapped": 0.05, "everyday": 0.05, "squad": 0.1, "cmrc": 0.1,
    "mixed": 0.1, "es-de": 0.05, "drcd": 0.05,
}  # fmt: skip
ANSWERED = 0.75  # of what readers ask, what the collection is taken to answer
_HELD = 0.001  # how strongly weights are held at 0
# Weights of evidence for an answer may not be below 0, of evidence against one not above.
_SIGNS = {"lead": 1, "score": 1, "near": 1, "words": 1, "names lacking": -1,
          "numbers lacking": -1}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What was read for the questions of a set.

    `features` (q, f) float32 are those of index.reader.calibration, `right` (q,) bool tells whether
    the best sentence answers, `answered` (q,) whether any of what was read does.
    """

    features: Array
    right: NDArray[np.bool_]
    answered: NDArray[np.bool_]


def read_validated(network: Network, groups: Groups) -> Told:
    """Read, as a question is answered, the questions of a set that judge."""
    network.eval()
    numbers = list_questions(groups, validated=True)
    numbers = numbers[:: max(1, round(len(numbers) / MOST))]
    told, right, answered = [], [], []
    for question in tqdm(numbers, desc=groups.name):
        drawn = open_question(groups, int(question))
        *given, _marks = stack([drawn], network.centre.numpy())
        with torch.inference_mode():
            logits, none = network(*given)
        counts = [len(part.open) for part in drawn.parts]
        scores = [row[:count] for row, count in zip(logits[0].numpy(), counts, strict=True)]
        features = [np.asarray(part.features, np.float32) for part in drawn.parts]
        told.append(describe_reading(features, scores, float(none[0])))
        flat = np.concatenate([part.right for part in drawn.parts])
        right.append(bool(flat[np.concatenate(scores).argmax()]))
        answered.append(bool(flat.any()))
    return Told(np.array(told), np.array(right), np.array(answered))


def open_question(groups: Groups, question: int) -> Drawn:
    """Return a question as it is answered: its READ best chunks, whole."""
    tokens = slice(*groups.asked_starts[question : question + 2].tolist())
    first, last = groups.found[question : question + 2].tolist()
    parts = [open_part(groups, at) for at in range(first, min(last, first + READ))]
    asked = groups.asked[tokens]
    return Drawn(asked, np.ones(len(asked), bool), parts)


def fit(sets: Mapping[str, Told]) -> Array:
    """Return the weights (f,) float32 that make what is answered most likely, by SHARES."""
    scale = np.sqrt(np.mean([one.features.var(axis=0) for one in sets.values()], axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    rows = np.concatenate([one.features / scale for one in sets.values()]).astype(np.float64)
    answered = np.concatenate([one.answered for one in sets.values()])
    weights = np.concatenate([_weigh(one, SHARES.get(name, 0.0)) for name, one in sets.items()])
    weights = weights / weights.sum()
    held = np.array([0.0 if name == "always" else _HELD for name in FEATURES])

    def lose(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        strength = rows @ flat
        loss = np.logaddexp(0, np.where(answered, -strength, strength))
        slope = (1 / (1 + np.exp(-strength)) - answered) * weights
        return float(weights @ loss + held @ flat**2), rows.T @ slope + 2 * held * flat

    bounds = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    found = minimize(
        lose, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B",
        bounds=[bounds[_SIGNS.get(name, 0)] for name in FEATURES],
    )  # fmt: skip
    return np.asarray(found.x / scale, np.float32)


def _weigh(one: Told, share: float) -> Array:
    """Return what each question of a set counts for, (q,): `share`, ANSWERED of it answered."""
    yes = one.answered.mean()
    if yes in (0, 1):
        return np.full(len(one.answered), share / len(one.answered))
    parts = np.where(one.answered, ANSWERED / yes, (1 - ANSWERED) / (1 - yes))
    return np.asarray(share * parts / len(parts))


def tell_apart(likely: Array, yes: NDArray[np.bool_]) -> float:
    """Return the area under the curve: how often what is true has more than what is not."""
    if yes.all() or not yes.any():
        return math.nan
    good, bad = likely[yes][:, None], likely[~yes]
    return float((good > bad).mean() + (good == bad).mean() / 2)
