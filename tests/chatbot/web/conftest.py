"""Fixtures that tests of the web share: a server over the article, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import opening_chromium
from tests.fakes import FakeEngine, serving
from tests.visit import Open, Visit, listen


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


@pytest.fixture
def address(server: tuple[FakeEngine, str], engine: FakeEngine) -> str:
    """Return the server's address, its engine as new."""
    return server[1]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module's tests."""
    with opening_chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, server: tuple[FakeEngine, str], engine: FakeEngine) -> Iterator[Open]:
    """Open pages; afterwards none of them may have met an error or left the server."""
    opened: list[Visit] = []
    with ExitStack() as contexts:

        def open_page(path: str = "/", width: int = 1280, **settings: Any) -> Visit:
            context: BrowserContext = chromium.new_context(
                viewport={"width": width, "height": 800}, **{"locale": "en-US", **settings}
            )
            contexts.callback(context.close)
            found = Visit(context.new_page(), server[1])
            opened.append(found)
            context.on("page", lambda page: listen(page, found))
            listen(found.page, found)
            found.page.goto(server[1] + path)
            if path == "/":
                expect(found.page.locator("#examples li")).to_have_count(4)
            return found

        yield open_page
    for each in opened:
        assert each.faults == []
