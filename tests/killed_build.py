"""A build in a process of its own that ends itself, or is ended, at a moment of the test's choice.

Run as `python -m tests.killed_build REPORTS RELEASES STEP`: with a STEP of 0 or more the process
kills itself before that step (a sync, a rename, a file put in place, a batch encoded); with -1 it
builds to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import index.storage.manifest
import index.storage.publish
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Progress, Vectors, ignore_progress
from index.storage.publish import Releases
from tests.fake_encoder import FakeEncoder


def main() -> None:
    """Build, and stop at the step."""
    reports, releases, last = sys.argv[1:]
    steps = 0

    def count(act: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            nonlocal steps
            if steps == int(last):
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1
            return act(*arguments)

        return step

    class Encoder(FakeEncoder):
        def encode_passages(
            self, texts: Sequence[str], progress: Progress = ignore_progress
        ) -> Vectors:
            rows: Vectors = encode(texts, progress)
            return rows

    encoder = Encoder()
    encode = count(super(Encoder, encoder).encode_passages)
    for module in (index.storage.manifest, index.storage.publish):
        vars(module)["sync"] = count(vars(module)["sync"])
    for name in ("rename", "replace"):
        setattr(Path, name, count(getattr(Path, name)))
    build(Library(Path(reports)), Releases(Path(releases)), encoder)


if __name__ == "__main__":
    main()
