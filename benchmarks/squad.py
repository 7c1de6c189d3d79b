"""Question sets in SQuAD format as libraries of one document for each paragraph."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the document that answers it, and the answers; impossible ones have none.

    Each answer is its words and the place of their first character in the paragraph.
    """

    text: str
    document: str
    answers: tuple[tuple[int, str], ...]


def write_library(paragraphs: Path, folder: Path) -> None:
    """Write every paragraph of a file as a text document, named by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, paragraph in enumerate(_paragraphs(paragraphs)):
        path = folder / name_document(number)
        path.write_bytes(paragraph["context"].encode("utf-8"))


def read_questions(paragraphs: Path, questions: Path) -> list[Question]:
    """Return the questions of one file over the paragraphs of another with the same numbering."""
    found = []
    pairs = zip(_paragraphs(paragraphs), _paragraphs(questions), strict=True)
    for number, (paragraph, asking) in enumerate(pairs):
        for answered, asked in zip(paragraph["qas"], asking["qas"], strict=True):
            answers = tuple((a["answer_start"], a["text"]) for a in answered["answers"])
            if asked.get("is_impossible"):
                answers = ()
            found.append(Question(asked["question"], name_document(number), answers))
    return found


def name_document(number: int) -> str:
    """Return the file name of a paragraph."""
    return f"{number:05}.txt"


def _paragraphs(path: Path) -> list[dict]:  # type: ignore[type-arg]
    articles = json.loads(path.read_text("utf-8"))["data"]
    return [paragraph for article in articles for paragraph in article["paragraphs"]]
