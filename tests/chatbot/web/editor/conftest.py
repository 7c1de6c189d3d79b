"""Fixtures that tests of the editor's pages share: a publisher, and a server over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_publisher import Office, serving_publisher


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    """One server for the module's tests."""
    office = Office.make(tmp_path_factory.mktemp("office"))
    with serving_publisher(office) as address:
        yield office, address


@pytest.fixture
def office(server: tuple[Office, str], small_reader: None) -> Office:
    """Return the office, as new."""
    server[0].reset()
    return server[0]
