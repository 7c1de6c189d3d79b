"""chatbot.conversation: what stands alone, and what the others are about."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.conversation import (
    Turn,
    asks_for_more,
    carry_over,
    clean_history,
    count_more,
    find_subject,
    is_whole,
    join_questions,
    stands_alone,
)
from corpus.glossary import Glossary


@pytest.mark.parametrize(
    "question",
    [
        "How many people benefit from the Padma Water Plant?",
        "What about Nigeria?",
        "Is there a water plant in Bangladesh?",
        "Which companies donated solar lights?",
        "Are there any recipes for apple pie?",
        "中国电建在哪些国家捐赠了光伏产品？",
        "帕德玛水厂惠及多少人？",
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    """A question that names its subject is searched as it is."""
    assert stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many people benefit from it?",
        "And where was that?",
        "Why?",
        "When did they start?",
        "And how many people benefit?",
        "Also, what was said about the noise at night?",
        "Tell me more",
        "Can you give more details, please?",
        "What else?",
        "还有吗？",
        "请继续",
        "What is the goal of the project?",
        "它惠及多少人？",
        "为什么？",
        "这个项目在哪里？",
        "什么时候？",
    ],
)
def test_questions_that_lean_on_what_came_before(question: str) -> None:
    """A question that points back takes the last one that stood alone with it."""
    assert not stands_alone(question)
    history = [
        Turn("user", "What did CAMCE build in Bangladesh?"),
        Turn("assistant", "WeRide and POWERCHINA, ignore this"),
        Turn("user", "Why was it built?"),
        Turn("assistant", "..."),
    ]
    assert find_subject(question, history) == "What did CAMCE build in Bangladesh?"


def test_without_history_there_is_no_subject() -> None:
    """There is none before the first turn, in what Casebook answered, or for a whole question."""
    assert find_subject("Why is it?", []) == ""
    assert find_subject("Why is it?", [Turn("assistant", "Padma Water Plant")]) == ""
    assert find_subject("What about Nigeria?", [Turn("user", "What did CAMCE build?")]) == ""


def test_the_subject_changes_with_the_reader() -> None:
    """The nearest question that stands alone is the subject, not an older one."""
    history = [Turn("user", "What did CAMCE build?"), Turn("user", "What did WeRide carry?")]
    assert find_subject("When was it?", history) == "What did WeRide carry?"


GLOSSARY = Glossary([["WeRide", "文远知行"], ["CAMCE", "中工国际"]])
COMPANIES = ["WeRide", "CAMCE", "POWERCHINA"]


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        ("What did CAMCE do for schools?", "And what about POWERCHINA?",
         "What did POWERCHINA do for schools?"),
        ("What did CAMCE do in Kenya?", "What about Nigeria?", "What did CAMCE do in Nigeria?"),
        ("中工国际什么时候做的？", "那文远知行呢？", "WeRide 什么时候做的？"),
        ("Which firm saved orphans?", "How about WeRide?", "Which firm saved orphans? WeRide"),
        ("What did CAMCE build?", "What about the noise at night?", ""),
        ("What did CAMCE build?", "What did WeRide build?", ""),
        ("Why?", "What about WeRide?", ""),
    ],
)  # fmt: skip
def test_the_same_is_asked_of_another_subject(before: str, question: str, whole: str) -> None:
    """A company takes the place of the company, another name that of another name."""
    made = carry_over(question, [Turn("user", before)], GLOSSARY, COMPANIES)
    assert made.strip() == whole


def test_a_company_takes_its_place_by_every_name() -> None:
    """Also where its case spells it by another than the glossary puts first."""
    history = [Turn("user", "What did WeRide do in Kenya?")]
    glossary = Glossary([["SANY", "三一重工"], ["WeRide", "文远知行"]])
    made = carry_over("What about SANY?", history, glossary, ["三一重工", "文远知行"])
    assert made == "What did SANY do in Kenya?"


def test_what_is_carried_over_comes_from_the_last_whole_question() -> None:
    """Not from one that only named a subject, nor from what Casebook answered."""
    history = [
        Turn("user", "What did CAMCE do for schools?"),
        Turn("user", "What about WeRide?"),
        Turn("assistant", "Who stole the bridge of Huawei?"),
    ]
    made = carry_over("And POWERCHINA?", history, GLOSSARY, COMPANIES)
    assert made == "What did POWERCHINA do for schools?"
    assert carry_over("And POWERCHINA?", [], GLOSSARY, COMPANIES) == ""
    assert not is_whole("And POWERCHINA?")


@pytest.mark.parametrize(
    "question",
    [
        "Which firm gave more than others?",
        "More trees?",
        "继续教育是什么？",
        "What else did WeRide do?",
    ],
)
def test_more_of_something_is_a_question_of_its_own(question: str) -> None:
    """Only what asks for nothing but more goes on with the last answer."""
    assert not asks_for_more(question)


def test_asking_for_more_is_counted_as_long_as_it_lasts() -> None:
    """Up to the last question of another kind; what Casebook answered does not count."""
    history = [Turn("user", "more"), Turn("user", "What is ESG?")]
    assert count_more("What is ESG?", history) == 0
    assert count_more("Tell me more", history) == 1
    history += [Turn("user", "Tell me more"), Turn("assistant", "What is this?")]
    assert count_more("what else?", history) == 2
    assert find_subject("what else?", history) == "What is ESG?"


def test_what_was_asked_before_is_cleaned_as_a_question_is() -> None:
    """What could not be asked is left out; answers stay as they are."""
    long = "WeRide " * 1200
    history = [
        Turn("user", " What did\n\u202eCAMCE  build? "),
        Turn("assistant", long),
        Turn("user", long),
        Turn("user", "???"),
    ]
    assert clean_history(history) == [
        Turn("user", "What did CAMCE build?"),
        Turn("assistant", long),
    ]


@given(question=st.text(max_size=300), said=st.lists(st.text(max_size=50), max_size=4))
def test_any_words_can_be_asked(question: str, said: list[str]) -> None:
    """Whatever is asked, the subject is nothing, or something the reader said."""
    subject = find_subject(question, [Turn("user", text) for text in said])
    assert subject in ["", *(text.strip() for text in said)]


def test_long_questions_cost_little() -> None:
    """No pattern takes more than linear time."""
    started = time.perf_counter()
    for piece in (
        "it ",
        "and ",
        "the project ",
        "A",
        "a-",
        "那",
        "what about ",
        "more ",
        "please ",
    ):
        stands_alone(piece * (20_000 // len(piece)))
        carry_over(piece * (20_000 // len(piece)), [], GLOSSARY, COMPANIES)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("subject", "joined"),
    [
        ("", "When?"),
        ("Tell me about Ada", "Tell me about Ada. When?"),
        ("Who is Ada?", "Who is Ada? When?"),
        ("Ada 是谁？", "Ada 是谁？ When?"),
        ('Who said "no."', 'Who said "no." When?'),
    ],
)
def test_a_question_after_another_is_its_own_sentence(subject: str, joined: str) -> None:
    """So its first word is no name for its capital."""
    assert join_questions(subject, "When?") == joined
