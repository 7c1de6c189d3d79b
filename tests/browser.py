"""The Chromium of the machine, which the tests of pages drive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

WAIT = 30_000  # ms for what takes less than one second on a free machine
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def opening_chromium(*flags: str) -> Iterator[Browser]:
    """Run it, with more flags; for as long `expect` waits until what it looks for is there."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium: install chromium, which these tests drive"
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_FLAGS, *flags])
        yield browser
        browser.close()
