"""index.search.candidates: the score by its formula, whatever else is in the collection."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.chunks import divide_case
from corpus.language.stems import list_stems
from corpus.library import Library
from corpus.passages import is_searched
from index.build import build
from index.encoder.encoder import Encoder
from index.languages.dictionary import Dictionary
from index.languages.rarity import hash_term
from index.search.candidates import CHUNK, TRANSLATED, WORDS, Candidate, find_candidates
from index.searcher import Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from index.storage.words import K1
from tests.fake_encoder import FakeEncoder
from tests.index.storage.test_words import share
from tests.small_dictionary import open_small_dictionary

TEXTS = {
    "bridge.txt": "Bridges of the north\n\nThe red bridge was built in 1999 by Ada. It is long.\n",
    "tea.txt": "Tea of the south\n\nGreen tea grows on the seven hills. Farmers pick it by hand.\n",
    "tee.txt": "Tee aus dem Süden\n\nGrüner Tee wächst auf den sieben Hügeln und wird gepflückt.\n",
    "桥.txt": "北方的桥\n\n红色的桥是艾达公司在1999年建造的。每天有九列火车通过。\n",
    "茶.txt": "南方的茶\n\n茶叶在春天采摘。农民每天工作八小时。\n",
}
QUESTIONS = (
    "When was the red bridge built?", "红色的桥是什么时候建造的？", "Wer pflückt den Tee?",
    "Which company grows tea in 1999?", "???",
)  # fmt: skip


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """A few words of Chinese and English."""
    return open_small_dictionary(tmp_path_factory.mktemp("dictionary"))


@pytest.fixture
def polyglot(dictionary: Dictionary) -> FakeEncoder:
    """The small encoder, with a dictionary."""
    encoder = FakeEncoder()
    encoder.dictionary = dictionary
    return encoder


def publish(texts: dict[str, str], folder: Path, encoder: Encoder) -> Release:
    """Publish some documents and open what came of them."""
    (folder / "reports").mkdir(parents=True)
    for name, text in texts.items():
        (folder / "reports" / name).write_text(text, "utf-8")
    releases = Releases(folder / "releases")
    build(Library(folder / "reports"), releases, encoder)
    return Release(releases.path(releases.live()))


def find(
    release: Release,
    encoder: Encoder,
    question: str,
    k: int = 1000,
    cases: Collection[int] | None = None,
) -> list[Candidate]:
    """Return the candidates for a question."""
    query = Searcher(release, encoder).parse(question)
    return find_candidates(release, query, query.read().vector, k, cases)


def list_chunks(release: Release) -> list[tuple[str, str, list[str]]]:
    """Return document, words and sentences of every chunk."""
    found = []
    for case, document in release.cases():
        held = [each for each in release.case_passages(case) if is_searched(each, case.title)]
        for chunk in divide_case(document, case, held, release.glossary):
            passages = held[chunk.first : chunk.last]
            sentences = [each.text.strip() for one in passages for each in one.sentences]
            found.append((document.name, chunk.words, sentences))
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_their_formula(tmp_path: Path, polyglot: FakeEncoder, question: str) -> None:
    """Both cosines by their shares, and the words that are met in the chunk's language."""
    release = publish(TEXTS, tmp_path, polyglot)
    query = Searcher(release, polyglot).parse(question)
    [asked] = polyglot.encode_queries([question])
    chunks = list_chunks(release)
    terms = [[hash_term(term) for term in list_stems(words)] for _, words, _ in chunks]
    languages = release.languages_of_chunks.tolist()
    assert {"en", "de", "zh"} <= set(languages)
    own = share(terms, query.groups(query.language))
    found = {each.chunk: each for each in find(release, polyglot, question)}
    assert found.keys() == set(range(len(chunks)))
    for number, (_, words, sentences) in enumerate(chunks):
        one, language = found[number], languages[number]
        dense = float(polyglot.encode_chunks([(words,)])[0][0] @ asked)
        best = float((polyglot.encode_sentences(sentences) @ asked).max())
        same = language == query.language
        translated = 0.0 if same else share(terms, query.groups(language))[number]
        met = WORDS * own[number] if same else TRANSLATED * translated
        bm25 = (K1 + 1) * own[number] * sum(weight for _, weight in query.groups(query.language))
        wanted = Candidate(
            number, CHUNK * dense + (1 - CHUNK) * best + met, dense, best, bm25, own[number],
            translated, language, query.language,
        )  # fmt: skip
        for name in ("score", "dense", "sentence", "lexical", "overlap", "translated"):
            assert getattr(one, name) == pytest.approx(getattr(wanted, name), abs=1e-5), name
        assert (one.language, one.asked) == (language, query.language)


def test_a_question_in_two_languages_has_the_better_scores(
    tmp_path: Path, polyglot: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each chunk, with the evidence of the first; also where not every chunk is compared."""
    release = publish(TEXTS, tmp_path, polyglot)
    searcher = Searcher(release, polyglot)
    one, other = (searcher.parse(question) for question in QUESTIONS[:2])
    scores = [
        {each.chunk: each for each in find(release, polyglot, query.text)} for query in (one, other)
    ]
    wanted = [
        replace(each, score=max(each.score, scores[1][chunk].score))
        for chunk, each in scores[0].items()
    ]
    wanted.sort(key=lambda each: (-each.score, each.chunk))
    assert wanted != list(scores[0].values())
    vector = one.read().vector
    assert find_candidates(release, one, vector, 1000, None, other) == wanted
    assert find_candidates(release, one, vector, 2, None, other) == wanted[:2]
    assert find_candidates(release, one, vector, 1000, None, one) == list(scores[0].values())
    kept = [each for each in wanted if release.chunk_cases()[each.chunk] in (1, 2)]
    assert find_candidates(release, one, vector, 9, [1, 2], other) == kept
    monkeypatch.setattr("index.search.candidates.DEPTH", 1)
    monkeypatch.setattr("index.search.candidates.NEAR", 1)
    few = find_candidates(release, one, vector, 1000, None, other)
    assert {*few} <= {*wanted}
    assert {few_of.chunk for few_of in few} >= {
        each.chunk for query in (one, other) for each in find(release, polyglot, query.text)
    }


def test_words_of_one_language_find_the_other(tmp_path: Path, polyglot: FakeEncoder) -> None:
    """By the dictionary, and not by their own, which no chunk of the other holds."""
    release = publish(TEXTS, tmp_path, polyglot)
    chunks = list_chunks(release)
    for question, name in (
        ("红色的桥是什么时候建造的？", "bridge.txt"), ("Which tea?", "茶.txt"),
    ):  # fmt: skip
        found = {chunks[each.chunk][0]: each for each in find(release, polyglot, question)}
        assert found[name].translated > 0.2
        assert found[name].overlap == 0
        assert found["桥.txt" if name == "茶.txt" else "tea.txt"].translated == 0


def test_the_best_come_first_and_ties_by_number(tmp_path: Path, polyglot: FakeEncoder) -> None:
    """However many are asked for, the first ones are the same; copies come in their order."""
    copies = {f"copy{number}.txt": TEXTS["bridge.txt"] for number in range(6)}
    release = publish(TEXTS | copies, tmp_path, polyglot)
    every = find(release, polyglot, QUESTIONS[0])
    assert [each.score for each in every] == sorted((e.score for e in every), reverse=True)
    assert len({each.score for each in every[:7]}) == 1
    assert [each.chunk for each in every[:7]] == sorted(each.chunk for each in every[:7])
    for k in (0, 1, 5, len(every)):
        assert find(release, polyglot, QUESTIONS[0], k) == every[:k]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("limits", [(1000, 200), (3, 2)])
def test_a_filter_comes_before_the_best(
    tmp_path: Path,
    polyglot: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    limits: tuple[int, int],
) -> None:
    """Among some cases the same is found, in the same order, as among all of them.

    Also in a collection of which not every chunk is compared, where the cases have few.
    """
    release = publish(TEXTS, tmp_path, polyglot)
    every = find(release, polyglot, question)
    for name, value in zip(("DEPTH", "NEAR"), limits, strict=True):
        monkeypatch.setattr(f"index.search.candidates.{name}", value)
    for cases in ({0}, {1, 3}, {4, 2, 0}):
        wanted = [each for each in every if release.chunk_cases()[each.chunk] in cases]
        for k in (1, 10):
            assert find(release, polyglot, question, k, cases) == wanted[:k]


def test_cases_that_leave_none_find_nothing(tmp_path: Path, polyglot: FakeEncoder) -> None:
    """Neither no cases nor such as are not there."""
    release = publish(TEXTS, tmp_path, polyglot)
    for cases in ([], [99], set[int]()):
        assert find(release, polyglot, QUESTIONS[0], 5, cases) == []


VOCABULARY = (
    "red", "bridge", "built", "1999", "Ada", "green", "tea", "hills", "was", "the", "桥", "红色",
    "建造", "公司", "brücke", "tee",
)  # fmt: skip
OTHERS = st.lists(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=30).map(" ".join),
    min_size=1, max_size=20,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25)
@given(others=OTHERS, question=st.sampled_from(QUESTIONS))
def test_a_chunk_has_the_same_evidence_beside_any_others(
    tmp_path_factory: pytest.TempPathFactory,
    dictionary: Dictionary,
    others: list[str],
    question: str,
) -> None:
    """Every number of it, to the bit: one document more or less moves no score."""
    encoder = FakeEncoder()
    encoder.dictionary = dictionary
    alone = publish(TEXTS, tmp_path_factory.mktemp("alone"), encoder)
    more = {f"{number}.txt": f"Other {number}\n\n{text}.\n" for number, text in enumerate(others)}
    beside = publish(TEXTS | more, tmp_path_factory.mktemp("beside"), encoder)
    seen = []
    for release in (alone, beside):
        chunks = list_chunks(release)
        seen.append(
            {
                chunks[each.chunk][0]: replace(each, chunk=0)
                for each in find(release, encoder, question)
                if chunks[each.chunk][0] in TEXTS
            }
        )
    assert len(seen[0]) == len(TEXTS)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("filtered", [False, True])
def test_each_language_has_its_best_in_a_large_collection(
    tmp_path: Path, polyglot: FakeEncoder, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    """However many chunks of another there are: its nearest and those of its words are compared."""
    many = {
        f"{number}.txt": f"Title {number}\n\nRed bridge {number} was built in {1900 + number}.\n"
        for number in range(40)
    }
    release = publish(TEXTS | many, tmp_path, polyglot)
    every = {each.chunk: each for each in find(release, polyglot, QUESTIONS[1])}
    monkeypatch.setattr("index.search.candidates.DEPTH", 10)
    monkeypatch.setattr("index.search.candidates.NEAR", 1)
    cases = range(len(release.cases())) if filtered else None
    few = {each.chunk: each for each in find(release, polyglot, QUESTIONS[1], 1000, cases)}
    assert len(few) <= 2 * len(release.languages) < len(every)
    assert all(every[number] == each for number, each in few.items())
    for language in release.languages:
        of = [each for each in every.values() if each.language == language]
        assert max(of, key=lambda each: each.dense).chunk in few
        met = {e.chunk: e.overlap if language == "zh" else e.translated for e in of}
        if any(met.values()):
            assert max(met, key=lambda chunk: (met[chunk], -chunk)) in few


def test_few_cases_of_a_large_collection_are_compared_whole(
    tmp_path: Path, polyglot: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a filter leaves no more than are compared in a small one."""
    many = {f"{n}.txt": f"Title {n}\n\nRoad {n} is long.\n" for n in range(12)}
    monkeypatch.setattr("index.search.candidates.DEPTH", 4)
    monkeypatch.setattr("index.search.candidates.NEAR", 1)
    release = publish(many, tmp_path, polyglot)
    found = find(release, polyglot, "Is the road long?", 1000, [3, 4, 5, 6])
    assert len(found) == 4
    assert len(find(release, polyglot, "Is the road long?")) <= 2
