"""What the processes that serve one folder have to know of each other: one small file of SQLite.

Several of them behind a proxy count a caller's questions together, let a token open one session
in all, and know which sessions have ended. A restart forgets nothing. The file is worth little: one
that cannot be read is begun anew. Where it is held or its disk is full, each process goes on
counting in its memory, the log says so once, and the file is tried again.

The file is asked in a thread of its own, so that no request waits for another's disk. Who asked
stands in it as a hash whose salt is made anew each day, and dropped with what was counted by it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import sqlite3
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from corpus.errors import BusyError, LimitedError

log = logging.getLogger("casebook")
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

DAY = 86_400  # seconds; days begin as UTC's do
CALLERS = 10_000  # remembered of each kind; each takes at most 30 times of 8 bytes
TOKENS = 50_000  # remembered until they expire, of which one member may have:
OF_MEMBER = 50
_BUSY = 0.5  # seconds for another process, which needs a thousandth of one
_PATIENCE = 1.0  # seconds in which the file has to answer
_PAUSE = 30.0  # seconds until a file that failed is tried again
_FORM = 2  # of the tables; those of another are dropped
_TABLES = """
    CREATE TABLE IF NOT EXISTS salts (day INTEGER PRIMARY KEY, salt BLOB) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS accounts (
        kind TEXT, caller BLOB, seen REAL, day INTEGER, of_day INTEGER, minute BLOB,
        PRIMARY KEY (kind, caller)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS accounts_seen ON accounts (kind, seen);
    CREATE TABLE IF NOT EXISTS spent (
        token TEXT PRIMARY KEY, member BLOB, until REAL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS spent_member ON spent (member);
    CREATE TABLE IF NOT EXISTS ended (member TEXT PRIMARY KEY, at REAL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, secret BLOB) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Account:
    """What a caller asked: the times of the last questions, oldest first, and those of the day.

    Times are seconds since 1970.
    """

    minute: list[float]
    of_day: int = 0


class SharedState:
    """The file; used from one event loop, safe beside other processes."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, which its owner alone may read; without one, all is kept in memory."""
        self._path = path
        self._memory = _connect(":memory:")
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._file: sqlite3.Connection | None = None
        self._failed = False
        self._again = 0.0  # when a file that failed is tried again, by the monotonic clock
        if path is not None:
            try:
                self._file = _open(path)
            except (OSError, sqlite3.Error) as error:
                self._fail(error)

    async def charge(
        self, kind: str, caller: str, now: float, count: Callable[[Account], None]
    ) -> None:
        """Have `count` look at a caller's account and change it, with nobody else beside it.

        What it raises leaves the account as it was. Beyond CALLERS of a kind, the one that nobody
        has seen for longest is forgotten.
        """
        await self._ask(lambda file: _charge(file, kind, caller, now, count))

    async def spend(self, token: str, member: str, until: float, now: float) -> bool:
        """Remember a member's token until then; False where it is remembered already.

        Raises LimitedError where this member has too many, and BusyError where all have more than
        can be remembered.
        """

        def work(file: sqlite3.Connection) -> bool:
            return _spend(file, token, member, until, now)

        # In memory too: where the file fails, nothing that was spent here is good again.
        return _alone(self._memory, work) and await self._ask(work, lambda _: True)

    async def end_sessions(self, member: str, now: float, life: float) -> None:
        """Remember that a member's sessions ended now; they would have lasted for `life`."""

        def work(file: sqlite3.Connection) -> None:
            file.execute("DELETE FROM ended WHERE at <= ?", (now - life,))
            file.execute("INSERT OR REPLACE INTO ended VALUES (?, ?)", (member, now))

        _alone(self._memory, work)
        await self._ask(work)

    async def find_end(self, member: str) -> float:
        """Return when a member's sessions ended last, in seconds since 1970; 0 where never."""

        def work(file: sqlite3.Connection) -> float:
            row = file.execute("SELECT at FROM ended WHERE member = ?", (member,)).fetchone()
            return float(row[0]) if row else 0.0

        return max(_alone(self._memory, work), await self._ask(work))

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes, the same for every process and after a restart; blocks."""
        made = secrets.token_bytes(32)

        def work(file: sqlite3.Connection) -> bytes:
            file.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, made))
            query = "SELECT secret FROM secrets WHERE name = ?"
            return bytes(file.execute(query, (name,)).fetchone()[0])

        if self._path is not None and not self._failed:
            try:
                return self._do(work)
            except (OSError, sqlite3.Error) as error:
                self._fail(error)
        return _alone(self._memory, work)

    async def _ask(self, work: Work[T], otherwise: Work[T] | None = None) -> T:
        """Return what `work` gives for the file; where that fails, what `otherwise` gives.

        That is asked of the memory, and is the same work where none is given.
        """
        if self._path is not None and time.monotonic() >= self._again:
            answer = asyncio.wrap_future(self._thread.submit(self._do, work))
            try:
                given = await asyncio.wait_for(answer, _PATIENCE)
            except (OSError, sqlite3.Error) as error:  # the first has TimeoutError too
                self._fail(error)
            else:
                if self._failed:
                    log.warning("%s: is written again; processes count together", self._path)
                self._failed = False
                return given
        return _alone(self._memory, otherwise or work)

    def _do(self, work: Work[T]) -> T:
        if self._file is None and self._path is not None:
            self._file = _open(self._path)
        assert self._file is not None  # noqa: S101 - who has no path does not come here
        return _alone(self._file, work)

    def _fail(self, error: Exception) -> None:
        """Leave the file alone for a while; the log hears of it once, until it is there again."""
        self._again = time.monotonic() + _PAUSE
        if not self._failed:
            reason = str(error) or f"no answer within {_PATIENCE:g} seconds"
            log.warning("%s: %s; this process counts for itself", self._path, reason)
        self._failed = True


def _charge(
    file: sqlite3.Connection, kind: str, caller: str, now: float, count: Callable[[Account], None]
) -> None:
    day = int(now // DAY)
    hidden = _hide(file, caller, day)
    row = file.execute(
        "SELECT minute, of_day FROM accounts WHERE kind = ? AND caller = ?", (kind, hidden)
    ).fetchone()
    account = Account(array("d", row[0]).tolist(), row[1]) if row else Account([])
    count(account)
    minute = array("d", account.minute).tobytes()
    file.execute(
        "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
        (kind, hidden, now, day, account.of_day, minute),
    )
    if row is None:
        file.execute(
            "DELETE FROM accounts WHERE kind = ? AND seen < (SELECT seen FROM accounts"
            " WHERE kind = ? ORDER BY seen DESC LIMIT 1 OFFSET ?)",
            (kind, kind, CALLERS - 1),
        )


def _spend(file: sqlite3.Connection, token: str, member: str, until: float, now: float) -> bool:
    hidden = _hide(file, member, int(now // DAY))
    file.execute("DELETE FROM spent WHERE until <= ?", (now,))
    if file.execute("SELECT 1 FROM spent WHERE token = ?", (token,)).fetchone():
        return False
    query = "SELECT count(*) FROM spent WHERE member = ?"
    if file.execute(query, (hidden,)).fetchone()[0] >= OF_MEMBER:
        raise LimitedError("you open too many sessions; try again in ten minutes", 600)
    if file.execute("SELECT count(*) FROM spent").fetchone()[0] >= TOKENS:
        raise BusyError("too many members come at once; try again in a minute")
    file.execute("INSERT INTO spent VALUES (?, ?, ?)", (token, hidden, until))
    return True


def _hide(file: sqlite3.Connection, caller: str, day: int) -> bytes:
    """Return the hash that stands for a caller on a day; a new day drops what older ones left."""
    query = "SELECT salt FROM salts WHERE day = ?"
    row = file.execute(query, (day,)).fetchone()
    if row is None:
        file.execute("DELETE FROM accounts WHERE day < ?", (day,))
        file.execute("DELETE FROM salts WHERE day < ?", (day,))
        file.execute("INSERT INTO salts VALUES (?, ?)", (day, secrets.token_bytes(32)))
        row = file.execute(query, (day,)).fetchone()
    return hashlib.blake2b(caller.encode("utf-8", "replace"), key=row[0], digest_size=16).digest()


def _alone(file: sqlite3.Connection, work: Work[T]) -> T:
    """Return what `work` gives, in a transaction that no other process is beside."""
    file.execute("BEGIN IMMEDIATE")
    try:
        given = work(file)
        file.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a failed COMMIT may have ended it
            file.execute("ROLLBACK")
        raise
    return given


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _connect(str(path))
    except sqlite3.OperationalError:  # held, or not to be written
        raise
    except sqlite3.DatabaseError as error:
        log.warning("%s: %s; begun anew", path, error)
        for part in ("", "-wal", "-shm"):
            path.with_name(path.name + part).unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return _connect(str(path))


def _connect(place: str) -> sqlite3.Connection:
    file = sqlite3.connect(
        place, _BUSY, isolation_level=None, check_same_thread=False
    )  # transactions begin where they are said to
    try:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        # What is dropped is overwritten, and the log beside the file is soon written into it.
        file.execute("PRAGMA secure_delete = ON")
        file.execute("PRAGMA wal_autocheckpoint = 100")
        if file.execute("PRAGMA user_version").fetchone()[0] != _FORM:
            file.executescript("DROP TABLE IF EXISTS accounts; DROP TABLE IF EXISTS spent;")
            file.execute(f"PRAGMA user_version = {_FORM}")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.executescript(_TABLES)
    except sqlite3.Error:
        file.close()
        raise
    return file
