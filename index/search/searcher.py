"""A release, an encoder, and what is kept between questions: what answers a search.

    question -> Query -> Candidates -> the passages of the best, read -> Hits

`find_candidates` hands over the best chunks; their passages are read sentence by sentence and put
in order by `index.ranker`.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.records import Case, Document, Passage
from corpus.stems import fold
from index.encoder import Encoder, make_unit
from index.encoder import Query as Vectorised
from index.mentions import occurs
from index.ordinary import contrast, find_ordinary
from index.ranker import Asked, Read, load_ranker
from index.reading import KEPT, Reading, Readings
from index.release import Release
from index.search.candidates import Candidate, find_candidates
from index.search.query import Query, parse

READ = 8  # chunks that are read, more where more passages are asked for
_CASES_KEPT = 200  # texts of cases, folded
_PARSED = 32  # questions; one is put several times until it is answered


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a hit, raw.

    `dense` is the cosine of its chunk, `sentence` that of its own best sentence, `lexical` BM25 of
    its chunk by the words' rarity in public text. `overlap` and `translated`, 0 to 1, are the
    shares of the question's words, by rarity, that its chunk meets: as they are, and as the
    dictionary has them in the chunk's language. `contrast` is how far `sentence` stands above half
    the cosine of the question with ordinary sentences of that language, see `index.ordinary`.
    """

    dense: float
    sentence: float
    lexical: float
    overlap: float
    translated: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, with its place in the ranking (from 1) and the score it has it by.

    `score` says how well the passage answers, and `sentences` how well each sentence of it does, in
    text order: the difference of two, also of two hits, is in log odds.
    """

    rank: int
    score: float
    passage: Passage
    case: Case
    document: Document
    evidence: Evidence
    sentences: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage of a chunk that was handed over, as it is weighed and as it is told."""

    row: int
    passage: Passage
    case: Case
    document: Document
    evidence: Evidence
    candidate: Candidate
    read: Read


class Searcher:
    """Holds one release with what searches it; safe to share between threads.

    A release is data and carries no caches: the sentences read last and the names looked for are
    kept here, for as long as the release is served.
    """

    def __init__(self, release: Release, encoder: Encoder) -> None:
        """Take what is searched and with what."""
        self.release, self.encoder = release, encoder
        self._readings = Readings()
        self._names: dict[str, bool] = {}  # whether the texts have it
        self._folded: dict[str, str] = {}  # the texts of cases by id, as names are looked for
        self._parsed: dict[str, Query] = {}

    def parse(self, question: str) -> Query:
        """Return a question as it is put to the release; its reading is begun and not waited for.

        One of the last is not parsed and read again. Raises what `Encoder.begin_query` does.
        """
        query = self._parsed.get(question)
        if query is None:
            query = self._parse(question)
            if len(self._parsed) >= _PARSED:
                self._parsed.clear()
            self._parsed[question] = query
        return query

    def _parse(self, question: str) -> Query:
        release = self.release
        # By every name: the texts may have another than the question.
        begun = self.encoder.begin_query(release.glossary.widen(question))

        @functools.cache  # several ask for it
        def read() -> Vectorised:
            try:
                return begun()
            except BaseException:
                self._parsed.pop(question, None)  # whoever asks again has it read again
                raise

        return parse(
            question, release.languages, release.names, self.has_name, release.glossary,
            self.encoder.dictionary, read,
        )  # fmt: skip

    def search(self, question: str, k: int, cases: Collection[int] | None = None) -> list[Hit]:
        """Return the min(k, n) best passages of the release, best first, ties by row.

        `cases` limits the search to passages of these cases, by their numbers in `release.cases()`.
        """
        query = self.parse(question)
        return rank(self.ask(query), self.find(query, k, cases), k)

    def ask(self, query: Query) -> Asked:
        """Return a question as sentences are compared with it; waits for its reading."""
        read = query.read()
        whole = query.asking == query.text
        asking = read.vector if whole else read.find_part(query.asking)
        return Asked(query, read.vector, asking)

    def find(self, query: Query, k: int, cases: Collection[int] | None = None) -> list[Found]:
        """Return the passages of the chunks handed over, the best chunk's first.

        As many chunks as are read, or as it takes for k passages. Empty where `cases` leave none.
        """
        vector = query.read().vector
        chunks = find_candidates(self.release, query, vector, max(k, READ), cases)
        found: list[Found] = []
        for place, candidate in enumerate(chunks):
            if place >= READ and len(found) >= k:
                break
            found += self._read(query, candidate)
        return found

    def has_name(self, name: str) -> bool:
        """Tell whether the release has a name by any of its group; looked for once."""
        if name not in self._names:
            release = self.release
            known = name in release.names
            self._names[name] = any(
                each in release.companies or occurs(release, each, known)
                for each in release.glossary.list_alike(name)
            )
        return self._names[name]

    def fold_case(self, case: Case, document: Document) -> str:
        """Return a case's text with its titles and its company, folded as names are compared."""
        folded = self._folded.get(case.id)
        if folded is None:
            folded = fold(f"{case.title} {case.company} {document.title} {case.text}")
            if len(self._folded) >= _CASES_KEPT:
                self._folded.clear()
            self._folded[case.id] = folded
        return folded

    def read_ahead(self) -> None:
        """Read as many passages as are kept before they are asked for, so that no question waits.

        Half of the time of a question that meets passages unread goes into reading them.
        """
        for row in range(min(self.release.count, KEPT)):
            self._read_row(row)

    def _read(self, query: Query, candidate: Candidate) -> list[Found]:
        """Return the passages of a chunk with their sentences' vectors and evidence."""
        release, vector = self.release, query.read().vector
        first, last = release.chunk_rows[candidate.chunk : candidate.chunk + 2].tolist()
        starts = release.starts[first : last + 1]
        vectors = release.sentences.take(np.arange(starts[0], starts[-1]))
        near = vectors @ vector
        ordinary = find_ordinary(self.encoder, candidate.language)
        found = []
        for row, begin, end in zip(
            range(first, last), (starts[:-1] - starts[0]).tolist(),
            (starts[1:] - starts[0]).tolist(), strict=True,
        ):  # fmt: skip
            passage, case, document = release.row(row)
            best = float(near[begin:end].max())
            evidence = Evidence(
                candidate.dense, best, candidate.lexical, candidate.overlap,
                candidate.translated, contrast(best, vector, ordinary),
            )  # fmt: skip
            own = vectors[begin:end]
            read = Read(
                candidate.score, candidate.language, make_unit(own.mean(axis=0)), own,
                self._read_row(row),
            )  # fmt: skip
            found.append(Found(row, passage, case, document, evidence, candidate, read))
        return found

    def _read_row(self, row: int) -> tuple[Reading, ...]:
        return self._readings.read(
            row, lambda: [each.text.strip() for each in self.release.row(row)[0].sentences]
        )


def rank(asked: Asked, found: Sequence[Found], k: int) -> list[Hit]:
    """Return the k best of what was found as hits, best first, ties by row."""
    if not found:
        return []
    whole, answers = load_ranker().score(asked, [one.read for one in found])
    scores = whole.tolist()
    order = sorted(range(len(found)), key=lambda at: (-scores[at], found[at].row))
    return [
        Hit(
            number, scores[at], found[at].passage, found[at].case, found[at].document,
            found[at].evidence, tuple(answers[at].tolist()),
        )
        for number, at in enumerate(order[:k], 1)
    ]  # fmt: skip
