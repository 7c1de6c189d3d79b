"""offered_questions: what readers may ask, each tried by the engine before it is offered."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from chatbot.answers.catalogue import Catalogue
from chatbot.engine import Engine
from chatbot.publishing import offered_questions
from chatbot.publishing.offered_questions import OfferedQuestions
from corpus.errors import NoReleaseError, SlowError
from tests.fakes import BENEFIT, KNOWN, LIGHTS, LOCKDOWN, RELEASE, FakeEngine, serving

ALL = "Which companies are covered?"


def write(path: Path, questions: dict[str, dict[str, Any]]) -> None:
    """Write a file of known questions."""
    lines = (json.dumps({"question": asked, **told}) for asked, told in questions.items())
    path.write_text("\n".join(lines), "utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The editor's file, with the fake engine's known questions."""
    write(tmp_path / "questions.jsonl", KNOWN)
    return tmp_path / "questions.jsonl"


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine of its own for each test."""
    return FakeEngine()


def offer(engine: FakeEngine, path: Path, *given: Any) -> list[str]:
    """Return what is offered."""
    made = OfferedQuestions(cast(Engine, engine), path).offer(*given)
    return [each.question for each in made.questions]


def test_known_questions_come_first_and_each_is_answered(engine: FakeEngine, path: Path) -> None:
    """In the language asked for, with the links of what is quoted; none that is asked in vain."""
    made = OfferedQuestions(cast(Engine, engine), path).offer("en")
    known = {asked for asked, told in KNOWN.items() if told["language"] == "en"}
    assert {each.question for each in made.questions} == known - {"How high is the wind farm?"} | {
        ALL
    }
    assert made.questions[-1].question == ALL
    assert all(each.links and each.language == "en" for each in made.questions)
    assert offer(engine, path, "zh")[-1] == "收录了哪些公司？"


def test_an_answer_in_other_words_is_not_offered(engine: FakeEngine, path: Path) -> None:
    """The editor says what answers; what quotes something else would mislead."""
    write(path, {"Who benefits?": {"language": "en", "answers": [LOCKDOWN]}})
    assert offer(engine, path, "en") == [ALL]
    write(path, {"Who benefits?": {"language": "en", "answers": ["no such words"]}})
    assert offer(engine, path, "en") == [ALL]
    write(path, {"Who benefits?": {"language": "en", "answers": ["approximately 3\nmillion"]}})
    assert offer(engine, path, "en") == ["Who benefits?", ALL]


def test_a_company_and_cases_narrow_what_is_offered(engine: FakeEngine, path: Path) -> None:
    """Each is tried within the company; of cases only those that are there count."""
    engine.quotes = {**engine.quotes, "camce": (BENEFIT,), "powerchina": (LIGHTS,)}
    benefit = "How many people benefit from the Padma Water Plant?"
    assert offer(engine, path, "en", "CAMCE") == [benefit, "What did CAMCE do?"]
    assert {wanted for _, wanted in map(repr_wanted, engine.tried)} == {"CAMCE"}
    case = next(case.id for case in engine.entry.cases if case.company == "POWERCHINA")
    ids = [case.id for case in engine.entry.cases if case.company == "POWERCHINA"]
    made = offer(engine, path, "en", "", ids)
    assert set(made) == {"Where were solar lights given?", "What did POWERCHINA do?"}
    assert offer(engine, path, "en", "CAMCE", [case]) == []
    assert offer(engine, path, "en", "", ["nothing"]) == []
    assert offer(engine, path, "en", "Nobody") == []


def repr_wanted(tried: tuple[str, list[str]]) -> tuple[str, str]:
    """Return a question that was tried and the company it was tried within."""
    return tried[0], ",".join(tried[1])


def test_what_was_tried_is_kept_with_the_release(
    engine: FakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked twice until another release is live, or the editor wrote the file."""
    offered = OfferedQuestions(cast(Engine, engine), path)
    first = offered.offer("en")
    tried = len(engine.tried)
    assert offered.offer("en") == first
    offered.offer("en", "", [case.id for case in engine.entry.cases])
    again = [question for question, _ in engine.tried[tried:]]
    assert set(again).isdisjoint(question for question, _ in engine.tried[:tried])
    path.write_text("", "utf-8")
    assert [each.question for each in offered.offer("en").questions] == [ALL]
    entries = engine.cases().entries
    monkeypatch.setattr(engine, "cases", lambda: Catalogue(entries, "fa4e00000001"))
    tried = len(engine.tried)
    assert offered.offer("en").release == "fa4e00000001"
    assert len(engine.tried) > tried


def test_no_file_or_a_bad_one_leaves_the_cases(
    engine: FakeEngine, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A line of the log names the file and the place; readers get what is made of the cases."""
    engine.quotes = {"camce": (BENEFIT,)}
    path.write_text('{"question": 7}', "utf-8")
    with caplog.at_level(logging.WARNING, "casebook"):
        assert offer(engine, path, "en") == ["What did CAMCE do?", ALL]
    assert "questions.jsonl: line 1:" in caplog.text
    path.unlink()
    assert offer(engine, path, "en") == ["What did CAMCE do?", ALL]


def test_what_fails_is_not_offered_and_tried_again(engine: FakeEngine, path: Path) -> None:
    """An engine too busy to try offers nothing; without a release there is the engine's error."""
    offered = OfferedQuestions(cast(Engine, engine), path)
    find = engine.find_citations

    def fail(*_: object) -> Any:
        raise SlowError("no answer after 30 seconds")

    engine.find_citations = fail  # type: ignore[method-assign, assignment]
    assert offered.offer("en").questions == ()
    engine.find_citations = find  # type: ignore[method-assign]
    assert offered.offer("en").questions
    engine.error = NoReleaseError("var/releases: nothing is published")
    with pytest.raises(NoReleaseError):
        offered.offer("en")


def test_one_offer_tries_few(
    engine: FakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many questions the editor has; and it gives up after some seconds."""
    told = {"language": "en", "answers": ["no such words"]}
    write(path, {f"Who paints the moon {at} times?": told for at in range(300)})
    assert offer(engine, path, "en") == []
    assert len(engine.tried) == offered_questions._TRIED
    monkeypatch.setattr(offered_questions, "_PATIENCE", -1)
    engine.tried.clear()
    assert offer(engine, path, "en") == []
    assert engine.tried == []


def test_the_route_refuses_what_it_cannot_offer(engine: FakeEngine) -> None:
    """Questions and their links as JSON; another language, or too much, is a 422."""
    with serving(engine) as address, httpx.Client(base_url=address) as client:
        told = client.get("/api/questions", params={"language": "zh"}).json()
        assert told["release"] == RELEASE
        assert {each["language"] for each in told["questions"]} == {"zh"}
        assert all(each["links"][0].startswith("cases/") for each in told["questions"])
        unknown = client.get("/api/questions", params={"case": ["\x00", "<b>"]})
        assert (unknown.status_code, unknown.json()["questions"]) == (200, [])
        for bad in ({"language": "fr"}, {"case": ["c"] * 9}, {"case": "c" * 201}, {"q": "x"}):
            assert client.get("/api/questions", params=bad).status_code == 422
