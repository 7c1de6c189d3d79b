"""A release built and served on loopback for a benchmark, as a user's process would be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tqdm import tqdm

from corpus.library import Library
from index.build import BuildResult, build
from index.models import load_encoder
from index.storage.publish import Releases

ROOT = Path(__file__).parent.parent


def build_release(reports: Path, var: Path, models: Path) -> BuildResult:
    """Build a release of `reports` below `var`, with the default model prepared in `models`."""
    var.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder("", models, print)
    (var / "models").symlink_to(models.resolve())
    with tqdm(unit="text", desc="Encoding") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return build(Library(reports), Releases(var / "releases"), encoder, progress=progress)


@contextmanager
def serving(reports: Path, var: Path) -> Iterator[httpx.Client]:
    """Serve a release in a process of its own until the block ends; gives a client of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ, "CASEBOOK_REPORTS": str(reports), "CASEBOOK_VAR": str(var),
        "CASEBOOK_PORT": str(port), "CASEBOOK_LOG_LEVEL": "warning",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "app.py", "serve"], cwd=ROOT, env=environ)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(client)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def wait_until_ready(client: httpx.Client, seconds: float = 120) -> None:
    """Return when `/readyz` says so; raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the server did not become ready")
