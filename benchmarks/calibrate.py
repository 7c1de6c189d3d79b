"""Fit the weights of `chatbot/confidence.json` on questions that are answered and that are not.

    python -m benchmarks.calibrate ../evaluation

Public question sets are asked of collections that hold a part of their articles: half of them, some
paragraphs of a few, one. Groups of questions, with WEIGHTS:

    answered    the paragraph that answers is there
    far         nothing of the question's article is there
    near        other paragraphs of its article are
    impossible  the paragraph is there and does not answer
    swapped     a far question, its name replaced by one that the collection is about
    alien       an answered question, its name replaced by one that it is not about

and beside them `calibration.jsonl`, questions written for the shipped report. `questions.jsonl`,
which the report is judged by, is not used. Prints, by set, how many of each group are answered and
the area under the curve (AUROC) against the answered ones, by weights fitted on the other half of
the articles, or four fifths of the written questions. No chance is in it but numbered seeds.
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

from benchmarks.squad import name_document, read_questions, write_library
from benchmarks.train import find_articles
from chatbot import questions as labelled
from chatbot.confidence import ASKED, BIAS, FOUND, MATTER, PATH, describe
from chatbot.measures import auroc
from corpus.library import GLOSSARY, Library
from index.build import build
from index.encoder import Encoder
from index.mentions import find_names
from index.models import load_encoder
from index.publish import Releases
from index.release import Release
from index.search.searcher import READ
from index.support import survey

SETS = (
    ("squad2-half.en", "squad2-half.en"),
    ("cmrc2018-dev.zh", "cmrc2018-dev.zh"),
    ("xquad.de", "xquad.es"),
    ("xquad.es", "xquad.de"),
    ("xquad.de", "xquad.de"),
    ("xquad.es", "xquad.es"),
)
WRITTEN = Path(__file__).with_name("calibration.jsonl")
REPORTS = Path(__file__).parent.parent / "corpus" / "reports"
WEIGHTS = {
    "answered": 2.4, "far": 1.0, "near": 0.15, "impossible": 0.05, "swapped": 0.15, "alien": 0.15,
}  # fmt: skip
GROUPS = tuple(WEIGHTS)
# Of an answered question in another language than the texts', whose evidence is the least sure: it
# sets where the two kinds of errors are balanced.
ACROSS = 2.5
MOST = {"answered": 80, "far": 80}  # questions of a group asked of a collection; of others, 30
MOST_OF_ONE = {"answered": 25, "far": 30}  # of a collection of one article; of others, 10
# That of the written questions, of all others' together; and the part of answered ones in it.
WRITTEN_WEIGHT, WRITTEN_ANSWERED = 0.5, 0.6
HOLD = 1e-4  # how strongly weights are held at 0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question asked of a collection: its set, group and article, and the features found."""

    set: str
    size: str
    group: str
    article: int
    features: Mapping[str, float]


def divide(articles: Sequence[int], one: bool) -> Iterator[tuple[str, list[int]]]:
    """Give collections of paragraphs, by number, and their sizes; `articles` is each one's."""
    of = np.array(articles)
    count = int(of.max()) + 1
    chance = np.random.default_rng(7)
    for half in (0, 1):
        parts = chance.permutation(count) % 2
        yield "half", np.flatnonzero(parts[of] == half).tolist()
    for _ in range(3):
        few = chance.permutation(count)[: max(6, min(12, count // 2))]
        each = max(1, 36 // len(few))
        drawn = [chance.permutation(np.flatnonzero(of == article))[:each] for article in few]
        yield "few", sorted(int(number) for numbers in drawn for number in numbers)
    large = [article for article in range(count) if one and (of == article).sum() >= 5]
    for article in chance.permutation(large)[:5]:
        yield "one", np.flatnonzero(of == article).tolist()


def group_questions(
    asked: Sequence[tuple[str, str, int, bool]], there: set[str], main: Mapping[int, str]
) -> dict[str, list[tuple[str, int]]]:
    """Return the questions of each group with their articles.

    `asked` are words, document, article and whether it is answered; `there` the documents of the
    collection, `main` the name that each article is about.
    """
    held = sorted({article for _, document, article, _ in asked if document in there})
    away = [article for article in main if article not in held]
    chance = np.random.default_rng(11)
    groups: dict[str, list[tuple[str, int]]] = {group: [] for group in GROUPS}
    for words, document, article, answered in asked:
        if document in there:
            groups["answered" if answered else "impossible"].append((words, article))
        elif answered:
            groups["near" if article in held else "far"].append((words, article))
        own = main.get(article, "")
        names = [own] if own and own in words else find_names(words)
        others = away if document in there else held
        other = main.get(int(chance.choice(others)), "") if others else ""
        if answered and len(names) == 1 and other and (document in there or article not in held):
            group = "alien" if document in there else "swapped"
            groups[group].append((words.replace(names[0], other), article))
    return groups


def find_main_names(asked: Sequence[tuple[str, str, int, bool]]) -> dict[int, str]:
    """Return the name that the questions about each article mention most."""
    counts: dict[int, Counter[str]] = {}
    for words, _, article, _ in asked:
        counts.setdefault(article, Counter()).update(n for n in find_names(words) if len(n) > 3)
    return {article: names.most_common(1)[0][0] for article, names in counts.items() if names}


def collect(folder: Path, paragraphs: str, asking: str, encoder: Encoder) -> list[Example]:
    """Ask the questions of one set of its collections."""
    texts, questions = folder / f"{paragraphs}.json", folder / f"{asking}.json"
    data = json.loads(texts.read_text("utf-8"))["data"]
    articles = [number for number, each in enumerate(data) for _ in each["paragraphs"]]
    asked = [
        (one.text, one.document, article, bool(one.answers))
        for one, article in zip(read_questions(texts, questions), find_articles(texts), strict=True)
    ]
    chinese = asking.endswith(".zh")  # has an article for each paragraph, its title a name
    main = dict(enumerate(each["title"] for each in data)) if chinese else find_main_names(asked)
    found = []
    chance = np.random.default_rng(13)
    for size, numbers in tqdm(list(divide(articles, not chinese)), desc=f"{asking}>{paragraphs}"):
        there = {name_document(number) for number in numbers}
        with tempfile.TemporaryDirectory() as place:
            library = Path(place, "reports")
            write_library(texts, library)
            for path in library.iterdir():
                if path.name not in there:
                    path.unlink()
            if chinese:
                known = [name for name in dict.fromkeys(main.values()) if name.strip()]
                names = [[name, f"《{name}》"] for name in known]
                Path(library, GLOSSARY).write_text(json.dumps(names), "utf-8")
            releases = Releases(Path(place, "releases"))
            build(Library(library), releases, encoder)
            release = Release(releases.path(releases.live()))
            for group, words in group_questions(asked, there, main).items():
                most = MOST_OF_ONE.get(group, 10) if size == "one" else MOST.get(group, 30)
                for number in chance.permutation(len(words))[:most]:
                    question, article = words[number]
                    support = survey(release, encoder, question, READ)[1]
                    assert support is not None  # only a filter leaves nothing to be found
                    name = f"{asking} over {paragraphs}"
                    found.append(Example(name, size, group, article, describe(support)))
    return found


def collect_written(path: Path, encoder: Encoder) -> list[Example]:
    """Ask the questions of a file like questions.jsonl of the shipped report."""
    with tempfile.TemporaryDirectory() as place:
        releases = Releases(Path(place))
        build(Library(REPORTS), releases, encoder)
        release = Release(releases.path(releases.live()))
        found = []
        for number, one in enumerate(labelled.read_questions(path)):
            support = survey(release, encoder, one.question, READ)[1]
            assert support is not None
            group = "answered" if one.answers else "near"
            found.append(Example(path.stem, "report", group, number, describe(support)))
        return found


def weigh(examples: Sequence[Example]) -> Floats:
    """Return the weight of each example: sets and sizes alike, groups by WEIGHTS; they add to 1."""
    counts = Counter((one.set, one.size, one.group) for one in examples)
    written = np.array([one.size == "report" for one in examples])
    weights = np.array(
        [WEIGHTS[one.group] / counts[one.set, one.size, one.group] for one in examples]
    )
    answered = np.array([one.group == "answered" for one in examples])
    across = np.array([not one.features["same language"] for one in examples])
    weights[answered & across] *= ACROSS
    public = weights[~written].sum()
    for group, part in ((answered, WRITTEN_ANSWERED), (~answered, 1 - WRITTEN_ANSWERED)):
        if (written & group).any():
            weights[written & group] = part * WRITTEN_WEIGHT * public / (written & group).sum()
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
    """Return the confidence in each example by weights fitted without its part.

    Parts are every second article, the same in every language, and every fifth written question.
    """
    likely = np.zeros(len(examples))
    written = np.array([one.size == "report" for one in examples])
    articles = np.array([one.article for one in examples])
    for mine, count in ((written, 5), (~written, 2)):
        for part in range(count):
            out = mine & (articles % count == part)
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


def calibrate(folder: Path, encoder: Encoder, say: Callable[[str], None]) -> dict[str, object]:
    """Fit the weights on the sets of a folder; returns what `confidence.json` holds."""
    examples = [one for each in SETS for one in collect(folder, *each, encoder)]
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
    made = calibrate(arguments.folder, encoder, print)
    PATH.write_text(json.dumps(made, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
