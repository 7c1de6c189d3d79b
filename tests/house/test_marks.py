"""Tests have their marks from what they open, and a quick one opens nothing that takes long."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.marks import FIXTURES, MARKS, MODEL, Guard, find_marks


@pytest.mark.parametrize(
    ("fixtures", "given", "marks"),
    [
        ([], [], {"quick"}),
        (["tmp_path", "library"], ["parametrize"], {"quick"}),
        (["real_encoder"], [], {"model"}),
        (["server", "server_process", "real_encoder"], [], {"server", "model"}),
        (["chromium"], ["slow"], {"browser"}),
        (["library"], ["slow"], set()),
        (["library"], ["model", "skipif"], set()),
    ],
)
def test_marks_follow_from_fixtures(fixtures: list[str], given: list[str], marks: set[str]) -> None:
    """A fixture that opens something marks whoever uses it; `quick` is what is left."""
    assert find_marks(fixtures, given) == marks


def test_no_quick_test_opens_anything(request: pytest.FixtureRequest) -> None:
    """Of all that run with this one: each has a mark, and a quick one none of the fixtures."""
    for item in request.session.items:
        marks = MARKS & {mark.name for mark in item.iter_markers()}
        assert marks, item.nodeid
        if "quick" in marks:
            assert marks == {"quick"}, item.nodeid
            assert not FIXTURES.keys() & set(getattr(item, "fixturenames", ())), item.nodeid


def test_every_fixture_that_opens_something_is_there(pytestconfig: pytest.Config) -> None:
    """The rule names fixtures that exist, so that a new name of one does not unmark its tests."""
    folder = pytestconfig.rootpath / "tests"
    written = "".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    for name in FIXTURES:
        assert f"\ndef {name}(" in written, name


def test_a_quick_test_that_starts_a_program_fails() -> None:
    """Where it is, with what to do."""
    with pytest.raises(AssertionError, match="is quick and starts a program: mark it slow"):
        subprocess.run([sys.executable, "-c", ""], check=True)


def test_a_quick_test_that_opens_the_model_fails() -> None:
    """Whether the model has been prepared or not."""
    with pytest.raises(AssertionError, match="is quick and opens the model"):
        (MODEL / "tokenizer.json").open()


def test_the_guard_lets_others_be() -> None:
    """Tests that are not quick, and what a quick one may open."""
    guard = Guard()
    guard("subprocess.Popen", ("python",))
    guard("open", (str(MODEL), "r", 0))
    guard.at_work = "a test"
    guard("open", (str(MODEL.parent / "dictionary"), "r", 0))
    guard("open", (7, "r", 0))
    guard("import", ("os",))
