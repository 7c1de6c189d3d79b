"""What the verbs print, as it was printed before; see transcript.py."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from chatbot import cli, composition
from chatbot.commands import evaluation
from corpus.library import Library
from tests.fake_encoder import FakeEncoder
from tests.transcript import FOLDER, LIBRARIES, QUESTIONS, Keep, Transcript


class Shell:
    """The verbs as a person runs them on a copy of a library."""

    def __init__(self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.copytree(LIBRARIES[name], folder / "reports")
        self._flags = ["--reports", str(folder / "reports"), "--var", str(folder / "var")]
        self._capsys = capsys
        self.verbs: set[str] = set()
        self.transcript = Transcript({
            "library": folder / "reports", "var": folder / "var", "more": FOLDER / "more",
        })  # fmt: skip

    def run(self, *arguments: str, output: bool = True) -> str:
        """Run a verb and note what it prints; returns what it printed as a result."""
        try:
            code: Any = cli.main([*arguments, *self._flags])
        except SystemExit as error:  # as argparse ends
            code = error.code
        out, err = self._capsys.readouterr()
        noted = [f"| {line}" for line in err.splitlines()]
        if output:
            self.verbs.add(arguments[0])
            self.transcript.add(" ".join(arguments), out, *noted, f"-> {code}")
        return out


@pytest.fixture
def small_models(small_reader: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the verbs use the small encoder and reader, and floors of their own."""
    monkeypatch.setattr(composition, "load_encoder", lambda _: FakeEncoder())
    monkeypatch.setattr(evaluation, "FLOORS", tmp_path / "floors.json")


def test_verbs_on_the_report(
    small_models: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: Keep
) -> None:
    """Built, shown and asked."""
    shell = Shell("report", tmp_path, capsys)
    document = Library(LIBRARIES["report"]).names()[0]
    shell.run("build")
    for verb in (["list"], ["show", document], ["status"], ["verify"]):
        shell.run(*verb)
    for question in QUESTIONS["report"]:
        shell.run("ask", question)
    shell.run("search", QUESTIONS["report"][0], "-k", "3")
    keep(shell.transcript, "report/shell.txt")


def test_verbs_on_the_mixed_library(
    small_models: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: Keep
) -> None:
    """Each verb, as words and as JSON, in the life of a library: empty, built, changed, lost."""
    shell = Shell("mixed", tmp_path, capsys)
    run = shell.run
    for verb in ("status", "ask water", "releases", "verify", "list", "build --dry-run"):
        run(*verb.split())
    run("build")
    for verb in (
        "build", "build --dry-run --json", "build --json", "list --json", "releases", "status",
        "status --json", "verify", "verify --json", "evaluate", "evaluate --json",
    ):  # fmt: skip
        run(*verb.split())
    for name in Library(LIBRARIES["mixed"]).names():
        run("show", name)
    run("show", "harbour.md", "--json")
    for question in QUESTIONS["mixed"]:
        run("ask", question)
    run("ask", QUESTIONS["mixed"][0], "--json")
    run("ask", "--language", "zh", QUESTIONS["mixed"][1])
    run("ask", "--company", "Brill", "How many towns drink the water?")
    run("ask", "--company", "Nobody", "How many towns drink the water?")
    run("search", QUESTIONS["mixed"][1], "-k", "2")
    run("search", QUESTIONS["mixed"][2], "-k", "2", "--json")
    run("add", str(FOLDER / "more"), "--company", "Road Works")
    run("add", str(FOLDER / "more" / "road.txt"), "--json")
    run("add", str(tmp_path / "reports" / "nothing.txt"))
    run("remove", "school.txt", "nothing.txt")
    run("restore")
    for verb in ("build --dry-run", "build", "build --json", "build --accept", "build --full"):
        run(*verb.split())
    run("rollback")
    run("rollback", "nothing")
    run("rollback", "--json")
    run("restore", "school.txt")
    run("remove", "road.txt", "--json")
    for verb in ("build", "prune --keep 0", "prune --keep 0 --json", "releases", "list", "worklist",
                 "worklist --json", "worklist --done nothing", "forget nobody"):  # fmt: skip
        run(*verb.split())
    for verb in ("fly", "ask", "search tea -k many", "search tea -k 0", "prune", "-x", "--version",
                 "prune --keep -1", "verify nothing", "show nothing.txt", "build --port x",
                 "evaluate nothing.json", "evaluate --lower"):  # fmt: skip
        run(*verb.split())
    known = set(re.findall(r"^    ([a-z]+) ", run("--help", output=False), re.MULTILINE))
    assert known - shell.verbs == {"serve", "mcp"}, "a verb of which nothing is kept"
    keep(shell.transcript, "mixed/shell.txt")
