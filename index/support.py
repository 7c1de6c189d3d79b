"""What a release has for a question, as far as it tells whether the release answers it.

Two things are looked at: whether anything is near the whole question, and whether the sentence that
would answer says what is asked, which is the question without the names that the release holds. A
company's name alone brings a question near to all sentences about it, whatever is asked of it.
Nothing here depends on how many documents there are, or how often one is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from index.attributes import LANGUAGES, lacks_attribute, lacks_counted
from index.kinds import find_kind
from index.mentions import FOREIGN, find_numbers, find_own, holds, holds_number, is_word
from index.release import Release
from index.search.query import Query, find_asked
from index.search.searcher import Hit, Searcher, rank
from index.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for an answer and against it.

    For it: `near`, the cosine of the question and a sentence, the best found; `told` and
    `told_passage`, that of what is asked with the sentence that answers best and with its passage;
    `overlap`, the share of the words that are met, as they are or translated, the best of what was
    found; `score` and `sentence`, those of the best hit's chunk and of its best sentence. Against
    it: `absent`, the names of the question that no passage holds, and `absent_share`, their share
    of all its names; `absent_known` tells whether the glossary knows one of them, however it is
    spelled; `lacks_number`, a number of the question is not in the passage; `lacks_count`, a number
    is asked for and the sentence has none; `lacks_money`, the same of a sum of money;
    `lacks_attribute` and `lacks_counted`, the passage has no word for what is asked, see
    index.attributes.
    `same_language` tells whether the question is in the passage's language, `spelled_alike` whether
    in one that spells names as the passage does.
    """

    near: float
    told: float
    told_passage: float
    overlap: float
    score: float
    sentence: float
    absent: tuple[str, ...] = ()
    absent_share: float = 0.0
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
    searcher: Searcher,
    question: str,
    k: int,
    cases: Collection[int] | None = None,
) -> tuple[list[Hit], Support | None]:
    """Return what `search` does, and the support of the question; None where there is no hit.

    What is asked of one company, by name, is told by its cases or by a passage that names it: where
    the best passage is neither, only its cases are searched.
    """
    release, query = searcher.release, searcher.parse(question)
    asked, found = searcher.ask(query), searcher.find(query, k, cases)
    hits = rank(asked, found, k)
    own = find_own(release, query.names)
    if own and hits and not _tells_of(searcher, query, hits[0], own):
        found = searcher.find(query, k, own if cases is None else own & set(cases))
        hits = rank(asked, found, k)
    if not hits:
        return [], None
    best = next(one for one in found if one.passage.id == hits[0].passage.id)
    place = int(np.argmax(hits[0].sentences))
    passages, known = [one.passage.text for one in found], query.known
    language, judged = query.language, best.candidate.language in LANGUAGES
    alike = language == best.candidate.language
    # A name that the best passages use as a word is none; another script spells it who knows how.
    comparable = alike or best.candidate.language not in FOREIGN
    names = [
        name
        for name in query.names
        if name in known or (comparable and not is_word(passages, name))
    ]
    around = searcher.fold_case(best.case, best.document)
    absent = [
        name
        for name in names
        if name not in query.held and not _names(release, query, around, name)
    ]
    asking = find_asked(query.text, [name for name in names if name not in absent])
    made = {query.text: asked.vector, query.asking: asked.asking}
    vector: Vectors = made[asking] if asking in made else query.read().find_part(asking)
    numbers = find_numbers(query.text)
    kind, signs = find_kind(query.text), best.read.sentences[place].signs
    support = Support(
        near=max(one.evidence.sentence for one in found),
        told=float(best.read.vectors[place] @ vector),
        told_passage=float(best.read.vector @ vector),
        overlap=max(max(one.evidence.overlap, one.evidence.translated) for one in found),
        score=best.candidate.score,
        sentence=max(hits[0].sentences),
        absent=tuple(absent),
        absent_share=len(absent) / max(len(names), 1),
        absent_known=any(name in known for name in absent),
        apart=bool(names and not absent and asking == query.text)
        and not any(
            all(_names(release, query, around, name) for name in names)
            for around in {searcher.fold_case(one.case, one.document) for one in found}
        ),
        same_language=alike,
        spelled_alike=language in (best.candidate.language, "und", *FOREIGN),
        lacks_number=not all(holds_number(best.passage.text, number) for number in numbers),
        lacks_count=kind.lacks_count(signs),
        lacks_money=kind.lacks_money(signs),
        lacks_attribute=judged and lacks_attribute(query.text, best.passage.text),
        lacks_counted=judged and alike and lacks_counted(query.text, best.passage.text),
    )
    return hits, support


def _tells_of(searcher: Searcher, query: Query, hit: Hit, own: Collection[int]) -> bool:
    """Tell whether a hit is of one of a company's `own` cases, or names it as the question does."""
    release = searcher.release
    if release.case_number(hit.case.id) in own:
        return True
    around = searcher.fold_case(hit.case, hit.document)
    return any(
        _names(release, query, around, name)
        for name in query.names
        if release.glossary.unify(name) in release.cases_of
    )


def _names(release: Release, query: Query, text: str, name: str) -> bool:
    """Tell whether a folded text holds a name of the question, by whichever of its group."""
    alike = release.glossary.list_alike(name)
    return any(holds(text, each, name in query.known) for each in alike)
