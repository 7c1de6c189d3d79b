"""A release looked at whole: every byte against the manifest, every span against its text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.chunks import divide_case
from corpus.errors import CorruptReleaseError
from corpus.records import Case, Document, Passage
from corpus.tables import spell_passages
from index.storage.release import Release, key_of, key_of_chunk, load_array, quoted_words
from index.storage.vectors import Rows

_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was looked at, and found whole."""

    release: str
    files: int
    documents: int
    cases: int
    passages: int
    sentences: int


def inspect(folder: Path) -> Inspection:
    """Check a release; raises CorruptReleaseError at the first thing that does not hold.

    Beside the bytes: the SHA-256 of each document's text; that cases and passages lie in it in
    order, passages begin and end with their case and do not overlap, sentences tile
    their passage; that chunks cover the rows; that each vector's key is that of its words, and each
    row is unit.
    """
    release = Release(folder)
    keys = load_array(folder, "chunk_keys"), load_array(folder, "sentence_keys")
    release.documents()  # whose texts are compared when they are loaded
    passages = 0
    before: Case | None = None
    for case, document in release.cases():
        if before and before.document_id == case.document_id and case.start < before.end:
            raise _damage(release, document, f"case {case.id} overlaps the one before it")
        before = case
        held = release.case_passages(case)
        passages += len(held)
        _check_passages(release, document, case, held)
    _check_chunks(release, *keys)
    counts = [len(release.row(row)[0].sentences) for row in range(release.count)]
    sentences = sum(counts)
    for rows in (release.chunks, release.sentences):
        assert isinstance(rows, Rows)  # noqa: S101 - a release opened from its folder alone
        for first in range(0, rows.count, _CHUNK):
            rows.take(np.arange(first, min(first + _CHUNK, rows.count)))
    manifest = release.manifest
    counted = (passages, sentences, release.sentences.count)
    wanted = (manifest.passages, manifest.sentences, manifest.sentences)
    if counted != wanted or np.diff(release.starts).tolist() != counts:
        raise CorruptReleaseError(f"release {release.id}: the counts differ; build again")
    return Inspection(
        release.id,
        len(manifest.files),
        manifest.documents,
        manifest.cases,
        release.count,
        sentences,
    )


def _check_passages(
    release: Release, document: Document, case: Case, passages: list[Passage]
) -> None:
    place = case.start
    for passage in passages:
        bounds = [passage.start, *(sentence.end for sentence in passage.sentences)]
        ordered = all(start < end for start, end in pairwise(bounds))
        if passage.start < place or not ordered:
            raise _damage(release, document, f"passage {passage.id} is not where it should be")
        place = passage.end
    if passages and (passages[0].start, place) != (case.start, case.end):  # between is furniture
        raise _damage(release, document, f"case {case.id} is not covered by its passages")


def _check_chunks(
    release: Release, keys: NDArray[np.uint8], sentence_keys: NDArray[np.uint8]
) -> None:
    """Check that chunks cover the rows of every case, and the words that each is read by."""
    rows = np.arange(release.count)
    number = 0
    for at, (case, document) in enumerate(release.cases()):
        held = rows[release.row_cases() == at]
        passages = [release.row(int(row))[0] for row in held]
        for chunk in divide_case(document, case, passages, release.glossary):
            bounds = [held[chunk.first], held[chunk.first] + chunk.last - chunk.first]
            same = number < len(keys) and release.chunk_rows[number : number + 2].tolist() == bounds
            said = [each.words for each in spell_passages(passages[chunk.first : chunk.last])]
            if not same or bytes(keys[number]) != key_of_chunk([chunk.context, *said]):
                raise _damage(release, document, f"chunk {number} is not what was encoded")
            first, last = release.starts[bounds].tolist()
            found = [bytes(key) for key in sentence_keys[first:last]]
            if found != [key_of("sentence", quoted_words(words)) for words in said]:
                raise _damage(
                    release, document, f"chunk {number}: a sentence is not what was encoded"
                )
            number += 1
    if number != len(keys):
        raise CorruptReleaseError(f"release {release.id}: the chunks differ; build again")


def _damage(release: Release, document: Document, what: str) -> CorruptReleaseError:
    return CorruptReleaseError(f"release {release.id}, {document.name}: {what}; build again")
