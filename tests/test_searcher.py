"""index.search.searcher: from a question to hits with their evidence; what is kept between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.library import Library
from index.build import build
from index.encoder import Vectors
from index.ordinary import find_ordinary
from index.publish import Releases
from index.release import Release
from index.search.candidates import find_candidates
from index.search.searcher import READ, Searcher, rank
from tests.fake_encoder import FakeEncoder
from tests.small_reader import RANKER
from tests.test_candidates import TEXTS, publish

QUESTION = "When was the red bridge built?"
Write = Callable[[str, str], None]


@pytest.fixture
def searcher(published: Releases, encoder: FakeEncoder) -> Searcher:
    """Searches the small library."""
    return Searcher(Release(published.path(published.live())), encoder)


def make_searcher(library: Library, releases: Releases, encoder: FakeEncoder) -> Searcher:
    """Build what the library holds and search it."""
    build(library, releases, encoder)
    return Searcher(Release(releases.path(releases.live())), encoder)


def test_the_best_passage_comes_first(searcher: Searcher, encoder: FakeEncoder) -> None:
    """A question's passage is found with its evidence, ranks count from 1, scores fall."""
    hits = searcher.search(QUESTION, 10)
    best = hits[0]
    assert "red bridge was built" in best.passage.text
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert len(hits) == searcher.release.count
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert best.sentences.index(max(best.sentences)) == 0
    assert len(best.sentences) == len(best.passage.sentences)
    for hit in hits:
        held = {case.id: document for case, document in searcher.release.cases()}
        assert held[hit.case.id] == hit.document
        assert hit.passage.case_id == hit.case.id


def test_evidence_is_that_of_the_chunk_and_of_the_passage(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """The chunk's cosine and words; the passage's own best sentence, and its contrast."""
    long = "The red bridge was built in 1999 by Ada. It is old and long and it is made of iron. "
    write("two.txt", f"Two bridges\n\n{long * 3}\n\n{'The blue bridge is made of oak. ' * 8}\n")
    searcher = make_searcher(library, releases, encoder)
    query = searcher.parse(QUESTION)
    [asked] = encoder.encode_queries([QUESTION])
    found = searcher.find(query, 10)
    of = [one for one in found if one.document.name == "two.txt"]
    assert len(of) == 2
    assert of[0].candidate == of[1].candidate  # one chunk
    candidates = find_candidates(searcher.release, query, asked, 10)
    for one in found:
        [candidate] = [each for each in candidates if each.chunk == one.candidate.chunk]
        evidence = one.evidence
        assert evidence.dense == candidate.dense
        assert evidence.lexical == candidate.lexical
        assert evidence.overlap == candidate.overlap
        assert evidence.translated == candidate.translated
        sentences = [each.text.strip() for each in one.passage.sentences]
        near = float((encoder.encode_sentences(sentences) @ asked).max())
        assert evidence.sentence == pytest.approx(near, abs=1e-5)
        ordinary = find_ordinary(encoder, candidate.language)
        contrast = near - 0.5 * float(asked @ ordinary)
        assert evidence.contrast == pytest.approx(contrast, abs=1e-5)
        assert one.read.chunk == candidate.score
        assert [each.text for each in one.read.sentences] == sentences
        np.testing.assert_allclose(one.read.vectors, encoder.encode_sentences(sentences), atol=1e-6)
    assert of[0].evidence.sentence > of[1].evidence.sentence
    assert of[0].evidence.sentence == pytest.approx(of[0].candidate.sentence, abs=1e-6)


def test_hits_are_ranked_by_the_ranker(searcher: Searcher) -> None:
    """Their scores and those of their sentences are what it makes of what was found."""
    query = searcher.parse(QUESTION)
    asked, found = searcher.ask(query), searcher.find(query, 10)
    whole, sentences = RANKER.score(asked, [one.read for one in found])
    scores = {one.passage.id: score for one, score in zip(found, whole.tolist(), strict=True)}
    told = {one.passage.id: rows for one, rows in zip(found, sentences, strict=True)}
    hits = rank(asked, found, 10)
    assert hits == searcher.search(QUESTION, 10)
    for hit in hits:
        assert hit.score == scores[hit.passage.id]
        assert hit.sentences == tuple(told[hit.passage.id].tolist())
    assert rank(asked, [], 10) == []
    assert rank(asked, found, 1) == hits[:1]


def test_filters_leave_only_their_cases(searcher: Searcher) -> None:
    """With cases given, no passage of another is found; with none, nothing is."""
    hits = searcher.search(QUESTION, 10, {1})
    assert {hit.document.name for hit in hits} == {"tea.txt"}
    every = searcher.search(QUESTION, 10)
    assert [h.passage for h in hits] == [h.passage for h in every if h.document.name == "tea.txt"]
    assert searcher.search("bridge", 10, set()) == []


def test_only_the_best_chunks_are_read(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """READ of them, or as many more as it takes for the passages asked for."""
    for number in range(3 * READ):
        write(f"{number:02}.txt", f"Title {number}\n\nRoad number {number} is long.\n")
    searcher = make_searcher(library, releases, encoder)
    question = f"Is road number {READ} long?"
    query = searcher.parse(question)
    vector = query.read().vector
    best = [each.chunk for each in find_candidates(searcher.release, query, vector, 100)]
    for k in (1, READ, READ + 5, 100):
        read = list(dict.fromkeys(each.candidate.chunk for each in searcher.find(query, k)))
        assert read == best[: max(k, READ)]
        assert len(searcher.search(question, k)) == min(k, searcher.release.count)
    assert searcher.search(question, 1)[0].document.name == f"{READ:02}.txt"


def test_names_are_searched_as_the_texts_have_them(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """A name of the glossary finds the text that spells it otherwise; the text stays as it is."""
    write("coast.txt", "They teach in C?te d'Ivoire every year.\n")
    names = [["C?te d'Ivoire", "Côte d'Ivoire", "Ivory Coast", "科特迪瓦"]]
    (library.folder / "glossary.json").write_text(json.dumps(names), "utf-8")
    searcher = make_searcher(library, releases, encoder)
    found = searcher.find(searcher.parse("谁在科特迪瓦？"), 10)
    translated = {one.passage.text: one.evidence.translated for one in found}
    assert translated.pop("They teach in C?te d'Ivoire every year.") > 0.2
    assert max(translated.values()) < 0.1


def test_the_same_question_gives_the_same_hits(searcher: Searcher, encoder: FakeEncoder) -> None:
    """Search is a function of release and question, for many at once too."""
    first = searcher.search("tea hills", 5)
    other = Searcher(searcher.release, encoder)
    with ThreadPoolExecutor(8) as pool:
        assert all(
            hits == first for hits in pool.map(lambda _: other.search("tea hills", 5), "x" * 40)
        )


class Noting(FakeEncoder):
    """An encoder that notes its questions."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__()
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Note and encode."""
        self.asked += texts
        return super().encode_queries(texts)


def test_a_question_is_read_once(published: Releases, small_reader: None) -> None:
    """Its vector is used by all that look for it; what is asked of its names is another."""
    noting = Noting()
    searcher = Searcher(Release(published.path(published.live())), noting)
    query = searcher.parse("Which bridge did Ada build in Kano?")
    assert noting.asked == []
    assert query.held == {"Ada"}
    searcher.ask(query)
    searcher.find(query, 5)
    assert noting.asked == [query.text, query.asking]
    assert query.read() is query.read()


def test_a_question_asked_again_is_not_read_again(published: Releases, small_weights: None) -> None:
    """One of the last; but one that could not be read is."""
    noting = Noting()
    searcher = Searcher(Release(published.path(published.live())), noting)
    searcher.search("Which bridge is old?", 1)
    searcher.search("Which bridge is old?", 5)
    assert noting.asked == ["Which bridge is old?"]
    for number in range(40):
        searcher.parse(f"Which bridge has {number} trains?")
    searcher.search("Which bridge is old?", 1)
    assert noting.asked == ["Which bridge is old?"] * 2

    noting.dimension = -1  # nothing can be read
    with pytest.raises(ValueError, match="negative"):
        searcher.search("Who picks tea?", 1)
    noting.dimension = 32
    assert searcher.search("Who picks tea?", 1)


def test_what_is_asked_is_its_own_vector(searcher: Searcher, encoder: FakeEncoder) -> None:
    """Of a question with names that are held, the rest; else the same."""
    asked = searcher.ask(searcher.parse("Which bridge did Ada build in Kano?"))
    rows = encoder.encode_queries([asked.query.text, "Which bridge did build in Kano?"])
    np.testing.assert_array_equal(asked.vector, rows[0])
    np.testing.assert_array_equal(asked.asking, rows[1])
    same = searcher.ask(searcher.parse("Which bridge is old?"))
    assert same.asking is same.vector


def test_names_are_looked_for_once(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whether the texts have one is kept, by whichever name of its group; also that they do not."""
    groups = [["SANY", "三一重工"], ["Brazil", "巴西"], ["Peru", "秘鲁"]]
    write("glossary.json", json.dumps(groups))
    write("sany.txt", "三一重工的卡车在巴西运行。当地的空气更好了。\n")
    searcher = make_searcher(library, releases, encoder)
    names = ("巴西", "Brazil", "SANY", "Peru", "秘鲁", "Ada", "Huawei")
    held = [searcher.has_name(name) for name in names]
    assert held == [True, True, True, False, False, True, False]

    def fail(*_: object) -> bool:
        raise AssertionError("looked for again")

    monkeypatch.setattr("index.search.searcher.occurs", fail)
    assert [searcher.has_name(name) for name in names] == held
    with pytest.raises(AssertionError):
        Searcher(searcher.release, encoder).has_name("Ada")


def test_a_company_that_no_text_names_is_had(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Its facts say whose case a document is."""
    write("glossary.json", '[["Eno Works", "埃诺公司"]]')
    write("bridge.txt.json", '{"company": "埃诺公司"}')
    searcher = make_searcher(library, releases, encoder)
    for name, asked in (("Eno Works", "What has {} built?"), ("埃诺公司", "{}建造了几座桥？")):
        assert searcher.has_name(name)
        query = searcher.parse(asked.format(name))
        assert query.names == (name,)
        assert query.asking == " ".join(asked.format("").split())


def test_passages_are_read_ahead(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it no question cuts a sentence into words again."""
    searcher.read_ahead()

    def fail(_: str) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("index.reading.read", fail)
    assert searcher.search(QUESTION, 5)
    with pytest.raises(AssertionError):
        Searcher(searcher.release, searcher.encoder).search(QUESTION, 5)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    others=st.lists(
        st.lists(st.sampled_from(["road", "mill", "old", "is", "the", "was", "built", "水", "路"]),
                 min_size=1, max_size=30).map(" ".join),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_a_passage_has_the_same_score_beside_any_others(
    tmp_path_factory: pytest.TempPathFactory, encoder: FakeEncoder, others: list[str]
) -> None:
    """And so do its sentences: what else was found, and how much of it, changes no number."""
    more = {f"{number}.txt": f"Other {number}\n\n{text}.\n" for number, text in enumerate(others)}
    seen = []
    for texts in (TEXTS, TEXTS | more):
        release = publish(texts, tmp_path_factory.mktemp("beside"), encoder)
        hits = Searcher(release, encoder).search(QUESTION, 1000)
        seen.append([hit for hit in hits if hit.document.name in TEXTS])
    assert len(seen[0]) == len(TEXTS)
    for one, other in zip(*seen, strict=True):
        assert (one.passage, one.evidence) == (other.passage, other.evidence)
        # One product for all sentences adds in another order than one for fewer.
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert one.sentences == pytest.approx(other.sentences, abs=1e-5)


def test_a_release_without_words_is_searched(tmp_path: Path, encoder: FakeEncoder) -> None:
    """Signs alone have a vector and no term."""
    release = publish({"signs.txt": "---\n\n!!! ... !!!\n"}, tmp_path, encoder)
    hits = Searcher(release, encoder).search("???", 5)
    assert len(hits) == release.count == 1
    assert hits[0].evidence.overlap == 0
