"""A question and a release to ranked hits: dense, sentence and lexical evidence fused, then read.

Each kind of evidence is standardised over the candidates (z = (x - mean) / deviation) and the three
are added; how much words count depends on how many of the question's words the texts hold, see
`find_share`. The best DEPTH passages by each of the dense and lexical rankings are candidates, so a
collection up to that size is compared whole. The best READ by the sum are read by the sentence,
see `index.ranker`, which ranks them again. The constants were chosen on four public question sets;
benchmarks/LOG.md has the figures and what did not help.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.records import Case, Document, Passage
from index.encoder import Encoder
from index.inquiry import Inquiry, inquire, keep_content
from index.lexical import Matches
from index.ordinary import contrast, find_ordinary, has_ordinary
from index.ranker import Asked, Candidate, load_ranker
from index.reading import KEPT, Reading
from index.release import Release
from index.vectors import Vectors

DEPTH = 1000
LEXICAL = 0.3  # the rest is shared equally by dense and sentence evidence
OVERLAP_NONE, OVERLAP_FULL = 0.25, 0.5
CENTRE = 0.3
READ = 10  # passages whose sentences are compared closely, more where more are asked for

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a hit, raw.

    `dense` and `sentence` are the cosines of the passage and of its best sentence, `lexical` is
    BM25. `overlap`, 0 to 1, is the share of the sub-words of the question's content, weighted by
    rarity, that the passage holds. `contrast` is how far `sentence` stands above half the cosine of
    the question with ordinary sentences of the document's language, see `index.ordinary`.
    """

    dense: float
    sentence: float
    lexical: float
    overlap: float
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
    """A passage that came near a question, as it is weighed and as it is told."""

    row: int
    passage: Passage
    case: Case
    document: Document
    evidence: Evidence
    candidate: Candidate


def search(
    release: Release,
    encoder: Encoder,
    question: str,
    k: int,
    cases: Collection[int] | None = None,
) -> list[Hit]:
    """Return the min(k, n) best passages of a release, best first, ties by row.

    The question's names are first put as the texts have them, by the release's glossary. `cases`
    limits the search to passages of these cases, by their numbers in `release.cases()`.
    """
    inquiry = inquire(release, encoder, question)
    asked, found = find(release, encoder, inquiry, max(k, READ), cases)
    return [] if asked is None else rank(asked, found, k)


def rank(asked: Asked, found: Sequence[Found], k: int) -> list[Hit]:
    """Return the k best of what was found as hits, best first, ties by row."""
    whole, answers = load_ranker().score(asked, [one.candidate for one in found])
    scores = whole.tolist()
    order = sorted(range(len(found)), key=lambda at: (-scores[at], found[at].row))
    return [
        Hit(
            number, scores[at], found[at].passage, found[at].case, found[at].document,
            found[at].evidence, tuple(answers[at].tolist()),
        )
        for number, at in enumerate(order[:k], 1)
    ]  # fmt: skip


def find(
    release: Release,
    encoder: Encoder,
    inquiry: Inquiry,
    k: int,
    cases: Collection[int] | None = None,
) -> tuple[Asked | None, list[Found]]:
    """Return a question and its min(k, n) best passages by the fused score, ties by row.

    None and no passage where `cases` leave none.
    """
    about = keep_content(inquiry.text)
    subwords, content = encoder.split_subwords([inquiry.text, about])
    words, of_content = release.lexical.match(subwords), release.lexical.match(content)
    query = inquiry.query().vector
    rows = find_candidates(release, query, words, cases)
    if not len(rows):
        return None, []
    lexical, overlap = words.scores[rows], of_content.overlap[rows]
    share = find_share(float(words.overlap[rows].max()))
    centred = query - CENTRE * (1.0 - share) * release.mean
    near, bounds = score_sentences(release, centred, rows)
    best = np.maximum.reduceat(near, bounds[:-1])
    lean = find_lean(release, encoder, centred, rows)
    best = best - lean
    fused = fuse(release.passages.compare(rows, centred) - lean, best, lexical, share)
    whole = inquiry.asking == inquiry.text
    asking = query if whole else inquiry.query().find_part(inquiry.asking)
    asked = Asked(
        inquiry.text, about, query, asking, centred, float(best.mean()),
        max(float(best.std()), 1e-9), content, release.lexical.weigh(content), share,
    )  # fmt: skip

    first = np.lexsort((rows, -fused))[:k]
    records, read = read_rows(release, encoder, rows[first].tolist())
    vectors = release.passages.take(rows[first])
    counts = np.array([len(each) for each in read])
    numbers = [release.starts[rows[at]] + np.arange(n) for at, n in zip(first, counts, strict=True)]
    said = release.sentences.take(np.concatenate(numbers))
    starts: NDArray[np.int64] = np.cumsum(counts) - counts
    dense, sentence = vectors @ query, np.maximum.reduceat(said @ query, starts)
    found = []
    for place, (at, record, sentences) in enumerate(zip(first, records, read, strict=True)):
        cosine = float(sentence[place])
        evidence = Evidence(
            float(dense[place]), cosine, float(lexical[at]), float(overlap[at]),
            contrast(cosine, query, find_ordinary(encoder, record[-1].language)),
        )  # fmt: skip
        rowed = said[starts[place] : starts[place] + counts[place]]
        candidate = Candidate(float(fused[at]), float(lean[at]), vectors[place], rowed, sentences)
        found.append(Found(int(rows[at]), *record, evidence, candidate))
    return asked, found


def read_rows(
    release: Release, encoder: Encoder, rows: Sequence[int]
) -> tuple[list[tuple[Passage, Case, Document]], list[tuple[Reading, ...]]]:
    """Return what each of some rows encodes, and its sentences as questions are compared."""
    records = [release.row(row) for row in rows]
    texts = [[sentence.text.strip() for sentence in passage.sentences] for passage, *_ in records]
    return records, release.readings.read(encoder, rows, texts)


def read_ahead(release: Release, encoder: Encoder) -> None:
    """Read as many passages as are kept before they are asked for, so that no question waits.

    Half of the time of a question that meets passages unread goes into reading them.
    """
    rows = range(min(release.passages.count, KEPT))
    for first in rows[::READ]:
        read_rows(release, encoder, rows[first : first + READ])


def find_candidates(
    release: Release, query: Vectors, words: Matches, cases: Collection[int] | None
) -> NDArray[np.int64]:
    """Return the rows worth comparing in full, ascending, (c,) int64."""
    if cases is not None:
        rows = np.flatnonzero(np.isin(release.row_cases(), list(cases))).astype(np.int64)
        if len(rows) <= DEPTH:
            return rows
        near = rows[find_best(release.passages.compare(rows, query), DEPTH)]
        return np.union1d(near, rows[find_best(words.scores[rows], DEPTH)])
    if release.passages.count <= DEPTH:
        return np.arange(release.passages.count)
    near, _ = release.nearest.search(query, DEPTH)
    return np.union1d(near, find_best(words.scores, DEPTH)).astype(np.int64)


def find_best(scores: Scores, k: int) -> NDArray[np.int64]:
    """Return the k rows with the highest scores above 0, ties by row, in no order."""
    least = max(float(np.partition(scores, -k)[-k]), 0.0) if len(scores) > k else 0.0
    above, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
    if not least:
        return above
    return np.concatenate([above, equal[: k - len(above)]])


def score_sentences(
    release: Release, query: Vectors, rows: NDArray[np.int64]
) -> tuple[Scores, NDArray[np.int64]]:
    """Return the cosines of every sentence of `rows` (s,), and where each row's begin (c + 1,)."""
    firsts, counts = release.starts[rows], np.diff(release.starts)[rows]
    bounds = np.concatenate([[0], np.cumsum(counts)])
    numbers = np.arange(bounds[-1]) - np.repeat(bounds[:-1] - firsts, counts)
    return release.sentences.compare(numbers, query), bounds


def fuse(dense: Scores, sentence: Scores, lexical: Scores, share: float) -> Scores:
    """Return the fused score of each candidate, (c,) float32."""
    weight = LEXICAL * share
    meaning = (standardise(dense) + standardise(sentence)) / 2
    fused: Scores = (1.0 - weight) * meaning + weight * standardise(lexical)
    return fused


def find_lean(
    release: Release, encoder: Encoder, query: Vectors, rows: NDArray[np.int64]
) -> Scores:
    """Return how much nearer a question is to the language of each of some rows than to others.

    Whatever is said in a question's own language is nearer to it than the answer in another; so
    what counts is how far that goes beyond everyday sentences of the language, see
    `index.ordinary`. A row's language is that whose sentences are nearest to its vector, so that
    one with words of several is taken for what the model takes it for. (c,) float32; all 0 where
    the documents are in one language, those left out of which there are no such sentences.
    """
    languages = list(filter(has_ordinary, release.languages))
    if len(languages) < 2:
        return np.zeros(len(rows), np.float32)
    ordinary = [find_ordinary(encoder, each) for each in languages]
    told = release.row_languages
    new = rows[told[rows] < 0]
    lengths = [float(np.linalg.norm(each)) for each in ordinary]
    if len(new):
        units = [each / length for each, length in zip(ordinary, lengths, strict=True)]
        told[new] = np.argmax([release.passages.compare(new, each) for each in units], axis=0)
    # Sixteen sentences of one language are more alike than those of another, texts half as much.
    evened = [each / math.sqrt(length) for each, length in zip(ordinary, lengths, strict=True)]
    near = np.array([query @ each for each in evened], np.float32)
    return np.asarray(near - near.mean(), np.float32)[told[rows]]


def find_share(overlap: float) -> float:
    """Return how far words count for a question, 0 to 1.

    `overlap` is the largest share of its words that a passage holds. Asked in the language of the
    text, a question shares half of them (median over 2,910 English questions .61; 5 % under .38);
    asked in another, names and numbers only (median .13; 5 % over .29), where words mislead. So
    what counts is their share between OVERLAP_NONE and OVERLAP_FULL. Where words do not count,
    CENTRE of what the sentences have in common is taken out of the question's vector.
    """
    return min(max((overlap - OVERLAP_NONE) / (OVERLAP_FULL - OVERLAP_NONE), 0.0), 1.0)


def standardise(scores: Scores) -> Scores:
    """Return (x - mean) / deviation; all zero where every score is the same."""
    centred = scores - scores.sum() / np.float32(len(scores))
    deviation = math.sqrt(float(centred @ centred) / len(scores))  # a third of the time of std()
    standard: Scores = centred / np.float32(deviation) if deviation >= 1e-9 else centred * 0
    return standard
