"""The widget's files and routes: small, closed to other sites' eyes, and saying the same words."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.locales import interface as words
from chatbot.settings import Settings, read_settings, variable_of
from chatbot.web.security.members import check_token, read_keys
from chatbot.web.templates import render
from chatbot.web.widget.assets import CHAT_ONLY, FOLDER, SHARED
from corpus.errors import NoReleaseError
from examples.portal.portal import Portal, find_port, main, read_key, set_up, start_casebook
from tests.fake_portal import REQUIRED
from tests.fakes import FakeEngine, serving

ROOT = Path(__file__).parents[4]
PORTAL = "https://portal.example"
LOADER = (FOLDER / "loader.js").read_text("utf-8")
FRAME = (FOLDER / "frame.js").read_text("utf-8")
MESSAGES = (FOLDER / "messages.d.ts").read_text("utf-8")


@pytest.fixture(scope="module")
def embedded() -> Iterator[str]:
    """The address of a server that the portal may embed."""
    with serving(FakeEngine(), embed_origins=(PORTAL,)) as address:
        yield address


class Tags(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, text: str) -> None:
        """Parse `text`."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))


def read_config(page: str) -> dict[str, Any]:
    """Return what the frame's page tells its script."""
    body = next(attributes for tag, attributes in Tags(page).found if tag == "body")
    config: dict[str, Any] = json.loads(body["data-config"] or "")
    return config


def test_the_loader_and_the_frame_are_small(plain_client: httpx.Client) -> None:
    """The loader has at most 6 kB, the frame at most 40 kB, as they are sent, uncompressed."""
    assert len(plain_client.get("/widget.js").content) <= 6000
    page = plain_client.get("/widget")
    paths = re.findall(r'"(widget/\w+/frame\.\w+)"', page.text)
    assert len(paths) == 2
    sizes = [len(plain_client.get("/" + path).content) for path in paths]
    assert len(page.content) + sum(sizes) <= 40_000


def test_the_frame_has_no_inline_script_or_style(embedded: str) -> None:
    """Nothing in its page, or added by its script, needs a policy to be loosened."""
    answer = httpx.get(f"{embedded}/widget")
    tags = Tags(answer.text).found
    assert [attributes["src"] for tag, attributes in tags if tag == "script"] != []
    assert not re.search(r"<style|<script[^>]*>[^<]", answer.text)
    for _, attributes in tags:
        assert not any(name == "style" or name.startswith("on") for name in attributes)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "base-uri 'none'" in policy
    assert f"frame-ancestors 'self' {PORTAL}" in policy
    assert "x-frame-options" not in answer.headers


def test_without_origins_only_this_site_may_show_it(plain_client: httpx.Client) -> None:
    """An empty list of origins means nobody else, for the browser and for the script."""
    answer = plain_client.get("/widget")
    assert answer.headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert read_config(answer.text)["origins"] == []


def test_the_scripts_never_read_html() -> None:
    """What comes from the server, a document or a page is put in as text alone."""
    for script in (LOADER, FRAME):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", script
        )
        assert "localStorage" not in script
        assert "document.cookie" not in script
    assert "sessionStorage" not in FRAME


def test_the_messages_are_those_of_the_one_definition() -> None:
    """Each side sends what its type lists, with its fields, and hears what the other sends."""
    to_frame, to_page = MESSAGES.split("export type ToPage")
    for script, sent, heard in ((LOADER, to_frame, to_page), (FRAME, to_page, to_frame)):
        told = {
            name: set(re.findall(r"(\w+):? ?[^,]*", fields.replace("type:", "")))
            for name, fields in re.findall(r'tell\(\{ type: "(casebook:[\w-]+)"(.*?) \}\)', script)
        }
        listed = {
            name: set(re.findall(r"(\w+): ", fields))
            for name, fields in re.findall(r'\{ type: "(casebook:[\w-]+)"(.*?) \}', sent)
        }
        assert told.keys() == listed.keys()
        assert set(re.findall(r'type === "(casebook:[\w-]+)"', script)) == set(
            re.findall(r'\{ type: "(casebook:[\w-]+)"', heard)
        )
        for name, held in listed.items():
            assert all(field in script for field in held), name


def test_the_frame_says_words_that_it_is_given() -> None:
    """Every word it asks for comes along, in both languages; and each that comes is asked for."""
    used = set(
        re.findall(r'data-word(?:-\w+)?="(\w+)"', render("widget.html", version="", config={}))
    )
    used |= set(
        re.findall(
            r'(?:say\("\w+", |word\(|note\(turn, |word(?:Label|Placeholder): )"(\w+)"', FRAME
        )
    )
    used |= set(re.findall(r'(?<!className)[?:] "(\w+)"', FRAME)) & (
        words.WORDS["en"].keys() | words.WIDGET["en"].keys()
    )
    used |= {
        "as_page",
        "caption",
        "copied",
        "copy_failed",
        "from_en",
        "from_other",
        "from_zh",
        "heading",
        "thanks",
        "vote_lost",
    }
    assert used == {*SHARED, *words.WIDGET["en"]}
    for table in (words.WIDGET, words.REASONS):
        assert table["en"].keys() == table["zh"].keys()
        assert all(re.search("[\u4e00-\u9fff]", text) for text in table["zh"].values())
        for key, text in table["en"].items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", table["zh"][key])


def test_the_page_tells_the_script_what_it_has_to_know() -> None:
    """Words, sentences, origins, and only examples that the collection can answer."""
    engine = FakeEngine()
    with serving(engine, embed_origins=(PORTAL,)) as address:
        config = read_config(httpx.get(f"{address}/widget").text)
        engine.error = NoReleaseError("nothing is published")
        bare = read_config(httpx.get(f"{address}/widget").text)
    assert config["origins"] == [PORTAL]
    assert config["examples"]["en"] == [each.question for each in words.EXAMPLES["en"]]
    assert bare["examples"] == {"en": ["Which companies are covered?"], "zh": ["收录了哪些公司？"]}
    for language in ("en", "zh"):
        told = config["errors"][language]
        for code in (
            "offline",
            "token_missing",
            "token_expired",
            "token_refused",
            "busy",
            "limited",
            "internal",
        ):
            assert told[code]
        assert not CHAT_ONLY & told.keys()
    assert find_reasons() == {"offline", "origin"}


def find_reasons() -> set[str]:
    """Return the reasons that the loader gives, the same in each language."""
    found = [re.findall(r"\((\w+)\)", " ".join(said.values())) for said in words.LOADER.values()]
    assert all(each == found[0] for each in found)
    return set(found[0])


@given(st.recursive(st.text() | st.integers(), st.lists))
def test_any_json_comes_through_the_attribute(value: Any) -> None:
    """Quotes, tags and ampersands in a word neither end the attribute nor change."""
    page = render("widget.html", version="", config={"value": value})
    assert read_config(page) == {"value": value}


def test_the_files_are_kept_as_long_as_they_are_the_same(plain_client: httpx.Client) -> None:
    """The frame's files stay for a year under their version, its page is always asked for."""
    page = plain_client.get("/widget")
    assert page.headers["cache-control"] == "no-cache"
    paths = re.findall(r'"(widget/\w+/frame\.\w+)"', page.text)
    for path in paths:
        assert "immutable" in plain_client.get("/" + path).headers["cache-control"]
    old = plain_client.get("/widget/000000000000/frame.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    loader = plain_client.get("/widget.js")
    assert loader.headers["content-type"].startswith("text/javascript")
    assert loader.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("name", ["widget.html", "loader.js", "messages.d.ts", "..%2fwidget.py"])
def test_nothing_else_of_the_folder_is_served(plain_client: httpx.Client, name: str) -> None:
    """The template and the types are no part of the site."""
    assert plain_client.get(f"/widget/000000000000/{name}").status_code == 404


def test_a_key_is_new_each_time_and_nobody_elses(embedded: str) -> None:
    """The browser keeps it for one portal's frame; no proxy keeps it, no other site reads it."""
    first, second = (
        httpx.get(f"{embedded}/widget/key", headers={"Origin": PORTAL}) for _ in range(2)
    )
    assert len(first.content) == 32
    assert first.content != second.content
    assert first.headers["cache-control"].startswith("private, max-age=")
    assert first.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in first.headers


def test_whoever_is_no_member_gets_the_frame_and_no_answer() -> None:
    """The frame says itself why nothing is answered, so it opens without a token."""
    with serving(FakeEngine(), **REQUIRED) as address, httpx.Client(base_url=address) as client:
        page = client.get("/widget")
        for path in ("widget.js", *re.findall(r'"(widget/\w+/frame\.\w+)"', page.text)):
            assert client.get("/" + path).status_code == 200
        assert client.post("/api/ask", json={"question": "benefit?"}).status_code == 401


def test_it_works_below_a_path() -> None:
    """Its addresses are relative, so that a proxy's prefix stays before them."""
    with serving(FakeEngine(), "/casebook") as address, httpx.Client(base_url=address) as client:
        assert client.get("/casebook/widget.js").status_code == 200
        page = client.get("/casebook/widget").text
        paths = re.findall(r'(?:href|src)="([^"]+)"', page)
        assert len(paths) == 2
        for path in paths:
            assert not path.startswith(("/", "http"))
            assert client.get(f"/casebook/{path}").status_code == 200


def test_the_document_tells_every_attribute_and_every_reason() -> None:
    """docs/widget.md has the attributes that the loader reads, and the reasons that are given."""
    document = (ROOT / "docs" / "widget.md").read_text("utf-8")
    table = document.split("## What the tag can say")[1].split("## ")[0]
    told = set(re.findall(r"^\| `data-(\w+)`", table, re.MULTILINE))
    assert told == set(re.findall(r"\bset\.(\w+)", LOADER))
    table = document.split("## When it says no")[1].split("## ")[0]
    told = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    given = {*words.ERRORS["en"], *words.REASONS["en"], *find_reasons()}
    assert told == given - CHAT_ONLY
    for name in re.findall(r"`?(CASEBOOK_[A-Z_]+)", document):
        assert name in {variable_of(field.name) for field in fields(Settings)}


def test_the_example_portal_uses_what_the_widget_has() -> None:
    """The portal's script calls only what the loader offers."""
    script = (ROOT / "examples" / "portal" / "portal.js").read_text("utf-8")
    offered = re.search(r"window\.Casebook = \{ ([\w, ]+) \}", LOADER)
    assert offered
    assert set(re.findall(r"Casebook\.(\w+)\(", script)) <= set(offered[1].split(", "))


def test_the_settings_for_the_example_portal_are_settings(tmp_path: Path) -> None:
    """What the portal sets for the Casebook that it starts is taken, and its tokens are good."""
    key = tmp_path / "portal.key"
    with Portal(0, "http://127.0.0.1:1", read_key(key)) as portal:
        settings = read_settings({}, set_up(portal, key))
        keys = read_keys(settings.member_key, settings.member_issuer, b"s" * 32)
        assert check_token(portal.sign_token("mei"), keys, time.time()).id
        assert settings.embed_origins == (portal.origin,)
    assert key.stat().st_mode & 0o077 == 0


def test_the_example_portal_starts_casebook_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable is that of Casebook itself; what is no port is one line."""
    monkeypatch.setenv("CASEBOOK_PORT", "8123")
    assert find_port() == 8123
    for value in ("many", "-1", "65536"):
        monkeypatch.setenv("CASEBOOK_PORT", value)
        with pytest.raises(SystemExit):
            main([])
        assert capsys.readouterr().err.endswith("give a number up to 65535\n")


@pytest.mark.parametrize("value", ["theme=dark", "data-theme", 'onclick="x"=1', "data-x y=1"])
def test_the_example_portal_refuses_what_is_no_attribute(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the flag and shows one."""
    with pytest.raises(SystemExit):
        main(["--casebook", "http://127.0.0.1:1", "--attribute", value])
    assert "--attribute: " in capsys.readouterr().err


def test_the_example_portals_flags_are_the_widgets_attributes(
    server_process: None, tmp_path: Path
) -> None:
    """They stand in its tag, escaped."""
    portal, key = ROOT / "examples" / "portal" / "portal.py", tmp_path / "key"
    command = [sys.executable, str(portal), "--port", "0", "--key", str(key)]
    flags = ["--language", "zh", "--attribute", 'data-greeting=<"你好">']
    with subprocess.Popen(
        [*command, "--casebook", "http://127.0.0.1:1", *flags],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            process.stdout.readline()
            address = re.findall(r"http://localhost:\d+", process.stdout.readline())[0]
            page = httpx.get(address).text
        finally:
            process.terminate()
    tag = next(attributes for tag, attributes in Tags(page).found if "data-greeting" in attributes)
    assert tag["data-language"] == "zh"
    assert tag["data-greeting"] == '<"你好">'


@pytest.mark.slow
def test_the_example_portal_leaves_other_servers_alone() -> None:
    """Where Casebook's port is taken it finds another, and where none starts it says so."""
    with socket.socket() as other:
        with suppress(OSError):  # somebody has it already
            other.bind(("127.0.0.1", 7860))
            other.listen()
        assert find_port() not in (0, 7860)
    with ExitStack() as stack:
        address = f"http://127.0.0.1:{find_port()}"
        assert not start_casebook(stack, address, {"CASEBOOK_MEMBERS": "perhaps"})
