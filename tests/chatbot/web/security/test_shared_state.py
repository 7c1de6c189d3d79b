"""shared_state: what the processes that serve one folder know of each other."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.web.security.shared_state import Account, SharedState
from corpus.errors import BusyError

COUNT = """
import sys
from pathlib import Path
from chatbot.web.security.shared_state import Account, SharedState

def count(account: Account) -> None:
    account.of_day += 1

ledger = SharedState(Path(sys.argv[1]))
for number in range(200):
    ledger.charge("questions", "ann", 5.0, count)
print(sum(ledger.spend(str(number), 100.0, 5.0) for number in range(200)), ledger.secret("s").hex())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the shared state is to be."""
    return tmp_path / "var" / "ledger.sqlite"


def read(shared_state: SharedState, caller: str = "ann", kind: str = "questions") -> Account:
    """Return a copy of what is counted."""
    seen: list[Account] = []
    shared_state.charge(kind, caller, 5.0, seen.append)
    return seen[0]


def change(minute: list[float], of_day: int) -> Callable[[Account], None]:
    """Return what puts an account."""

    def put(account: Account) -> None:
        account.minute, account.of_day = minute, of_day

    return put


def test_an_account_is_kept(path: Path) -> None:
    """By kind and caller, also after the file was closed; only its owner can read it."""
    shared_state = SharedState(path)
    shared_state.charge("questions", "ann", 5.0, change([1.5, 2.5], 2))
    del shared_state
    assert path.stat().st_mode & 0o077 == 0
    again = SharedState(path)
    assert read(again) == Account([1.5, 2.5], 5.0, 2)
    assert read(again, "ben") == Account([], 5.0, 0)
    assert read(again, "ann", "votes") == Account([], 5.0, 0)


def test_what_is_refused_changes_nothing(path: Path) -> None:
    """An error on the way leaves the account, and the file works on."""
    shared_state = SharedState(path)
    shared_state.charge("questions", "ann", 5.0, change([1.0], 1))

    def fail(account: Account) -> None:
        account.of_day = 99
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shared_state.charge("questions", "ann", 5.0, fail)
    assert read(shared_state).of_day == 1


def test_a_token_is_spent_once(path: Path) -> None:
    """In any process, until it has expired."""
    first, second = SharedState(path), SharedState(path)
    assert first.spend("t", 160, 0)
    assert not second.spend("t", 160, 159)
    assert second.spend("t", 300, 160)


def test_tokens_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nobody is let in twice: the next waits until some have expired."""
    monkeypatch.setattr("chatbot.web.security.shared_state.TOKENS", 3)
    shared_state = SharedState()
    assert all(shared_state.spend(str(number), 700, 0) for number in range(3))
    with pytest.raises(BusyError):
        shared_state.spend("t", 100, 0)
    assert shared_state.spend("t", 800, 700)


@pytest.mark.slow
def test_processes_and_threads_share_it(path: Path) -> None:
    """Three processes count without losing one, spend each token once, and hold one secret."""
    command = [sys.executable, "-c", COUNT, str(path)]
    root = Path(__file__).parents[4]
    children = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [child.communicate(timeout=60)[0].split() for child in children]
    assert sum(int(spent) for spent, _ in told) == 200
    shared_state = SharedState(path)
    assert {secret for _, secret in told} == {shared_state.secret("s").hex()}
    assert shared_state.secret("other").hex() != told[0][1]

    def count(_: int) -> None:
        def one_more(account: Account) -> None:
            account.of_day += 1

        shared_state.charge("questions", "ann", 5.0, one_more)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(100)))
    assert read(shared_state).of_day == 700


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 50, b"SQLite"])
def test_a_broken_file_is_begun_anew(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It holds nothing that is worth a stop."""
    path.parent.mkdir()
    path.write_bytes(content)
    shared_state = SharedState(path)
    assert shared_state.spend("t", 10, 0)
    assert "begun anew" in caplog.text
    assert not SharedState(path).spend("t", 10, 0)


def test_where_nothing_can_be_written_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Counting goes on in this process."""
    (tmp_path / "var").write_text("a file", "utf-8")
    shared_state = SharedState(tmp_path / "var" / "ledger.sqlite")
    assert "each process counts for itself" in caplog.text
    shared_state.charge("questions", "ann", 5.0, change([1.0], 1))
    assert read(shared_state).of_day == 1


def test_a_disk_that_fails_stops_no_question(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question is answered uncounted; a token, which could be used twice, is not taken."""
    monkeypatch.setattr("chatbot.web.security.shared_state._PATIENCE", 0.05)
    shared_state = SharedState(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    shared_state.charge("questions", "ann", 5.0, change([1.0], 1))
    assert "not counted" in caplog.text
    with pytest.raises(BusyError):
        shared_state.spend("t", 10, 0)
    assert len(shared_state.secret("s")) == 32
    other.execute("ROLLBACK")
    other.close()
    assert read(shared_state).of_day == 0
    assert shared_state.spend("t", 10, 0)
