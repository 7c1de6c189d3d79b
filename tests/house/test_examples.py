"""examples/systemd and examples/container: what they start, copy and install is there."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "examples" / "systemd" / "casebook.service"
CONTAINER = (ROOT / "examples" / "container" / "Containerfile").read_text("utf-8")


def test_the_unit_starts_what_there_is() -> None:
    """The door and its verb, with its two folders to write to."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    home = service["WorkingDirectory"]
    assert service["ExecStart"] == f"{home}/.venv/bin/python app.py serve"
    assert service["ReadWritePaths"].split() == [f"{home}/var", f"{home}/corpus/reports"]
    assert (ROOT / "app.py").exists()
    assert (ROOT / "corpus" / "reports").is_dir()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Every line of it, as it stands but for the place of Python."""
    text = UNIT.read_text("utf-8").replace("/srv/casebook/.venv/bin/python", sys.executable)
    (tmp_path / "casebook.service").write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "casebook.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "casebook" in line] == []


def test_the_container_holds_what_casebook_is() -> None:
    """It copies the three packages, what starts them and the locks, and nothing else."""
    copied = [
        name
        for line in re.findall(r"^COPY (.+) \S+$", CONTAINER, re.MULTILINE)
        for name in line.split()
    ]
    assert all((ROOT / name).exists() for name in copied), copied
    assert set(copied) == {
        "requirements.lock", "requirements-gpu.lock", "app.py", "casebook", "chatbot", "corpus",
        "index",
    }  # fmt: skip
    held = set((ROOT / ".dockerignore").read_text("utf-8").split())
    assert {".git", ".venv", "var"} <= held


def test_the_container_installs_as_the_makefile_does() -> None:
    """By hash and without looking further, and the graphics cards' libraries where torch asks."""
    install = "python -m pip install --no-deps --require-hashes -r"
    assert CONTAINER.count(install) == 2
    assert install in (ROOT / "Makefile").read_text("utf-8")
    assert "pip show torch | grep -q nvidia" in CONTAINER
