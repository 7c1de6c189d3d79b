"""session: how a member's session ends, by whose word, and what does not outlive it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_portal import REQUIRED, public_pem, sign
from tests.fakes import FakeEngine, serving

PORTAL = "https://portal.example"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server for members, whom one portal sends."""
    with serving(FakeEngine(), **REQUIRED, embed_origins=(PORTAL,)) as address:
        yield address


@pytest.fixture
def members(address: str) -> Iterator[httpx.Client]:
    """Give a client of it that holds no session."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def come_in(client: httpx.Client, token: str) -> dict[str, str]:
    """Come in as a member, and return what a copy of the cookie is sent with."""
    time.sleep(1.1)  # a session knows the second in which it was made, and so does its end
    client.cookies.clear()
    assert client.post("/session", data={"token": token}).status_code == 303
    return {"Cookie": f"casebook_session={client.cookies['casebook_session']}"}


@pytest.mark.parametrize(
    "change", [{"member_issuer": "https://other.example"}, {"member_key": public_pem("ES256")}]
)
def test_a_session_does_not_outlive_its_key_and_issuer(
    tmp_path: Path, change: dict[str, str]
) -> None:
    """After a change of either, whoever had a session has none; without one they go on."""
    settings: dict[str, Any] = {
        **REQUIRED, "member_key": public_pem("RS256"), "var": tmp_path,
    }  # fmt: skip
    with serving(FakeEngine(), **settings) as address, httpx.Client(base_url=address) as client:
        copied = come_in(client, sign(algorithm="RS256"))
    for more, status in ((dict[str, str](), 204), (change, 401)):
        with serving(FakeEngine(), **{**settings, **more}) as address:
            assert httpx.get(f"{address}/session", headers=copied).status_code == status


def test_a_browser_signs_out(members: httpx.Client) -> None:
    """The cookie goes, a copy of it is worth nothing, and the next token opens a new session."""
    copied = come_in(members, sign(jti=str(time.time())))
    assert members.get("/session").headers["casebook-member"]
    ended = members.get("/session/end")
    assert (ended.status_code, ended.headers["location"]) == (303, "/")
    assert "casebook_session" not in members.cookies
    assert members.get("/session").status_code == 401
    assert members.get("/session", headers=copied).status_code == 401
    come_in(members, sign(jti="the next"))
    assert members.get("/session").status_code == 204


def test_the_portal_signs_a_member_out(members: httpx.Client) -> None:
    """By a token, without a cookie, in every browser of theirs, and in nobody else's."""
    copied = come_in(members, sign(jti=str(time.time())))
    other = come_in(members, sign(sub="member-8"))
    members.cookies.clear()
    form = {"token": sign(), "next": f"{PORTAL}/bye"}
    ended = members.post("/session/end", data=form, headers={"Origin": PORTAL})
    assert (ended.status_code, ended.headers["location"]) == (303, f"{PORTAL}/bye")
    assert members.get("/session", headers=copied).status_code == 401
    assert members.get("/session", headers=other).status_code == 204


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/", "//evil.example", "javascript:alert(1)", f"{PORTAL}.evil.example/",
        f"{PORTAL}@evil.example/", "/cases/x", f"{PORTAL}/\r\nSet-Cookie: x=y", "http://[",
        f"{PORTAL}\\@evil.example",
    ],
)  # fmt: skip
def test_signing_out_leads_nowhere_else(members: httpx.Client, place: str) -> None:
    """It is no way to send a member to another site."""
    assert members.get("/session/end", params={"next": place}).status_code == 422
    assert members.post("/session/end", data={"token": sign(), "next": place}).status_code == 422


@pytest.mark.parametrize("token", ["", "x.y.z", sign(iss="https://evil.example")])
def test_only_the_portal_signs_a_member_out(members: httpx.Client, token: str) -> None:
    """Without a good token nobody's session ends, nor from a page of another site."""
    copied = come_in(members, sign(jti=str(time.time())))
    members.cookies.clear()
    assert members.post("/session/end", data={"token": token}).status_code == 401
    evil = {"Origin": "https://evil.example"}
    assert members.post("/session/end", data={"token": sign()}, headers=evil).status_code == 403
    assert members.get("/session", headers=copied).status_code == 204
