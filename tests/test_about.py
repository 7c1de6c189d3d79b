"""chatbot.about: small talk and questions about Casebook are told from questions to it."""

from __future__ import annotations

import time

import pytest

from chatbot.about import WORDS, find_companies, find_topic, suggest


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("hi", "greeting"),
        ("Hello!", "greeting"),
        ("Good morning", "greeting"),
        ("你好", "greeting"),
        ("您好！", "greeting"),
        ("thanks a lot", "thanks"),
        ("谢谢", "thanks"),
        ("what can you do?", "self"),
        ("What can I ask?", "self"),
        ("who are you", "self"),
        ("help", "self"),
        ("你能做什么？", "self"),
        ("你是谁", "self"),
        ("which companies are covered?", "cases"),
        ("What companies are in the collection?", "cases"),
        ("How many cases are there?", "cases"),
        ("And which companies are covered?", "cases"),
        ("list the cases", "cases"),
        ("收录了哪些公司？", "cases"),
        ("案例集中有多少个案例？", "cases"),
        ("报告里有哪些企业？", "cases"),
    ],
)
def test_topics_are_recognised(question: str, topic: str) -> None:
    """Greetings, thanks, and questions about Casebook and what it holds."""
    assert find_topic(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "Which companies donated solar lights?",
        "which company built the water plant",
        "哪些企业捐赠了光伏产品",
        "How many people benefit from it?",
        "Hello Kitty in Dhaka",
        "What can you do about noise pollution on a building site?",
        "How many companies in a thousand villages?",
        "中国电建是谁",
        "",
    ],
)
def test_questions_to_the_collection_are_left_alone(question: str) -> None:
    """A question about the cases is never taken for small talk."""
    assert find_topic(question) is None


def test_patterns_cost_little() -> None:
    """The longest text looked at cannot make a pattern run away."""
    started = time.perf_counter()
    for piece in (
        "which companies in the in the ",
        "都有包含了",
        "how many cases does the a ",
        "hi ",
    ):
        find_topic((piece * 40)[:119] + "!x")
    assert time.perf_counter() - started < 2


def test_both_languages_have_every_word() -> None:
    """English and Chinese say the same things."""
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_suggestions_name_what_is_there() -> None:
    """Suggestions come from the companies of the release, at most three of them."""
    assert suggest([], "en") == ("Which companies are covered?",)
    assert suggest(["A", "B", "C", "D"], "zh")[1:] == (
        "A 做了什么？",
        "B 做了什么？",
        "C 做了什么？",
    )


@pytest.mark.parametrize(
    ("content", "companies"),
    [
        ("WeRide", ["WeRide"]),
        ("weride?", ["WeRide"]),
        (" WeRide 做？", ["WeRide"]),
        ("介绍一下 WeRide ", ["WeRide"]),
        ("WeRide CAMCE", ["WeRide", "CAMCE"]),
        ("CAMCE and Ride, WeRide", ["CAMCE", "Ride", "WeRide"]),
        (" CAMCE 和 WeRide 做？", ["CAMCE", "WeRide"]),
        ("WeRide stock price", []),
        ("WeRides", []),
        ("", []),
        ("Nobody", []),
    ],
)
def test_companies_alone_are_recognised(content: str, companies: list[str]) -> None:
    """Only a question with nothing but companies in it is about the companies themselves."""
    assert find_companies(content, ["CAMCE", "Ride", "WeRide"]) == tuple(companies)
