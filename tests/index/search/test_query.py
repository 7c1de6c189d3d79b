"""index.search.query: a question's names, what is asked of them, its words in every language."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.glossary import Glossary
from corpus.language.stems import list_stems
from index.encoder.encoder import EncodedQuery
from index.languages.dictionary import Dictionary
from index.languages.rarity import hash_term, load_rarity
from index.search.query import Query, parse, put_names
from tests.fake_encoder import FakeEncoder
from tests.small_dictionary import open_small_dictionary

GLOSSARY = Glossary(
    [["SANY", "三一重工"], ["Brazil", "巴西"], ["C?te d'Ivoire", "Ivory Coast", "科特迪瓦"]]
)
Held = Callable[[str], bool]


def ask(
    question: str,
    dictionary: Dictionary | None = None,
    known: Collection[str] = GLOSSARY.names,
    is_held: Held = lambda _: True,
    languages: Collection[str] = ("en", "zh"),
) -> Query:
    """Return a question as it is put to texts in some languages."""

    def read() -> EncodedQuery:
        return FakeEncoder().read_queries([question])[0]

    dictionary = dictionary or Dictionary.empty()
    return parse(question, languages, known, is_held, GLOSSARY, dictionary, read)


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """A few words of both languages."""
    return open_small_dictionary(tmp_path_factory.mktemp("dictionary"))


@pytest.mark.parametrize(
    "question", ["How many people benefit from the Padma Water Plant?", "谁？", "Who's it-girl?"]
)
def test_every_word_counts_by_its_rarity(question: str) -> None:
    """In the question's order; no list says which words only ask."""
    query = ask(question)
    assert query.stems == tuple(list_stems(question))
    assert query.weights == {stem: load_rarity().weigh([stem]) for stem in list_stems(question)}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Which bridge did Ada build in Kano?", "Which bridge did build in ?"),
        ("Ada 在 Kano 做了什么？", "在 做了什么？"),
        ("Who is Ada?", "Who is ?"),
        ("Ada? Kano!", "Ada? Kano!"),
    ],
)
def test_what_is_asked_of_names(text: str, asked: str) -> None:
    """The rest of the question, or all of it where the rest has no word."""
    assert ask(text, known=("Ada", "Kano")).asking == asked


def test_a_question_is_asked_of_the_names_that_are_held() -> None:
    """Names that the texts do not have stay in what is asked."""
    query = ask("Which bridge did Ada build in Kano?", is_held=lambda name: name == "Ada")
    assert query.names == ("Ada", "Kano")
    assert query.held == {"Ada"}
    assert query.asking == "Which bridge did build in Kano?"
    assert ask("Which bridge did Ada build?", is_held=lambda _: False).asking == query.text.replace(
        " in Kano", ""
    )


def test_known_names_are_names_in_any_script() -> None:
    """Those of the glossary and of companies come first; what its letters give away, then."""
    query = ask("三一重工和 WeRide 在巴西做什么？")
    assert query.names == ("三一重工", "巴西", "WeRide")
    assert query.known is GLOSSARY.names
    assert query.language == "zh"


@pytest.mark.parametrize(
    ("question", "language", "put"),
    [
        ("Does SANY work in Brazil?", "zh", "Does 三一重工 work in 巴西?"),
        ("Does SANY work in Brazil?", "en", "Does SANY work in Brazil?"),
        ("三一重工在巴西做什么？", "en", " SANY 在 Brazil 做什么？"),
        ("三一重工在巴西做什么？", "de", " SANY 在 Brazil 做什么？"),
        ("三一重工在巴西做什么？", "zh", "三一重工在巴西做什么？"),
        ("Who teaches in the Ivory Coast?", "en", "Who teaches in the Ivory Coast?"),
        ("谁在科特迪瓦教书？", "en", "谁在 C?te d'Ivoire 教书？"),
        ("Is Eno there?", "zh", "Is Eno there?"),
    ],
)
def test_names_are_put_as_a_language_spells_them(question: str, language: str, put: str) -> None:
    """By the first of its group in that script; what is in it already stays, and so do others."""
    assert put_names(question, GLOSSARY, language) == put


def test_words_are_those_of_the_question_in_its_own_language() -> None:
    """Each stem once, in order, alone in its group and weighed by its rarity."""
    query = ask("Is the red bridge red?")
    stems = [*dict.fromkeys(list_stems("Is the red bridge red?"))]
    assert query.words["en"] == tuple(
        (frozenset([stem]), load_rarity().weigh([stem])) for stem in stems
    )
    assert query.groups("en") == tuple(
        ([hash_term(stem)], load_rarity().weigh([stem])) for stem in stems
    )


def test_words_are_translated_into_the_other_language(dictionary: Dictionary) -> None:
    """What the dictionary has for them, and the names of the glossary as they are spelled there."""
    query = ask("红色的桥是巴西哪家公司建造的？", dictionary)
    groups = [terms for terms, _ in query.words["en"]]
    assert frozenset(list_stems("bridge")) in groups
    assert frozenset(list_stems("Brazil")) in groups
    assert frozenset(list_stems("construct build")) in groups
    assert not any("红色" in group for group in groups)
    for (terms, weight), (numbers, same) in zip(query.words["en"], query.groups("en"), strict=True):
        assert numbers == sorted(map(hash_term, terms))
        assert weight == same == load_rarity().weigh(terms)
    back = ask("Which company in Brazil built the red bridge?", dictionary)
    held = {term for terms, _ in back.words["zh"] for term in terms}
    assert {"公司", "巴西", "红色", *list_stems("bridge")} <= held


def test_a_language_without_a_dictionary_shares_words(dictionary: Dictionary) -> None:
    """Names and numbers are alike in many; so are all words where no dictionary is there."""
    query = ask("Who built the red bridge in 1999?", dictionary, languages=("en", "de", "und"))
    assert query.words["de"] == query.words["und"] == query.words["en"]
    assert query.groups("de") == query.groups("en") == query.groups("fr")
    assert ask("Who built it in 1999?").words["zh"] == ask("Who built it in 1999?").words["en"]
    german = ask("三一重工在巴西做什么？", dictionary, languages=("de",)).words["de"]
    assert {"sani", "brasi"} <= {term for terms, _ in german for term in terms}


def test_a_question_is_read_when_its_vector_is_asked_for() -> None:
    """Parsing waits for no model."""
    query = ask("Is the red bridge red?")
    wanted = FakeEncoder().encode_queries([query.text])[0]
    np.testing.assert_array_equal(query.read().vector, wanted)

    def fail() -> EncodedQuery:
        raise AssertionError("read")

    parse("Is it?", ["en"], (), lambda _: True, GLOSSARY, Dictionary.empty(), fail)


@pytest.mark.parametrize(
    "question", ["桥" * 2000, "x" * 2000, "SANY " * 400, "a b " * 500, "?" * 9]
)
def test_long_questions_are_parsed(dictionary: Dictionary, question: str) -> None:
    """As long as one may be, whatever it is of, in no time."""
    began = time.thread_time()
    query = ask(question, dictionary)
    assert time.thread_time() - began < 2
    assert query.asking
    assert query.stems or not any(map(str.isalnum, question))


def test_the_first_words_of_a_long_question_count(dictionary: Dictionary) -> None:
    """A question of more words than can differ in sense is cut in its words, not in its text."""
    question = " ".join(f"w{number}q" for number in range(900))
    query = ask(question, dictionary)
    stems = list_stems(question)[:400]
    assert [terms for terms, _ in query.words["en"]] == [frozenset([stem]) for stem in stems]
    assert query.text == question


@given(question=st.text(max_size=2000), held=st.booleans())
def test_any_question_is_parsed(dictionary: Dictionary, question: str, held: bool) -> None:
    """Whatever is asked: groups are not empty, weights above 0, names stand in the question."""
    query = ask(question, dictionary, is_held=lambda _: held)
    for language in ("en", "zh", "und"):
        assert all(numbers and weight > 0 for numbers, weight in query.groups(language))
        assert len(query.groups(language)) <= 400
    assert all(name in question for name in query.names)
    assert query.held == (frozenset(query.names) if held else frozenset())


def test_a_name_is_met_by_others_of_its_group() -> None:
    """One group has the stems of all names alike in the question's script, and it stands once."""
    query = ask("What happens in Ivory Coast?")
    alike = frozenset(
        stem
        for name in ("C?te d'Ivoire", "Ivory Coast")
        for stem in list_stems(name)
        if len(stem) > 1
    )
    groups = [terms for terms, _ in query.words["en"]]
    assert groups[0] == alike
    assert groups[1:] == [frozenset([stem]) for stem in list_stems("What happens in")]
    assert ask("What happens in Brazil?").words["en"][-1][0] == frozenset(list_stems("Brazil"))


@pytest.mark.parametrize("question", ["solar lamps", "SANY", "123"])
def test_keywords_without_a_language_are_english(question: str) -> None:
    """They are met in English texts as they are, and translated for Chinese ones."""
    query = ask(question)
    assert query.language == "en"
    assert query.groups("en") == query.numbers["en"]
