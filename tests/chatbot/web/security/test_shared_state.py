"""shared_state: what the processes that serve one folder know of each other."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.web.security import shared_state as module
from chatbot.web.security.shared_state import DAY, Account, SharedState
from corpus.errors import BusyError, LimitedError

COUNT = """
import asyncio, sys
from pathlib import Path
from chatbot.web.security.shared_state import Account, SharedState

def count(account: Account) -> None:
    account.of_day += 1

async def run() -> None:
    ledger = SharedState(Path(sys.argv[1]))
    for number in range(200):
        await ledger.charge("questions", "ann", 5.0, count)
    spent = [await ledger.spend(str(number), str(number), 100.0, 5.0) for number in range(200)]
    print(sum(spent), ledger.secret("s").hex())

asyncio.run(run())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the shared state is to be."""
    return tmp_path / "var" / "ledger.sqlite"


def charge(
    state: SharedState, count: Callable[[Account], None], caller: str = "ann",
    kind: str = "questions", now: float = 5.0,
) -> None:  # fmt: skip
    """Have an account looked at and changed."""
    asyncio.run(state.charge(kind, caller, now, count))


def read(
    state: SharedState, caller: str = "ann", kind: str = "questions", now: float = 5.0
) -> Account:
    """Return a copy of what is counted."""
    seen: list[Account] = []
    charge(state, seen.append, caller, kind, now)
    return seen[0]


def spend(state: SharedState, token: str, until: float, now: float, member: str = "ann") -> bool:
    """Spend a token."""
    return asyncio.run(state.spend(token, member, until, now))


def change(minute: list[float], of_day: int) -> Callable[[Account], None]:
    """Return what puts an account."""

    def put(account: Account) -> None:
        account.minute, account.of_day = minute, of_day

    return put


def test_an_account_is_kept(path: Path) -> None:
    """By kind and caller, also after the file was closed; only its owner can read it."""
    state = SharedState(path)
    charge(state, change([1.5, 2.5], 2))
    del state
    assert path.stat().st_mode & 0o077 == 0
    again = SharedState(path)
    assert read(again) == Account([1.5, 2.5], 2)
    assert read(again, "ben") == Account([], 0)
    assert read(again, "ann", "votes") == Account([], 0)


def test_who_asked_stands_nowhere(path: Path) -> None:
    """No file holds an address or an id; another day's hash is another, and the old one is gone."""
    state = SharedState(path)
    charge(state, change([5.0], 1), "198.51.100.7")
    asyncio.run(state.spend("token", "member 0123456789abcdef", 700, 5.0))
    for each in path.parent.iterdir():
        assert b"198.51.100.7" not in each.read_bytes()
        assert b"0123456789abcdef" not in each.read_bytes()

    def list_callers() -> list[bytes]:
        with sqlite3.connect(path) as file:
            return [row[0] for row in file.execute("SELECT caller FROM accounts")]

    (first,) = list_callers()
    assert read(state, "198.51.100.7", now=DAY + 5.0) == Account([], 0)
    (second,) = list_callers()
    assert first != second
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT day FROM salts").fetchall() == [(1,)]


def test_a_file_of_another_form_loses_its_counts(path: Path) -> None:
    """What an older version wrote had addresses in it; the secret of sessions stays."""
    path.parent.mkdir()
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE accounts (kind TEXT, caller TEXT)")
        file.execute("INSERT INTO accounts VALUES ('questions', '198.51.100.7')")
        file.execute("CREATE TABLE secrets (name TEXT PRIMARY KEY, secret BLOB) WITHOUT ROWID")
        file.execute("INSERT INTO secrets VALUES ('s', ?)", (b"s" * 32,))
    state = SharedState(path)
    assert read(state) == Account([], 0)
    assert state.secret("s") == b"s" * 32
    assert b"198.51.100.7" not in path.read_bytes()


def test_what_is_refused_changes_nothing(path: Path) -> None:
    """An error on the way leaves the account, and the file works on."""
    state = SharedState(path)
    charge(state, change([1.0], 1))

    def fail(account: Account) -> None:
        account.of_day = 99
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        charge(state, fail)
    assert read(state).of_day == 1


def test_a_token_is_spent_once(path: Path) -> None:
    """In any process, until it has expired."""
    first, second = SharedState(path), SharedState(path)
    assert spend(first, "t", 160, 0)
    assert not spend(second, "t", 160, 159)
    assert spend(second, "t", 300, 160)


def test_one_member_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who brings too many tokens waits until they expire; all others come in meanwhile."""
    state = SharedState()
    for number in range(module.OF_MEMBER):
        assert spend(state, str(number), 700, 0)
    with pytest.raises(LimitedError):
        spend(state, "one more", 700, 0)
    assert spend(state, "of ben", 700, 0, "ben")
    assert spend(state, "later", 1400, 700)


def test_tokens_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nobody is let in twice: the next waits until some have expired."""
    monkeypatch.setattr(module, "TOKENS", 3)
    state = SharedState()
    assert all(spend(state, str(number), 700, 0, str(number)) for number in range(3))
    with pytest.raises(BusyError):
        spend(state, "t", 100, 0)
    assert spend(state, "t", 800, 700)


def test_an_end_is_known_to_all(path: Path) -> None:
    """When a member's sessions ended is told by every process, as long as one could last."""
    first, second = SharedState(path), SharedState(path)
    asyncio.run(first.end_sessions("ann", 100.0, 60.0))
    assert asyncio.run(second.find_end("ann")) == 100.0
    assert asyncio.run(second.find_end("ben")) == 0.0
    asyncio.run(first.end_sessions("ben", 200.0, 60.0))
    assert asyncio.run(second.find_end("ann")) == 0.0


@pytest.mark.slow
def test_processes_share_it(path: Path) -> None:
    """Three processes count without losing one, spend each token once, and hold one secret."""
    command = [sys.executable, "-c", COUNT, str(path)]
    root = Path(__file__).parents[4]
    children = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [child.communicate(timeout=60)[0].split() for child in children]
    assert sum(int(spent) for spent, _ in told) == 200
    state = SharedState(path)
    assert {secret for _, secret in told} == {state.secret("s").hex()}
    assert state.secret("other").hex() != told[0][1]
    assert read(state).of_day == 600


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 50, b"SQLite"])
def test_a_broken_file_is_begun_anew(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It holds nothing that is worth a stop."""
    path.parent.mkdir()
    path.write_bytes(content)
    state = SharedState(path)
    assert spend(state, "t", 10, 0)
    assert "begun anew" in caplog.text
    assert not spend(SharedState(path), "t", 10, 0)


def test_where_nothing_can_be_written_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Counting goes on in this process."""
    (tmp_path / "var").write_text("a file", "utf-8")
    state = SharedState(tmp_path / "var" / "ledger.sqlite")
    assert "this process counts for itself" in caplog.text
    charge(state, change([1.0], 1))
    assert read(state).of_day == 1
    assert len(state.secret("s")) == 32


def test_a_file_that_is_held_stops_nothing(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits stay on in memory, with one line of the log, and the loop goes round meanwhile.

    When the file is let go, it is written again, and the log says that too.
    """
    monkeypatch.setattr(module, "_BUSY", 0.3)
    monkeypatch.setattr(module, "_PAUSE", 0.2)
    state = SharedState(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    turns = 0

    async def ask() -> None:
        nonlocal turns
        asking = asyncio.ensure_future(state.charge("questions", "ann", 5.0, change([1.0], 1)))
        while not asking.done():
            await asyncio.sleep(0.01)
            turns += 1
        await asking

    asyncio.run(ask())
    assert turns >= 10
    assert read(state).of_day == 1
    assert spend(state, "t", 10, 0)
    assert not spend(state, "t", 10, 0)
    time.sleep(0.25)
    assert read(state).of_day == 1
    assert len(caplog.records) == 1
    other.execute("ROLLBACK")
    other.close()
    time.sleep(0.25)
    assert read(state).of_day == 0
    assert "written again" in caplog.records[-1].message
    assert not spend(state, "t", 10, 0)


def test_a_disk_without_an_answer_is_given_up(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose disk hangs is left to its thread."""
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    state = SharedState(path)
    hanging = threading.Event()
    state._thread.submit(hanging.wait, 20)
    try:
        charge(state, change([1.0], 1))
        assert read(state).of_day == 1
        assert "no answer within 0.1 seconds" in caplog.text
    finally:
        hanging.set()


def test_a_full_disk_keeps_counting(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that may not grow is as good as none: limits stay on, the log says so once."""
    state = SharedState(path)
    assert state._file
    state._file.execute("PRAGMA journal_mode = DELETE")
    pages = state._file.execute("PRAGMA page_count").fetchone()[0]
    state._file.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        charge(state, change([1.0] * 30, 7), f"caller {number}")
    assert [read(state, f"caller {number}").of_day for number in (0, 199)].count(7) >= 1
    assert read(state, "caller 199").of_day == 7
    full = [record for record in caplog.records if "full" in record.message]
    assert len(full) == 1
