"""small_talk: small talk and questions about Casebook are told from questions to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from chatbot.answers.small_talk import find_companies, find_example, find_topic, suggest
from chatbot.answers.small_talk_examples import read_examples
from corpus.glossary import Glossary
from index.encoder.encoder import EncodedQuery, Encoder
from index.searcher import Searcher
from index.storage.publish import Releases
from tests.conftest import REPORTS
from tests.fake_encoder import FakeEncoder
from tests.fakes import no_searcher

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
COMPANIES = ("CAMCE", "Ride", "WeRide")
GLOSSARY = Glossary([["WeRide", "文远知行"]])
# The one question of `calibration.jsonl` that is nearer to a greeting than to any question.
GREETS = "Translate good morning into Japanese."

GetSearcher = Callable[[], Searcher]


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def get_searcher(report_releases: Releases, real_encoder: Encoder) -> GetSearcher:
    """A searcher in the shipped report, with the default model."""
    release = report_releases.open(report_releases.live(), real_encoder.identity)
    searcher = Searcher(release, real_encoder)
    return lambda: searcher


@pytest.fixture
def get_small(published: Releases, encoder: FakeEncoder) -> GetSearcher:
    """A searcher in the small library, with the small encoder."""
    searcher = Searcher(published.open(published.live(), encoder.identity), encoder)
    return lambda: searcher


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("hi", "greeting"),
        ("Hello!", "greeting"),
        ("  GOOD   morning", "greeting"),
        ("你好", "greeting"),
        ("您好！", "greeting"),
        ("¡HOLA!", "greeting"),
        ("السلام عليكم", "greeting"),
        ("thanks a lot 👍", "thanks"),
        ("謝謝", "thanks"),
        ("what can you do?", "self"),
        ("What can I ask?", "self"),
        ("who are you", "self"),
        ("ｗｈｏ　ａｒｅ　ｙｏｕ？", "self"),
        ("help", "self"),
        ("你能做什么？", "self"),
        ("你是谁", "self"),
        ("which companies are covered?", "cases"),
        ("How many cases are there?", "cases"),
        ("list the cases", "cases"),
        ("收录了哪些公司？", "cases"),
        ("案例集中有多少个案例？", "cases"),
        ("报告里有哪些企业？", "cases"),
        ("Tell me more!", "more"),
        ("What else?", "more"),
        ("還有嗎？", "more"),
        ("请继续", "more"),
        ("Erzähl mir mehr.", "more"),
    ],
)
def test_examples_need_no_model(question: str, topic: str) -> None:
    """What is an example but for case, width, signs and punctuation is of its topic."""
    assert find_example(question) == topic
    assert find_topic(question, no_searcher) == topic


@pytest.mark.parametrize(
    "text", ["Who built it?", "哪些公司做了光伏项目？", "?!", "👋", "", "x" * 121]
)
def test_what_is_none_needs_no_model_either(text: str) -> None:
    """An example of a question to the collection, a text without words, one that is too long."""
    assert find_topic(text, no_searcher) is None


@pytest.mark.parametrize(
    "question", ["Hello, anyone home?", "which companies donated lights", "what can you do now"]
)
def test_another_encoder_tells_by_examples_alone(question: str, get_small: GetSearcher) -> None:
    """How near is near was measured for the default model."""
    assert find_topic(question, get_small) is None
    assert find_topic("hello", get_small) == "greeting"
    assert find_companies("Anything on WeRide?", COMPANIES, GLOSSARY, get_small) == ()


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("And which companies are covered?", "cases"),
        ("What companies are in the collection?", "cases"),
        ("请问你能帮我什么", "self"),
        ("perfect, thanks", "thanks"),
        ("доброе утро", "greeting"),
        ("Can you give more details, please?", "more"),
        ("What else did WeRide do?", None),
        ("Which firm gave more than others?", None),
        ("继续教育是什么？", None),
        ("Hello Kitty in Dhaka", None),
        ("Which companies donated solar lights?", None),
        ("which company built the water plant", None),
        ("哪些企业捐赠了光伏产品", None),
        ("How many people benefit from it?", None),
        ("What can you do about noise pollution on a building site?", None),
        ("How many companies in a thousand villages?", None),
        ("中国电建是谁", None),
        ("哪些案例与教育有关？", None),
        ("Which cases mention volunteers?", None),
        ("有多少家企业发布了社会责任报告", None),
        ("كم عدد الأشخاص الذين استفادوا من المشروع؟", None),
        ("🚰 💧 how much water?", None),
    ],
)
def test_vectors_tell_small_talk_from_questions(
    question: str, topic: str | None, get_searcher: GetSearcher
) -> None:
    """In words that are no example, and in each of some languages."""
    assert find_topic(question, get_searcher) == topic


def test_small_talk_is_known(get_searcher: GetSearcher) -> None:
    """Of 116 utterances that are no example eight in ten are, and none is taken for another."""
    asked = _read(BENCHMARKS / "smalltalk.jsonl")
    found = [(one["topic"], find_topic(one["text"], get_searcher)) for one in asked]
    assert not any(find_example(one["text"]) for one in asked)
    assert sum(topic == told for topic, told in found) >= 0.8 * len(found)
    assert not [one for one in found if one[1] not in (one[0], None)]


@pytest.mark.parametrize(
    "path", [REPORTS / "questions.jsonl", BENCHMARKS / "calibration.jsonl"], ids=lambda p: p.name
)
def test_questions_are_never_taken_for_small_talk(path: Path, get_searcher: GetSearcher) -> None:
    """Those that were written for the report, in ten languages."""
    asked = [one["question"] for one in _read(path)]
    assert {one for one in asked if find_topic(one, get_searcher)} <= {GREETS}


def test_hostile_texts_cost_little(get_searcher: GetSearcher) -> None:
    """2,000 signs of anything, as long as a question may be."""
    for piece in ("which companies in the ", "都有包含了", "hi ", "WeRide and ", "سلام ", "👋🏽 a"):
        text = (piece * 2000)[:2000]
        started = time.thread_time()
        assert find_topic(text, no_searcher) is None
        told = find_companies(text, COMPANIES, GLOSSARY, no_searcher)
        assert told in ((), ("WeRide",))
        assert time.thread_time() - started < 0.5
        assert find_topic(text[:119] + "x", get_searcher) in (None, "greeting", "cases")


def test_a_question_is_read_once(published: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vector that tells its topic is the one it is searched by."""

    class Noting(FakeEncoder):
        def read_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
            read.extend(texts)
            return super().read_queries(texts)

    read: list[str] = []
    monkeypatch.setattr("chatbot.answers.small_talk.is_measured", lambda _: True)
    searcher = Searcher(published.open(published.live()), Noting())
    read_examples(searcher.encoder)
    read.clear()
    question = "When was the red bridge built?"
    find_topic(question, lambda: searcher)
    searcher.search(question, 3)
    assert read == [question]


def test_suggestions_name_what_is_there() -> None:
    """Suggestions come from the companies of the release, at most three of them."""
    assert suggest([], "en") == ("Which companies are covered?",)
    assert suggest(["A", "B", "C", "D"], "zh")[1:] == (
        "A 做了什么？",
        "B 做了什么？",
        "C 做了什么？",
    )


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("WeRide", ["WeRide"]),
        ("weride?", ["WeRide"]),
        ("WeRide 做了什么？", ["WeRide"]),
        ("介绍一下文远知行", ["WeRide"]),
        ("Tell me about weride", ["WeRide"]),
        ("WeRide CAMCE", ["WeRide", "CAMCE"]),
        ("CAMCE and Ride, WeRide", ["CAMCE", "Ride", "WeRide"]),
        ("CAMCE 和 WeRide 做了什么？", ["CAMCE", "WeRide"]),
        ("What did WeRide, CAMCE and Ride do?", ["WeRide", "CAMCE", "Ride"]),
        ("WeRides", []),
        ("", []),
        ("Nobody", []),
    ],
)
def test_companies_alone_are_recognised(question: str, companies: list[str]) -> None:
    """Only a question with nothing but companies in it is about the companies themselves."""
    found = find_companies(question, COMPANIES, GLOSSARY, no_searcher)
    assert found == tuple(companies)


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Tell me something about WeRide", ["WeRide"]),
        ("Give me an overview of CAMCE, please", ["CAMCE"]),
        ("我很想了解文远知行", ["WeRide"]),
        ("WeRide stock price", []),
        ("Where is WeRide?", []),
        ("Tell me about WeRide in Kenya", []),
        ("What did CAMCE do in Panama?", []),
        ("文远知行的法人代表是谁？", []),
        ("Who is the CEO of WeRide?", []),
        ("What did WeRide carry into Guangzhou?", []),
        ("文远知行在广州运送了什么？", []),
        ("How many people did CAMCE and WeRide help?", []),
    ],
)
def test_what_is_asked_of_companies_is_told_by_vectors(
    question: str, companies: list[str], get_searcher: GetSearcher
) -> None:
    """What is left of a question without them tells whether anything is."""
    assert find_companies(question, COMPANIES, GLOSSARY, get_searcher) == tuple(companies)
