"""How well small talk is told from questions, by how near and how much nearer it has to be.

    python -m benchmarks.smalltalk [FILE ...]

`smalltalk.jsonl` has utterances that are none of the examples. Those that are known are printed,
and those taken for another topic, beside how many questions are taken for small talk: those of
each FILE, lines with a `question` or with several `questions`, and of the report. Both are halved
by hash: `chatbot.answers.small_talk_examples` has what was chosen on the first half.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chatbot.answers import small_talk_examples as examples
from chatbot.answers.small_talk import LONGEST, find_example
from index.models import load_encoder

HERE = Path(__file__).parent
UTTERANCES = HERE / "smalltalk.jsonl"
SHIPPED = (HERE.parent / "corpus/reports/questions.jsonl", HERE / "calibration.jsonl")


def main() -> None:
    """Print a line for each half and each pair of bounds."""
    parser = argparse.ArgumentParser(description="how well small talk is told from questions")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    arguments = parser.parse_args()
    files = (*SHIPPED, *arguments.files)
    encoder = load_encoder("", arguments.var / "models", print)
    told = examples.read_examples(encoder)
    said = [(line["text"], line["topic"]) for line in _read(UTTERANCES)]
    asked: list[tuple[str, str | None]]
    asked = [(text, None) for path in files for line in _read(path) for text in _list(line)]
    texts = dict.fromkeys(text for text, _ in (*said, *asked) if len(text) <= LONGEST)
    vectors = {text: encoder.encode_queries([text])[0] for text in texts}

    def find(text: str) -> str | None:
        exact = find_example(text)
        return exact or (told.find_topic(vectors[text]) if text in vectors else None)

    for half in (0, 1):
        own = [one for one in said if _halve(one[0]) == half]
        others = [one for one in asked if _halve(one[0]) == half]
        for near, listed in ((0.5, 0.6), (0.55, 0.65), (0.55, 0.7), (0.6, 0.7), (0.7, 0.7)):
            for examples.NEARER in (0.05, 0.08, 0.1):
                examples.NEAR = dict.fromkeys(examples.NEAR, near) | {"cases": listed}
                known = sum(find(text) == topic for text, topic in own)
                wrong = sum(find(text) not in (topic, None) for text, topic in own)
                taken = [text for text, _ in others if find(text)]
                print(
                    f"half {half}, near {near} and {listed}, nearer {examples.NEARER}: {known} of "
                    f"{len(own)} known, {wrong} as another; {len(taken)} of {len(others)} "
                    "questions taken",
                    *taken[:5],
                    sep="  ",
                )


def _read(path: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, path.read_text("utf-8").splitlines())


def _list(line: dict[str, Any]) -> Sequence[str]:
    many = line.get("questions", [line])
    return [each if isinstance(each, str) else each["question"] for each in many]


def _halve(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


if __name__ == "__main__":
    main()
