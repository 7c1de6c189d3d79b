"""What the processes that serve one folder have to know of each other: one small file of SQLite.

Several of them behind a proxy count a caller's questions together, let a token open one session
in all, and know each other's sessions. A restart forgets nothing. The file is worth little: one
that cannot be read is begun anew, and where none can be written, each process counts for itself and
says so.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import BusyError

log = logging.getLogger("casebook")

CALLERS = 10_000  # remembered of each kind; each takes at most 30 times of 8 bytes
TOKENS = 10_000  # remembered until they expire
_PATIENCE = 5.0  # seconds for another process, which needs a thousandth of one
_TABLES = """
    CREATE TABLE IF NOT EXISTS accounts (
        kind TEXT, caller TEXT, seen REAL, day_began REAL, of_day INTEGER, minute BLOB,
        PRIMARY KEY (kind, caller)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS accounts_seen ON accounts (kind, seen);
    CREATE TABLE IF NOT EXISTS spent (token TEXT PRIMARY KEY, until REAL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, secret BLOB) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Account:
    """What a caller asked: the times of the last questions, oldest first, and those of the day.

    Times are seconds since 1970, `of_day` are the questions since `day_began`.
    """

    minute: list[float]
    day_began: float
    of_day: int = 0


class SharedState:
    """The file; safe for threads and processes."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file, which its owner alone may read; without one, all is kept in memory."""
        self._lock = threading.Lock()
        try:
            self._file = _open(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("%s: cannot be written (%s); each process counts for itself", path, error)
            self._file = _open(None)

    def charge(self, kind: str, caller: str, now: float, count: Callable[[Account], None]) -> None:
        """Have `count` look at a caller's account and change it, with nobody else beside it.

        What it raises leaves the account as it was. Beyond CALLERS of a kind, the one that nobody
        has seen for longest is forgotten. Where the disk fails, nothing is kept, and the log says
        so.
        """
        try:
            with self._alone() as file:
                row = file.execute(
                    "SELECT minute, day_began, of_day FROM accounts WHERE kind = ? AND caller = ?",
                    (kind, caller),
                ).fetchone()
                account = Account([], now)
                if row is not None:
                    account = Account(array("d", row[0]).tolist(), row[1], row[2])
                count(account)
                minute = array("d", account.minute).tobytes()
                file.execute(
                    "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
                    (kind, caller, now, account.day_began, account.of_day, minute),
                )
                if row is None:
                    file.execute(
                        "DELETE FROM accounts WHERE kind = ? AND seen < (SELECT seen FROM accounts"
                        " WHERE kind = ? ORDER BY seen DESC LIMIT 1 OFFSET ?)",
                        (kind, kind, CALLERS - 1),
                    )
        except sqlite3.Error as error:
            log.warning("a question is not counted: %s", error)
            count(Account([], now))

    def spend(self, token: str, until: float, now: float) -> bool:
        """Remember a token until then; False where it is remembered already.

        Raises BusyError where more tokens came than can be remembered, which no portal's members
        manage, or where they cannot be written.
        """
        try:
            with self._alone() as file:
                file.execute("DELETE FROM spent WHERE until <= ?", (now,))
                if file.execute("SELECT 1 FROM spent WHERE token = ?", (token,)).fetchone():
                    return False
                if file.execute("SELECT count(*) FROM spent").fetchone()[0] >= TOKENS:
                    raise BusyError("too many members come at once; try again in a minute")
                file.execute("INSERT INTO spent VALUES (?, ?)", (token, until))
        except sqlite3.Error as error:
            log.warning("a token is not remembered: %s", error)
            raise BusyError("nobody can come in just now; try again in a minute") from error
        return True

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes, the same for every process and after a restart."""
        made = secrets.token_bytes(32)
        try:
            with self._alone() as file:
                file.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, made))
                query = "SELECT secret FROM secrets WHERE name = ?"
                return bytes(file.execute(query, (name,)).fetchone()[0])
        except sqlite3.Error as error:
            log.warning("sessions are this process's own: %s", error)
            return made

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Give the file in a transaction that no other thread or process is beside."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield self._file
                self._file.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a failed COMMIT may have ended it
                    self._file.execute("ROLLBACK")
                raise


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _connect(":memory:")
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
        place, _PATIENCE, isolation_level=None, check_same_thread=False
    )  # transactions begin where they are said to
    try:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.executescript(_TABLES)
    except sqlite3.Error:
        file.close()
        raise
    return file
