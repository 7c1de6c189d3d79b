"""A reader's visit to the chat, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect


@dataclass
class Visit:
    """A reader's page, and what must stay empty: errors on it and requests to elsewhere."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        """Type a question, press Enter and wait for the end of its answer."""
        turns = self.page.locator(".turn").count()
        self.page.locator("#question").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".turn")).to_have_count(turns + 1)
        expect(self.page.locator("#send")).to_be_visible()


Open = Callable[..., Visit]


def listen(page: Page, found: Visit) -> None:
    """Note console errors, exceptions and requests to anywhere but the server."""
    page.on("pageerror", lambda error: found.faults.append(f"exception {error}"))
    page.on(
        "console",
        lambda line: found.faults.append(line.text) if line.type in ("error", "warning") else None,
    )
    home = (found.address, "data:", "blob:", "about:")
    page.on(
        "request",
        lambda request: (
            found.faults.append(request.url) if not request.url.startswith(home) else None
        ),
    )
