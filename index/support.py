"""What a release has for a question, as far as it tells whether the release answers it.

Two things are looked at: whether anything is near the whole question, and whether the sentence that
would answer says what is asked, which is the question without the names that the release holds. A
company's name alone brings a question near to all sentences about it, whatever is asked of it.
Nothing here depends on how often a document is there, and on how many there are only what the best
of so many would be by chance.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus.language import detect
from index.attributes import LANGUAGES, lacks_attribute, lacks_counted
from index.encoder import Encoder
from index.inquiry import Inquiry, find_asked, inquire
from index.kinds import find_kind
from index.mentions import FOREIGN, find_numbers, find_own, holds, holds_number, is_word
from index.ordinary import contrast, find_ordinary
from index.reading import fold, say_the_same
from index.release import Release
from index.search.searcher import READ, Found, Hit, find, rank
from index.vectors import Vectors

# The lead where there are no others, between that of answered questions and that of the rest.
NO_RIVAL = 3.0


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for an answer and against it.

    For it: `near`, the contrast of the question, the best of the hits; `told` and `told_passage`,
    that of what is asked with the sentence that answers best and with its passage; `overlap`, the
    best of the hits; `lead`, see `find_lead`. `share` is how far words count. Against it: `absent`,
    the names of the question that no passage holds, and `absent_share`, their share of all its
    names; `absent_known` tells whether the glossary knows one of them, however it is spelled;
    `size`, ln of the number of different sentences, as the best of more is nearer by chance;
    `lacks_number`, a number of the question is not in the passage; `lacks_count`, a number is asked
    for and the sentence has none; `lacks_money`, the same of a sum of money; `lacks_attribute` and
    `lacks_counted`, the passage has no word for what is asked, see index.attributes.
    `same_language` tells whether the question is in the passage's language, `spelled_alike` whether
    in one that spells names as the passage does. Contrast, overlap and share are those of
    index.search.
    """

    near: float
    told: float
    told_passage: float
    overlap: float
    lead: float
    share: float
    absent: tuple[str, ...] = ()
    absent_share: float = 0.0
    size: float = 0.0
    same_language: bool = True
    spelled_alike: bool = True
    lacks_number: bool = False
    lacks_count: bool = False
    lacks_money: bool = False
    lacks_attribute: bool = False
    lacks_counted: bool = False
    absent_known: bool = False
    apart: bool = False

    def tell(self, other: Support) -> Support:
        """Return the support of a follow-up asked with its subject, given that of it alone.

        The matter is that of both together. What has to be told is asked half by the follow-up,
        which may be a word ("Why?"), and half by both.
        """
        return replace(
            self, told=(self.near + other.told) / 2,
            told_passage=(self.near + other.told_passage) / 2,
            lacks_number=other.lacks_number, lacks_count=other.lacks_count,
            lacks_money=other.lacks_money, lacks_attribute=other.lacks_attribute,
            lacks_counted=other.lacks_counted,
        )  # fmt: skip


def survey(
    release: Release,
    encoder: Encoder,
    question: str,
    k: int,
    cases: Collection[int] | None = None,
) -> tuple[list[Hit], Support | None]:
    """Return what `search` does, and the support of the question; None where there is no hit.

    What is asked of one company, by name, is told by its cases or by a passage that names it: where
    the best passage is neither, only its cases are searched.
    """
    inquiry = inquire(release, encoder, question)
    asked, found = find(release, encoder, inquiry, max(k, READ), cases)
    hits = rank(asked, found, k) if asked else []
    own = find_own(release, inquiry.names)
    if own and hits and not _tells_of(release, inquiry, hits[0], own):
        asked, found = find(
            release, encoder, inquiry, max(k, READ), own if cases is None else own & set(cases)
        )
        hits = rank(asked, found, k) if asked else []
    if asked is None:
        return [], None
    best = next(one for one in found if one.passage.id == hits[0].passage.id)
    place = int(np.argmax(hits[0].sentences))
    passages, known = [one.passage.text for one in found], inquiry.known
    language, judged = detect(question), best.document.language in LANGUAGES
    alike = language == best.document.language
    # A name that the best passages use as a word is none; another script spells it who knows how.
    comparable = alike or best.document.language not in FOREIGN
    names = [
        name
        for name in inquiry.names
        if name in known or (comparable and not is_word(passages, name))
    ]
    around = _fold_around(best)
    absent = [
        name
        for name in names
        if name not in inquiry.held and not _names(release, inquiry, around, name)
    ]
    asking = find_asked(asked.text, [name for name in names if name not in absent])
    made = {asked.text: asked.query, inquiry.asking: asked.asking}
    query: Vectors = made[asking] if asking in made else inquiry.query().find_part(asking)
    ordinary = find_ordinary(encoder, best.document.language)
    numbers = find_numbers(asked.text)
    kind, signs = find_kind(asked.text), best.candidate.sentences[place].signs
    support = Support(
        near=max(one.evidence.contrast for one in found),
        told=contrast(float(best.candidate.vectors[place] @ query), query, ordinary),
        told_passage=contrast(float(best.candidate.vector @ query), query, ordinary),
        overlap=max(one.evidence.overlap for one in found),
        lead=find_lead(hits, found),
        share=asked.share,
        absent=tuple(absent),
        absent_share=len(absent) / max(len(names), 1),
        absent_known=any(name in known for name in absent),
        apart=bool(names and not absent and asking == asked.text)
        and not any(
            all(_names(release, inquiry, around, name) for name in names)
            for around in map(_fold_around, found)
        ),
        size=math.log(release.said),
        same_language=alike,
        spelled_alike=language in (best.document.language, "und", *FOREIGN),
        lacks_number=not all(holds_number(best.passage.text, number) for number in numbers),
        lacks_count=kind.lacks_count(signs),
        lacks_money=kind.lacks_money(signs),
        lacks_attribute=judged and lacks_attribute(asked.text, best.passage.text),
        lacks_counted=judged and alike and lacks_counted(asked.text, best.passage.text),
    )
    return hits, support


def _fold_around(one: Found | Hit) -> str:
    """Return a passage with its titles and its company, folded."""
    return fold(f"{one.case.title} {one.case.company} {one.document.title} {one.passage.text}")


def _tells_of(release: Release, inquiry: Inquiry, hit: Hit, own: Collection[int]) -> bool:
    """Tell whether a hit is of one of a company's `own` cases, or names it as the question does."""
    if release.case_number(hit.case.id) in own:
        return True
    around = _fold_around(hit)
    return any(
        _names(release, inquiry, around, name)
        for name in inquiry.names
        if release.glossary.unify(name) in release.cases_of
    )


def _names(release: Release, inquiry: Inquiry, text: str, name: str) -> bool:
    """Tell whether a folded text holds a name of the question, by whichever of its group."""
    alike = release.glossary.list_alike(name)
    return any(holds(text, each, name in inquiry.known) for each in alike)


def find_lead(hits: Sequence[Hit], found: Sequence[Found]) -> float:
    """Return how far the best hit's score is above that of the second other that tells its own.

    Where a question is answered, one passage tends to stand out, or one and another that tells it
    too, as a caption does. Copies do not count as others; NO_RIVAL stands where there are no two.
    """
    sentences = {one.passage.id: one.candidate.sentences for one in found}
    different: list[frozenset[str]] = []
    for hit in hits:
        words = frozenset[str]().union(*(each.stems for each in sentences[hit.passage.id]))
        if not any(say_the_same(words, other) for other in different):
            different.append(words)
        if len(different) == 3:
            return hits[0].score - hit.score
    return NO_RIVAL
