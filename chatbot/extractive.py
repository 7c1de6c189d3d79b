"""The default answerer: the sentences that answer, word for word, or nothing.

`compose` picks sentences from the hits of one search and puts them into parts and citations. It
writes no sentence of its own but the few framing words of `about.WORDS`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.about import WORDS
from chatbot.answer import Citation, Nearest, Part
from chatbot.quotation import cite, link_to
from corpus.records import Case
from corpus.stems import list_stems, say_the_same
from index.kinds import find_kind, points_back, read_signs
from index.search.searcher import Hit

HITS = 8  # passages looked into for sentences
QUOTES = 4  # at most, in one answer
PER_CASE, PER_CASE_SEVERAL = 2, 3
NEAREST = 3
NEAR_QUOTES = 5  # at most, where nothing answers
# How far below the best sentence another may score and still be quoted, in the units of
# Hit.sentences, which are log odds: within one case, and in another case where the question asks
# for several.
MARGIN = 1.5
MARGIN_SEVERAL = 4.0
MORE, HITS_MORE = 3, 40  # where a reader asks for more: sentences, of so many passages
CAPTION = 1.0  # what a caption or a heading is put behind prose that says the same

_SAYS_SOMETHING = re.compile(r"(?:[\W_]*[^\W_]){3}")
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


def asks_for_several(question: str) -> bool:
    """Tell whether a question asks for more than one case: a list, a comparison, a plural."""
    return bool(_PLURAL.search(question))


def choose(question: str, hits: Sequence[Hit]) -> list[Choice]:
    """Return what to quote, the best first: at most QUOTES sentences, no two that say the same.

    A second sentence of a case, or one of another case, must come near the best; a question that
    asks for several cases gets one of each at a greater distance. A number or a date that is asked
    for leads, where a sentence that holds one is chosen at all.
    """
    several = asks_for_several(question)
    most, widest = (PER_CASE_SEVERAL, MARGIN_SEVERAL) if several else (PER_CASE, MARGIN)
    chosen: list[Choice] = []
    said: list[set[str]] = []
    per_case: dict[str, int] = {}
    best: Choice | None = None
    for choice in _list_choices(hits[:HITS]):
        best = best or choice
        held = per_case.get(choice.hit.case.id, 0)
        behind = best.score - choice.score
        if behind > widest or len(chosen) == QUOTES:
            break
        if held == most or (held and behind > MARGIN):
            continue
        stems = set(list_stems(choice.words))
        if not any(say_the_same(stems, other) for other in said):
            chosen.append(choice)
            said.append(stems)
            per_case[choice.hit.case.id] = held + 1
    kind = find_kind(question)
    if kind.asks_to_be_told():
        chosen.sort(key=lambda choice: not kind.is_told(read_signs(choice.words)))
    return join([complete(choice) for choice in chosen])


def choose_near(hits: Sequence[Hit]) -> list[Choice]:
    """Return what comes nearest where nothing answers: the best sentence of each hit, best first.

    At most NEAR_QUOTES, PER_CASE of one case, no two that say the same.
    """
    chosen: list[Choice] = []
    said: list[set[str]] = []
    seen: set[str] = set()
    per_case: Counter[str] = Counter()
    for choice in _list_choices(hits[:HITS]):
        if len(chosen) == NEAR_QUOTES:
            break
        passage, case = choice.hit.passage.id, choice.hit.case.id
        stems = set(list_stems(choice.words))
        if passage in seen or per_case[case] == PER_CASE:
            continue
        seen.add(passage)
        if not any(say_the_same(stems, other) for other in said):
            chosen.append(complete(choice))
            said.append(stems)
            per_case[case] += 1
    return chosen


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
        before = replace(choice, place=choice.place - 1)
        told.append(choice if any(before in other for other in told) else complete(choice))
        said.append(stems)
    return join(told[len(given) :])


def complete(choice: Choice) -> Choice:
    """Return a choice with the sentence before it, where it cannot be understood without."""
    if choice.place and choice.count == 1 and points_back(choice.words):
        return replace(choice, place=choice.place - 1, count=2)
    return choice


def _list_choices(hits: Sequence[Hit]) -> Iterator[Choice]:
    """Give every sentence that may be quoted, the best first, ties as they stand."""
    found = [
        (score if hit.passage.kind == "paragraph" else score - CAPTION, -hit.rank, -place, hit)
        for hit in hits
        for place, score in enumerate(hit.sentences)
    ]
    for score, _, place, hit in sorted(found, reverse=True):
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
