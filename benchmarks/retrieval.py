"""How good search and answers are on a public question set, through the served API.

    python -m benchmarks.retrieval squad2-half.en.json
    python -m benchmarks.retrieval xquad.de.json --questions xquad.es.json

Writes the paragraphs as documents, builds a release, serves it, and sends every question to
`/api/search` and `/api/ask`. Prints R@1, R@5 and MRR@10 of the paragraph, how often the first
quotation and any quotation holds the answer, how often the answerable are refused, and how many
quotations equal their document's characters.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from benchmarks.server import build_release, serving
from benchmarks.squad import Question, read_questions, write_library
from corpus.library import Library

_DEPTH = 10


def measure(client: httpx.Client, texts: dict[str, str], question: Question) -> dict[str, float]:
    """Ask one question and return its marks, each 0 or 1 but the reciprocal rank."""
    found = client.get("/api/search", params={"q": question.text, "k": _DEPTH})
    found.raise_for_status()
    names = dict.fromkeys(hit["passage"]["document"] for hit in found.json()["hits"])
    rank = next((n for n, name in enumerate(names, 1) if name == question.document), 0)
    answered = client.post("/api/ask", json={"question": question.text})
    answered.raise_for_status()
    answer: dict[str, Any] = answered.json()
    citations = answer["citations"]
    held = [answer["found"] and _holds(citation, question) for citation in citations]
    equal = [texts[c["document"]][c["start"] : c["end"]] == c["quote"] for c in citations]
    return {
        "R@1": float(rank == 1),
        "R@5": float(0 < rank <= 5),
        "MRR@10": 1 / rank if 0 < rank <= _DEPTH else 0.0,
        "answered": float(answer["found"]),
        "first quotation holds": float(bool(held) and held[0]),
        "any quotation holds": float(any(held)),
        "quotations": len(citations),
        "quotations equal": sum(equal),
    }


def _holds(citation: dict[str, Any], question: Question) -> bool:
    if citation["document"] != question.document:
        return False
    return any(
        citation["start"] <= start and start + len(words) <= citation["end"]
        for start, words in question.answers
    )


def summarise(marks: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every mark, and sums for the counts of quotations."""
    means = {key: sum(mark[key] for mark in marks) / max(len(marks), 1) for key in marks[0]}
    for key in ("quotations", "quotations equal"):
        means[key] = sum(mark[key] for mark in marks)
    return means


def main() -> None:
    """Run the benchmark for one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paragraphs", type=Path)
    parser.add_argument("--questions", type=Path, help="the same set's questions, another language")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--limit", type=int, default=0, help="ask about this many, evenly spread")
    arguments = parser.parse_args()
    questions = read_questions(arguments.paragraphs, arguments.questions or arguments.paragraphs)
    if arguments.limit:
        questions = questions[:: max(len(questions) // arguments.limit, 1)]
    with tempfile.TemporaryDirectory() as place:
        folder, var = Path(place, "reports"), Path(place, "var")
        write_library(arguments.paragraphs, folder)
        build_release(folder, var, arguments.var / "models")
        library = Library(folder)
        texts = {name: library.read(name).document.text for name in library.names()}
        with serving(folder, var) as client, ThreadPoolExecutor(2) as pool:
            asking = pool.map(lambda question: measure(client, texts, question), questions)
            marks = list(tqdm(asking, total=len(questions), unit="question"))
    result = {"file": arguments.paragraphs.name, "questions": len(questions)}
    for label, wanted in (("answerable", True), ("impossible", False)):
        group = [m for m, q in zip(marks, questions, strict=True) if bool(q.answers) == wanted]
        if group:
            result[label] = {"n": len(group), **summarise(group)}
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
