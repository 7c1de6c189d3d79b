"""Fit the weights of `chatbot/confidence.json` on questions that are answered and that are not.

    python -m benchmarks.calibrate FOLDER

The collections are those of benchmarks/collections.py. Groups of questions, with WEIGHTS:

    answered    what answers is there
    near        a company case's question that its case does not answer
    impossible  a paragraph's question that it does not answer
    far         a question of another collection
    swapped     an answered question, its name replaced by one of another article
    missed      a question of `calibration.jsonl`, written for the shipped report, that it does not
                answer

`questions.jsonl`, which the report is judged by, is not used. Prints, by set, how many of each
group are answered and the area under the curve (AUROC) against the answered ones, by weights fitted
on the other half of the articles. No chance is in it but numbered seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from tqdm import tqdm

from benchmarks.collections import Collection, Labelled, open_collections
from chatbot import questions as labelled
from chatbot.confidence import ASKED, BIAS, FOUND, MATTER, PATH, describe
from chatbot.measures import auroc
from corpus.library import Library
from index.build import build
from index.encoder import Encoder
from index.mentions import find_names
from index.models import load_encoder
from index.publish import Releases
from index.release import Release
from index.search.searcher import READ, Searcher
from index.support import survey

WEIGHTS = {
    "answered": 1.7, "near": 0.25, "impossible": 0.05, "far": 1.0, "swapped": 0.1, "missed": 1.0,
}  # fmt: skip
PARALLEL = {"mixed", "es-de"}  # of the same articles: neither is far from the other
GROUPS = tuple(WEIGHTS)
MOST = {"answered": 400, "near": 400, "impossible": 200, "far": 150, "swapped": 100}
# Company cases, and what was written for the report, are asked as readers ask; the other sets with
# the words of their paragraphs.
SETS = {"cases": 8.0, "calibration": 6.0}
WRITTEN = Path(__file__).with_name("calibration.jsonl")
REPORTS = Path(__file__).parent.parent / "corpus" / "reports"
HOLD = 1e-4  # how strongly weights are held at 0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question asked of a collection: its set, group and article, and the features found."""

    set: str
    group: str
    article: int
    features: Mapping[str, float]


def group_questions(
    own: Collection, others: Sequence[Collection]
) -> dict[str, list[tuple[str, int]]]:
    """Return the questions of each group with their articles."""
    chance = np.random.default_rng(11)
    groups: dict[str, list[tuple[str, int]]] = {group: [] for group in GROUPS}
    unanswered = "near" if own.name == "cases" else "impossible"
    for one in own.asked:
        group = "answered" if one.question.answers else unanswered
        groups[group].append((one.question.text, one.article))
    for other in others:
        answered = [one for one in other.asked if one.question.answers]
        for number in chance.permutation(len(answered))[: MOST["far"]]:
            groups["far"].append((answered[number].question.text, answered[number].article))
    groups["swapped"] = list(swap_names([one for one in own.asked if one.question.answers]))
    return groups


def list_far(own: Collection, collections: Sequence[Collection]) -> list[Collection]:
    """Return the collections whose matters a collection does not have."""
    family = PARALLEL if own.name in PARALLEL else {own.name}
    return [other for other in collections if other.name not in family]


def swap_names(asked: Sequence[Labelled]) -> Iterator[tuple[str, int]]:
    """Give answered questions of one name with that of another article in its place."""
    chance = np.random.default_rng(13)
    named = [(one, find_names(one.question.text)) for one in asked]
    single = [(one, names[0]) for one, names in named if len(names) == 1 and len(names[0]) > 3]
    for one, name in single:
        other, wrong = single[int(chance.integers(len(single)))]
        if other.article != one.article and wrong != name:
            yield one.question.text.replace(name, wrong), one.article


def collect(own: Collection, others: Sequence[Collection]) -> list[Example]:
    """Ask the questions of one collection."""
    chance = np.random.default_rng(17)
    found = []
    for group, asked in group_questions(own, others).items():
        drawn = chance.permutation(len(asked))[: MOST.get(group, 0)]
        for number in tqdm(drawn, desc=f"{own.name} {group}"):
            text, article = asked[number]
            support = survey(own.searcher, text, READ)[1]
            assert support is not None  # only a filter leaves nothing to be found
            found.append(Example(own.name, group, article, describe(support)))
    return found


def collect_written(path: Path, encoder: Encoder) -> list[Example]:
    """Ask the questions of a file like questions.jsonl of the shipped report."""
    with tempfile.TemporaryDirectory() as place:
        releases = Releases(Path(place))
        build(Library(REPORTS), releases, encoder)
        searcher = Searcher(Release(releases.path(releases.live())), encoder)
        found = []
        for number, one in enumerate(labelled.read_questions(path)):
            support = survey(searcher, one.question, READ)[1]
            assert support is not None
            group = "answered" if one.answers else "missed"
            found.append(Example(path.stem, group, number, describe(support)))
        return found


def weigh(examples: Sequence[Example]) -> Floats:
    """Return the weight of each example: groups by WEIGHTS, sets by SETS; they add to 1."""
    counts = Counter((one.set, one.group) for one in examples)
    weights = np.array(
        [
            WEIGHTS[one.group] * SETS.get(one.set, 1.0) / counts[one.set, one.group]
            for one in examples
        ]
    )
    return np.asarray(weights / weights.sum(), np.float64)


def fit(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Return the weights that make the groups most likely, each on its side of 0."""
    parts = [_tabulate(examples, signs) for signs in (MATTER, ASKED)]
    spreads = [part.std(axis=0).clip(1e-9) for part in parts]
    means = [part.mean(axis=0) for part in parts]
    first, second = (
        np.column_stack([(part - mean) / spread, np.ones(len(part))])
        for part, mean, spread in zip(parts, means, spreads, strict=True)
    )
    true = np.array([one.group == "answered" for one in examples])
    weights, width = weigh(examples), first.shape[1]

    def lose(flat: Floats) -> tuple[float, Floats]:
        matter, asked = (
            1 / (1 + np.exp(-x)) for x in (first @ flat[:width], second @ flat[width:])
        )
        likely = (matter * asked).clip(1e-9, 1 - 1e-9)
        loss = -(weights * np.log(np.where(true, likely, 1 - likely))).sum()
        slope = weights * np.where(true, 1.0, -likely / (1 - likely))
        steps = [-first.T @ (slope * (1 - matter)), -second.T @ (slope * (1 - asked))]
        return float(loss + HOLD * (flat**2).sum()), np.concatenate(steps) + 2 * HOLD * flat

    ways = [*MATTER.values(), 0, *ASKED.values(), 0]
    bounds = [(0, None) if way > 0 else (None, 0) if way < 0 else (None, None) for way in ways]
    start = np.zeros(len(ways))
    start[width - 1], start[-1] = 1.0, 2.0
    best = minimize(
        lose, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}
    ).x
    fitted = {}
    for name, signs, row, mean, spread in zip(
        ("matter", "asked"), (MATTER, ASKED), (best[:width], best[width:]), means, spreads,
        strict=True,
    ):  # fmt: skip
        slopes = row[:-1] / spread
        fitted[name] = {
            **{key: round(float(value), 3) for key, value in zip(signs, slopes, strict=True)},
            BIAS: round(float(row[-1] - (slopes * mean).sum()), 3),
        }
    return fitted


def predict(examples: Sequence[Example], weights: Mapping[str, Mapping[str, float]]) -> Floats:
    """Return the confidence in each example, (n,), as chatbot.confidence has it."""
    likely = np.ones(len(examples))
    for part in weights.values():
        names = [name for name in part if name != BIAS]
        strength = _tabulate(examples, names) @ np.array([part[name] for name in names])
        likely /= 1 + np.exp(-(strength + part[BIAS]))
    return likely


def _tabulate(examples: Sequence[Example], names: Sequence[str] | Mapping[str, int]) -> Floats:
    return np.array([[one.features[name] for name in names] for one in examples])


def cross_validate(examples: Sequence[Example]) -> Floats:
    """Return the confidence in each example by weights fitted without its half of the articles."""
    likely = np.zeros(len(examples))
    articles = np.array([one.article for one in examples])
    for part in (0, 1):
        out = articles % 2 == part
        kept = [one for one, left in zip(examples, out, strict=True) if not left]
        tested = [one for one, left in zip(examples, out, strict=True) if left]
        likely[out] = predict(tested, fit(kept))
    return likely


def tell(examples: Sequence[Example], likely: Floats) -> Iterator[str]:
    """Give a line for each set: of each group, its number, the share answered, the AUROC."""
    for name in dict.fromkeys(one.set for one in examples):
        row = []
        for group in GROUPS:
            of, right = (
                np.array([one.set == name and one.group == g for one in examples])
                for g in (group, "answered")
            )
            if of.any():
                share = float((likely[of] >= FOUND).mean())
                area = "" if group == "answered" else f" ({auroc(likely[right], likely[of]):.3f})"
                row.append(f"{group} {int(of.sum())}: {share:.3f}{area}")
        yield f"{name}: {', '.join(row)}"


def calibrate(
    folder: Path, work: Path, encoder: Encoder, say: Callable[[str], None]
) -> dict[str, object]:
    """Fit the weights on the sets of a folder; returns what `confidence.json` holds."""
    collections = list(open_collections(folder, work, encoder, say))
    examples = [
        example for own in collections for example in collect(own, list_far(own, collections))
    ]
    examples += collect_written(WRITTEN, encoder)
    for line in tell(examples, cross_validate(examples)):
        say(line)
    return {
        "command": "python -m benchmarks.calibrate",
        "model": encoder.identity,
        "questions": len(examples),
        "weights": fit(examples),
    }


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the question sets lie")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    arguments = parser.parse_args()
    encoder = load_encoder("", arguments.var / "models", print)
    work = arguments.var / "training" / "collections"
    work.mkdir(parents=True, exist_ok=True)
    made = calibrate(arguments.folder, work, encoder, print)
    PATH.write_text(json.dumps(made, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
