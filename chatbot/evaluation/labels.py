"""Labelled questions as an evaluation asks them: what answers each, by characters of documents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.answers.answer import Citation
from chatbot.evaluation.regression_questions import Question
from index.reader.ranking import Hit
from index.storage.release import Release

# `impossible` asks about a paragraph that is there and does not say; `off-collection` about a
# matter of which nothing is there.
Group = Literal["answerable", "impossible", "off-collection"]
Kind = Literal["who", "when", "where", "how many", "what", "why", "which", "other"]
Unit = Callable[[Hit], str]  # what a search is to find

# The word that comes first in the question decides; of two that begin alike, the one above.
_KINDS: dict[Kind, dict[str, str]] = json.loads(Path(__file__).with_name("kinds.json").read_bytes())
_KIND = re.compile("|".join(f"({'|'.join(each.values())})" for each in _KINDS.values()), re.I)


@dataclass(frozen=True, slots=True)
class Label:
    """A question and what answers it.

    `document` is the one that it was asked about, empty where none is known. `relevant` are the
    names of documents, or the ids of passages, that answer, as a Unit names them. `spans` are
    document names with the characters, start and end, of which a quotation must hold one whole.
    Both are empty where `group` is not `answerable`.
    """

    id: str
    question: str
    language: str
    group: Group
    document: str
    relevant: frozenset[str]
    spans: tuple[tuple[str, int, int], ...]

    def is_held_by(self, citation: Citation) -> bool:
        """Tell whether a quotation holds an answer whole, in its place."""
        return any(
            name == citation.document and citation.start <= start and end <= citation.end
            for name, start, end in self.spans
        )


def by_document(hit: Hit) -> str:
    """Name a hit by its document: for sets of one document a paragraph."""
    return hit.document.name


def by_passage(hit: Hit) -> str:
    """Name a hit by its passage."""
    return hit.passage.id


def find_kind(question: str) -> Kind:
    """Return what a question asks for, by its question word; English and Chinese, else other."""
    found = _KIND.search(question)
    if found is None or found.lastindex is None:
        return "other"
    return list(_KINDS)[found.lastindex - 1]


def locate(questions: Iterable[Question], release: Release) -> list[Label]:
    """Return labels of questions with the places in a release where the words that answer stand.

    White space is compared as in `regression_questions.is_right`. A question whose words are
    nowhere in the release stays answerable: it is then answered wrongly.
    """
    texts = {document.name: document.text for document in release.documents()}
    passages = [release.row(row) for row in range(release.count)]
    labels = []
    for question in questions:
        patterns = [match_words(words) for words in question.answers]
        spans = [
            (name, *match.span())
            for pattern in patterns
            for name, text in texts.items()
            for match in re.finditer(pattern, text)
        ]
        relevant = frozenset(
            passage.id
            for passage, _, document in passages
            for name, start, end in spans
            if name == document.name and passage.start <= start and end <= passage.end
        )
        group: Group = "answerable" if patterns else "off-collection"
        labels.append(
            Label(
                question.question, question.question, question.language, group, "", relevant,
                tuple(spans),
            )
        )  # fmt: skip
    return labels


def match_words(words: str) -> str:
    """Return a pattern for words, whatever white space stands between them."""
    return r"\s++".join(map(re.escape, words.split()))


def sample(labels: Sequence[Label], limit: int, seed: int) -> list[Label]:
    """Return `limit` of the labels, or all where there are fewer, in their order.

    Which ones depends on their ids and the seed alone, not on their order or number.
    """
    kept = sorted(labels, key=lambda label: draw(label.id, seed))[:limit]
    chosen = {label.id for label in kept}
    return [label for label in labels if label.id in chosen]


def draw(name: str, seed: int) -> str:
    """Return a lot for a name: sorting by it shuffles, the same way every time."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()
