"""chatbot.answers.deadline: what a question may take, and the questions that took hours."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatbot import cli, composition
from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import LIMIT, Deadline
from chatbot.engine import Engine
from corpus.errors import SlowError
from corpus.library import Library
from index.build import build
from index.storage.publish import Releases
from tests.clock import Clock
from tests.conftest import REPORTS
from tests.fake_encoder import FakeEncoder
from tests.patterns import bound
from tests.small_reader import SmallReader

OVER = -1.0  # seconds: the time is over before it begins


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine over the shipped report with the small encoder."""
    releases = Releases(tmp_path_factory.mktemp("report") / "releases")
    encoder = FakeEncoder()
    build(Library(REPORTS), releases, encoder)
    return Engine(releases, lambda: encoder)


ATTACKS = {
    "one company": "WeRide " * 285,
    "a list": "WeRide, CAMCE and POWERCHINA, " * 66,
    "a list without signs": "Compare WeRide CAMCE" + " " * 1900 + "!",
    "names": " ".join(f"Ada{chr(97 + at % 26)}{chr(97 + at // 26)}" for at in range(330)),
    "stops": "Who?" + "." * 1900 + " Ada",
    "another subject": "And " + " " * 1900 + "?",
    "companies in Chinese": "哪些公司和" * 400,
    "cases in Chinese": "哪些" * 900 + "案例",
    "numbers in Chinese": "一" * 1900 + "？",
    "hyphens": "a-" * 990,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_question_takes_long(report: Engine, name: str) -> None:
    """2,000 characters of anything, as a question and before one, are answered in seconds."""
    question = ATTACKS[name]
    assert 1800 < len(question) <= 2000
    with bound(5):
        report.ask(question)
        report.ask("And what about it?", [Turn("user", question)])


@pytest.mark.parametrize("name", ATTACKS)
def test_no_turn_takes_long(report: Engine, name: str) -> None:
    """8,000 characters before a question, which no question may have, are left out."""
    turns = [Turn("user", (ATTACKS[name] * 5)[:8000])] * 20
    with bound(5):
        made = report.ask("And what about WeRide?", turns)
        report.ask("Tell me more", turns)
    assert made.parts == report.ask("And what about WeRide?").parts


def test_a_deadline_is_checked() -> None:
    """Before it nothing happens, behind it one line says what to do."""
    Deadline(60).check()
    with pytest.raises(SlowError, match="-1 seconds; ask again"):
        Deadline(OVER).check()


def test_an_engine_gives_up(published: Releases) -> None:
    """Where something is searched for, alone, for more, or for several companies."""
    engine = Engine(published, FakeEncoder, limit=OVER)
    asked = [Turn("user", "When was the red bridge built?")]
    for question in ("When was the red bridge built?", "Tell me more", "Why was it?"):
        with pytest.raises(SlowError):
            engine.ask(question, asked)
    assert engine.ask("hello").found is False
    assert engine.search("bridge").hits


def test_the_time_begins_when_the_encoder_is_there(
    published: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first question that waits for the model is answered."""
    clock = Clock()
    monkeypatch.setattr("chatbot.answers.deadline.time", SimpleNamespace(monotonic=clock))

    def load() -> FakeEncoder:
        clock.now += 2 * LIMIT
        return FakeEncoder()

    assert Engine(published, load).ask("When was the red bridge built?").found


def test_the_shell_says_so_in_a_line(
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on standard error, exit code 1."""
    monkeypatch.setattr(composition, "load_encoder", lambda _: FakeEncoder())
    monkeypatch.setattr(composition, "choose_reader", lambda *_: SmallReader())
    flags = ["--reports", str(library.folder), "--var", str(tmp_path / "var")]
    assert cli.main(["build", *flags]) == 0
    monkeypatch.setattr(composition, "Engine", partial(Engine, limit=OVER))
    capsys.readouterr()
    assert cli.main(["ask", "When was the red bridge built?", *flags]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "ask again" in err
