"""Question sets in SQuAD format as libraries of one document for each paragraph."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHANGED = 8  # one word in so many, in a paragraph that is repeated

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[A-Za-z]{4,}")


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


def read_paragraphs(path: Path) -> list[str]:
    """Return the words of every paragraph of a file, in order."""
    return [paragraph["context"] for paragraph in _paragraphs(path)]


def vary_paragraphs(paragraphs: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs again and again, without end, no sentence twice.

    The first round changes only what repeats; later ones put another word of the collection in the
    place of one in CHANGED, at least one in each sentence.
    """
    words = sorted({word for paragraph in paragraphs for word in _WORD.findall(paragraph)})
    seen: set[str] = set()
    for number in itertools.count():
        generator = np.random.default_rng(number)
        for paragraph in paragraphs:
            sentences = []
            for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
                changed = sentence if number == 0 else _change(sentence, words, generator)
                while changed in seen:
                    changed = _change(sentence, words, generator)
                seen.add(changed)
                sentences.append(changed)
            yield " ".join(sentences)


def _change(sentence: str, words: Sequence[str], generator: np.random.Generator) -> str:
    places = list(_WORD.finditer(sentence))
    if not places:
        return f"{words[int(generator.integers(len(words)))]} {sentence}"
    count = -(-len(places) // CHANGED)
    for at in sorted(generator.choice(len(places), count, replace=False), reverse=True):
        start, end = places[at].span()
        sentence = sentence[:start] + words[int(generator.integers(len(words)))] + sentence[end:]
    return sentence


def name_document(number: int) -> str:
    """Return the file name of a paragraph."""
    return f"{number:05}.txt"


def _paragraphs(path: Path) -> list[dict]:  # type: ignore[type-arg]
    articles = json.loads(path.read_text("utf-8"))["data"]
    return [paragraph for article in articles for paragraph in article["paragraphs"]]
