"""feedback and `POST /api/feedback`: what readers think of answers, kept within bounds."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.publishing.feedback import ASIDE, LARGEST, Vote, VoteLog
from chatbot.web import schemas as contract
from chatbot.web.security.limits import VOTES_A_DAY
from tests.fake_portal import REQUIRED, sign
from tests.fakes import RELEASE, FakeEngine, serving

GOOD: dict[str, Any] = {"question": "benefit?", "release": RELEASE, "vote": "up"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server, and the folder where it keeps its votes."""
    folder = tmp_path_factory.mktemp("votes")
    with serving(FakeEngine(), var=folder) as address:
        yield address, folder


@pytest.fixture
def folder(server: tuple[str, Path]) -> Path:
    """The server's folder, without a vote."""
    for log in server[1].glob("*feedback*"):
        log.unlink()
    return server[1]


@pytest.fixture
def served(server: tuple[str, Path], folder: Path) -> Iterator[httpx.Client]:
    """A client of the server."""
    with httpx.Client(base_url=server[0], timeout=30) as client:
        yield client


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the votes in a folder's log."""
    path = folder / "feedback.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_vote_is_one_line(served: httpx.Client, folder: Path) -> None:
    """It says what was asked, of which release, and what the reader thinks; nobody is named."""
    answer = served.post("/api/feedback", json={**GOOD, "question": "惠及\n多少人？\u2028"})
    assert (answer.status_code, answer.content) == (204, b"")
    more = {
        **GOOD, "vote": "down", "citation": 2, "comment": "another case", "outcome": "nearest",
        "reason": "place",
    }  # fmt: skip
    served.post("/api/feedback", json=more).raise_for_status()
    first, second = read_lines(folder)
    assert abs(datetime.fromisoformat(first.pop("at")) - datetime.now(UTC)).total_seconds() < 60
    assert first == {
        "question": "惠及\n多少人？\u2028",
        "release": RELEASE,
        "vote": "up",
        "citation": 0,
        "comment": "",
        "member": "",
        "outcome": "",
        "reason": "",
    }
    assert {key: second[key] for key in more} == more


@pytest.mark.parametrize(
    "change",
    [
        {"vote": "sideways"}, {"vote": None}, {"question": ""}, {"question": "x" * 2001},
        {"release": "../../etc"}, {"release": ""}, {"citation": -1}, {"citation": "1"},
        {"citation": 1001}, {"comment": "x" * 1001}, {"comment": 3}, {"member": "somebody"},
        {"outcome": "found"}, {"reason": "dull"}, {"reason": None},
        {"at": "yesterday"},
    ],
)  # fmt: skip
def test_a_vote_that_is_none_is_refused(
    served: httpx.Client, folder: Path, change: dict[str, Any]
) -> None:
    """What is missing, too long, or says who voted gets a 422, and nothing is written."""
    answer = served.post("/api/feedback", json={**GOOD, **change})
    assert answer.status_code == 422
    contract.ErrorBody.model_validate(answer.json())
    assert not list(folder.glob("*feedback*"))


def test_a_form_of_another_page_is_no_vote(served: httpx.Client, folder: Path) -> None:
    """A page of another site can send a form or plain text unasked; neither is taken."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = served.post(
            "/api/feedback", content=json.dumps(GOOD), headers={"Content-Type": kind}
        )
        assert answer.status_code == 415
    assert not list(folder.glob("*feedback*"))


def test_a_member_is_an_opaque_id(tmp_path: Path) -> None:
    """Only members vote where that is required, and the log does not tell who they are."""
    with (
        serving(FakeEngine(), var=tmp_path, **REQUIRED) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        assert client.post("/api/feedback", json=GOOD).status_code == 401
        headers = {"Authorization": f"Bearer {sign(sub='mei@portal.example')}"}
        for _ in range(2):
            client.post("/api/feedback", json=GOOD, headers=headers).raise_for_status()
    first, second = read_lines(tmp_path)
    assert first["member"] == second["member"]
    assert len(first["member"]) == 16
    assert "mei" not in (tmp_path / "feedback.jsonl").read_text()


def test_votes_cost_no_question_and_have_a_limit(tmp_path: Path) -> None:
    """A member votes as often as the setting lets them ask, and may still ask then."""
    limits = {**REQUIRED, "questions_per_minute": 3}
    with (
        serving(FakeEngine(), var=tmp_path, **limits) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        client.headers["Authorization"] = f"Bearer {sign()}"
        statuses = [client.post("/api/feedback", json=GOOD).status_code for _ in range(4)]
        assert statuses == [204, 204, 204, 429]
        assert client.post("/api/ask", json={"question": "benefit?"}).status_code == 200
    assert len(read_lines(tmp_path)) == 3


def test_a_full_log_is_put_aside_once(tmp_path: Path) -> None:
    """No more than two logs of the bound are ever kept, and the newest vote is in the first."""
    log = VoteLog(tmp_path, 180, largest=1000)
    for number in range(40):
        log.append(Vote(f"question {number}", RELEASE, "up"))
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {"feedback.jsonl", ASIDE}
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert read_lines(tmp_path)[-1]["question"] == "question 39"


def test_votes_at_the_same_time_keep_their_lines(tmp_path: Path) -> None:
    """Eight threads write, and every line is whole."""
    log = VoteLog(tmp_path / "var", 180)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.append(Vote(f"{n} " * 400, RELEASE, "down")), range(200)))
    assert sorted(int(each["question"].split()[0]) for each in read_lines(log.path.parent)) == list(
        range(200)
    )


@given(st.text(), st.text(st.sampled_from("\n\r\x0b\x1c\x85\u2028\u2029\ud800a")))
def test_any_words_stay_on_their_line(
    tmp_path_factory: pytest.TempPathFactory, question: str, comment: str
) -> None:
    """Line ends, controls and lone surrogates in a vote never begin another line."""
    folder = tmp_path_factory.mktemp("votes")
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    VoteLog(folder, 180).append(Vote(question, RELEASE, "up", comment=comment), moment)
    [kept] = read_lines(folder)
    assert kept["at"] == "2026-01-02T00:00:00+00:00"
    assert kept["question"] == question.encode("utf-8", "replace").decode()


def test_only_the_owner_reads_votes(tmp_path: Path) -> None:
    """The log, its lock and what was put aside, also where they were open to all before."""
    (tmp_path / "feedback.jsonl").write_text("", "utf-8")
    (tmp_path / "feedback.jsonl").chmod(0o644)
    log = VoteLog(tmp_path, 180, largest=400)
    for _ in range(4):
        log.append(Vote("benefit?", RELEASE, "up"))
    assert len(list(tmp_path.iterdir())) == 3
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_votes_are_kept_for_so_long(tmp_path: Path) -> None:
    """What is older goes with the first vote of a day and when a server starts, in both logs."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    log = VoteLog(tmp_path, 10, largest=1200)
    for day in range(9):
        log.append(Vote(f"question {day}", RELEASE, "up"), began + timedelta(day))
    assert (tmp_path / ASIDE).exists()
    log.append(Vote("today", RELEASE, "up"), began + timedelta(14))
    kept = [
        json.loads(line)["question"]
        for name in (ASIDE, "feedback.jsonl")
        for line in (tmp_path / name).read_text("utf-8").splitlines()
    ]
    assert kept == [*(f"question {day}" for day in range(4, 9)), "today"]
    VoteLog(tmp_path, 10).sweep(began + timedelta(30))
    assert read_lines(tmp_path) == []


def test_a_member_is_forgotten(tmp_path: Path) -> None:
    """Their votes go from both logs, all others stay; a line that is none goes too."""
    log = VoteLog(tmp_path, 180, largest=1000)
    for number in range(8):
        log.append(Vote(f"question {number}", RELEASE, "up", member="ab" * 8 if number % 2 else ""))
    with log.path.open("ab") as file:
        file.write(b'{"at": "2026-\n[1]\n' + b"[" * 100_000 + b"\n")
    assert VoteLog(tmp_path / "nowhere", 180).forget("ab" * 8) == 0
    assert log.forget("ab" * 8) >= 4
    both = b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
    assert b"abab" not in both
    assert b"question 6" in both
    assert not (tmp_path / "nowhere").exists()


def test_a_full_disk_spoils_no_line(tmp_path: Path) -> None:
    """A vote that cannot be written whole is not written, and the next one has its own line."""
    log = VoteLog(tmp_path, 180)
    log.append(Vote("before", RELEASE, "up"))
    size = log.path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
    try:
        with pytest.raises(OSError, match="No space left"):
            log.append(Vote("x" * 400, RELEASE, "up"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    log.append(Vote("after", RELEASE, "up"))
    assert [line["question"] for line in read_lines(tmp_path)] == ["before", "after"]


def test_a_vote_that_cannot_be_kept_is_told(served: httpx.Client, folder: Path) -> None:
    """Where the disk refuses, the reader hears to come back, and not of a fault."""
    (folder / "feedback.jsonl").mkdir()
    answer = served.post("/api/feedback", json=GOOD)
    (folder / "feedback.jsonl").rmdir()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")


def test_one_reader_cannot_flush_the_votes_of_others(tmp_path: Path) -> None:
    """The longest votes that one may give in a day are a small part of the log."""
    with serving(
        FakeEngine(), var=tmp_path, trusted_proxies=("127.0.0.1/32",), questions_per_minute=1000
    ) as address:
        client = httpx.Client(base_url=address, headers={"X-Forwarded-For": "198.51.100.7"})
        with client:
            vote = {**GOOD, "question": "界" * 2000, "comment": "界" * 1000}
            statuses = [client.post("/api/feedback", json=vote).status_code for _ in range(60)]
    assert (statuses.count(204), statuses.count(429)) == (VOTES_A_DAY, 60 - VOTES_A_DAY)
    assert (tmp_path / "feedback.jsonl").stat().st_size < LARGEST / 50
