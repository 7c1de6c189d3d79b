"""Questions and chunks for readers, made of strings by the small encoder, of no release."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from corpus.glossary import Glossary
from corpus.language.detection import detect
from corpus.records import Case, Document, Passage, Sentence
from corpus.tables import spell_rows
from index.encoder.encoder import Encoder, States
from index.languages.dictionary import Dictionary
from index.reader.protocol import Reading, Text
from index.reader.stemmed import stem
from index.search.candidates import Candidate
from index.search.query import Query, parse
from tests.fake_encoder import FakeEncoder

ENCODER = FakeEncoder()


def make_query(question: str, encoder: Encoder = ENCODER) -> Query:
    """Return a question as it is put to texts in English and Chinese that have no names."""
    return parse(
        question, ("en", "zh"), (), lambda _: False, Glossary(()), Dictionary.empty(),
        functools.cache(encoder.begin_query(question)),
    )  # fmt: skip


def make_text(
    query: Query,
    *passages: Sequence[str],
    encoder: Encoder = ENCODER,
    number: int = 0,
    states: States | None = None,
    **evidence: Any,
) -> Text:
    """Return the chunk of some passages, each of some sentences, as it is read for a question.

    It is one of a case of its own, "Case 0" of "Company 0" by its number. Its candidate's score is
    that of its best sentence and other evidence is 0, but for what is given.
    """
    whole = " ".join(sentence for passage in passages for sentence in passage)
    document = Document(
        f"d{number}", f"{number}.txt", "", whole, "", "", "", "", detect(whole), "", ""
    )  # fmt: skip
    case = Case(
        f"c{number}", document.id, "case", f"Case {number}", f"Company {number}", 0, len(whole),
        whole,
    )  # fmt: skip
    made, at = [], 0
    for row, sentences in enumerate(passages):
        spans = []
        for text in sentences:
            spans.append(Sentence(at, at + len(text), text))
            at += len(text) + 1
        start, end, whole_passage = spans[0].start, spans[-1].end, " ".join(sentences)
        made.append(
            Passage(
                f"p{number}-{row}", document.id, case.id, "paragraph", start, end, whole_passage,
                tuple(spans),
            )
        )  # fmt: skip
    said = spell_rows(sentence for passage in passages for sentence in passage)
    vectors = encoder.encode_sentences([each.words for each in said])
    nearness = vectors @ query.read().vector
    best = float(nearness.max())
    told = {
        "score": best, "dense": 0.0, "sentence": best, "lexical": 0.0, "overlap": 0.0,
        "translated": 0.0, "language": document.language, "asked": query.language, **evidence,
    }  # fmt: skip
    return Text(
        Candidate(number, **told), tuple(range(len(made))), tuple(made), case, document, vectors,
        nearness, tuple(map(stem, said)), states or States.empty(), 0.0,
    )  # fmt: skip


def rank(reading: Reading) -> list[tuple[int, int]]:
    """Return the places of all sentences, of the text and within it, best first."""
    places = [(n, at) for n, each in enumerate(reading.scores) for at in range(len(each))]
    return sorted(places, key=lambda place: -float(reading.scores[place[0]][place[1]]))


def is_whole(reading: Reading, texts: Sequence[Text]) -> bool:
    """Tell whether a reading has one finite score for each sentence and a probability."""
    return (
        [each.shape for each in reading.scores] == [(len(text.sentences),) for text in texts]
        and all(each.dtype == np.float32 and np.isfinite(each).all() for each in reading.scores)
        and np.isfinite(reading.none)
        and 0.0 <= reading.confidence <= 1.0
    )  # fmt: skip
