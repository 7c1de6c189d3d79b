"""What routes, pages and streams say, as they said it before; see transcript.py."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.engine import Engine
from chatbot.publishing.publisher import Publisher
from corpus.errors import ModelError, NoReleaseError, SlowError
from corpus.library import Library
from index.build import build
from index.storage.publish import Releases
from tests.fake_portal import REQUIRED, sign
from tests.fake_publisher import TOKEN, Office, WaitingEncoder, serving_publisher
from tests.fakes import FakeEngine, read_config, reply_whole, serving
from tests.small_reader import use_small_reader
from tests.transcript import LIBRARIES, QUESTIONS, ROOT, Keep, Transcript, break_tags


def serve(name: str, folder: Path) -> tuple[Office, AbstractContextManager[str]]:
    """Publish a copy of a library; returns the office over it, and what serves it."""
    shutil.copytree(LIBRARIES[name], folder / "reports")
    library, releases = Library(folder / "reports"), Releases(folder / "var" / "releases")
    encoder = WaitingEncoder()
    build(library, releases, encoder)
    publisher = Publisher(library, releases, lambda: encoder)
    office = Office(folder, encoder, library, releases, publisher)
    return office, serving_publisher(office, warm=True)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, httpx.Client]]:
    """A client of a server for each library, with the editor's page."""
    with ExitStack() as stack:
        use_small_reader(stack.enter_context(pytest.MonkeyPatch.context()))
        clients = {}
        for name in LIBRARIES:
            address = stack.enter_context(serve(name, tmp_path_factory.mktemp(name))[1])
            clients[name] = stack.enter_context(open_client(address))
        yield clients


def open_client(address: str) -> httpx.Client:
    """Return a client that takes plain bytes and reads English."""
    plain = {"accept-encoding": "identity", "accept-language": "en"}
    return httpx.Client(base_url=address, headers=plain, timeout=60)


def ask(client: httpx.Client, question: str, stream: bool = False, **more: Any) -> httpx.Response:
    """Ask by the API."""
    headers = {"accept": "text/event-stream"} if stream else {}
    return client.post("/api/ask", json={"question": question, **more}, headers=headers)


def visit(
    client: httpx.Client, transcript: Transcript, method: str, path: str, body: str = "",
    **more: Any,
) -> httpx.Response:  # fmt: skip
    """Note what a request gets; `body` stands for the response's own."""
    response = client.request(method, path, **more)
    sent = json.dumps(more["json"], ensure_ascii=False) if "json" in more else ""
    transcript.add_response(f"{method} {path} {sent}".rstrip(), response, body)
    return response


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_api(sites: dict[str, httpx.Client], name: str, keep: Keep) -> None:
    """Questions, searches, cases, and how the server is."""
    client, transcript = sites[name], Transcript()
    for path in ("/healthz", "/readyz", "/api/cases"):
        visit(client, transcript, "GET", path)
    for case in client.get("/api/cases").json()["cases"]:
        visit(client, transcript, "GET", f"/api/cases/{case['id']}")
    for question in QUESTIONS[name]:
        visit(client, transcript, "POST", "/api/ask", json={"question": question})
    visit(client, transcript, "GET", "/api/search?q=water&k=2")
    if name == "mixed":
        turns = [{"role": "user", "content": QUESTIONS[name][0]}]
        for more in (
            {"history": turns}, {"filters": {"company": ["Brill"]}}, {"language": "zh"},
        ):  # fmt: skip
            body = {"question": "How many towns drink the water?", **more}
            visit(client, transcript, "POST", "/api/ask", json=body)
        vote = {"question": "tea?", "release": "00c0ffee0000", "vote": "up"}
        visit(client, transcript, "POST", "/api/feedback", json=vote)
        visit(client, transcript, "GET", "/session")
        told = client.get("/metrics").text.splitlines()
        shown = [line for line in told if line.startswith(("# HELP casebook", "# TYPE casebook"))]
        transcript.add("GET /metrics, what is counted", *shown)
        paths = client.get("/openapi.json").json()["paths"]
        transcript.add("GET /openapi.json, the routes", *(
            f"{method.upper():5} {path}: {', '.join(route['responses'])}"
            for path, methods in paths.items() for method, route in methods.items()
        ))  # fmt: skip
    keep(transcript, f"{name}/api.txt")


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_streams(sites: dict[str, httpx.Client], name: str, keep: Keep) -> None:
    """Each question's events, one by one."""
    transcript = Transcript()
    for question in QUESTIONS[name]:
        response = ask(sites[name], question, stream=True)
        transcript.add_response(f"POST /api/ask {question}", response, response.text)
    keep(transcript, f"{name}/streams.txt")


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_case_pages(sites: dict[str, httpx.Client], name: str, keep: Keep) -> None:
    """Every case, in either language, and one that is none."""
    client, transcript = sites[name], Transcript()
    for case in client.get("/api/cases").json()["cases"]:
        visit(client, transcript, "GET", f"/{case['link']}")
    for language in ("en", "zh"):
        visit(client, transcript, "GET", f"/{case['link']}?lang={language}")
        visit(client, transcript, "GET", f"/cases/nothing?lang={language}")
        client.cookies.clear()
    keep(transcript, f"{name}/pages.txt")


def test_the_chat(sites: dict[str, httpx.Client], tmp_path: Path, keep: Keep) -> None:
    """The page's own part of Gradio's document, its files, and what each question shows."""
    client, transcript = sites["mixed"], Transcript()
    for language in ("en", "zh"):
        response = client.get("/", headers={"accept-language": language})
        transcript.add_response(f"GET / in {language}", response, find_own(response.text))
    properties = read_config(client.get("/").text)["components"][0]["props"]
    shown = {key: properties[key] for key in ("elem_id", "html_template", "js_on_load")}
    shown |= properties["props"]
    transcript.add("what the page is given", json.dumps(shown, ensure_ascii=False, indent=1))
    for path in sorted((ROOT / "chatbot/web/static").glob("*.*")):
        visit(client, transcript, "GET", f"/web/{path.name}")
    visit(client, transcript, "GET", "/favicon.ico")
    packed = client.get("/web/base.css", headers={"accept-encoding": "gzip"})
    transcript.add_response("GET /web/base.css, compressed", packed)
    office, _ = serve("mixed", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        use_small_reader(patch)
        engine = Engine(office.releases, lambda: office.encoder)
        engine.warm()
        for question in (*QUESTIONS["mixed"], "?", "x" * 2001):
            for interface in ("en", "zh"):
                data = {"turn": 1, "question": question, "interface": interface}
                *updates, last = reply_whole(engine, data, "/casebook")
                states = [f"{each['state']} {each['notice']}".rstrip() for each in updates]
                told = json.dumps(last, ensure_ascii=False, indent=1)
                transcript.add(f"chat in {interface}: {question[:60]}", *states, told)
    keep(transcript, "mixed/chat.txt")


def find_own(html: str) -> str:
    """Return of Gradio's document what is Casebook's: language, head and first paint."""
    found = re.search(r"<html[^>]*>", html), re.search(r"<title>(?:(?!</head>).)*</head>", html)
    boot = re.search(r'<div class="boot".*?</noscript></div>', html)
    return break_tags("".join(part[0] for part in (*found, boot) if part))


def test_the_widget(sites: dict[str, httpx.Client], keep: Keep) -> None:
    """Its script, its frame with what it is told, the frame's files, a key."""
    client, transcript = sites["mixed"], Transcript()
    visit(client, transcript, "GET", "/widget.js")
    page = visit(client, transcript, "GET", "/widget").text
    version = re.search(r"widget/([0-9a-f]{12})/frame.js", page)
    assert version
    for path in (
        f"/widget/{version[1]}/frame.js", f"/widget/{version[1]}/frame.css", "/widget/old/frame.js",
        f"/widget/{version[1]}/other.js", "/widget/key",
    ):  # fmt: skip
        visit(client, transcript, "GET", path)
    visit(client, transcript, "HEAD", "/widget.js")
    keep(transcript, "mixed/widget.txt")


def test_errors(sites: dict[str, httpx.Client], keep: Keep) -> None:
    """What is refused, and how that is said; and what fails inside."""
    client, transcript = sites["mixed"], Transcript()
    for body in (
        {}, {"question": ""}, {"question": "?"}, {"question": 7}, {"question": "x" * 2001},
        {"question": "tea", "filters": {"year": ["1"]}},
        {"question": "tea", "filters": {"company": ["Nobody"]}}, {"question": "tea", "more": 1},
        {"question": "tea", "language": "fr"}, {"question": "tea", "history": [{"role": "x"}]},
    ):  # fmt: skip
        visit(client, transcript, "POST", "/api/ask", json=body)
    for kind, content in (
        ("application/json", b"{"), ("application/json", b"\xff"), ("text/plain", b"{}"),
        ("application/json", b"x" * 70_000),
    ):  # fmt: skip
        response = client.post("/api/ask", content=content, headers={"content-type": kind})
        transcript.add_response(f"POST /api/ask {len(content)} bytes of {kind}", response)
    visit(client, transcript, "POST", "/api/feedback", json={"vote": "sideways"})
    for method, path in (
        ("GET", "/api/nothing"), ("GET", "/api/ask"), ("DELETE", "/api/cases"), ("GET", "/nothing"),
        ("GET", "/api/cases/nothing"), ("GET", "/api/search"), ("GET", "/api/search?q=tea&k=0"),
        ("POST", "/healthz"), ("GET", "/web/nothing.js"), ("GET", "/docs"), ("POST", "/session"),
    ):  # fmt: skip
        visit(client, transcript, method, path)
    visit(client, transcript, "GET", "/api/cases", headers={"host": "other.example"})
    response = ask(client, "?", stream=True)
    transcript.add_response("POST /api/ask ? as a stream", response)
    engine = FakeEngine()
    with serving(engine) as address, open_client(address) as failing:
        for error in (NoReleaseError("var: nothing is published"), SlowError("too slow"),
                      ModelError("no model"), RuntimeError("a secret")):  # fmt: skip
            engine.error = error
            title = f"where {type(error).__name__} is raised"
            transcript.add_response(f"POST /api/ask {title}", ask(failing, "tea"))
            transcript.add_response(f"the same as a stream, {title}", ask(failing, "tea", True))
            transcript.add_response(f"GET /cases/any {title}", failing.get("/cases/any"))
        engine.error, engine.ready = None, False
        transcript.add_response("GET /readyz while it is cold", failing.get("/readyz"))
    keep(transcript, "mixed/errors.txt")


def test_for_members_alone(keep: Keep) -> None:
    """Who comes without a token, with a bad one, with a good one, and too often."""
    transcript = Transcript()
    settings = {**REQUIRED, "questions_per_minute": 2, "embed_origins": ("https://portal.example",)}
    with serving(FakeEngine(), **settings) as address, open_client(address) as client:
        for language in ("en", "zh"):
            headers = {"accept-language": language}
            for path in ("/", "/cases/any"):
                response = visit(client, transcript, "GET", path, headers=headers)
        for path in ("/api/cases", "/session", "/widget"):
            body = "" if path != "/widget" else "<as of everybody>"
            visit(client, transcript, "GET", path, body)
        for token in ("none", sign(time.time() - 9999), sign(aud="other"), sign()):
            headers = {"authorization": f"Bearer {token}"}
            visit(client, transcript, "GET", "/session", headers=headers)
        headers = {"origin": "https://portal.example", "access-control-request-method": "POST"}
        visit(client, transcript, "OPTIONS", "/api/ask", headers=headers)
        form = {"next": "cases/any", "token": sign()}
        for _ in range(2):
            visit(client, transcript, "POST", "/session", data=form)
            client.cookies.clear()
        visit(client, transcript, "POST", "/session", data={**form, "next": "//evil.example"})
        headers = {"authorization": f"Bearer {sign()}"}
        for _ in range(3):
            response = client.post("/api/ask", json={"question": "benefit"}, headers=headers)
        response.headers["retry-after"] = "<some>"
        transcript.add_response("POST /api/ask, the third in a minute of two", response)
    keep(transcript, "mixed/members.txt")


def test_the_editors_page(sites: dict[str, httpx.Client], keep: Keep) -> None:
    """Signing in and out, and what the page shows at first in either language."""
    client, transcript = sites["mixed"], Transcript()
    page = {"accept": "text/html"}
    for path in ("/editor", "/editor/en/", "/editor/sign-in", "/editor/sign-in?lang=zh",
                 "/editor/sign-in?lang=en&ended", "/editor/nothing"):  # fmt: skip
        visit(client, transcript, "GET", path, headers=page)
    visit(client, transcript, "GET", "/editor/en/")
    visit(client, transcript, "PUT", "/editor/sign-in")
    visit(client, transcript, "POST", "/editor/sign-in", data={"token": "wrong"})
    foreign = {"origin": "https://evil.example"}
    visit(client, transcript, "POST", "/editor/sign-in", data={"token": TOKEN}, headers=foreign)
    visit(client, transcript, "POST", "/editor/sign-in", data={"token": TOKEN})
    visit(client, transcript, "GET", "/editor/", headers=page)
    visit(client, transcript, "GET", "/editor/en/")
    name = client.get("/editor/en/").text.partition("document?name=")[2].partition('"')[0]
    for path in ("zh/", "en/?find=brill", "en/publish?plan=1", "zh/releases", "en/questions",
                 "en/questions?question=Who+is+king%3F&try=1", "zh/nothing",
                 f"zh/document?name={name}"):  # fmt: skip
        response = client.get(f"/editor/{path}")
        main = response.text.partition("<main>")[2].partition("</main>")[0]
        transcript.add_response(f"GET /editor/{path}, its own part", response, break_tags(main))
    visit(client, transcript, "POST", "/editor/en/remove", data={"name": "no.txt"})
    visit(client, transcript, "GET", "/editor/en/publish/progress")
    visit(client, transcript, "POST", "/editor/sign-out")
    client.cookies.clear()
    keep(transcript, "mixed/editor.txt")
