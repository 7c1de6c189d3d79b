"""The editor's pages on a real server, used as a browser without scripts uses them."""

from __future__ import annotations

import html
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.locales.interface import TAGS
from chatbot.web.editor import access as door
from chatbot.web.editor import actions, uploads
from corpus.errors import DocumentError
from corpus.library import LARGEST
from corpus.metadata import CASE_FIELDS
from tests.fake_publisher import TOKEN, Office, serving_publisher

ROAD = b"The road is long. It never ends, say the people of Lund.\n"
WORDS = re.compile(r"<[^<>]*>")


class Page:
    """The pages as a program uses them: signed in, following where it is led."""

    def __init__(self, address: str, language: str = "en") -> None:
        """Sign in."""
        self.client = httpx.Client(
            base_url=address, timeout=60, follow_redirects=True, headers={"Accept": "text/html"}
        )
        self.client.post("/editor/sign-in", data={"token": TOKEN}).raise_for_status()
        self.root = f"/editor/{language}"

    def get(self, path: str = "", **query: str) -> str:
        """Return a page's words and tags, with references resolved in what it says."""
        return self.client.get(f"{self.root}/{path}", params=query or None).text

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form; returns the page that it leads to."""
        return self.client.post(f"{self.root}/{path}", data=fields)

    def upload(self, *files: tuple[str, bytes]) -> httpx.Response:
        """Upload files."""
        return self.client.post(f"{self.root}/upload", files=[("files", file) for file in files])

    def wait(self) -> str:
        """Wait until nothing is published any more, and return the page of publishing."""
        until = time.monotonic() + 60
        while 'id="progress"' in (shown := self.get("publish")):
            assert time.monotonic() < until
            time.sleep(0.05)
        return shown


def read(shown: str) -> str:
    """Return what a page says."""
    return " ".join(html.unescape(WORDS.sub(" ", shown)).split())


def said(response: httpx.Response) -> str:
    """Return what a page says just happened."""
    found = re.search(
        r'<div id="said".*?</div>\n</div>|<div id="said".*?</div>', response.text, re.S
    )
    return read(found[0]) if found else ""


@contextmanager
def page(server: tuple[Office, str], language: str = "en") -> Iterator[Page]:
    """Give a page of the server and close it."""
    opened = Page(server[1], language)
    try:
        yield opened
    finally:
        opened.client.close()


def test_without_a_token_or_a_desk_there_is_no_such_page(tmp_path: Path) -> None:
    """Closed by default: 404 for every address of it, and no folder is made."""
    office = Office.make(tmp_path / "office")
    for token, with_publisher in (("", True), (TOKEN, False)):
        with (
            serving_publisher(office, token, with_publisher=with_publisher) as address,
            httpx.Client(base_url=address) as client,
        ):
            for path in ("/editor", "/editor/", "/editor/sign-in", "/editor/en/", "/editor/zh/",
                         "/editor/en/publish", "/editor/en/publish/progress"):  # fmt: skip
                assert client.get(path).status_code == 404, path
            for path in ("/editor/sign-in", "/editor/en/publish/start", "/editor/en/upload"):
                assert client.post(path, data={"token": TOKEN}).status_code >= 400
            assert client.get("/").status_code == 200
    assert not list((office.folder / "var").glob("uploads-*"))


@pytest.mark.parametrize(
    "path", ["", "publish", "releases", "questions", "worklist", "document?name=tea.txt"]
)
def test_the_pages_are_the_editors_in_both_languages(
    server: tuple[Office, str], office: Office, path: str
) -> None:
    """Title, language, a policy, no address of another site; the token stands nowhere."""
    for language, tag, title in (
        ("en", "en", "Casebook: the editor's desk"), ("zh", "zh-CN", "Casebook 编辑台"),
    ):  # fmt: skip
        with page(server, language) as opened:
            shown = opened.client.get(f"/editor/{language}/{path}")
            assert f'<html lang="{tag}"' in shown.text
            assert html.unescape(shown.text).partition("</title>")[0].endswith(f"– {title}")
            assert not re.search(r'(?:src|href|content|action)="https?://', shown.text)
            assert not re.search(r" style=| on[a-z]+=|<style|<script>", shown.text)
            assert TOKEN not in shown.text
            assert opened.client.cookies[door.COOKIE] not in shown.text
            assert shown.headers["cache-control"] == "no-store"
            assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
            other = {"en": "zh", "zh": "en"}[language]
            links = re.findall(rf'href="([^"]*lang={other})"', html.unescape(shown.text))
            led = opened.client.get(links[0])
            assert str(led.url).endswith(f"/editor/{other}/{path}")
            assert f'<html lang="{TAGS[other]}"' in led.text
            assert opened.client.cookies["casebook_language"] == other


def test_files_are_taken_each_with_its_line(server: tuple[Office, str], office: Office) -> None:
    """Good ones wait, a bad one is named with the reason, and no upload stays where it landed."""
    with page(server) as opened:
        shown = opened.upload(
            ("road.txt", ROAD), ("bad.txt", b"\0\1"), ("../../up.txt", b"It is up.")
        )
        assert said(shown).startswith(
            "2 documents taken. 1 could not be read. Not taken bad.txt: byte 0"
        )
        assert shown.url.path == "/editor/en/waiting/1"
        assert "road.txt" in shown.text
        assert "up.txt" in shown.text
        assert "../" not in shown.text
        assert "<sup>2</sup>It never ends, say the people of Lund." in shown.text
        (folder,) = (office.folder / "var").glob("uploads-*")
        assert list((folder / "incoming").iterdir()) == []
        assert sorted(path.name for path in folder.glob("*/*")) == ["1", "2"]
        opened.client.post("/editor/sign-out")
        assert list(folder.glob("*/*")) == []
    assert office.library.names() == ("bridge.txt", "tea.txt")


def test_what_is_said_of_a_document_is_in_the_pages_language(
    server: tuple[Office, str], office: Office
) -> None:
    """Why one cannot be read, and what of another was left out."""
    with page(server, "zh") as opened:
        line = said(opened.upload(("a.rtf", b"{\\rtf1}"), ("b.docx", b"PK\x03\x04broken")))
        assert "a.rtf：是 RTF 文件，Casebook 不读取；请存为 .docx 或 .pdf" in line
        assert "b.docx：Word 文件已损坏（File is not a zip file）" in line
        hidden = b"<html><body><p hidden>Unseen.</p><p>The plant runs, and serves nine towns.</p>"
        shown = opened.upload(("c.html", hidden)).text
        assert "隐藏的部分 1 处" in read(shown)
        (office.library.folder / "d.txt").write_bytes(b"")
        assert "d.txt：文件是空的；请加入文字" in read(opened.get())


def test_what_waits_is_the_sessions_alone(server: tuple[Office, str], office: Office) -> None:
    """Another editor does not see it, by whatever number."""
    with page(server) as one, page(server) as other:
        one.upload(("road.txt", ROAD))
        assert "road.txt" in one.get()
        assert "road.txt" not in other.get()
        for path in ("waiting/1", "waiting/99999999999999999999"):
            shown = other.client.get(f"/editor/en/{path}")
            assert shown.status_code == 404
            assert "waits no longer" in shown.text
        assert "waits no longer" in said(other.post("waiting/1/away"))
        assert "waits no longer" in said(other.post("waiting/1/add"))


@pytest.mark.slow
def test_a_file_may_be_too_large(server: tuple[Office, str], office: Office) -> None:
    """A byte over the limit is its line, and nothing of it stays; what is just as large is read."""
    (folder,) = (office.folder / "var").glob("uploads-*")
    with page(server) as opened:
        told = said(opened.upload(("big.txt", b"\0" * (LARGEST + 1)), ("road.txt", ROAD)))
        assert "1 document taken. 1 could not be read." in told
        assert "big.txt: 64 MiB, and 64 are the most" in told
        assert "big.txt: byte 0" in said(opened.upload(("big.txt", b"\0" * LARGEST)))
        assert list((folder / "incoming").iterdir()) == []


@pytest.mark.parametrize("length", [True, False])
def test_an_upload_has_an_end(
    server: tuple[Office, str], office: Office, monkeypatch: pytest.MonkeyPatch, length: bool
) -> None:
    """Said to be too large, or found to be while it is read: a line, and nothing of it stays."""
    monkeypatch.setattr(uploads, "_LARGEST_BODY", 300_000)
    (folder,) = (office.folder / "var").glob("uploads-*")
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    body += b"x" * 400_000 + b"\r\n--x--\r\n"
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    with page(server) as opened:
        shown = opened.client.post(
            "/editor/en/upload",
            content=body if length else iter(pieces),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        assert "20 files, of 256 MiB together, are the most at once" in said(shown)
        assert list((folder / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"hello"), ("multipart/form-data", b"--x\r\n"), ("", b""),
        ("multipart/form-data; boundary=x", b"no part at all"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n\r\n--x--\r\n'),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"files=1"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n!\r\n--x--\r\n'),
    ],
)  # fmt: skip
def test_what_is_no_upload_is_a_line(
    server: tuple[Office, str], office: Office, kind: str, body: bytes
) -> None:
    """Whatever comes instead of files."""
    with page(server) as opened:
        headers = {"Content-Type": kind} if kind else {}
        shown = opened.client.post("/editor/en/upload", content=body, headers=headers)
        assert shown.url.path == "/editor/en/"
        assert "choose" in said(shown)
        assert 'class="said trouble"' in shown.text


def test_twenty_files_at_once_are_the_most(server: tuple[Office, str], office: Office) -> None:
    """The ones beyond are named; what waits is bounded too."""
    with page(server) as opened:
        files = [(f"{each}.txt", f"It is {each}.".encode()) for each in range(22)]
        told = said(opened.upload(*files))
        assert "20 documents taken. 2 could not be read." in told
        assert "21.txt: 20 files at once are the most" in told
        assert "20 documents wait already" in said(opened.upload(("more.txt", b"It is more.")))
        told = said(opened.post("add-all"))
        assert told.count(": added.") == 20


FACTS = {"title": "", "company": "", "published": "", "language": "", "url": ""}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("waiting/7/away", {}), ("waiting/7/add", FACTS), ("waiting/7/correct", {}),
        ("remove", {"name": "../../etc/passwd"}), ("remove", {"name": "questions.jsonl"}),
        ("remove", {"name": "x" * 5000}), ("remove", {}), ("restore", {"name": "\0.txt"}),
        ("document/correct?name=<script>alert(1)</script>.txt", FACTS),
        ("document/correct?name=../x&to=https://evil.example&said=x", FACTS),
        ("document/correct", {}), ("fetch", {"address": "file:///etc/passwd"}),
        ("fetch", {"address": "http://127.0.0.1/"}), ("fetch", {}),
        ("releases/rollback", {"release": "../../.."}), ("releases/rollback", {}),
        ("releases/rollback", {"release": "000000000000"}), ("releases/prune", {"keep": "-1"}),
        ("releases/prune", {"keep": "٣"}), ("releases/prune", {"keep": "9" * 5000}),
        ("releases/prune", {}), ("questions/keep", {}), ("questions/keep", {"question": "\u202e"}),
        ("questions/keep", {"question": "x" * 9000}), ("questions/drop", {"question": "who?"}),
    ],
)  # fmt: skip
def test_what_a_browser_sends_is_not_trusted(
    server: tuple[Office, str], office: Office, path: str, fields: dict[str, str]
) -> None:
    """Names, numbers and words that nobody offered are a line, and change nothing."""
    before = {path: path.read_bytes() for path in office.library.folder.glob("[!.]*")}
    live = office.releases.live()
    with page(server) as opened:
        shown = opened.post(path, **fields)
    assert 'class="said trouble"' in shown.text
    assert shown.url.path.startswith("/editor/en/")
    assert "<script>" not in shown.text
    assert "Traceback" not in shown.text
    assert {path: path.read_bytes() for path in office.library.folder.glob("[!.]*")} == before
    assert office.releases.live() == live


def test_an_address_that_is_not_there_is_a_page(server: tuple[Office, str]) -> None:
    """In the page's language, with its status and the way back; what a form goes to is no page."""
    with page(server, "zh") as opened:
        for path in ("nothing", "publish/start", "waiting/x", "document?name=no.txt", "a/%3Cb%3E"):
            shown = opened.client.get(f"/editor/zh/{path}")
            assert shown.status_code == 404, path
            assert 'class="said trouble"' in shown.text
            assert "<b>" not in shown.text
        assert opened.client.put("/editor/zh/publish").status_code == 404


def test_a_fault_inside_is_a_sentence_with_its_request(
    server: tuple[Office, str], office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never the exception's own words; an error of the tree is its one line."""

    def fail(*_: object) -> Any:
        raise RuntimeError("secret")

    def refuse(*_: object) -> Any:
        raise DocumentError("<b>x.txt</b>: cannot be read; mend it")

    with page(server, "zh") as opened:
        monkeypatch.setattr(office.publisher, "documents", fail)
        shown = opened.client.get("/editor/zh/")
        assert shown.status_code == 500
        assert "内部出错" in shown.text
        assert shown.headers["x-request-id"] in shown.text
        assert "secret" not in shown.text
        monkeypatch.setattr(office.publisher, "documents", refuse)
        assert "&lt;b&gt;x.txt&lt;/b&gt;: cannot be read" in opened.get()


def test_two_editors_publish_and_one_is_told(server: tuple[Office, str], office: Office) -> None:
    """The second hears that the first is at work; both see how it ended; readers go on."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD))
    office.encoder.hold = threading.Event()
    with page(server) as one, page(server, "zh") as two:
        assert 'id="progress"' in one.post("publish/start").text
        assert office.encoder.at_work.wait(60)
        shown = two.post("publish/start")
        assert "另一位编辑正在发布" in said(shown)
        assert '<noscript><meta http-equiv="refresh"' in shown.text
        assert 'id="progress"' in two.get("publish", plan="1")
        assert two.client.get("/api/cases").status_code == 200
        with two.client.stream("GET", "/editor/zh/publish/progress") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: progress"
            told = json.loads(next(lines).removeprefix("data: "))
            assert (told["phase"], told["done"], told["pace"][:2]) == ("正在编码新增文字", 1, "1 ")
            office.encoder.hold.set()
            assert list(lines)[-3:] == ["event: end", "data:", ""]
        for opened, words in ((one, "Published as release"), (two, "已发布")):
            shown_last = opened.wait()
            assert words in shown_last
            assert office.releases.live() in shown_last


def test_a_build_at_work_elsewhere_is_a_line(server: tuple[Office, str], office: Office) -> None:
    """As a verb in a shell does it: what would change cannot be said, and nothing is published."""
    with page(server) as opened, office.releases.draft():
        locked = opened.client.get("/editor/en/publish?plan=1")
        assert (locked.status_code, "another build is at work" in locked.text) == (503, True)
        opened.post("publish/start")
        assert "another build is at work" in opened.wait()


def test_publishing_can_be_stopped(server: tuple[Office, str], office: Office) -> None:
    """What was live stays live, and the page says so."""
    before = office.releases.live()
    office.publisher.add(office.publisher.take_file("road.txt", ROAD))
    office.encoder.hold = threading.Event()
    with page(server) as opened:
        opened.post("publish/start")
        assert office.encoder.at_work.wait(60)
        opened.post("publish/stop")
        office.encoder.hold.set()
        assert "Publishing was stopped. What was live stays live." in opened.wait()
    assert office.releases.live() == before


def test_releases_are_checked_and_deleted(server: tuple[Office, str], office: Office) -> None:
    """How many are whole and how many went, in words that fit one of them too."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD))
    office.publisher.publish()
    with page(server) as opened:
        whole = len(office.releases.all())
        assert said(opened.post("releases/verify")) == f"{whole} releases are whole."
        told = said(opened.post("releases/prune", keep="0"))
        gone = "1 release was" if whole == 2 else f"{whole - 1} releases were"
        assert told.startswith(f"{gone} deleted.")
        assert said(opened.post("releases/verify")) == "1 release is whole."
    assert len(office.releases.all()) == 1


def test_a_known_question_is_written_tried_and_kept(
    server: tuple[Office, str], office: Office
) -> None:
    """What is answered now, right or not; the other lines of the file stay as they are."""
    path = office.library.folder / "questions.jsonl"
    before = path.read_text("utf-8").splitlines()
    asked = {"question": "What is made of old oak?", "answers": "old oak\r\n\r\noak "}
    with page(server) as opened:
        shown = read(opened.get("questions", **asked, **{"try": "1"}))
        assert "as expected A quotation of the answer holds the words. It is answered:" in shown
        assert "The blue bridge is made of old oak." in shown
        assert path.read_text("utf-8").splitlines() == before
        assert "not as expected No quotation" in read(
            opened.get("questions", question="Who?", answers="x", **{"try": "1"})
        )
        told = said(opened.post("questions/keep", **asked))
        assert told == "Known from now on: What is made of old oak?"
        *kept, last = path.read_text("utf-8").splitlines()
        assert kept == before
        assert json.loads(last) == {
            "question": "What is made of old oak?", "language": "en", "answers": ["old oak", "oak"],
        }  # fmt: skip
        unlike = {"question": "What is made of old oak?", "answers": ""}
        shown_first = opened.post("questions/keep", **unlike)
        assert (shown_first.status_code, "Not kept yet" in said(shown_first)) == (409, True)
        assert json.loads(path.read_text("utf-8").splitlines()[-1])["answers"] != []
        told = said(opened.post("questions/keep", **unlike, sure=unlike["question"]))
        assert told.endswith("It is not answered so now: it stops no publishing before it is.")
        assert json.loads(path.read_text("utf-8").splitlines()[-1])["answers"] == []
        assert "Taken out" in said(
            opened.post("questions/drop", question="What is made of old oak?")
        )
    assert path.read_text("utf-8").splitlines() == before


@pytest.mark.slow
def test_below_a_root_every_address_has_it(tmp_path: Path) -> None:
    """Behind a proxy at /casebook, signing in leads there and every link and form stays there."""
    office = Office.make(tmp_path / "office")
    with (
        serving_publisher(office, root_path="/casebook") as address,
        httpx.Client(
            base_url=f"{address}/casebook", follow_redirects=True, headers={"Accept": "text/html"}
        ) as client,
    ):
        shown = client.post("/editor/sign-in", data={"token": TOKEN})
        assert shown.url.path == "/casebook/editor/en/"
        for path in ("/editor/en/", "/editor/en/publish", "/editor/en/document?name=tea.txt"):
            text = client.get(path).text
            led = re.findall(r'(?:href|src|action|formaction|data-stream)="([^"]*)"', text)
            assert len(led) > 10
            assert [to for to in led if not to.startswith("/casebook/")] == []
        shown = client.post("/editor/en/upload", files={"files": ("road.txt", ROAD)})
        assert shown.url.path == "/casebook/editor/en/waiting/1"
        shown = client.post("/editor/en/remove", data={"name": "none.txt"})
        assert (shown.url.path, "no such document" in said(shown)) == ("/casebook/editor/en/", True)
    assert not list((office.folder / "var").glob("uploads-*"))


def test_facts_are_corrected_where_they_were_changed(
    server: tuple[Office, str], office: Office
) -> None:
    """What another editor said meanwhile of another field stays; a bad form is a line."""
    publisher = office.publisher
    made = actions.Actions(publisher, None, "en")  # type: ignore[arg-type]
    shown = made.show_held("tea.txt").shown
    empty = ("company", "published", "url", *CASE_FIELDS)
    assert shown == {"title": "Tea of the south", "language": "en", **dict.fromkeys(empty, "")}
    made.describe("tea.txt", shown, shown | {"published": "2024-02-23"})
    made.describe("tea.txt", shown, shown | {"title": " Tea of the hills "})
    sheet = made.show_held("tea.txt")
    held = sheet.shown
    assert held == shown | {"title": "Tea of the hills", "published": "2024-02-23"}
    assert sheet.missing == {"company": ""}
    made.describe("tea.txt", held, held | {"title": ""})
    assert made.show_held("tea.txt").shown["title"] == "Tea of the south"
    for key, value in (("published", "soon"), ("url", "javascript:1"), ("title", "a\nb"),
                       ("title", "x" * 2001), ("language", "english")):  # fmt: skip
        with pytest.raises(DocumentError, match=f"tea.txt: {key}"):
            made.describe("tea.txt", held, held | {key: value})


def test_what_was_typed_stays_where_it_is_wrong(server: tuple[Office, str], office: Office) -> None:
    """With the line that says what is wrong, for a document of the library and one that waits."""
    with page(server) as opened:
        opened.upload(("road.txt", ROAD))
        for path in ("document/correct?name=tea.txt", "waiting/1/correct", "waiting/1/add"):
            fields = {**FACTS, "title": "A new title", "published": "soon"}
            shown = opened.post(path, **fields, **{f"was-{key}": "" for key in FACTS})
            assert shown.status_code == 422
            assert "published 'soon' is not a date" in said(shown)
            assert 'value="A new title"' in shown.text
            assert 'value="soon"' in shown.text
    assert office.library.facts("tea.txt").title == ""


def test_what_readers_missed_becomes_work(server: tuple[Office, str], office: Office) -> None:
    """Asked in vain twice and voted down: shown, exported, made known, put aside."""
    with page(server) as opened:
        asked = {"question": "Who <b>painted</b> the moon?"}
        for _ in range(2):
            opened.client.post("/api/ask", json=asked).raise_for_status()
        known = {"question": "When was the red bridge built?", "release": office.releases.live()}
        vote = {**known, "vote": "down", "citation": 1, "comment": "<i>wrong</i> place"}
        vote["reason"] = "incomplete"
        opened.client.post("/api/feedback", json=vote).raise_for_status()
        shown = opened.get("worklist")
        assert "<b>painted" not in shown
        assert "<i>wrong" not in shown
        told = read(shown)
        assert "Asked in vain" in told
        assert "asked 2 times" in told
        assert "The reader says: <i>wrong</i> place" in told
        assert "UTC · Incomplete" in told
        assert "The red bridge was built in 1999 by Ada." in told
        lines = opened.get("worklist/export").splitlines()
        kinds = {json.loads(line)["kind"]: json.loads(line)["id"] for line in lines}
        assert set(kinds) == {"unanswered", "vote"}
        shown = read(opened.get("questions", **asked, item=kinds["unanswered"], **{"try": "1"}))
        assert "as expected No words are expected, and nothing is answered." in shown
        done = opened.post("questions/keep", **asked, answers="", item=kinds["unanswered"])
        assert (done.url.path, "Known from now on" in said(done)) == ("/editor/en/worklist", True)
        assert "Taken off the list: When was" in said(
            opened.post("worklist/done", item=kinds["vote"])
        )
        assert "no longer" in said(opened.post("worklist/done", item="../../x"))
        assert "Nothing is to be done." in opened.get("worklist")
    assert office.publisher.questions()[-1].question == "Who <b>painted</b> the moon?"
