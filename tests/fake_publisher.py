"""A publisher over a small library for the editor's page: the real one; its encoder can wait."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from chatbot.engine import Engine
from chatbot.publishing.publisher import Publisher
from chatbot.settings import Settings
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Progress, Vectors, ignore_progress
from index.storage.publish import Releases
from tests.fake_encoder import FakeEncoder
from tests.fakes import serving_app

TOKEN = "the-token-of-the-editor"
BRIDGE = (
    "Bridges of the north\n\nThe red bridge was built in 1999 by Ada. It carries nine trains a day "
    "across the wide river.\n\nThe blue bridge is made of old oak. Nobody knows its age.\n"
)
TEA = (
    "Tea of the south\n\nGreen tea grows on the seven hills. Farmers pick it in April by hand.\n\n"
    "茶叶在春天采摘。农民每天工作八小时。\n"
)
KNOWN = [
    ("When was the red bridge built?", ["in 1999"]),
    ("What grows on the seven hills?", ["Green tea"]),
]


class WaitingEncoder(FakeEncoder):
    """Encodes one text, sets `at_work` and waits for `hold`, if there is one."""

    def __init__(self) -> None:
        """Wait for nothing."""
        super().__init__()
        self.hold: threading.Event | None = None
        self.at_work = threading.Event()

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """Return unit rows, as the Encoder protocol says."""
        if self.hold is not None and texts:
            progress(1, len(texts))
            self.at_work.set()
            self.hold.wait(60)
        return super().encode_passages(texts, progress)


@dataclass
class Office:
    """A library of two documents, published, with a publisher over it and an encoder of its own."""

    folder: Path
    encoder: WaitingEncoder
    library: Library
    releases: Releases
    publisher: Publisher
    app: FastAPI | None = None  # what was served last

    @classmethod
    def make(cls, folder: Path) -> Office:
        """Furnish a folder."""
        (folder / "reports").mkdir(parents=True)
        (folder / "var" / "releases").mkdir(parents=True)
        encoder = WaitingEncoder()
        library, releases = Library(folder / "reports"), Releases(folder / "var" / "releases")
        office = cls(
            folder, encoder, library, releases, Publisher(library, releases, lambda: encoder)
        )
        office.reset()
        return office

    def reset(self) -> None:
        """Have it as it was made, but for the releases, of which the last one is of this."""
        self.encoder.hold = None
        self.encoder.at_work.clear()
        for left in (self.folder / "var").glob("[fqw]*.*"):  # votes, questions, what is done
            left.unlink()
        for name in (*self.library.names(), *self.library.removed()):
            (self.library.folder / name).unlink(missing_ok=True)
            (self.library.folder / f"{name}.json").unlink(missing_ok=True)
        (self.library.folder / "bridge.txt").write_text(BRIDGE, "utf-8")
        (self.library.folder / "tea.txt").write_text(TEA, "utf-8")
        lines = [{"question": q, "language": "en", "answers": a} for q, a in KNOWN]
        (self.library.folder / "questions.jsonl").write_text(
            "\n".join(json.dumps(line) for line in lines), "utf-8"
        )
        with (self.releases.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until what a test left at work has ended
        build(self.library, self.releases, self.encoder)


@contextmanager
def serving_publisher(
    office: Office,
    token: str = TOKEN,
    root_path: str = "",
    with_publisher: bool = True,
    warm: bool = False,
) -> Iterator[str]:
    """Serve the whole application, the editor's page with it; gives its address."""
    from chatbot.web import create_app

    engine = Engine(office.releases, lambda: office.encoder)
    if warm:
        engine.warm()
    settings = Settings(var=office.folder / "var", root_path=root_path, editor_token=token)
    app = create_app(engine, settings, office.publisher if with_publisher else None)
    office.app = app
    with serving_app(app, root_path) as address:
        yield address
