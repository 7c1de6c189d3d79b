"""Fit the weights of `index/ranker.json` on labelled collections, of sentences and of passages.

    python -m benchmarks.train FOLDER

The collections are those of benchmarks/collections.py. The features of the sentences in what is
handed over come from the product's own search, and a listwise softmax is fitted: the sentence that
holds an answer against the others, and then the passage that holds one against the others. Each of
the three kinds of pairs of question and text has weights of its own, drawn towards weights that all
share. Prints how often the best sentence and the best passage are right when half of each set's
articles are left out, and when the whole set is. No chance is in it: the same sets and model give
the same weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from tqdm import tqdm

from benchmarks.collections import Collection, open_collections
from benchmarks.squad import Question
from index.encoder import Encoder
from index.models import load_encoder
from index.ranker import (
    FEATURES,
    MIXTURES,
    OF_PASSAGES,
    PATH,
    describe,
    describe_passages,
    mix,
)
from index.search.searcher import READ, Found

MOST = 1500  # questions of one collection, evenly spread
SHARED, OWN = 1e-3, 5e-3  # how strongly weights are held at 0, and at those that all kinds share

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Examples:
    """The sentences of one set, or its passages, question by question; see `collect`.

    `features` (s, f), `mixtures` (s, m) of its question, `right` (s,) bool whether it holds an
    answer; `starts` (q + 1,) where each question's begin; `articles` (q,) int. `passages` (s,) int
    is the number of a sentence's passage, ascending, and `about` (s,) bool whether that holds an
    answer.
    """

    name: str
    features: Floats
    mixtures: Floats
    right: NDArray[np.bool_]
    starts: NDArray[np.int64]
    articles: NDArray[np.int64]
    passages: NDArray[np.int64]
    about: NDArray[np.bool_]

    def take(self, questions: NDArray[np.bool_]) -> Examples:
        """Return the examples of some questions."""
        counts = np.diff(self.starts)
        rows = np.repeat(questions, counts)
        starts = np.concatenate([[0], np.cumsum(counts[questions])])
        return Examples(
            self.name, self.features[rows], self.mixtures[rows], self.right[rows], starts,
            self.articles[questions], self.passages[rows], self.about[rows],
        )  # fmt: skip

    def score(self, weights: Floats) -> Floats:
        """Return what some weights (f, m) make of the features, (s,)."""
        return np.asarray(((self.features @ weights) * self.mixtures).sum(axis=1))

    def group(self, weights: Floats) -> Examples:
        """Return the passages of these sentences, `right` where the question is about them."""
        firsts = np.flatnonzero(np.diff(self.passages, prepend=-1))
        return Examples(
            self.name, describe_passages(self.features, self.score(weights), firsts),
            self.mixtures[firsts], self.about[firsts], np.searchsorted(firsts, self.starts),
            self.articles, self.passages[firsts], self.about[firsts],
        )  # fmt: skip


def collect(collection: Collection) -> Examples:
    """Search for every answerable question and return the features of what is found."""
    features, mixtures, right, counts, owners = [], [], [], [], []
    passages: list[int] = []
    about: list[bool] = []
    searcher = collection.searcher
    answered = [one for one in collection.asked if one.question.answers]
    answered = answered[:: max(1, round(len(answered) / MOST))]
    for one in tqdm(answered, desc=collection.name):
        query = searcher.parse(one.question.text)
        found = searcher.find(query, READ)
        features.append(describe(searcher.ask(query), [each.read for each in found]))
        owners.append(one.article)
        counts.append(0)
        for each in found:
            marks = [holds(one.question, each, at) for at in range(len(each.read.sentences))]
            right += marks
            counts[-1] += len(marks)
            mixtures += [mix(query, each.read.language)] * len(marks)
            passages += [passages[-1] + 1 if passages else 0] * len(marks)
            about += [any(marks)] * len(marks)
    return Examples(
        collection.name, np.concatenate(features), np.array(mixtures), np.array(right),
        np.concatenate([[0], np.cumsum(counts)]), np.array(owners), np.array(passages),
        np.array(about),
    )  # fmt: skip


def holds(question: Question, found: Found, place: int) -> bool:
    """Tell whether a sentence holds one of the answers, white space at its end left out."""
    if found.document.name != question.document:
        return False
    sentence = found.passage.sentences[place]
    end = sentence.start + len(sentence.text.rstrip())
    return any(
        sentence.start <= start and start + len(words) <= end for start, words in question.answers
    )


def fit(sets: list[Examples]) -> Floats:
    """Return the weights (f, m) that make what is right in all sets most likely.

    Sets weigh alike, whatever their size. The loss of a question is -ln of the share that what is
    right has of the softmax over all that is its; a question without any is left out.
    """
    kept = [one.take(np.add.reduceat(one.right, one.starts[:-1]) > 0) for one in sets]
    scale = np.sqrt(np.mean([one.features.var(axis=0) for one in kept], axis=0)).clip(1e-6)
    scaled = [(one.features / scale).astype(np.float32) for one in kept]
    shape = (1 + len(MIXTURES), len(scale))

    def lose(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        each = (weights[:1] + weights[1:]).astype(np.float32)
        loss, slope = 0.0, np.zeros(shape)
        for one, features in zip(kept, scaled, strict=True):
            first, counts = one.starts[:-1], np.diff(one.starts)
            scores = ((features @ each.T) * one.mixtures).sum(axis=1)
            odds = np.exp(scores - np.repeat(np.maximum.reduceat(scores, first), counts))
            whole = np.add.reduceat(odds, first)
            good = np.add.reduceat(odds * one.right, first).clip(1e-30)
            loss -= float(np.log(good / whole).sum()) / len(counts)
            step = odds / np.repeat(whole, counts) - odds * one.right / np.repeat(good, counts)
            own = (one.mixtures * step[:, None]).T @ features / len(counts)
            slope += np.concatenate([own.sum(axis=0, keepdims=True), own])
        hold = np.array([SHARED] + [OWN] * len(MIXTURES))[:, None]
        loss, slope = loss / len(kept), slope / len(kept)
        return loss + float((hold * weights**2).sum()), (slope + 2 * hold * weights).ravel()

    options = {"maxiter": 150}
    best = minimize(lose, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options).x
    weights = best.reshape(shape)
    return np.asarray((weights[:1] + weights[1:]).T / scale[:, None], np.float32)


def fit_both(sets: list[Examples]) -> tuple[Floats, Floats]:
    """Return the weights of sentences (f, m), and of passages ranked by these too."""
    weights = fit(sets)
    return weights, fit([one.group(weights) for one in sets])


def judge(one: Examples, weights: Floats) -> NDArray[np.bool_]:
    """Return for each question whether the best is right, ties to the first."""
    scores = one.score(weights)
    bounds = zip(one.starts[:-1].tolist(), one.starts[1:].tolist(), strict=True)
    return np.array([one.right[first + int(scores[first:last].argmax())] for first, last in bounds])


def cross_validate(sets: list[Examples]) -> dict[str, dict[str, list[float]]]:
    """Return how often the best sentence and passage are right, on what was not trained on."""
    halves = [[one.articles % 2 == half for one in sets] for half in (0, 1)]
    right = [np.zeros((2, len(one.articles)), bool) for one in sets]
    for trained, tested in (halves, halves[::-1]):
        both = fit_both([one.take(part) for one, part in zip(sets, trained, strict=True)])
        for number, one in enumerate(sets):
            right[number][:, tested[number]] = judge_both(one, *both)[:, tested[number]]
    found = {}
    for one, halved in zip(sets, right, strict=True):
        alone = judge_both(one, *fit_both([other for other in sets if other is not one]))
        rows = {"half of the articles": halved, "without the set": alone}
        found[one.name] = {name: each.mean(axis=1).round(4).tolist() for name, each in rows.items()}
    return found


def judge_both(one: Examples, sentences: Floats, passages: Floats) -> NDArray[np.bool_]:
    """Return whether the best sentence and the best passage are right, (2, q)."""
    return np.stack([judge(one, sentences), judge(one.group(sentences), passages)])


def train(
    folder: Path, work: Path, encoder: Encoder, say: Callable[[str], None]
) -> dict[str, object]:
    """Fit the weights on the sets of a folder; returns what `ranker.json` holds."""
    sets = [collect(one) for one in open_collections(folder, work, encoder, say)]
    say(json.dumps(cross_validate(sets), indent=1))
    sentences, passages = fit_both(sets)
    return {
        "command": "python -m benchmarks.train",
        "model": encoder.identity,
        "questions": {one.name: len(one.articles) for one in sets},
        "mixtures": list(MIXTURES),
        "weights": _round(FEATURES, sentences),
        "passages": _round(OF_PASSAGES, passages),
    }


def _round(names: Sequence[str], weights: Floats) -> dict[str, list[float]]:
    rows = np.round(weights.astype(float), 4).tolist()
    return dict(zip(names, rows, strict=True))


def write(made: dict[str, object], path: Path) -> None:
    """Write the weights, one feature a line."""
    parts = []
    for key, value in made.items():
        told = json.dumps(value)
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(n)}: {json.dumps(row)}" for n, row in value.items())
            told = f"{{\n{rows}\n }}"
        parts.append(f" {json.dumps(key)}: {told}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the question sets lie")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    arguments = parser.parse_args()
    encoder = load_encoder("", arguments.var / "models", print)
    work = arguments.var / "training" / "collections"
    work.mkdir(parents=True, exist_ok=True)
    write(train(arguments.folder, work, encoder, print), PATH)


if __name__ == "__main__":
    main()
