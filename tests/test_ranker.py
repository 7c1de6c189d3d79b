"""index.ranker and index.kinds: features by their formulas, and what the weights make of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.stems import fold, list_stems
from index.kinds import SIGNS, Kind, read_signs
from index.ranker import (
    FEATURES,
    MIXTURES,
    OF_PASSAGES,
    PATH,
    Asked,
    Floats,
    Ranker,
    Read,
    describe,
    describe_passages,
    find_local,
    load_ranker,
    mark,
    mix,
)
from index.reading import read
from index.search.alignment import LearnedMap
from index.search.query import Query
from tests.fake_encoder import FakeEncoder
from tests.small_weights import make_ranker
from tests.test_query import ask

TEXTS = ("Ada built the red bridge.", "It is red.", "It was opened in 1999 by Mr Long.")
WEIGHTS = {"red": 5.0, "bridg": 3.0, "opene": 2.0}
CHINESE = (
    (frozenset({"红色"}), 5.0),
    (frozenset({"桥梁", "大桥"}), 3.0),
    (frozenset({"通车"}), 2.0),
)


def _query(text: str = "When was the red bridge opened?", language: str = "en") -> Query:
    stems = tuple(list_stems("red bridge opened"))
    own = tuple((frozenset([stem]), WEIGHTS[stem]) for stem in stems)
    return Query(
        text, language, "red bridge opened", stems, WEIGHTS, (), (), frozenset(), text,
        {language: own, "zh": CHINESE}, {}, lambda: FakeEncoder().read_queries([text])[0],
    )  # fmt: skip


def _asked(query: Query | None = None) -> Asked:
    vector, asking = np.array([1.0, 0.0], np.float32), np.array([0.6, 0.8], np.float32)
    return Asked(query or _query(), vector, asking)


def _read(chunk: float = 0.5, language: str = "en", texts: Sequence[str] = TEXTS) -> Read:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]], np.float32)[: len(texts)]
    vector = np.array([0.0, 1.0], np.float32)
    return Read(chunk, language, vector, vectors, list(map(read, texts)))


def _column(name: str, *passages: Read, asked: Asked | None = None) -> list[float]:
    features = describe(asked or _asked(), passages or [_read()])
    return [float(value) for value in features[:, FEATURES.index(name)]]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("chunk", [5.0, 5.0, 5.0]),
        ("near", [6.0, 10.0, 0.0]),
        ("near beyond its passage", [6.0 - 16 / 3, 10.0 - 16 / 3, -16 / 3]),
        ("near what is asked", [4.0, -4.0, 8.0]),
        ("typical of its passage", [2.0, -6.0, 4.0]),
        ("words", [0.8, 0.5, 0.2]),
        ("words before", [0.0, 0.8, 0.5]),
        ("words with the one before", [0.8, 0.8, 0.7]),
        (
            "local words",
            [
                0.3 * math.log(4 / 1.5) + 0.5 * math.log(4 / 2.5),
                0.5 * math.log(4 / 2.5),
                0.2 * math.log(4 / 1.5),
            ],
        ),
        ("common words", [(0.3 + 0.5 * 2) / 3, 0.5 * 2 / 3, 0.2 / 3]),
        ("words of its passage", [1.0, 1.0, 1.0]),
        ("pairs", [0.8 / 1.3, 0.0, 0.0]),
        ("tail", [0.5, 0.0, 0.5]),
        ("translated", [0.0, 0.0, 0.0]),
        ("translated of its passage", [0.0, 0.0, 0.0]),
        ("first", [1.0, 0.0, 0.0]),
        ("place", [0.0, 1 / 3, 2 / 3]),
        ("length", [math.log(6), math.log(4), math.log(9)]),
        ("another language", [0.0, 0.0, 0.0]),
    ],
)
def test_features_are_their_formulas(name: str, values: list[float]) -> None:
    """Each feature of three sentences, worked out by hand."""
    assert _column(name) == pytest.approx(values, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("translated", [0.8, 0.0, 0.2]),
        ("translated of its passage", [1.0, 1.0, 1.0]),
        ("another language", [1.0, 1.0, 1.0]),
        ("words", [0.0, 0.0, 0.0]),
    ],
)
def test_another_language_is_met_by_its_own_words(name: str, values: list[float]) -> None:
    """A group of the question's words there is met by any of its terms, and has its weight."""
    chinese = _read(texts=("红色的大桥。", "它很老。", "1999年通车，大通车。"), language="zh")
    assert _column(name, chinese) == pytest.approx(values, abs=1e-5)
    both = _column(name, _read(), chinese)
    assert both[:3] == pytest.approx(_column(name, _read()), abs=1e-5)
    assert both[3:] == pytest.approx(values, abs=1e-5)


def test_a_language_of_which_no_words_are_known_meets_none() -> None:
    """And says that it is another."""
    german = _read(language="de")
    assert _column("translated", german) == [0.0, 0.0, 0.0]
    assert _column("words", german) == _column("words")
    assert _column("another language", german) == [1.0, 1.0, 1.0]


def test_two_sentences_together_are_one_vector_of_both() -> None:
    """The nearness of a pair is that of the sum of both vectors, made unit; ends stand alone."""
    both = 10 * 1.6 / math.hypot(1.6, 0.8)
    assert _column("near with the next")[0] == pytest.approx(both, abs=1e-5)
    assert _column("near with the one before")[:2] == pytest.approx([6.0, both], abs=1e-5)
    assert _column("near with the next")[2] == pytest.approx(0.0)


def test_a_word_of_one_sentence_tells_it_apart() -> None:
    """Local words weigh by ln((m + 1) / (n + .5)); a word that none holds weighs nothing."""
    wanted = [math.log(4 / 3.5), math.log(4 / 1.5), 0.0]
    local = find_local(np.array([[3.0, 1.0, 0.0]]), np.array([[3]]))
    assert local[0].tolist() == pytest.approx(wanted)


def test_passages_are_their_own_evidence_and_their_best_sentence() -> None:
    """One row for each, by where its sentences begin."""
    passages = [_read(), _read(0.25, "zh", ("红色的桥。",))]
    features = describe(_asked(), passages)
    scores = np.array([1.0, 3.0, 2.0, -1.0], np.float32)
    found = describe_passages(features, scores, np.array([0, 3]))
    assert OF_PASSAGES == ("chunk", "words of its passage", "another language", "best sentence")
    wanted = np.array([[5, 1, 0, 3], [2.5, 0, 1, -1]])
    np.testing.assert_allclose(np.asarray(found, np.float64), wanted, atol=1e-6)


def test_stems_are_word_beginnings_and_pairs_of_signs() -> None:
    """Numbers stay whole; Chinese and Japanese give every two neighbouring signs."""
    assert list_stems("Inventors invented it in 20000101") == [
        "inven", "inven", "it", "in", "20000101",
    ]  # fmt: skip
    assert list_stems("帕德玛水厂 海") == ["帕德", "德玛", "玛水", "水厂", "海"]
    assert list_stems("?!") == []


@pytest.mark.parametrize(
    "words",
    [
        ("Mexiko", "México", "Mexico's"), ("Prozess", "proceso", "process"),
        ("Philadelphia", "Filadelfia"), ("Kommission", "comisión", "commission"),
        ("Zentrum", "centro"), ("Schanghai", "Shanghai"), ("ＷｅＲｉｄｅ", "WeRide"),
    ],
)  # fmt: skip
def test_words_that_languages_share_begin_alike(words: tuple[str, ...]) -> None:
    """Whatever letters each spells them with, and with accents or without."""
    assert len({list_stems(word)[0] for word in words}) == 1


def test_folding_keeps_what_is_no_accent() -> None:
    """Case and accents go; the voicing of kana and the syllables of Korean stay."""
    assert fold("Côte d’Ivoire ÅÑЙ") == "cote d'ivoire anи"
    assert fold("ガス한국") == "ガス한국"


def test_marks_say_which_text_holds_which_word() -> None:
    """One row for each text, one column for each word, also where there is none."""
    texts = [frozenset({"b", "c"}), frozenset[str](), frozenset({"b", "a"})]
    assert mark(["a", "b"], texts).tolist() == [[0, 1], [0, 0], [1, 1]]
    assert mark([], texts).shape == (3, 0)


@pytest.mark.parametrize(
    ("asked", "told", "wanted"),
    [
        ("en", "en", [1, 0, 0]),
        ("de", "de", [1, 0, 0]),
        ("zh", "zh", [0, 1, 0]),
        ("ja", "ja", [0, 1, 0]),
        ("zh", "en", [0, 0, 1]),
        ("en", "zh", [0, 0, 1]),
        ("und", "en", [0, 0, 1]),
        ("und", "und", [1, 0, 0]),
    ],
)
def test_each_pair_of_languages_is_of_one_kind(asked: str, told: str, wanted: list[int]) -> None:
    """In the text's language with blanks, in it without, or in another."""
    assert mix(_query(language=asked), told).tolist() == wanted


@pytest.mark.parametrize(
    ("question", "sentence", "sign"),
    [
        ("How many pumps are there?", "There are 12 pumps.", "number asked"),
        ("有多少台水泵？", "共有三百台水泵，十年不坏。", "number asked"),
        ("¿Cuántas bombas hay?", "Hay doce o quince, dos viejas.", "number word asked"),
        ("Wann wurde sie gebaut?", "Im Januar begann der Bau.", "date asked"),
        ("何时竣工？", "2019年竣工。", "date asked"),
        ("Who built it?", "It was built by Ada Long.", "name asked of who"),
        ("Where is it?", "It lies near Dhaka.", "name asked of where"),
        ("为什么停工？", "因洪水停工。", "reason asked"),
        ("What is it?", "It lies near Dhaka.", "leans"),
    ],
)
def test_a_sentence_shows_the_kind_that_is_asked_for(
    question: str, sentence: str, sign: str
) -> None:
    """Question words of several languages, and what answers them."""
    assert dict(zip(SIGNS, Kind(question).find_signs(read_signs(sentence)), strict=True))[sign]
    assert not any(Kind("x").find_signs(read_signs("nothing here")))


def test_what_the_question_says_itself_is_no_news() -> None:
    """Its own number and its own name answer nothing."""
    kind = Kind("How many of the 12 pumps did Ada build?")
    assert not any(kind.find_signs(read_signs("Then Ada saw 12 pumps.")))


@given(question=st.text(max_size=80), texts=st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_any_text_has_finite_features(question: str, texts: list[str]) -> None:
    """Whatever is asked of whatever text, every feature is a number."""
    query = ask(question)
    vectors = np.zeros((len(texts), 2), np.float32)
    for language in ("en", "zh", "und"):
        one = Read(0.0, language, vectors[0], vectors, list(map(read, texts)))
        features = describe(Asked(query, vectors[0], vectors[0]), [one, one])
        assert features.shape == (2 * len(texts), len(FEATURES))
        assert np.isfinite(features).all()
        np.testing.assert_array_equal(features[: len(texts)], features[len(texts) :])


SENTENCES = st.lists(
    st.lists(st.sampled_from(["red", "bridge", "opened", "Ada", "1999", "红色"]), min_size=1).map(
        " ".join
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@given(passage=SENTENCES, others=st.lists(SENTENCES, max_size=5), seed=st.integers(0, 99))
def test_a_score_does_not_depend_on_what_else_was_found(
    passage: list[str], others: list[list[str]], seed: int
) -> None:
    """That of a passage, and those of its sentences, are the same alone and among any others."""
    chance = np.random.default_rng(seed)
    ranker = make_ranker(
        dict(zip(FEATURES, chance.normal(size=len(FEATURES)), strict=True)),
        dict(zip(OF_PASSAGES, chance.normal(size=len(OF_PASSAGES)), strict=True)),
    )

    def make(texts: list[str]) -> Read:
        vectors: Floats = np.array([[len(text) / 9, 1.0] for text in texts], np.float32)
        return Read(len(texts) / 5, "en", vectors[0], vectors, list(map(read, texts)))

    whole, sentences = ranker.score(_asked(), [make(passage)])
    found, told = ranker.score(_asked(), [*map(make, others), make(passage)])
    assert found[-1] == pytest.approx(whole[0], abs=1e-3)
    assert told[-1].tolist() == pytest.approx(sentences[0].tolist(), abs=1e-3)


def test_scores_are_features_times_weights_of_the_kind(tmp_path: Path) -> None:
    """With weight on one feature of one kind, the score is that feature where the kind applies."""
    rows = {name: [0.0] * len(MIXTURES) for name in FEATURES}
    rows["words"], rows["translated"] = [2.0, 0.0, 0.0], [0.0, 7.0, 5.0]
    passages = {name: [0.0] * len(MIXTURES) for name in OF_PASSAGES}
    passages |= {"chunk": [3.0, 1.0, 0.0], "best sentence": [1.0, 0.0, 4.0]}
    path = tmp_path / "ranker.json"
    path.write_text(json.dumps({"weights": rows, "passages": passages}), "utf-8")
    chinese = _read(language="zh", texts=("红色的桥。", "它很老。"))
    whole, scores = Ranker(path).score(_asked(), [_read(), chinese, _read(1.0)])
    assert scores[0].tolist() == scores[2].tolist() == pytest.approx([1.6, 1.0, 0.4], abs=1e-6)
    assert scores[1].tolist() == pytest.approx([2.5, 0.0], abs=1e-6)
    assert whole.tolist() == pytest.approx([3 * 5 + 1.6, 4 * 2.5, 3 * 10 + 1.6], abs=1e-5)


def test_the_weights_that_come_with_casebook_are_whole() -> None:
    """Every feature has a weight for every kind of pair, and the file says where it is from."""
    made = json.loads(PATH.read_bytes())
    assert list(made["weights"]) == list(FEATURES)
    assert list(made["passages"]) == list(OF_PASSAGES)
    assert made["mixtures"] == list(MIXTURES)
    for part in ("weights", "passages"):
        assert all(len(row) == len(MIXTURES) for row in made[part].values())
    assert made["command"] == "python -m benchmarks.train"
    assert made["model"].startswith(LearnedMap().encoder)


def test_the_sentence_that_answers_scores_best() -> None:
    """Asked for a date, the sentence with the date wins over one that is as near."""
    texts = ("The red bridge was opened by Ada.", "The red bridge was opened in 1999.")
    vectors = np.array([[0.8, 0.6], [0.8, 0.6]], np.float32)
    one = Read(0.9, "en", vectors[0], vectors, list(map(read, texts)))
    scores = load_ranker().score(_asked(), [one])[1][0]
    assert scores[1] > scores[0]


@pytest.mark.parametrize(
    ("question", "sentence", "lacks"),
    [
        ("What is WeRide's revenue?", "It has 300 cars of level 4.", True),
        ("What is WeRide's revenue?", "It earned 3 million US dollars.", False),
        ("帕德玛水厂的造价是多少？", "The plant serves 3 million people.", True),
        ("帕德玛水厂的造价是多少？", "水厂花费了5亿元。", False),
        ("Was kostet eine Lampe?", "Sie kostet 30 €.", False),
        ("How much water does it give?", "It gives 450,000 tons a day.", False),
        ("How did it reduce the cost of noise?", "It put up walls.", False),
        ("如何降低成本？", "采用了新技术。", False),
    ],
)
def test_a_sum_of_money_needs_a_currency(question: str, sentence: str, lacks: bool) -> None:
    """Where one is asked for; a cost that is only mentioned asks for none."""
    assert Kind(question).lacks_money(read_signs(sentence)) is lacks


@pytest.mark.parametrize(
    ("sentence", "lacks"),
    [
        ('Lamps were given for "A Hundred Companies in a Thousand Villages".', True),
        ("They read “100 Lamps and 1,000 Nights” and 《三十六家》 there.", True),
        ('He said "500 lamps came" to them.', False),
        ('Nine lamps were given for "A Hundred Companies".', False),
    ],
)
def test_numbers_of_a_title_count_nothing(sentence: str, lacks: bool) -> None:
    """What is named after a number is not as many."""
    assert Kind("How many lamps did they give?").lacks_count(read_signs(sentence)) is lacks
