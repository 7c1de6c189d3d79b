"""gradio_routes: of Gradio, what the chat asks for answers, and nothing else does.

What does not answer is asked of real servers, for every route that the installed Gradio has.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Mount

from chatbot.web.editor import access as door
from chatbot.web.security.gradio_routes import is_asked
from tests.chatbot.web.test_access import list_routes
from tests.fake_portal import REQUIRED, sign
from tests.fake_publisher import TOKEN, Office, serving_publisher
from tests.fakes import FakeEngine, read_config, serving
from tests.web_server import WebServer
from tests.web_server import serving as serving_web

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The chat's routes; styles and scripts beside, which have names.
ASKED = {
    ("GET", "/"), ("HEAD", "/"), ("GET", "/theme.css"), ("GET", "/gradio_api/app_id"),
    ("POST", "/gradio_api/queue/join"), ("GET", "/gradio_api/queue/data"),
}  # fmt: skip
NAMED = {"/assets/index-1.js", "/assets/a.b.css", "/static/js/iframeResizer.contentWindow.min.js"}
# Gradio has these too, but Casebook's own come first.
OURS = {(method, path) for method in ("GET", "HEAD") for path in ("/favicon.ico", "/openapi.json")}
# `{to}` is a web server's address.
ATTACKS = [
    "/gradio_api/file={to}", "/gradio_api/file={to}%0a", "/gradio_api/file={to}%0d%0a",
    "/gradio_api/file={to}%0b", "/gradio_api/file={to}%00", "/gradio_api/file={to}%C2%85",
    "/gradio_api/file={to}%E2%80%A8", "/gradio_api/file=%0a{to}", "/gradio_api%0a/file={to}",
    "/%0agradio_api/file={to}", "/gradio_api/file={to}/", "/gradio_api/file={to}?x#x",
    "/gradio_api/file%3D{to}", "/gradio_api/%66ile={to}", "/gradio_api%2Ffile={to}",
    "/%67radio_api/file%3d{to}", "/gradio_api/%2566ile={to}", "/gradio_api%252Ffile={to}",
    "/gradio_api//file={to}", "//gradio_api/file={to}", "/gradio_api/./file={to}",
    "/gradio_api/%2e/file={to}", "/assets/../gradio_api/file={to}",
    "/assets/%2e%2e/gradio_api/file={to}", "/assets/%252e%252e/gradio_api/file={to}",
    "/assets/x.js/../../gradio_api/file={to}", "/GRADIO_API/file={to}", "/gradio_api/FILE={to}",
    "/gradio_api\\file={to}", "/gradio_api/;/file={to}", "/gradio_api/queue/data/file={to}",
    "/gradio_api/file/{to}", "/gradio_api/proxy={to}", "/gradio_api/proxy={to}%0a",
    "/gradio_api/file=/etc/passwd", "/gradio_api/file=/etc/passwd%0a",
    "/gradio_api/file=//etc/passwd", "/gradio_api/file=../../etc/passwd",
    "/gradio_api/file=%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd",
    "/assets/%2e%2e/%2e%2e/routes.py", "/static/js/../img/logo.svg", "/static/img/logo.svg",
    "/svelte/svelte.js", "/assets/hf-logo-8sK58_pS.svg", "/config", "/config/", "/config%0a",
    "/CONFIG", "/gradio_api/info", "/gradio_api/openapi.json", "/theme.css/", "/theme.css%0a",
    "/theme.css%00", "/Theme.css", "//theme.css", "/./theme.css", "/x/../theme.css",
    "/gradio_api/theme.css", "/gradio_api/queue/join/", "/gradio_api/queue/status",
    "/gradio_api/queue/data%0a", "/gradio_api/app_id/", "/gradio_api/upload/",
    "/gradio_api/upload", "/gradio_api/upload_progress", "/gradio_api/heartbeat/x",
    "/gradio_api/deep_link", "/gradio_api/startup-events",
    "/monitoring", "/login", "/logout", "/robots.txt", "/manifest.json", "/docs", "/redoc",
]  # fmt: skip


@dataclass
class Place:
    """A server below a root, and the cookie of an editor who is signed in."""

    office: Office
    address: str
    root: str
    cookie: dict[str, str]

    def ask(self, method: str, target: str) -> list[int]:
        """Return the statuses of a target in these very bytes, with the cookie and without."""
        found = []
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        for headers in (self.cookie, {}):
            connection.request(method, self.root + target, headers=headers)
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        connection.close()
        return found

    def show(self, query: str = "", **headers: str) -> httpx.Response:
        """Return the chat's document; an underscore in a header's name stands for a hyphen."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.address}{self.root}/{query}", headers={**self.cookie, **said})


@pytest.fixture(
    scope="module",
    params=["", pytest.param("/casebook", marks=pytest.mark.slow)],
    ids=["root", "casebook"],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A server with the editor's page beside the chat, at the root and below a path."""
    office = Office.make(tmp_path_factory.mktemp("office"))
    with serving_publisher(office, root_path=request.param) as address:
        signed = httpx.post(f"{address}{request.param}/editor/sign-in", data={"token": TOKEN})
        key = signed.cookies[door.COOKIE]
        yield Place(office, address, request.param, {"Cookie": f"{door.COOKIE}={key}"})


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A web server of this machine, which Gradio takes for one that it may ask."""
    monkeypatch.setattr("safehttpx.is_public_ip", lambda _: True)
    with serving_web(WebServer()) as server:
        yield server


@pytest.mark.slow
def test_every_other_route_of_gradio_is_shut(place: Place) -> None:
    """Whatever it mounts, by every method, with and without a session: 404 for all but the list."""
    app = place.office.app
    assert app is not None
    (mount,) = [each for each in app.routes if isinstance(each, Mount)]
    assert mount.path == ""
    paths = {path for _, path in list_routes([mount])}
    assert len(paths) > 60
    wrong = []
    for path in sorted(paths):
        for method in METHODS:
            if (method, path) not in ASKED | OURS:
                found = place.ask(method, path)
                if found != [404, 404]:
                    wrong.append((method, path, found))
    assert wrong == []


def test_the_chats_routes_are_there(place: Place) -> None:
    """For everybody."""
    script = place.show().text.partition('src="./assets/')[2].partition('"')[0]
    for path in ("/", "/theme.css", "/gradio_api/app_id", f"/assets/{script}",
                 "/static/js/iframeResizer.contentWindow.min.js"):  # fmt: skip
        assert place.ask("GET", path) == [200, 200], path
    assert place.ask("POST", "/gradio_api/queue/join") == [422, 422]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_finds_no_route(place: Place, target: WebServer, attack: str) -> None:
    """However it is written: 404 for everybody, and no address is asked."""
    to = f"http://127.0.0.1:{target.port}/secret.txt"
    for method in ("GET", "HEAD", "POST"):
        found = place.ask(method, attack.format(to=to))
        assert found == [404, 404], (method, target.asked)
    assert target.asked == []


@pytest.mark.parametrize(
    "way", ["//editor/en{}", "/EDITOR/en{}", "/editor//en{}", "/editor/./en{}", "/editor/fr{}",
            "/casebook/casebook{}"],
)  # fmt: skip
def test_no_other_way_leads_to_gradio(place: Place, target: WebServer, way: str) -> None:
    """The editor's addresses in another writing open nothing of it either."""
    to = f"http://127.0.0.1:{target.port}/secret.txt"
    for path in (f"/gradio_api/file={to}", f"/gradio_api/file={to}%0a", "/config"):
        assert place.ask("GET", way.format(path)) == [404, 404], path
        assert place.ask("GET", f"/editor/en{path}") == [404, 401]
    assert target.asked == []


@pytest.mark.slow
def test_a_question_fetches_no_address(place: Place, target: WebServer) -> None:
    """What names a file by its address is no file of the page."""
    to = f"http://127.0.0.1:{target.port}/secret.txt"
    made = {"path": to, "url": to, "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}
    with httpx.Client(base_url=place.address + place.root, headers=place.cookie) as client:
        for each in read_config(place.show().text)["dependencies"]:
            asked: dict[str, Any] = {"session_hash": f"x{each['id']}", "fn_index": each["id"]}
            data = [made] * len(each["inputs"]) or [made]
            client.post("/gradio_api/queue/join", json={**asked, "data": data, "event_data": made})
            with client.stream("GET", "/gradio_api/queue/data", params=asked) as stream:
                assert any('"process_completed"' in line for line in stream.iter_lines())
    assert target.asked == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Gradio_Server": "http://evil.example/x"}, 200),
        ({"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}, 200),
        ({"X_Forwarded_Prefix": "/evil", "X_Script_Name": "/evil"}, 200),
        ({"Forwarded": "host=evil.example;proto=https", "X_Original_Url": "/evil"}, 200),
        ({"Host": "203.0.113.9:99"}, 200), ({"Host": "evil.localhost"}, 200),
        ({"Host": "127.0.0.1:1@evil.example"}, 421), ({"Host": "127.0.0.1/evil"}, 421),
        ({"Host": "127.0.0.1:evil"}, 421), ({"Host": "[::1]evil"}, 421),
        ({"Host": "127.0.0.1?evil"}, 421), ({"Host": "127.0.0.1#evil"}, 421),
        ({"Host": "evil.example"}, 421),
    ],
)  # fmt: skip
def test_a_page_says_its_address_as_the_settings_do(
    place: Place, headers: dict[str, str], status: int
) -> None:
    """No header of a request comes back in the page; its parts are where it is mounted."""
    shown = place.show(**headers)
    assert shown.status_code == status
    assert "evil" not in shown.text
    assert "203.0.113.9" not in shown.text
    if status == 200:
        assert read_config(shown.text)["root"] == (place.root or "/")


def test_no_query_makes_another_page(place: Place) -> None:
    """Gradio knows links to what somebody did, parts of pages, and lists of all it can be asked."""
    plain = place.show().text
    for query in ("?page=nothing", "?deep_link=evil", "?all_endpoints=1", "?__sign=evil"):
        asked = place.show(query)
        assert (asked.status_code, asked.text) == (200, plain)


def test_where_members_may_ask_nobody_else_learns_what_is_there(target: WebServer) -> None:
    """A member hears 404, a stranger 401 as everywhere."""
    to = f"http://127.0.0.1:{target.port}/secret.txt"
    with serving(FakeEngine(), **REQUIRED) as address:
        for path in (f"/gradio_api/file={to}", f"/gradio_api/file={to}%0a", "/config"):
            token = {"Authorization": f"Bearer {sign()}"}
            assert httpx.get(address + path, headers=token).status_code == 404
            assert httpx.get(address + path).status_code == 401
    assert target.asked == []


def test_the_list_is_what_the_chat_asks_for() -> None:
    """As the browser tests find it."""
    asked = ASKED | {("GET", path) for path in NAMED}
    paths = {path for _, path in asked}
    assert {(m, path) for m in METHODS for path in paths if is_asked(m, path)} == asked


@given(st.sampled_from(sorted(ASKED)), st.characters(), st.integers(0, 40))
def test_one_character_more_makes_another_path(
    asked: tuple[str, str], character: str, place: int
) -> None:
    """Wherever it is put in."""
    method, path = asked
    assert not is_asked(method, path[:place] + character + path[place:])
