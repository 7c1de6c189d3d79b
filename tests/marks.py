"""Which mark a test has: by the fixtures that it uses, so that nobody has to remember.

`model`, `browser` and `server` follow from a fixture that opens one; `slow` is said by a test that
takes seconds, or follows from a fixture that does. What has none of these is `quick`, and may
neither open the model nor start a program while it runs: the guard ends it where it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MODEL = Path(__file__).parent.parent / "var" / "models" / "multilingual-e5-small"
# Who uses one of these, or another fixture that does, has this mark.
FIXTURES = {
    "real_encoder": "model",
    "plain_encoder": "model",
    "chromium": "browser",
    "server_process": "server",
    "cedict": "slow",
}
MARKS = frozenset({"quick", "model", "browser", "server", "slow"})
STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork"})


def find_marks(fixtures: Iterable[str], given: Iterable[str]) -> set[str]:
    """Return what follows from a test's fixtures, and `quick` where nothing else is said of it."""
    followed = {FIXTURES[name] for name in fixtures if name in FIXTURES}
    return followed or {"quick"}.difference(MARKS if MARKS.intersection(given) else ())


class Guard:
    """An audit hook that refuses a quick test what it may not open; `at_work` names the test."""

    def __init__(self) -> None:
        self.at_work = ""

    def __call__(self, event: str, given: tuple[object, ...]) -> None:
        """See sys.addaudithook; raises AssertionError."""
        if not self.at_work:
            return
        if event in STARTS:
            raise AssertionError(
                f"{self.at_work} is quick and starts a program: mark it slow, or take the fixture "
                f"`chromium` or `server_process`"
            )
        if event == "open" and str(given[0]).startswith(str(MODEL)):
            raise AssertionError(
                f"{self.at_work} is quick and opens the model: take the fixture `real_encoder`, "
                f"or mark it model"
            )
