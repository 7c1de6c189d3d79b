"""A release, an encoder, and what is kept between questions: what finds the texts to be read.

    question -> Query -> Candidates -> Texts, for a reader
"""

from __future__ import annotations

import functools
from collections.abc import Collection

import numpy as np

from corpus.records import Case, Document
from corpus.stems import fold
from index.encoder import Encoder
from index.reader.stemmed import KEPT, Stemmed, StemmedPassages
from index.reader.text import Text
from index.release import Release
from index.search.candidates import Candidate, find_candidates
from index.search.names import holds, occurs
from index.search.query import Query, parse

READ = 8  # chunks that are read, more where more passages are asked for
_CASES_KEPT = 200  # texts of cases, folded


class Searcher:
    """Holds one release with what searches it; safe to share between threads.

    A release is data and carries no caches: the sentences read last and the names looked for are
    kept here, for as long as the release is served.
    """

    def __init__(self, release: Release, encoder: Encoder) -> None:
        """Take what is searched and with what."""
        self.release, self.encoder = release, encoder
        self._stemmed = StemmedPassages()
        self._names: dict[str, bool] = {}  # whether the texts have it
        self._folded: dict[str, str] = {}  # the texts of cases by id, as names are looked for

    def parse(self, question: str) -> Query:
        """Return a question as it is put to the release; its reading is begun and not waited for.

        Raises what `Encoder.begin_query` does.
        """
        release = self.release
        # By every name: the texts may have another than the question. Several ask for it.
        begun = functools.cache(self.encoder.begin_query(release.glossary.widen(question)))
        return parse(
            question, release.languages, release.names, self.has_name, release.glossary,
            self.encoder.dictionary, begun,
        )  # fmt: skip

    def find(
        self, query: Query, k: int = READ, cases: Collection[int] | None = None
    ) -> list[Text]:
        """Return the min(k, n) best chunks for a question, best first, as they are read.

        `cases` limits them to chunks of these cases, by their numbers in `release.cases()`.
        """
        vector = query.read().vector
        chunks = find_candidates(self.release, query, vector, k, cases)
        return [self._open(query, candidate) for candidate in chunks]

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
        """Read as many passages as are kept before they are asked for, so that no question waits.

        Half of the time of a question that meets passages unread goes into reading them.
        """
        for row in range(min(self.release.count, KEPT)):
            self._stem(row)

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
            tuple(each for row in range(first, last) for each in self._stem(row)),
            release.read_states(candidate.chunk),
            len(self.list_lacking(query, case, document)) / max(len(query.names), 1),
        )  # fmt: skip

    def _stem(self, row: int) -> tuple[Stemmed, ...]:
        return self._stemmed.stem(
            row, lambda: [each.text.strip() for each in self.release.row(row)[0].sentences]
        )
