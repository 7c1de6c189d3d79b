"""`./casebook`: the verbs by the environment beside it, from wherever it is called."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chatbot

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(command: Path | str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [command, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the launcher and an environment, its path with blanks; app.py tells its own."""
    folder = tmp_path / "a folder of -mine"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy2(ROOT / "casebook", folder)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "app.py").write_text("import sys; print(sys.argv); sys.exit(7)")
    return folder


def test_it_is_called_from_its_own_folder(installed: Path) -> None:
    """Arguments and exit code pass through as they are."""
    done = run("./casebook", "ask", "two words", "", "*", cwd=installed)
    wanted = [str(installed / "app.py"), "ask", "two words", "", "*"]
    assert (done.stdout, done.returncode) == (f"{wanted}\n", 7)


def test_it_is_called_through_links_from_another_folder(installed: Path, tmp_path: Path) -> None:
    """An absolute link to a relative link to a folder that is a link itself."""
    (tmp_path / "here").symlink_to(installed)
    (tmp_path / "relative").symlink_to("here/casebook")
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    (elsewhere / "casebook").symlink_to(tmp_path / "relative")
    for command in ("../here/casebook", "./casebook", elsewhere / "casebook"):
        done = run(command, "list", cwd=elsewhere)
        assert (done.stdout, done.returncode) == (f"{[str(installed / 'app.py'), 'list']}\n", 7)


def test_without_its_environment_it_says_what_to_run(installed: Path) -> None:
    """One line, and no trace of Python."""
    shutil.rmtree(installed / ".venv")
    done = run("./casebook", "list", cwd=installed)
    told = f"casebook: {installed}/.venv is not there: run `make run` in that folder first\n"
    assert (done.stderr, done.stdout, done.returncode) == (told, "", 1)


def test_the_program_finds_its_own_documents_from_anywhere(tmp_path: Path) -> None:
    """The defaults are in its own folder; a path that is given is from where it is called."""
    app = str(ROOT / "app.py")
    done = run(sys.executable, app, "list", "--var", "var", cwd=tmp_path)
    assert "cccme-2024-02-23" in done.stdout
    done = run(sys.executable, app, "list", "--var", "var", "--reports", "r", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("casebook: r: ")
    assert (
        f"Casebook {chatbot.VERSION}" in run(sys.executable, app, "--version", cwd=tmp_path).stdout
    )


def test_the_program_names_it_in_every_hint() -> None:
    """No text tells to run app.py, which would need the environment's name before it."""
    for room in ("chatbot", "corpus", "index", "docs", "examples"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in (".py", ".md", ".json", ".html", ".js"):
                assert not re.search(r"python[0-9.]* app\.py", path.read_text("utf-8")), path
