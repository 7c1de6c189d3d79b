"""A fixture that tests of building and of the inventory share: which documents were read."""

from __future__ import annotations

import pytest

from corpus.library import Library
from corpus.records import Entry


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of documents that were read."""
    names: list[str] = []
    read = Library.read

    def note(self: Library, name: str) -> Entry:
        names.append(name)
        return read(self, name)

    monkeypatch.setattr(Library, "read", note)
    return names
