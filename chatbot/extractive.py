"""The default answerer: the sentences that answer, word for word, or nothing.

`compose` picks sentences from the hits of one search and puts them into parts and citations. It
writes no sentence of its own but the few framing words of `about.WORDS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot.about import WORDS
from chatbot.answer import Citation, Nearest, Part
from chatbot.quotation import cite, link_to
from corpus.records import Case
from index.search import Hit

HITS = 8  # passages looked into for sentences
QUOTES = 4  # at most, in one answer
PER_CASE = 2
NEAREST = 3
# How far below the best sentence another may score and still be quoted, in the units of
# Hit.sentences, which are log odds: within one case, and in another case where the question asks
# for several.
MARGIN = 1.5
MARGIN_SEVERAL = 4.0
CAPTION = 1.0  # what a caption or a heading is put behind prose that says the same

_PLURAL = re.compile(
    r"\b(companies|countries|cases|projects|firms|enterprises|members|initiatives|organi[sz]ations"
    r"|compare|comparison|both|each|every|differ\w*|list|examples)\b"
    r"|哪些|哪几|分别|比较|对比|所有|各[个家国]|多家|列出|都有",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is quoted as one: `count` sentences of a hit from `place` on, and the best one's score.

    Sentences that are chosen and stand next to each other are one quotation.
    """

    hit: Hit
    place: int
    score: float
    count: int = 1

    @property
    def span(self) -> tuple[int, int]:
        """Where the sentences begin and end in the document."""
        sentences = self.hit.passage.sentences
        return sentences[self.place].start, sentences[self.place + self.count - 1].end

    @property
    def words(self) -> str:
        """The sentences without outer white space."""
        start, end = self.span
        return self.hit.document.text[start:end].strip()


# Logistic regressions over the best evidence of the hits, one for questions in the language of the
# texts, where shared words tell most, and one for the others; fitted on public question sets asked
# of collections that hold their article and of ones that do not. benchmarks/LOG.md has the figures.
SAME_BIAS, SAME_CONTRAST, SAME_OVERLAP = -11.6, 71.6, 12.1
OTHER_BIAS, OTHER_CONTRAST, OTHER_COSINE = -75.5, 31.5, 91.9
FOUND = 0.5


def estimate_confidence(hits: Sequence[Hit], language: str) -> float:
    """Return how likely the collection answers, 0 to 1, from the raw evidence of the hits.

    `language` is the question's, `und` where it shows none.
    """
    if not hits:
        return 0.0
    contrast = max(hit.evidence.contrast for hit in hits)
    if language in ("und", hits[0].document.language):
        overlap = max(hit.evidence.overlap for hit in hits)
        strength = SAME_BIAS + SAME_CONTRAST * contrast + SAME_OVERLAP * overlap
    else:
        cosine = max(hit.evidence.sentence for hit in hits)
        strength = OTHER_BIAS + OTHER_CONTRAST * contrast + OTHER_COSINE * cosine
    return 1.0 / (1.0 + math.exp(-strength))


def asks_for_several(question: str) -> bool:
    """Tell whether a question asks for more than one case: a list, a comparison, a plural."""
    return bool(_PLURAL.search(question))


def choose(question: str, hits: Sequence[Hit]) -> list[Choice]:
    """Return what to quote, the best first: at most QUOTES sentences, none twice.

    A second sentence of the same case must come near the best; another case is quoted where the
    question asks for several, or where its sentence comes as near.
    """
    found = [
        Choice(hit, place, score if hit.passage.kind == "paragraph" else score - CAPTION)
        for hit in hits[:HITS]
        for place, score in enumerate(hit.sentences)
        if is_quotable(hit, place)
    ]
    found.sort(key=lambda choice: (-choice.score, choice.hit.rank, choice.place))
    if not found:
        return []
    several = asks_for_several(question)
    best = found[0].score
    chosen: list[Choice] = []
    per_case: dict[str, int] = {}
    for choice in found:
        held = per_case.get(choice.hit.case.id, 0)
        margin = MARGIN_SEVERAL if several and not held else MARGIN
        if choice.score < best - margin or held >= PER_CASE:
            continue
        if any(choice.words == other.words for other in chosen):
            continue
        chosen.append(choice)
        per_case[choice.hit.case.id] = held + 1
        if len(chosen) == QUOTES:
            break
    return join(chosen)


def join(chosen: Sequence[Choice]) -> list[Choice]:
    """Return choices with neighbours put together, each where its best sentence stood."""
    joined: list[Choice] = []
    for choice in chosen:
        for number, other in enumerate(joined):
            first, second = sorted((choice, other), key=lambda one: one.place)
            if first.hit is second.hit and first.place + first.count == second.place:
                whole = first.count + second.count
                joined[number] = replace(other, place=first.place, count=whole)
                break
        else:
            joined.append(choice)
    return joined


def is_quotable(hit: Hit, place: int) -> bool:
    """Tell whether a sentence says anything: at least three letters or digits."""
    return sum(c.isalnum() for c in hit.passage.sentences[place].text) >= 3


def compose(
    choices: Sequence[Choice], language: str
) -> tuple[tuple[Part, ...], tuple[Citation, ...]]:
    """Return the parts and citations of an answer that quotes `choices`, grouped by case.

    Cases come in the order of their best sentence, the sentences of a case as they were chosen: the
    one that answers first.
    """
    cases: dict[str, list[Choice]] = {}
    for choice in choices:
        cases.setdefault(choice.hit.case.id, []).append(choice)
    parts: list[Part] = []
    citations: list[Citation] = []
    for group in cases.values():
        parts.append(Part("case", name_case(group[0].hit.case, language)))
        for choice in group:
            hit = choice.hit
            citation = cite(
                len(citations) + 1, hit.document, hit.case, hit.passage, *choice.span
            )  # fmt: skip
            citations.append(citation)
            parts.append(Part("quote", citation.quote, citation.number))
    return tuple(parts), tuple(citations)


def name_case(case: Case, language: str) -> str:
    """Return the name under which a case's quotations stand."""
    if case.kind == "introduction":
        return f"{WORDS[language]['introduction']} – {case.title}"
    return case.title


def list_nearest(hits: Sequence[Hit]) -> tuple[Nearest, ...]:
    """Return the cases of the best hits, each once, at most NEAREST."""
    cases = {hit.case.id: hit.case for hit in hits}
    return tuple(
        Nearest(case.id, case.title, case.company, link_to(case))
        for case in list(cases.values())[:NEAREST]
    )
