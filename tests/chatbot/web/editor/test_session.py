"""chatbot.web.editor.session: the token, the tries, how long a session lasts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.publishing.pending_uploads import PendingUploads
from chatbot.web.editor import session
from chatbot.web.editor.session import Sessions, TooManyTriesError, WrongTokenError
from tests.clock import Clock

TOKEN = "sixteen-letters-long"


@pytest.fixture
def sessions(clock: Clock, tmp_path: Path) -> Sessions:
    """Nobody signed in yet."""
    return Sessions(TOKEN, lambda: PendingUploads(tmp_path), clock)


def test_the_token_opens_and_the_key_keeps_open(sessions: Sessions) -> None:
    """Each sign-in has a key of its own, 256 bits, and uploads of its own."""
    first, second = sessions.sign_in(TOKEN, "a"), sessions.sign_in(TOKEN, "a")
    assert len({first, second}) == 2
    assert all(len(bytes.fromhex(key)) == 32 for key in (first, second))
    mine, other = sessions.find(first), sessions.find(second)
    assert mine is not None
    assert other is not None
    assert mine.pending is not other.pending
    assert TOKEN not in repr(mine) + repr(sessions)
    assert first not in repr(vars(sessions))


@given(st.text().filter(lambda text: text != TOKEN))
def test_nothing_else_opens(text: str) -> None:
    """Whatever is typed, lone surrogates and other scripts among it, is compared as bytes."""
    closed = Sessions(TOKEN, lambda: PendingUploads(Path()))
    with pytest.raises(WrongTokenError):
        closed.sign_in(text, "a")
    assert closed.find(text) is None


def test_a_token_of_another_script_opens(tmp_path: Path) -> None:
    """A token need not be ASCII."""
    sessions = Sessions("绿色发展案例集编辑台的口令是这个", lambda: PendingUploads(tmp_path))
    assert sessions.find(sessions.sign_in("绿色发展案例集编辑台的口令是这个", "a"))


def test_five_wrong_tries_a_minute_close_an_address(sessions: Sessions, clock: Clock) -> None:
    """Then even the right one is not looked at, until the first of the five is a minute old."""
    for _ in range(session.TRIES):
        with pytest.raises(WrongTokenError):
            sessions.sign_in("wrong", "a")
        clock.now += 2
    with pytest.raises(TooManyTriesError) as caught:
        sessions.sign_in(TOKEN, "a")
    assert caught.value.wait == 50
    assert sessions.sign_in(TOKEN, "b")
    clock.now += 50
    assert sessions.sign_in(TOKEN, "a")


def test_wrong_tries_lock_nobody_else_out(sessions: Sessions, clock: Clock) -> None:
    """From however many addresses they come; of IPv6 a network counts; memory is bounded."""
    for number in range(session.REMEMBERED + 10):
        with pytest.raises(WrongTokenError):
            sessions.sign_in("wrong", f"address {number}")
    assert len(sessions._wrong) == session.REMEMBERED
    for number in range(session.TRIES):
        with pytest.raises(WrongTokenError):
            sessions.sign_in("wrong", f"2001:db8:1:2::{number}")
    with pytest.raises(TooManyTriesError):
        sessions.sign_in(TOKEN, "2001:db8:1:2:3::4")
    assert sessions.sign_in(TOKEN, "2001:db8:1:3::4")
    assert sessions.sign_in(TOKEN, "198.51.100.7")


def test_a_session_ends_when_nothing_is_done(sessions: Sessions, clock: Clock) -> None:
    """Thirty minutes after the last use; a page that only stays open uses nothing."""
    key = sessions.sign_in(TOKEN, "a")
    clock.now += session.IDLE - 1
    assert sessions.find(key)
    clock.now += session.IDLE - 1
    assert sessions.find(key, use=False)
    clock.now += 1
    assert sessions.find(key) is None


def test_a_session_ends_after_eight_hours(sessions: Sessions, clock: Clock) -> None:
    """However much is done."""
    key = sessions.sign_in(TOKEN, "a")
    for _ in range(8 * 6 - 1):
        clock.now += 600
        assert sessions.find(key)
    clock.now += 600
    assert sessions.find(key) is None


def test_signing_out_ends_one_session(sessions: Sessions) -> None:
    """The other stays; signing out twice, or with no key at all, is no error."""
    first, second = sessions.sign_in(TOKEN, "a"), sessions.sign_in(TOKEN, "a")
    for key in (first, first, "", "x" * 64):
        sessions.sign_out(key)
    assert sessions.find(first) is None
    assert sessions.find(second)


def test_sessions_are_bounded(sessions: Sessions, clock: Clock) -> None:
    """One more than there may be ends the one that rested longest."""
    keys = []
    for _ in range(session.MOST):
        keys.append(sessions.sign_in(TOKEN, "a"))
        clock.now += 1
    assert sessions.find(keys[0])
    keys.append(sessions.sign_in(TOKEN, "a"))
    assert [key for key in keys if sessions.find(key, use=False) is None] == [keys[1]]
