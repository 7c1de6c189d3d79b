"""Questions offered to readers: the editor's known ones and some about companies, each tried.

What is offered is answered by the live release, an editor's question rightly. What was tried is
kept as long as that is live and the editor's file stays as it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.answers.small_talk import WORDS
from chatbot.evaluation.regression_questions import Question, read_questions
from corpus.errors import CasebookError, DocumentError

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry
    from chatbot.engine import Engine

MOST = 6  # offered at once
_CASES = 12  # newest ones, whose questions come first
_PER_CASE = 4  # tried of each
_TRIED = 24  # for one offer
_PATIENCE = 3.0  # seconds after which nothing more is tried for one offer
_LARGEST = 4096  # of each kind of what is kept

log = logging.getLogger("casebook")


@dataclass(frozen=True, slots=True)
class OfferedQuestion:
    """A question, its language, and the links of what answers it, as in Citation."""

    question: str
    language: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered, the best first, and the release that answers it."""

    questions: tuple[OfferedQuestion, ...]
    release: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read and tried for one release and one state of the editor's file."""

    release: str
    stamp: tuple[int, int]
    known: dict[str, Question]
    tried: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    offers: dict[tuple[str, str, tuple[str, ...]], Offer] = field(default_factory=dict)


class OfferedQuestions:
    """Makes offers from an engine's cases and a file of known questions; safe for threads."""

    def __init__(self, engine: Engine, path: Path) -> None:
        """Take the engine that tries questions, and the file, which need not be there."""
        self._engine = engine
        self._path = path
        self._kept = _Kept("", (0, 0), {})

    def offer(self, language: str, company: str = "", cases: Sequence[str] = ()) -> Offer:
        """Return at most MOST questions in a language, `en` or `zh`.

        They are about the `cases`, by id, or without any about the newest ones; of a `company`,
        where one is named, and then tried within its cases. Blocks. Raises a ReleaseError.
        """
        catalogue = self._engine.cases()
        kept = self._refresh(catalogue.release)
        key = (language, company, tuple(cases))
        if key in kept.offers:
            return kept.offers[key]
        entries = [each for each in catalogue.entries if company in ("", each.case.company)]
        if cases:
            entries = [each for each in entries if each.case.id in cases]
        else:
            entries.sort(key=lambda each: each.document.published, reverse=True)
        candidates = dict.fromkeys(self._list(kept, entries[:_CASES], language))
        if not cases and not company:
            rest = (asked for asked, each in kept.known.items() if each.language == language)
            candidates |= dict.fromkeys([*rest, WORDS[language]["suggest_all"]])
        found: list[OfferedQuestion] = []
        end, whole = time.monotonic() + _PATIENCE, True
        for question in list(candidates)[:_TRIED]:
            if len(found) == MOST:
                break
            if time.monotonic() > end:
                whole = False
                break
            try:
                links = self._try(kept, question, company)
            except CasebookError:  # too busy, or failing: another time
                whole = False
                break
            if links:
                found.append(OfferedQuestion(question, language, links))
        made = Offer(tuple(found), catalogue.release)
        if whole and entries and len(kept.offers) < _LARGEST:
            kept.offers[key] = made
        return made

    def _refresh(self, release: str) -> _Kept:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
        except OSError:
            stamp = (0, 0)
        kept = self._kept
        if (kept.release, kept.stamp) != (release, stamp):
            known: dict[str, Question] = {}
            try:
                known = {each.question: each for each in read_questions(self._path) if each.answers}
            except DocumentError as error:
                log.warning("known questions are not offered: %s", error)
            kept = self._kept = _Kept(release, stamp, known)
        return kept

    def _list(self, kept: _Kept, entries: Sequence[CaseEntry], language: str) -> Iterator[str]:
        """Yield what may be asked about cases: the first of each, then the second of each."""
        groups = [self._ask_about(kept, entry, language) for entry in entries]
        for at_once in zip_longest(*groups):
            yield from filter(None, at_once)

    def _ask_about(self, kept: _Kept, entry: CaseEntry, language: str) -> list[str]:
        """Return the known questions whose answers a case says, then one about its company."""
        passages = self._engine.case(entry.case.id).passages
        texts = [each.text for each in passages]
        found = [
            asked
            for asked, each in kept.known.items()
            if each.language == language and _is_said(each, texts)
        ][:_PER_CASE]
        if entry.case.company:
            found.append(WORDS[language]["suggest_one"].format(company=entry.case.company))
        return found

    def _try(self, kept: _Kept, question: str, company: str) -> tuple[str, ...]:
        """Return the links of what answers a question, none where nothing does; raises as `ask`."""
        key = (question, company)
        if (links := kept.tried.get(key)) is not None:
            return links
        filters = {"company": [company]} if company else {}
        citations = self._engine.find_citations(question, filters)
        known = kept.known.get(question)
        right = known is None or _is_said(known, [each.quote for each in citations])
        links = tuple(each.link for each in citations) if right else ()
        if len(kept.tried) < _LARGEST:
            kept.tried[key] = links
        return links


def _is_said(question: Question, texts: Sequence[str]) -> bool:
    """Tell whether one of the texts has words that answer, white space compared as one blank."""
    wanted = [" ".join(words.split()) for words in question.answers]
    told = (" ".join(text.split()) for text in texts)
    return any(words in text for text in told for words in wanted)
