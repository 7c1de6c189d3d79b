"""The editor's page on a real server: closed by itself, and what Gradio is let do for it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.web.editor import access as door
from chatbot.web.editor import actions as actions
from corpus.errors import DocumentError
from tests.fake_publisher import TOKEN, Office, serving_publisher
from tests.fakes import read_config

ROAD = b"The road is long. It never ends, say the people of Lund.\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    """One server for the module's tests."""
    office = Office.make(tmp_path_factory.mktemp("office"))
    with serving_publisher(office) as address:
        yield office, address


@pytest.fixture
def office(server: tuple[Office, str], small_reader: None) -> Office:
    """Return the office, as new."""
    server[0].reset()
    return server[0]


class Page:
    """The page as a program uses it: signed in, through Gradio's queue."""

    def __init__(self, address: str, language: str = "en") -> None:
        """Sign in."""
        self.client = httpx.Client(base_url=address, timeout=60, follow_redirects=True)
        self.client.post("/editor/sign-in", data={"token": TOKEN}).raise_for_status()
        self.root = f"/editor/{language}"
        self.config = read_config(self.client.get(f"{self.root}/").text)
        self.names = {
            each["id"]: each["props"].get("elem_id", "") for each in self.config["components"]
        }
        self.turns = 0

    def upload(self, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
        """Upload files as Gradio's field does; returns what it would send on."""
        parts = [("files", file) for file in files]
        sent = self.client.post(f"{self.root}/gradio_api/upload", files=parts)
        sent.raise_for_status()
        return [
            {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
            for path, (name, _) in zip(sent.json(), files, strict=True)
        ]

    def do(self, name: str, event: str, *data: Any, said: Any = None) -> dict[str, Any]:
        """Trigger an event of a component; returns the last value of every output by its name.

        Nothing but `refused` where Gradio itself refuses.
        """
        number, dependency = next(
            (number, each)
            for number, each in enumerate(self.config["dependencies"])
            if any(self.names.get(id_) == name and what == event for id_, what in each["targets"])
        )
        self.turns += 1
        session = f"s{self.turns}"
        joined = self.client.post(
            f"{self.root}/gradio_api/queue/join",
            json={"data": list(data), "event_data": said, "fn_index": number,
                  "session_hash": session},
        )  # fmt: skip
        joined.raise_for_status()
        found: dict[str, Any] = {}
        with self.client.stream(
            "GET", f"{self.root}/gradio_api/queue/data", params={"session_hash": session}
        ) as stream:
            for line in stream.iter_lines():
                message: dict[str, Any] = json.loads(line[5:] if line[:5] == "data:" else "{}")
                if message.get("msg") in ("process_generating", "process_completed"):
                    if not message["success"]:
                        return {"refused": json.dumps(message)}
                    values = message["output"].get("data", [])
                    if message["msg"] == "process_completed":
                        break
                    for id_, value in zip(dependency["outputs"], values, strict=True):
                        _update(found, self.names[id_] or f"#{id_}", value)
        return found


def _update(found: dict[str, Any], name: str, value: Any) -> None:
    """Take over a value, or the differences to the one before."""
    if isinstance(value, list) and all(isinstance(each, list) for each in value):
        for what, path, new in value:
            if what == "replace" and not path:
                found[name] = new
            elif what == "append" and not path:
                found[name] += new
    else:
        found[name] = value


@contextmanager
def page(server: tuple[Office, str], language: str = "en") -> Iterator[Page]:
    """Give a page of the server and close it."""
    opened = Page(server[1], language)
    try:
        yield opened
    finally:
        opened.client.close()


FACTS = ("", "", "", "")


def test_without_a_token_or_a_desk_there_is_no_such_page(tmp_path: Path) -> None:
    """Closed by default: 404 for every address of it, and no folder is made."""
    office = Office.make(tmp_path / "office")
    for token, with_publisher in (("", True), (TOKEN, False)):
        with (
            serving_publisher(office, token, with_publisher=with_publisher) as address,
            httpx.Client(base_url=address) as client,
        ):
            for path in ("/editor", "/editor/", "/editor/sign-in", "/editor/en/", "/editor/zh/",
                         "/editor/en/config", "/editor/en/gradio_api/info"):  # fmt: skip
                assert client.get(path).status_code == 404, path
            assert client.post("/editor/sign-in", data={"token": TOKEN}).status_code >= 400
            assert client.get("/").status_code == 200
    assert not list((office.folder / "var").glob("uploads-*"))


def test_the_page_is_the_editors_in_both_languages(server: tuple[Office, str]) -> None:
    """Title, language, no address of another site; the token stands nowhere."""
    for language, tag, title in (
        ("en", "en", "Casebook: the editor&#x27;s desk"), ("zh", "zh-CN", "Casebook 编辑台"),
    ):  # fmt: skip
        with page(server, language) as opened:
            shown = opened.client.get(f"/editor/{language}/")
            assert f'<html lang="{tag}"' in shown.text
            assert f"<title>{title}</title>" in shown.text
            assert not re.search(r'(?:src|href|content)="https?://', shown.text)
            assert TOKEN not in shown.text + json.dumps(opened.config)
            assert opened.client.cookies[door.COOKIE] not in shown.text
            assert shown.headers["cache-control"] == "no-store"
            assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
            assert opened.config["analytics_enabled"] is False
            assert '"named_endpoints":{},"unnamed_endpoints":{}' in shown.text


def test_files_are_taken_each_with_its_line(server: tuple[Office, str], office: Office) -> None:
    """Good ones wait, a bad one is named with the reason, and no upload stays where it landed."""
    with page(server) as opened:
        found = opened.do(
            "files", "upload",
            opened.upload(("road.txt", ROAD), ("bad.txt", b"\0\1"), ("../../up.txt", b"It is up.")),
        )  # fmt: skip
        assert "2 documents taken. 1 could not be read." in found["said"]
        assert "bad.txt: byte 0" in found["said"]
        assert "road.txt" in found["drafts"]
        assert "up.txt" in found["drafts"]
        assert "../" not in found["drafts"]
        assert "<sup>2</sup>It never ends, say the people of Lund." in found["proof"]
        (folder,) = (office.folder / "var").glob("uploads-*")
        assert list((folder / "gradio").rglob("*.txt")) == []
        assert sorted(path.name for path in folder.glob("*/*")) == ["1", "2"]
        opened.client.post("/editor/sign-out")
        assert list(folder.glob("*/*")) == []
    assert office.library.names() == ("bridge.txt", "tea.txt")


def test_no_other_file_of_the_machine_is_read(
    server: tuple[Office, str], office: Office, tmp_path: Path
) -> None:
    """A path that the page did not upload is refused, before anything copies it or fetches it.

    In the first request of a page and in a later one, for which Gradio has made its parts anew.
    """
    secret = tmp_path / "secret.txt"
    secret.write_text("The secret words are here.")
    (folder,) = (office.folder / "var").glob("uploads-*")
    with page(server) as opened:
        (sent,) = opened.upload(("road.txt", ROAD))
        link = Path(sent["path"]).parent.parent / ("0" * 64)
        link.mkdir()
        (link / "x.txt").symlink_to(secret)
        for path in (
            str(secret), "/etc/hostname", "http://127.0.0.1:1/x.txt", f"{folder}/gradio/../x/y.txt",
            f"{folder}/gradio/{'0' * 64}/x.txt", sent["path"] + "/../../../x/y.txt", "", ".", "\0",
        ):  # fmt: skip
            made = {"path": path, "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}
            for name, event, data in (
                ("files", "upload", ([made],)), ("files", "upload", ([made],)),
                ("fetch", "click", (made,)), ("see", "click", ()),
            ):  # fmt: skip
                opened.turns = 0
                found = opened.do(name, event, *data)
                if name == "files":
                    said = found.get("said", "1 could not be read")
                    assert "1 could not be read" in said, path
                assert "secret words" not in json.dumps(found)
    assert secret.read_text() == "The secret words are here."
    left = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in left if b"secret" in path.read_bytes()]


def test_uploads_are_not_served(server: tuple[Office, str], office: Office) -> None:
    """Neither through the page nor through the chat, to nobody."""
    with page(server) as opened, httpx.Client(base_url=server[1]) as stranger:
        (sent,) = opened.upload(("road.txt", ROAD))
        for client in (opened.client, stranger):
            for root in ("", "/editor/en"):
                for way in ("file=", "file/", "file%3D"):
                    answer = client.get(f"{root}/gradio_api/{way}{sent['path']}")
                    assert answer.status_code == 404
                    assert "never ends" not in answer.text


@pytest.mark.slow
def test_a_file_may_be_too_large(server: tuple[Office, str], office: Office) -> None:
    """A byte over the limit is 413, and nothing of it stays; what is just as large is taken."""
    (folder,) = (office.folder / "var").glob("uploads-*")
    before = set((folder / "gradio").iterdir())
    with page(server) as opened:
        sent = opened.client.post(
            "/editor/en/gradio_api/upload",
            files={"files": ("big.txt", b"x" * (door.LARGEST_FILE + 1))},
        )
        assert sent.status_code == 413
        assert set((folder / "gradio").iterdir()) == before
        (whole,) = opened.upload(("big.txt", b"x" * door.LARGEST_FILE))
        assert Path(whole["path"]).stat().st_size == door.LARGEST_FILE
        opened.do("files", "upload", [whole | {"orig_name": "\0.exe"}])


def test_twenty_files_at_once_are_the_most(server: tuple[Office, str], office: Office) -> None:
    """The ones beyond are named; what waits is bounded too."""
    with page(server) as opened:
        found = opened.do(
            "files", "upload",
            opened.upload(*((f"{each}.txt", f"It is {each}.".encode()) for each in range(22))),
        )  # fmt: skip
        assert "20 documents taken. 2 could not be read." in found["said"]
        assert "21.txt: 20 files at once are the most" in found["said"]


@pytest.mark.parametrize(
    ("component", "data", "said"),
    [
        ("drafts", (0, {}, *FACTS), None), ("drafts", (0, {}, *FACTS), {"act": "look"}),
        ("drafts", (0, {}, *FACTS), {"act": "look", "number": "1; rm"}),
        ("drafts", (0, {}, *FACTS), {"act": "away", "number": 99}),
        ("drafts", (0, {}, *FACTS), {"act": "remove", "number": 1}),
        ("collection", (None, ""), {"act": "remove", "name": "../../etc/passwd"}),
        ("collection", (None, ""), {"act": "remove", "name": "questions.jsonl"}),
        ("collection", (None, ""), {"act": "remove", "name": "x" * 5000}),
        ("collection", (None, ""), {"act": "remove", "name": ["bridge.txt"]}),
        ("collection", (None, ""), {"act": "restore", "name": "\0.txt"}),
        ("collection", (None, ""), {"act": "correct", "name": "<script>alert(1)</script>.txt"}),
        ("collection", (None, ""), "remove bridge.txt"),
        ("releases", (), {"act": "rollback", "name": "../../.."}),
        ("releases", (), {"act": "rollback", "name": "000000000000"}),
        ("releases", (), {"act": "rollback"}),
    ],
)  # fmt: skip
def test_what_a_browser_sends_is_not_trusted(
    server: tuple[Office, str], office: Office, component: str, data: tuple[Any, ...], said: Any
) -> None:
    """Names, numbers and acts that nobody offered are a line, and change nothing."""
    before = {path: path.read_bytes() for path in office.library.folder.glob("[!.]*")}
    with page(server) as opened:
        found = opened.do(component, "act", *data, said=said)
    line = next(iter(found.values()))
    assert 'class="said trouble"' in line
    assert "<script" not in json.dumps(found)
    assert "Traceback" not in json.dumps(found)
    assert {path: path.read_bytes() for path in office.library.folder.glob("[!.]*")} == before


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
        found = opened.do("find", "submit", None, "")
        assert "内部出错" in found["collection-said"]
        assert "secret" not in json.dumps(found)
        monkeypatch.setattr(office.publisher, "documents", refuse)
        found = opened.do("find", "submit", None, "")
        assert "&lt;b&gt;x.txt&lt;/b&gt;: cannot be read" in found["collection-said"]


def test_two_editors_publish_and_one_is_told(server: tuple[Office, str], office: Office) -> None:
    """The second hears that the first is at work; both see how it ended; readers go on."""
    office.publisher.add(office.publisher.take_file("road.txt", ROAD))
    office.encoder.hold = threading.Event()
    with page(server) as one, page(server, "zh") as two:
        first: list[dict[str, Any]] = []
        work = threading.Thread(
            target=lambda: first.append(one.do("publish-now", "click", False)), daemon=True
        )
        work.start()
        assert office.encoder.at_work.wait(60)
        assert "another editor is publishing" in two.do("publish-now", "click", False)["progress"]
        locked = two.do("see", "click")
        assert "another build is at work" in locked["progress"]
        assert two.client.get("/api/cases").status_code == 200
        office.encoder.hold.set()
        work.join(60)
        assert "Published as release" in first[0]["change"]
        assert office.releases.live() in first[0]["change"]


@pytest.mark.slow
def test_below_a_root_every_address_has_it(tmp_path: Path) -> None:
    """Behind a proxy at /casebook, signing in leads there and the page's parts are found there."""
    office = Office.make(tmp_path / "office")
    with (
        serving_publisher(office, root_path="/casebook") as address,
        httpx.Client(base_url=f"{address}/casebook", follow_redirects=True) as client,
    ):
        shown = client.post("/editor/sign-in", data={"token": TOKEN})
        assert shown.url.path == "/casebook/editor/en/"
        assert 'href="/casebook/web/editor.css"' in shown.text
        config = read_config(shown.text)
        assert config["root"] == "/casebook/editor/en"
        assert "/casebook/editor/sign-out" in json.dumps(config)
    assert not list((office.folder / "var").glob("uploads-*"))


def test_facts_are_corrected_where_they_were_changed(
    server: tuple[Office, str], office: Office
) -> None:
    """What another editor said meanwhile of another field stays; a bad form is a line."""
    publisher = office.publisher
    made = actions.Actions(publisher, None, Path(), "en")  # type: ignore[arg-type]
    shown = made.show_facts("tea.txt")
    assert shown == {"title": "Tea of the south", "company": "", "published": "", "url": ""}
    made.describe("tea.txt", shown, shown | {"published": "2024-02-23"})
    made.describe("tea.txt", shown, shown | {"title": " Tea of the hills "})
    assert made.show_facts("tea.txt") == shown | {
        "title": "Tea of the hills", "published": "2024-02-23",
    }  # fmt: skip
    held = made.show_facts("tea.txt")
    made.describe("tea.txt", held, held | {"title": ""})
    assert made.show_facts("tea.txt")["title"] == "Tea of the south"
    for key, value in (("published", "soon"), ("url", "javascript:1"), ("title", "a\nb"),
                       ("title", "x" * 2001)):  # fmt: skip
        with pytest.raises(DocumentError, match=f"tea.txt: {key}"):
            made.describe("tea.txt", held, held | {key: value})
