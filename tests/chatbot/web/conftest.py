"""Fixtures that tests of the web share: a server over the article, and a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import opening_chromium
from tests.fakes import FakeEngine, serving


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[FakeEngine, str]]:
    """One server for the module's tests."""
    engine = FakeEngine()
    with serving(engine) as address:
        yield engine, address


@pytest.fixture
def engine(server: tuple[FakeEngine, str]) -> FakeEngine:
    """Return the server's engine, as new."""
    server[0].reset()
    return server[0]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module's tests."""
    with opening_chromium() as browser:
        yield browser
