"""index.ranker and index.kinds: features by their formulas, and what the weights make of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.kinds import SIGNS, Kind, read_signs
from index.ranker import (
    FEATURES,
    MIXTURES,
    OF_PASSAGES,
    PATH,
    Asked,
    Candidate,
    Ranker,
    describe,
    find_local,
    load_ranker,
    mark,
    mix,
)
from index.reading import fold, list_stems, read

TEXTS = ("Ada built the red bridge.", "It is old.", "It was opened in 1999 by Mr Long.")


def _asked(text: str = "When was the red bridge opened?", share: float = 1.0) -> Asked:
    vector = np.array([1.0, 0.0], np.float32)
    asking = np.array([0.6, 0.8], np.float32)
    return Asked(
        text, "red bridge opened", vector, asking, vector, 0.5, 0.25, [3, 1, 2], _rarity(), share
    )


def _rarity() -> np.ndarray:
    return np.array([0.5, 0.3, 0.2], np.float32)  # of the sub-words 1, 2, 3


def _candidate(fused: float = 2.0) -> Candidate:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]], np.float32)
    vector = np.array([0.0, 1.0], np.float32)
    sentences = list(map(read, TEXTS, [[9, 3, 1], [8], [2, 7, 3]]))
    return Candidate(fused, 0.0, vector, vectors, sentences)


def _column(name: str, *candidates: Candidate) -> list[float]:
    features = describe(_asked(), candidates or [_candidate()])
    return [float(value) for value in features[:, FEATURES.index(name)]]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("passage", [2.0, 2.0, 2.0]),
        ("near", [0.4, 2.0, -2.0]),
        ("near beyond its passage", [0.4 - 0.4 / 3, 2.0 - 0.4 / 3, -2.0 - 0.4 / 3]),
        ("near what is asked", [1.6 - 3.2 / 3, -1.6 - 3.2 / 3, 3.2 - 3.2 / 3]),
        ("words", [0.7, 0.0, 0.5]),
        ("words before", [0.0, 0.7, 0.0]),
        ("words with the one before", [0.7, 0.7, 0.5]),
        ("common words", [(0.5 + 0.2 * 2) / 3, 0.0, (0.3 + 0.2 * 2) / 3]),
        ("pairs", [0.7 / 1.5, 0.0, 0.0]),
        ("tail", [0.5, 0.0, 0.5]),
        ("first", [1.0, 0.0, 0.0]),
        ("place", [0.0, 1 / 3, 2 / 3]),
        ("length", [math.log(4), math.log(2), math.log(4)]),
    ],
)
def test_features_are_their_formulas(name: str, values: list[float]) -> None:
    """Each feature of three sentences, worked out by hand."""
    assert _column(name) == pytest.approx(values, abs=1e-5)


def test_two_sentences_together_are_one_vector_of_both() -> None:
    """The nearness of a pair is that of the sum of both vectors, made unit; ends stand alone."""
    both = (1.6 / math.hypot(1.6, 0.8) - 0.5) / 0.25
    assert _column("near with the next")[0] == pytest.approx(both, abs=1e-5)
    assert _column("near with the one before")[:2] == pytest.approx([0.4, both], abs=1e-5)
    assert _column("near with the next")[2] == pytest.approx(-2.0)


def test_a_word_of_one_sentence_tells_it_apart() -> None:
    """Local words weigh by ln((m + 1) / (n + .5)); a word that none holds weighs nothing."""
    wanted = [math.log(4 / 3.5), math.log(4 / 1.5), 0.0]
    local = find_local(np.array([[3.0, 1.0, 0.0]]), np.array([[3]]))
    assert local[0].tolist() == pytest.approx(wanted)


def test_typical_sentences_are_measured_over_all_candidates() -> None:
    """The column has mean 0 in each passage and mean square 1 over all."""
    column = _column("typical of its passage", _candidate(), _candidate(1.0))
    assert sum(column[:3]) == pytest.approx(0.0, abs=1e-5)
    assert np.mean(np.square(column)) == pytest.approx(1.0, abs=1e-4)


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
    ("question", "share", "wanted"),
    [
        ("When was it?", 1.0, [1, 0, 0]),
        ("何时建成？", 1.0, [0, 1, 0]),
        ("何时建成？", 0.25, [0, 0.25, 0.75]),
        ("1999", 0.5, [0.5, 0, 0.5]),
    ],
)
def test_kinds_of_question_are_mixed(question: str, share: float, wanted: list[float]) -> None:
    """Script decides between the first two, the share of words on the third; they add up to 1."""
    assert mix(_asked(question, share)).tolist() == pytest.approx(wanted)


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
    subwords = [[ord(sign) for sign in text] for text in texts]
    asking = sorted({ord(sign) for sign in question})
    weights = np.full(len(asking), 1 / max(len(asking), 1), np.float32)
    vectors = np.zeros((len(texts), 2), np.float32)
    one = Candidate(0.0, 0.0, vectors[0], vectors, list(map(read, texts, subwords)))
    asked = Asked(
        question, question, vectors[0], vectors[0], vectors[0], 0.0, 1e-9, asking, weights, 0.5
    )
    features = describe(asked, [one, one])
    assert features.shape == (2 * len(texts), len(FEATURES))
    assert np.isfinite(features).all()


def test_scores_are_features_times_mixed_weights(tmp_path: Path) -> None:
    """With weight on one feature of one kind, the score is that feature where the kind applies."""
    rows = {name: [0.0] * len(MIXTURES) for name in FEATURES}
    rows["words"] = [2.0, 0.0, 0.0]
    path = tmp_path / "ranker.json"
    passages = {name: [0.0] * len(MIXTURES) for name in OF_PASSAGES}
    passages |= {"passage": [3.0, 0.0, 0.0], "best sentence": [0.0, 0.0, 4.0]}
    path.write_text(json.dumps({"weights": rows, "passages": passages}), "utf-8")
    whole, scores = Ranker(path).score(_asked(share=0.5), [_candidate(), _candidate(1.0)])
    for each in scores:
        assert each.tolist() == pytest.approx([0.7, 0.0, 0.5], abs=1e-6)
    assert whole.tolist() == pytest.approx([0.5 * (6 + 2.8), 0.5 * (3 + 2.8)], abs=1e-6)


def test_the_weights_that_come_with_casebook_are_whole() -> None:
    """Every feature has a weight for every kind of question, and the file says where it is from."""
    made = json.loads(PATH.read_bytes())
    assert list(made["weights"]) == list(FEATURES)
    assert made["mixtures"] == list(MIXTURES)
    assert all(len(row) == len(MIXTURES) for row in made["weights"].values())
    assert made["command"] == "python -m benchmarks.train"
    assert len(made["sets"]) == 64


def test_the_sentence_that_answers_scores_best() -> None:
    """Asked for a date, the sentence with the date wins over one that is as near."""
    texts = ("The red bridge was opened by Ada.", "The red bridge was opened in 1999.")
    vectors = np.array([[0.8, 0.6], [0.8, 0.6]], np.float32)
    one = Candidate(2.0, 0.0, vectors[0], vectors, [read(text, [1, 2, 3]) for text in texts])
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
