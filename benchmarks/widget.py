"""What the widget costs a portal's page, beside Casebook's own Gradio page in the same browser.

    python -m benchmarks.widget

Needs Chromium, the model prepared and a release live in `var` (`make run` once). A plain page on
another site (`localhost`) is opened without the script and with it, and Casebook's page after them,
in turns, each in a browser context without a cache. Prints requests and bytes (headers and bodies
as they came over the wire) before and after the click, and the median milliseconds until a question
can be typed; and by how much the script moves the `load` event of the page that embeds it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

from benchmarks.server import ROOT, serving

ROUNDS = 15
LOAD = "performance.getEntriesByType('navigation')[0].loadEventStart"


class PlainPage(BaseHTTPRequestHandler):
    """A page of a portal: `/with` has the widget's script, every other path has not."""

    casebook = ""

    def do_GET(self) -> None:
        """Serve it."""
        script = f'<script src="{self.casebook}/widget.js" async></script>'
        words = "<p>The chamber's members met in May.</p>" * 50
        page = f"<!doctype html><title>Portal</title>{script * (self.path == '/with')}{words}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Portal(ThreadingHTTPServer):
    """Serves it, and says nothing of browsers that leave."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class Tally:
    """The requests of a page, but for those to `without`, and the time since they were reset."""

    def __init__(self, page: Page, without: str) -> None:
        """Count from now on."""
        self._found: list[Request] = []
        self._began = time.perf_counter()
        page.on(
            "requestfinished",
            lambda request: (
                self._found.append(request) if not request.url.startswith(without) else None
            ),
        )

    def take(self) -> tuple[float, int, int]:
        """Return milliseconds, requests and bytes, and start anew."""
        spent = (time.perf_counter() - self._began) * 1000
        sizes = [request.sizes() for request in self._found]
        size = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
        count = len(self._found)
        self._found.clear()
        self._began = time.perf_counter()
        return spent, count, size


def measure_load(browser: Browser, address: str, widget: bool) -> tuple[float, int, int]:
    """Return the page's `load` in ms after its start, and what it fetched from elsewhere."""
    context = browser.new_context()
    page = context.new_page()
    tally = Tally(page, without=address)
    page.goto(f"{address}/{'with' if widget else ''}", wait_until="load")
    if widget:
        page.locator("casebook-widget button").first.wait_for()
    _, count, size = tally.take()
    load = float(page.evaluate(LOAD))
    context.close()
    return load, count, size


def measure_opening(browser: Browser, address: str) -> tuple[float, int, int]:
    """Return milliseconds, requests and bytes from the click to a field that can be typed into."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/with")
    button = page.locator("casebook-widget button").first
    button.wait_for()
    tally = Tally(page, without=address)
    button.click()
    page.frame_locator("casebook-widget iframe").locator("#question").wait_for()
    figures = tally.take()
    context.close()
    return figures


def measure_chat(browser: Browser, casebook: str) -> tuple[float, int, int]:
    """Return the same for Casebook's own page, from its address on."""
    context = browser.new_context()
    page = context.new_page()
    tally = Tally(page, without="data:")
    page.goto(casebook, wait_until="commit")
    page.locator("textarea").first.wait_for()
    page.locator("textarea").first.click()  # Playwright waits until it can be
    figures = tally.take()
    context.close()
    return figures


def main() -> None:
    """Run the benchmark and print its tables."""
    server = Portal(("127.0.0.1", 0), PlainPage)
    portal = f"http://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["CASEBOOK_EMBED_ORIGINS"] = portal
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        serving(ROOT / "corpus" / "reports", Path("var")) as client,
        sync_playwright() as playwright,
    ):
        casebook = str(client.base_url).rstrip("/")
        PlainPage.casebook = casebook
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        kinds: dict[str, Callable[[], tuple[float, int, int]]] = {
            "page without the script, to `load`": lambda: measure_load(browser, portal, False),
            "page with the script, to `load`": lambda: measure_load(browser, portal, True),
            "widget, click to usable": lambda: measure_opening(browser, portal),
            "Gradio page, address to usable": lambda: measure_chat(browser, casebook),
        }
        found: dict[str, list[tuple[float, int, int]]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind, measure in kinds.items():
                found[kind].append(measure())
        browser.close()
    server.shutdown()
    print("| | ms, median | ms, most | requests | bytes |\n|---|---|---|---|---|")
    for kind, figures in found.items():
        times, counts, sizes = zip(*figures, strict=True)
        print(f"| {kind} | {statistics.median(times):.0f} | {max(times):.0f} | {max(counts)} "
              f"| {max(sizes):,} |")  # fmt: skip


if __name__ == "__main__":
    main()
