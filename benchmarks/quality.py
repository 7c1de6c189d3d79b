"""How often Casebook and its peers find the paragraph that answers, on the same questions.

    python -m benchmarks.quality squad2-half.en.json --json
    python -m benchmarks.quality xquad.de.json --questions xquad.es.json --limit 300

Takes the questions of a file in SQuAD's format that their paragraph answers, and asks each system
for the ten best paragraphs. Prints R@1, R@5 and MRR@10 with their 95 % intervals, and how far each
peer's R@1 is from Casebook's on the same questions. With `--json`, writes them to
`benchmarks/results/quality-<set>.json` too.

Every peer has an environment of its own below `var/peers`, made once with pip, and runs with its
default model, which a package carries, and with Casebook's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import make_environment
from benchmarks.peers import DEPTH, Ranks
from benchmarks.server import ROOT
from chatbot.evaluation.labels import Label, sample
from chatbot.evaluation.measures import (
    Figure,
    Values,
    estimate,
    estimate_share,
    recall_within,
    reciprocal_rank,
)
from chatbot.evaluation.squad import QuestionSet, read_squad
from chatbot.evaluation.temporary_release import open_trial
from chatbot.terminal import progress_bar
from index.models import load_encoder
from index.searcher import Searcher

RESULTS = ROOT / "benchmarks" / "results"
OWN, OURS, NONE = "all-MiniLM-L6-v2", "multilingual-e5-small", "-"


@dataclass(frozen=True, slots=True)
class Peer:
    """A system, the name of its ranker in benchmarks.peers, its environment and its model."""

    name: str
    ranker: str
    environment: str
    model: str


PEERS = (
    Peer("sentence-transformers + FAISS", "faiss", "sentence-transformers", OWN),
    Peer("sentence-transformers + FAISS", "faiss", "sentence-transformers", OURS),
    Peer("txtai hybrid", "txtai", "txtai", OWN),
    Peer("txtai hybrid", "txtai", "txtai", OURS),
    Peer("bm25s, its own tokenizer", "bm25", "bm25s", NONE),
    Peer("bm25s, stop words and stemmer", "bm25-stemmed", "bm25s", NONE),
)


def rank_peer(
    peer: Peer, paragraphs: Sequence[str], questions: Sequence[str], var: Path
) -> tuple[Ranks, dict[str, str]]:
    """Return the ranks of a peer, by number of paragraph, and the versions that made them."""
    python = make_environment(peer.environment, var / "peers").absolute()
    model = str((var / "models" / OURS).absolute()) if peer.model == OURS else ""
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    with tempfile.TemporaryDirectory() as folder:
        work, ranks = Path(folder, "work.json"), Path(folder, "ranks.json")
        work.write_text(json.dumps({"paragraphs": paragraphs, "questions": questions}))
        script = ROOT / "benchmarks" / "peers.py"
        subprocess.run([python, script, peer.ranker, model, work, ranks], env=environ, check=True)
        found = json.loads(ranks.read_bytes())
    return found["ranks"], found["versions"]


def rank_casebook(whole: QuestionSet, labels: Sequence[Label], var: Path) -> list[list[str]]:
    """Return the ranks of Casebook, by name of document."""
    encoder = load_encoder("", var / "models", print)
    with progress_bar("Encoding", "text") as encoding:
        release, _ = open_trial(whole.texts, var / "evaluation", encoder, encoding)
    searcher, ranks = Searcher(release, encoder), []
    with progress_bar("Asking", "question") as asking:
        for number, label in enumerate(labels, 1):
            hits = searcher.search(label.question, 2 * DEPTH)
            ranks.append(list(dict.fromkeys(hit.document.name for hit in hits))[:DEPTH])
            asking(number, len(labels))
    return ranks


def mark(labels: Sequence[Label], ranks: Sequence[Sequence[str]]) -> dict[str, Values]:
    """Return R@1, R@5 and the reciprocal rank of each question, (n,) each."""
    held = [
        [name in label.relevant for name in names]
        for label, names in zip(labels, ranks, strict=True)
    ]
    return {
        "R@1": np.array([recall_within(each, 1) for each in held]),
        "R@5": np.array([recall_within(each, 5) for each in held]),
        "MRR@10": np.array([reciprocal_rank(each) for each in held]),
    }


def compare(theirs: Values, ours: Values) -> Figure:
    """Return the mean of a peer's marks less Casebook's, paired by question."""
    return estimate(lambda rows: float((theirs[rows] - ours[rows]).mean()), len(ours))


def _show(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def main() -> None:
    """Run the comparison for one set and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paragraphs", type=Path)
    parser.add_argument("--questions", type=Path, help="the same set's questions, another language")
    parser.add_argument("--limit", type=int, default=0, help="ask this many, drawn by hash")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--json", action="store_true", help="write benchmarks/results too")
    arguments = parser.parse_args()
    whole = read_squad(arguments.paragraphs, arguments.questions)
    labels = [label for label in whole.labels if label.group == "answerable"]
    if arguments.limit:
        labels = sample(labels, arguments.limit, arguments.seed)
    names, paragraphs = list(whole.texts), list(whole.texts.values())
    questions = [label.question for label in labels]

    ours = mark(labels, rank_casebook(whole, labels, arguments.var))
    rows: list[dict[str, Any]] = []

    def add(name: str, model: str, marks: dict[str, Values], versions: dict[str, str]) -> None:
        figures = {key: estimate_share(column, np.ones_like(column))
                   for key, column in marks.items()}  # fmt: skip
        difference = compare(marks["R@1"], ours["R@1"])
        shown = " | ".join(_show(figure) for figure in figures.values())
        less = _show(difference) if marks is not ours else "-"
        print(f"| {name} | {model} | {shown} | {less} |", flush=True)
        told = {key: asdict(figure) for key, figure in figures.items()}
        rows.append({"system": name, "model": model, **told, "R@1 less Casebook's":
                     asdict(difference), "versions": versions})  # fmt: skip

    asked = arguments.questions or arguments.paragraphs
    print(f"{asked.name}: {len(labels)} questions, {len(paragraphs)} paragraphs\n")
    print(
        "| system | model | R@1 | R@5 | MRR@10 | R@1 less Casebook's |\n|---|---|---|---|---|---|"
    )
    add("Casebook", OURS, ours, {})
    for peer in PEERS:
        ranks, versions = rank_peer(peer, paragraphs, questions, arguments.var)
        named = [[names[number] for number in each] for each in ranks]
        add(peer.name, peer.model, mark(labels, named), versions)
    if arguments.json:
        RESULTS.mkdir(exist_ok=True)
        result = {
            "paragraphs": arguments.paragraphs.name, "questions": asked.name, "asked": len(labels),
            "in_all": len(paragraphs), "left_out": len(whole.left_out), "seed": arguments.seed,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores", "systems": rows,
        }  # fmt: skip
        path = RESULTS / f"quality-{asked.stem}.json"
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
