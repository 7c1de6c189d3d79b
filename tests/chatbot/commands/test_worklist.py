"""chatbot.commands.worklist: what readers missed, as an editor sees it in a shell."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import composition
from chatbot.publishing.asked_questions import AskedQuestions
from chatbot.publishing.feedback import Vote, VoteLog
from corpus.library import Library
from tests.chatbot.conftest import Shell
from tests.fake_encoder import FakeEncoder
from tests.fakes import FakeEngine


@pytest.fixture
def flags(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Flags for a library whose readers asked in vain, and voted."""
    monkeypatch.setattr(composition, "load_encoder", lambda _: FakeEncoder())
    var = tmp_path / "var"
    asked = AskedQuestions(var, 90)
    for question in ("Who paints the moon?", "Who paints the moon?", "Is it \x1b[2J near?"):
        asked.note(replace(FakeEngine().ask("Why?"), question=question))
    said = "the other\x1b[2J case"
    vote = Vote("When?", "00c0ffee0000", "down", comment=said, reason="missing")
    VoteLog(var, 180).append(vote)
    return ["--reports", str(library.folder), "--var", str(var)]


def test_it_is_printed_by_kind(flags: list[str], shell: Shell) -> None:
    """How often, when, in which zone; nothing in it steers the terminal."""
    code, out, _ = shell("worklist", *flags)
    assert code == 0
    assert "asked in vain (2 items)" in out
    assert "voted down (1 item)" in out
    assert "Who paints the moon?" in out
    assert " UTC, absent, confidence 0.10" in out
    assert "2 times" in out
    assert " UTC, should be there\n" in out
    assert "1 time," in out
    assert "\x1b" not in out
    told = json.loads(shell("worklist", "--json", *flags)[1])["worklist"]
    lines = shell("worklist", "--jsonl", *flags)[1].splitlines()
    assert [json.loads(line) for line in lines] == told
    assert len(told) == 3


def test_items_become_known_or_done(flags: list[str], shell: Shell, library: Library) -> None:
    """By their ids; what is no item is one line, and nothing is written."""
    ids = {
        item["questions"][0]: item["id"]
        for item in json.loads(shell("worklist", "--json", *flags)[1])["worklist"]
    }
    moon = ids["Who paints the moon?"]
    code, out, _ = shell("worklist", "--known", moon, "--answers", "Ada", *flags)
    assert (code, out.split()) == (0, ["known", "Who", "paints", "the", "moon?"])
    *_, last = (library.folder / "questions.jsonl").read_text("utf-8").splitlines()
    assert json.loads(last) == {
        "question": "Who paints the moon?", "language": "en", "answers": ["Ada"],
    }  # fmt: skip
    rest = [each for question, each in ids.items() if question != "Who paints the moon?"]
    assert shell("worklist", "--done", *rest, *flags)[0] == 0
    assert shell("worklist", *flags)[1:] == ("", "nothing is to be done\n")
    for wrong in (["--done", moon], ["--known", "../x"]):
        code, out, said = shell("worklist", *wrong, *flags)
        assert (code, out, said.count("\n")) == (1, "", 1)
        assert "on the worklist no longer" in said
    code, _, said = shell("worklist", "--answers", "Ada", *flags)
    assert (code, "say which item by --known" in said) == (2, True)
