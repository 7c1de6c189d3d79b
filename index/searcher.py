"""A release, an encoder, a reader, and what is kept between questions: what answers a search.

question -> Query -> Candidates, compared by sub-words -> Texts, read -> Hits
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import numpy as np

from corpus.glossary import Finder, stands_whole
from corpus.language.stems import fold
from corpus.records import Case, Document
from corpus.tables import spell_passages
from index.encoder.encoder import EncodedQuery, Encoder
from index.reader.choice import find_interaction, find_reader
from index.reader.protocol import Reader, Text
from index.reader.ranking import Found, Hit, rank
from index.reader.stemmed import KEPT, Stemmed, StemmedChunks
from index.search.candidates import Candidate, find_candidates
from index.search.late_interaction import COMPARED
from index.search.names import holds, occurs
from index.search.query import Query, parse
from index.storage.release import Release

READ = 8  # chunks that are read, more where more passages are asked for
_CASES_KEPT = 200  # texts of cases, folded
_PARSED = 32  # questions; one is put several times until it is answered


class Searcher:
    """Holds one release with what searches it; safe to share between threads.

    A release is data and carries no caches: the sentences read last and the names looked for are
    kept here, for as long as the release is served.
    """

    def __init__(self, release: Release, encoder: Encoder, reader: Reader | None = None) -> None:
        """Take what is searched and with what; without a reader, the one that fits the encoder."""
        self.release, self.encoder = release, encoder
        self.reader = reader or find_reader(encoder)
        self._interaction = find_interaction(encoder)
        self._stemmed = StemmedChunks()
        self._companies = Finder(release.names, stands_whole)
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
        def read() -> EncodedQuery:
            try:
                return begun()
            except BaseException:
                self._parsed.pop(question, None)  # whoever asks again has it read again
                raise

        return parse(
            question, release.languages, release.names, self.has_name, release.glossary,
            self.encoder.dictionary, read,
        )  # fmt: skip

    def find(
        self,
        query: Query,
        k: int = READ,
        cases: Collection[int] | None = None,
        other: Query | None = None,
    ) -> list[Text]:
        """Return the min(k, n) best chunks for a question, best first, as they are read.

        `cases` limits them to chunks of these cases, by their numbers in `release.cases()`; `other`
        is the question in another language, which finds chunks too.
        """
        release, read, interaction = self.release, query.read(), self._interaction
        if interaction is None:
            found = find_candidates(release, query, read.vector, k, cases, other)
        else:
            most = max(k, COMPARED)
            found = find_candidates(release, query, read.vector, most, cases, other)
            states = (release.read_states(one.chunk) for one in found)
            found = interaction.order(read.states, found, states)[:k]
        return [self._open(query, candidate) for candidate in found]

    def read(
        self,
        query: Query,
        k: int = READ,
        cases: Collection[int] | None = None,
        other: Query | None = None,
    ) -> Found:
        """Return the passages of the chunks that `find` gives, as they were read, best first.

        Without any, nothing is found and the confidence is 0.
        """
        texts = self.find(query, k, cases, other)
        if not texts:
            return Found((), 0.0)
        reading = self.reader.read(query, texts)
        lacking = tuple(name for name in query.names if name not in query.held)
        hits = tuple(rank(texts, reading))
        missed = self.list_lacking(query, hits[0].case, hits[0].document)
        known = any(name in query.known for name in missed)
        return Found(hits, reading.confidence, lacking, known)

    def search(self, question: str, k: int, cases: Collection[int] | None = None) -> list[Hit]:
        """Return the min(k, n) best passages for a question, best first, ties by row.

        `cases` is as in `find`.
        """
        return list(self.read(self.parse(question), max(k, READ), cases).hits[:k])

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

    def list_named(self, question: str) -> list[tuple[str, str]]:
        """Return the companies with cases that a question names, each once, in its order.

        Each as `cases_of` has it and as the question spells it.
        """
        found: dict[str, str] = {}
        for start, end, _ in self._companies.find(question):
            company = self.release.glossary.unify(question[start:end])
            if company in self.release.cases_of:
                found.setdefault(company, question[start:end])
        return list(found.items())

    def list_lacking(self, query: Query, case: Case, document: Document) -> list[str]:
        """Return the names of a question that a case does not have, by whichever of their group."""
        folded = self._fold_case(case, document)
        alike = self.release.glossary.list_alike
        return [
            name
            for name in query.names
            if not any(holds(folded, each, name in query.known) for each in alike(name))
        ]

    def read_ahead(self) -> None:
        """Stem as many chunks as are kept before they are asked for, so that no question waits.

        Half of the time of a question that meets chunks unread goes into stemming them.
        """
        for chunk in range(min(len(self.release.chunk_rows) - 1, KEPT)):
            self._stem(chunk)

    def _fold_case(self, case: Case, document: Document) -> str:
        """Return a case's text with its titles and its company, folded as names are compared."""
        folded = self._folded.get(case.id)
        if folded is None:
            folded = fold(f"{case.title} {case.company} {document.title} {case.text}")
            if len(self._folded) >= _CASES_KEPT:
                self._folded.clear()
            self._folded[case.id] = folded
        return folded

    def _open(self, query: Query, candidate: Candidate) -> Text:
        release = self.release
        first, last = release.chunk_rows[candidate.chunk : candidate.chunk + 2].tolist()
        start, end = release.starts[[first, last]].tolist()
        held = [release.row(row) for row in range(first, last)]
        _, case, document = held[0]
        vectors = release.sentences.take(np.arange(start, end))
        return Text(
            candidate, tuple(range(first, last)), tuple(passage for passage, _, _ in held), case,
            document, vectors, vectors @ query.read().vector,
            self._stem(candidate.chunk),
            release.read_states(candidate.chunk),
            len(self.list_lacking(query, case, document)) / max(len(query.names), 1),
        )  # fmt: skip

    def _stem(self, chunk: int) -> tuple[Stemmed, ...]:
        return self._stemmed.stem(
            chunk,
            lambda: spell_passages(passage for passage, _, _ in self.release.chunk(chunk)),
        )
