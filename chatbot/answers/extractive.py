"""The default answerer: the sentences that answer, word for word, or nothing.

`choose` picks sentences from what one search found, by the reader's scores, and `compose` puts them
into parts and citations. It writes no sentence of its own but the few framing words.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.answers.answer import Citation, Nearest, Part, Row
from chatbot.answers.citations import cite, link_to
from chatbot.answers.small_talk import WORDS
from corpus.language.stems import list_stems, say_the_same
from corpus.records import Case, Document, Passage
from corpus.tables import spell_passages
from index.reader.protocol import NEVER
from index.reader.ranking import Evidence, Hit

QUOTES, PER_CASE = 6, 3  # sentences of one answer, and of one case in it, at most
NEAR, NEAR_PER_CASE = 5, 3  # of the nearest passages, where none of them answers
NEAREST = 3  # cases offered
# What the sentences quoted have together of the odds of all that were read. A fact that one
# sentence says has nearly all of them; benchmarks/LOG.md has what other shares give.
SHARE = 0.9
# Odds beside the best sentence's that count for nothing: those of many sentences that have nothing
# to do with a question would decide together how many answer it.
LEAST = 0.02
MORE = 3  # sentences, where a reader asks for more
CAPTION = 1.0  # what a caption or a heading is put behind prose that says the same

_SAYS_SOMETHING = re.compile(r"(?:[\W_]*[^\W_]){3}")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is quoted as one: `count` sentences of a hit from `place` on, and the best one's score.

    Sentences that are chosen and stand next to each other are one quotation.
    """

    hit: Hit
    place: int
    score: float
    count: int = 1

    def __contains__(self, other: Choice) -> bool:
        """Tell whether another choice is among these sentences."""
        same = self.hit.passage.id == other.hit.passage.id
        return same and self.place <= other.place and other.last <= self.last

    @property
    def last(self) -> int:
        """The place behind the last of the sentences."""
        return self.place + self.count

    @property
    def span(self) -> tuple[int, int]:
        """Where the sentences begin and end in the document."""
        sentences = self.hit.passage.sentences
        return sentences[self.place].start, sentences[self.last - 1].end

    @property
    def words(self) -> str:
        """The sentences without outer white space."""
        start, end = self.span
        return self.hit.document.text[start:end].strip()


def choose(hits: Sequence[Hit]) -> list[Choice]:
    """Return what to quote, the best first: at most QUOTES sentences, no two that say the same.

    How many follows from their scores: as few as have SHARE of the odds of all that have LEAST of
    the best one's.
    """
    choices = list(_list_choices(hits))
    if not choices:
        return []
    odds = [math.exp(choice.score - choices[0].score) for choice in choices]
    odds = [each for each in odds if each >= LEAST]
    before = itertools.accumulate(odds, initial=0.0)
    wanted = SHARE * sum(odds)
    kept = [one for one, held in zip(choices, before, strict=False) if held < wanted]
    return join(_pick(iter(kept), QUOTES, PER_CASE))


def choose_nearest(hits: Sequence[Hit]) -> list[Choice]:
    """Return the sentences that come nearest, best first, where none of them answers."""
    return _pick(_list_choices(hits), NEAR, NEAR_PER_CASE)


def choose_more(hits: Sequence[Hit], given: Sequence[Choice]) -> list[Choice]:
    """Return what else the cases of an answer say, nearest first: at most MORE sentences.

    None of them is among those that were `given`, or says the same as one or as another.
    """
    cases = {choice.hit.case.id for choice in given}
    found = [one for one in _list_choices(hits) if one.hit.case.id in cases]
    told, said = list(given), [set(list_stems(choice.words)) for choice in given]
    for choice in found:
        if len(told) == len(given) + MORE:
            break
        stems = set(list_stems(choice.words))
        if any(choice in other for other in told) or any(say_the_same(stems, o) for o in said):
            continue
        told.append(choice)
        said.append(stems)
    return join(told[len(given) :])


def choose_first(case: Case, document: Document, passage: Passage) -> Choice:
    """Return how a passage begins, without reading it: its first sentence that is no header."""
    said = spell_passages([passage])
    place = next(number for number, each in enumerate(said) if not each.header)
    scores = (0.0,) * len(said)
    hit = Hit(0, 0.0, passage, case, document, Evidence(0.0, 0.0, 0.0, 0.0, 0.0), scores)
    return Choice(hit, place, 0.0)


def _pick(choices: Iterator[Choice], most: int, per_case: int) -> list[Choice]:
    """Return the first `most` of some choices, no two that say the same, few of each case."""
    picked: list[Choice] = []
    said: list[set[str]] = []
    held: dict[str, int] = {}
    for choice in choices:
        if len(picked) == most:
            break
        case = choice.hit.case.id
        stems = set(list_stems(choice.words))
        if held.get(case, 0) == per_case or any(say_the_same(stems, other) for other in said):
            continue
        picked.append(choice)
        said.append(stems)
        held[case] = held.get(case, 0) + 1
    return picked


def _list_choices(hits: Sequence[Hit]) -> Iterator[Choice]:
    """Give every sentence that may be quoted, the best first, ties as they stand."""
    found = [
        (score if hit.passage.kind == "paragraph" else score - CAPTION, -hit.rank, -place, hit)
        for hit in hits
        for place, score in enumerate(hit.sentences)
        if score > NEVER
    ]
    for score, _, place, hit in sorted(found, key=lambda one: one[:3], reverse=True):
        if is_quotable(hit, -place):
            yield Choice(hit, -place, score)


def join(chosen: Sequence[Choice]) -> list[Choice]:
    """Return choices with those put together that touch, each where its best sentence stood."""
    joined: list[Choice] = []
    for choice in chosen:
        for number, other in enumerate(joined):
            first, last = min(choice.place, other.place), max(choice.last, other.last)
            if choice.hit is other.hit and last - first <= choice.count + other.count:
                joined[number] = replace(other, place=first, count=last - first)
                break
        else:
            joined.append(choice)
    return joined


def is_quotable(hit: Hit, place: int) -> bool:
    """Tell whether a sentence says anything: at least three letters or digits."""
    return _SAYS_SOMETHING.match(hit.passage.sentences[place].text) is not None


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


def tabulate(citations: Sequence[Citation]) -> tuple[Row, ...]:
    """Return a row for each company that is cited, or each case where one is of no company.

    In the order of their first citation; none where that is a single row.
    """
    by_company = all(citation.company for citation in citations)
    rows: dict[str, list[int]] = {}
    for citation in citations:
        name = citation.company if by_company else citation.case
        rows.setdefault(name, []).append(citation.number)
    if len(rows) < 2:
        return ()
    return tuple(Row(name, tuple(numbers)) for name, numbers in rows.items())


def name_case(case: Case, language: str) -> str:
    """Return the name under which a case's quotations stand."""
    if case.kind == "introduction":
        return f"{WORDS[language]['introduction']} – {case.title}"
    return case.title


def list_nearest(hits: Sequence[Hit]) -> tuple[Nearest, ...]:
    """Return the cases of the best hits, each once, at most NEAREST."""
    cases = {hit.case.id: hit.case for hit in hits}
    return tuple(
        Nearest(
            case.id, case.title, case.company, link_to(case), case.company_en, case.company_zh,
            case.facts.title_en, case.facts.title_zh,
        )
        for case in list(cases.values())[:NEAREST]
    )  # fmt: skip
