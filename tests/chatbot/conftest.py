"""Fixtures that tests of the verbs share: flags for the small library, and a shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot import cli, composition
from corpus.library import Library
from tests.fake_encoder import FakeEncoder

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def flags(
    library: Library, small_reader: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Flags for the small library, served by the small encoder."""
    monkeypatch.setattr(composition, "load_encoder", lambda _: FakeEncoder())
    return ["--reports", str(library.folder), "--var", str(tmp_path / "var")]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run a verb; gives the exit code, and what was printed as output and as errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return run
