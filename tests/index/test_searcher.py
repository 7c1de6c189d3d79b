"""index.searcher: from a question to hits with their evidence; what is kept between them."""

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
from index.encoder.encoder import Vectors
from index.reader.protocol import Reading, Text
from index.reader.ranking import Found, rank
from index.search.candidates import find_candidates
from index.search.query import Query
from index.searcher import READ, Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder
from tests.index.search.test_candidates import TEXTS, publish

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


def test_a_text_is_a_whole_chunk(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Its passages with their rows, their sentences, and how near each is to the question."""
    long = "The red bridge was built in 1999 by Ada. It is old and long and it is made of iron. "
    write("two.txt", f"Two bridges\n\n{long * 3}\n\n{'The blue bridge is made of oak. ' * 8}\n")
    searcher = make_searcher(library, releases, encoder)
    release = searcher.release
    query = searcher.parse(QUESTION)
    [asked] = encoder.encode_queries([QUESTION])
    texts = searcher.find(query, 10)
    assert [each.candidate for each in texts] == find_candidates(release, query, asked, 10)
    assert sorted(row for each in texts for row in each.rows) == list(range(release.count))
    [two] = [each for each in texts if each.document.name == "two.txt"]
    assert two.counts == [6, 8]
    for text in texts:
        assert [release.row(row) for row in text.rows] == [
            (passage, text.case, text.document) for passage in text.passages
        ]
        said = [each.text.strip() for passage in text.passages for each in passage.sentences]
        assert [each.text for each in text.sentences] == said
        rows = encoder.encode_sentences(said)
        np.testing.assert_allclose(text.vectors, rows, atol=1e-6)
        np.testing.assert_allclose(text.nearness, rows @ asked, atol=1e-5)


def test_rows_of_a_table_are_read_with_their_header(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """As they were encoded; what is quoted of them stays as it stands."""
    write("table.txt", "Lamps\n\nYear | Lamps\n\n2020 | 40\n\n2021 | 60\n\nThe lamps are red.\n")
    searcher = make_searcher(library, releases, encoder)
    [text, *_] = searcher.find(searcher.parse("How many lamps in which year?"))
    assert [(each.text, each.header) for each in text.sentences] == [
        ("Year | Lamps", True), ("Year: 2020 | Lamps: 40", False),
        ("Year: 2021 | Lamps: 60", False), ("The lamps are red.", False),
    ]  # fmt: skip
    quoted = [each.text.strip() for passage in text.passages for each in passage.sentences]
    assert quoted == ["Year | Lamps", "2020 | 40", "2021 | 60", "The lamps are red."]
    rows = encoder.encode_sentences([each.text for each in text.sentences])
    np.testing.assert_allclose(text.vectors, rows, atol=1e-6)


def test_what_a_case_lacks_is_a_share_of_the_names(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Of all that the question has; a case has one by its text, its titles or its company."""
    write("glossary.json", '[["Eno Works", "埃诺公司"], ["Kenya", "肯尼亚"]]')
    write("bridge.txt.json", '{"company": "埃诺公司"}')
    write("tea.txt.json", '{"title": "Tea from 肯尼亚"}')
    searcher = make_searcher(library, releases, encoder)
    query = searcher.parse("Did Eno Works and Ada ever build in Kenya?")
    assert query.names == ("Eno Works", "Kenya", "Ada")
    lacking = {each.document.name: each for each in searcher.find(query)}
    assert lacking["bridge.txt"].lacking == pytest.approx(1 / 3)
    assert lacking["tea.txt"].lacking == pytest.approx(2 / 3)
    told = {
        name: searcher.list_lacking(query, each.case, each.document)
        for name, each in lacking.items()
    }
    assert told == {"bridge.txt": ["Kenya"], "tea.txt": ["Eno Works", "Ada"]}
    assert all(each.lacking == 0 for each in searcher.find(searcher.parse("who builds?")))


def test_what_is_found_is_what_the_reader_says(searcher: Searcher) -> None:
    """Hits in the order of its scores, its confidence, and the names that no text has."""
    query = searcher.parse("When did Ada and Huawei build the red bridge?")
    texts = searcher.find(query)
    reading = searcher.reader.read(query, texts)
    found = searcher.read(query)
    assert found.hits == tuple(rank(texts, reading))
    assert found.confidence == reading.confidence
    assert found.lacking == ("Huawei",)
    assert searcher.search(query.text, 2) == list(found.hits[:2])


def test_another_reader_may_be_given(published: Releases, encoder: FakeEncoder) -> None:
    """It is handed the question and the texts, best first, and what it says of them counts."""
    given: list[tuple[str, list[float]]] = []

    class Last:
        name = "last"

        def read(self, query: Query, texts: Sequence[Text]) -> Reading:
            given.append((query.text, [each.candidate.score for each in texts]))
            scores = [np.zeros(len(each.sentences), np.float32) for each in texts]
            scores[-1][-1] = 3.0
            return Reading(tuple(scores), 1.0, 0.25)

    searcher = Searcher(Release(published.path(published.live())), encoder, Last())
    found = searcher.read(searcher.parse(QUESTION))
    [(question, scores)] = given
    assert question == QUESTION
    assert scores == sorted(scores, reverse=True)
    last = searcher.find(searcher.parse(QUESTION))[-1]
    assert found.hits[0].passage == last.passages[-1]
    assert (found.hits[0].score, found.hits[1].score, found.confidence) == (2.0, -1.0, 0.25)


def test_filters_leave_only_their_cases(searcher: Searcher) -> None:
    """With cases given, no passage of another is found; with none, nothing is."""
    hits = searcher.search(QUESTION, 10, {1})
    assert {hit.document.name for hit in hits} == {"tea.txt"}
    every = searcher.search(QUESTION, 10)
    assert [h.passage for h in hits] == [h.passage for h in every if h.document.name == "tea.txt"]
    assert searcher.search("bridge", 10, set()) == []
    assert searcher.read(searcher.parse("bridge"), cases=set()) == Found((), 0.0)


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
        assert [each.candidate.chunk for each in searcher.find(query, k)] == best[:k]
        assert len(searcher.search(question, k)) == min(k, searcher.release.count)
    assert len(searcher.find(query)) == READ
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
    translated = {one.document.name: one.candidate.translated for one in found}
    assert translated.pop("coast.txt") > 0.2
    assert max(translated.values()) < 0.1
    [coast] = [one for one in found if one.document.name == "coast.txt"]
    assert coast.passages[0].text == "They teach in C?te d'Ivoire every year."


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
    """However often it is put, and what is asked of its names beside it once."""
    noting = Noting()
    searcher = Searcher(Release(published.path(published.live())), noting)
    question = "Which bridge did Ada build in Kano?"
    query = searcher.parse(question)
    assert noting.asked == []
    assert query.held == {"Ada"}
    searcher.read(query)
    searcher.search(question, 5)
    searcher.read(searcher.parse(question), cases={1})
    assert noting.asked == [question, query.asking]
    assert query.asking == "Which bridge did build in Kano?"


def test_only_the_last_questions_are_kept(published: Releases, small_reader: None) -> None:
    """A reader who asks many others has the first one read again."""
    noting = Noting()
    searcher = Searcher(Release(published.path(published.live())), noting)
    searcher.search("which bridge?", 1)
    for number in range(100):
        searcher.search(f"which of {number}?", 1)
    assert noting.asked.count("which bridge?") == 1
    searcher.search("which bridge?", 1)
    assert noting.asked.count("which bridge?") == 2


def test_a_question_that_failed_is_read_again(published: Releases, small_reader: None) -> None:
    """A model that had no room is asked anew by whoever asks next."""

    class Failing(Noting):
        def encode_queries(self, texts: Sequence[str]) -> Vectors:
            rows = super().encode_queries(texts)
            if len(self.asked) == 1:
                raise MemoryError("no room")
            return rows

    searcher = Searcher(Release(published.path(published.live())), Failing())
    with pytest.raises(MemoryError):
        searcher.search("which bridge?", 1)
    assert searcher.search("which bridge?", 1)


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

    monkeypatch.setattr("index.searcher.occurs", fail)
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


def test_the_companies_that_are_named_are_listed(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Those with cases, in the question's order and spelling, each once by whichever name."""
    write("glossary.json", '[["Eno Works", "埃诺公司"], ["Ada Bros", "阿达公司"], ["Zoe", "佐伊"]]')
    write("bridge.txt.json", '{"company": "埃诺公司"}')
    write("tea.txt.json", '{"company": "Ada Bros"}')
    searcher = make_searcher(library, releases, encoder)
    held = searcher.release.cases()

    def name(question: str) -> list[tuple[str, str]]:
        return [
            (held[case][1].name, spelled)
            for company, spelled in searcher.list_named(question)
            for case in searcher.release.cases_of[company]
        ]

    assert name("阿达公司、Eno Works 和 Zoe 建了什么？") == [
        ("tea.txt", "阿达公司"), ("bridge.txt", "Eno Works"),
    ]  # fmt: skip
    assert name("Ada Bros, Ada Bros and 阿达公司") == [("tea.txt", "Ada Bros")]
    assert name("What do the Enormous Works do?") == []


def test_passages_are_read_ahead(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it no question cuts a sentence into words again."""
    searcher.read_ahead()

    def fail(_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("index.reader.stemmed.stem", fail)
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
