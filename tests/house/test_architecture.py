"""The house: imports point one way, heavy libraries have one home, nothing happens at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from index.storage.publish import Releases
from tests.conftest import MODELS

ROOT = Path(__file__).parents[2]
ROOMS = {"corpus": set[str](), "index": {"corpus"}, "chatbot": {"corpus", "index"}}
AROUND = {"benchmarks", "training", "tests"}  # import from all rooms, and no room from them
HOMES = {
    "babel": {
        "index/languages/cldr.py",
        "corpus/language/countries.py",
        "corpus/language/dates.py",
        "chatbot/llm/lexicon.py",
    },
    "faiss": {"index/storage/vectors.py", "index/storage/ann.py"},
    "sentence_transformers": {"index/encoder/sentence_transformer.py"},
    "torch": {"index/encoder/sentence_transformer.py", "index/encoder/export/onnx_export.py"},
    "transformers": {"index/encoder/sentence_transformer.py"},
    "huggingface_hub": {"index/models.py"},
    "onnxruntime": {"index/encoder/onnx_encoder.py"},
    "sentencepiece": {"index/encoder/tokenizer.py"},
    "tokenizers": {"index/encoder/tokenizer.py"},
    "safetensors": {"index/encoder/model_folder.py", "index/encoder/export/bert_graph.py"},
    "gradio": {"chatbot/web/chat.py"},
    "mcp": {"chatbot/web/programs/mcp_server.py"},
    "lxml": {
        "corpus/readers/markup.py",
        "corpus/readers/office/archive.py",
        "corpus/readers/web/tree.py",
    },
    "openpyxl": {"corpus/readers/office/sheets.py"},
    "pypdfium2": {"corpus/layout/drawings.py", "corpus/layout/pdf_pages.py"},
    "pymilvus": {"index/storage/milvus.py"},
    "markdown_it": {"corpus/readers/markdown.py"},
    "markupsafe": {"chatbot/web/templates/__init__.py"},
    "jwt": {"chatbot/web/security/members.py"},
    "cryptography": {"chatbot/web/security/members.py"},
    "urllib3": {"corpus/fetching/fetch.py", "corpus/fetching/url.py"},
    "jinja2": {"chatbot/web/templates/__init__.py"},
    "python_multipart": {"chatbot/web/editor/uploads.py"},
    "uvicorn": {"chatbot/server.py"},
    "h11": {"chatbot/server.py"},
    "tqdm": {"chatbot/terminal.py"},
    "prometheus_client": {"chatbot/web/metrics.py"},
}


def _sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@cache
def _list_nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def _imports(path: Path) -> set[str]:
    names = set()
    for node in _list_nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    """chatbot imports index and corpus, index imports corpus, corpus neither."""
    room = path.relative_to(ROOT).parts[0]
    assert _imports(path) & (ROOMS.keys() | AROUND) <= ROOMS[room] | {room}


def _list_rooms() -> dict[str, str]:
    """Return each module's room: its folder, or itself where it lies beside other rooms."""
    rooms = {}
    halls = {path.parent.parent.relative_to(ROOT).parts for path in _sources()}  # rooms with rooms
    for path in _sources():
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        rooms[name] = name if parts[:-1] in halls else ".".join(parts[:-1])
    return rooms


def test_rooms_import_without_circles() -> None:
    """Whatever a room imports imports nothing of it, by whatever way."""
    rooms = _list_rooms()
    needed: dict[str, set[str]] = {room: set() for room in rooms.values()}
    for path in _sources():
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = rooms[".".join(parts[:-1] if parts[-1] == "__init__" else parts)]
        for node in _list_nodes(path):
            if isinstance(node, ast.ImportFrom):
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                found = {rooms[name] for name in (whole & rooms.keys()) or {node.module or ""}
                         if name in rooms}  # fmt: skip
                needed[own] |= found - {own}
    order = TopologicalSorter(needed)
    order.prepare()  # raises CycleError, naming the circle


def test_rooms_hold_what_one_can_look_over() -> None:
    """At most twelve files each, data and templates among them."""
    for package in ROOMS:
        for folder in [ROOT / package, *(ROOT / package).rglob("*/")]:
            files = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".pyc"]
            assert len(files) <= 12, folder


def test_every_heavy_library_has_one_home() -> None:
    """Each of them is imported in the files that own it, and nowhere else."""
    found = defaultdict(set)
    for path in _sources():
        for name in _imports(path) & HOMES.keys():
            found[name].add(path.relative_to(ROOT).as_posix())
    assert dict(found) == HOMES


def test_onnxruntime_is_opened_in_its_home() -> None:
    """All else opens it there as well: imported before, it would call its maker."""
    for room in (*AROUND, "examples"):
        for path in (ROOT / room).rglob("*.py"):
            assert "onnxruntime" not in _imports(path), path


def test_records_need_the_standard_library_alone() -> None:
    """The records stand at the bottom of everything."""
    names = _imports(ROOT / "corpus" / "records.py") | _imports(ROOT / "corpus" / "errors.py")
    assert names <= sys.stdlib_module_names


def test_the_environment_has_one_reader() -> None:
    """Settings come from `chatbot.settings`; others may only write what a library reads."""
    for path in _sources():
        text = path.read_text("utf-8")
        assert "getenv" not in text
        if path.name not in ("cli.py", "chat.py", "server.py") and "index" not in path.parts:
            assert "os.environ" not in text, path


@pytest.mark.slow
def test_importing_the_verbs_loads_nothing_heavy() -> None:
    """`./casebook --help` imports no model library, no web framework and makes no folder."""
    code = (
        "import sys, chatbot.cli\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'gradio', 'fastapi'}\n"
        "heavy |= {'lxml', 'pypdfium2', 'docx'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_asking_loads_what_it_needs(report_releases: Releases) -> None:
    """`./casebook ask` imports neither torch, nor the web, nor what reads files and pages."""
    code = (
        "import sys\n"
        "from chatbot import cli\n"
        "code = cli.main(sys.argv[1:])\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'onnx', 'onnxscript'}\n"
        "heavy |= {'gradio', 'fastapi', 'starlette', 'uvicorn', 'pydantic', 'anyio', 'httpx'}\n"
        "heavy |= {'lxml', 'pypdfium2', 'docx', 'markdown_it', 'urllib3', 'mcp'}\n"
        "heavy |= {'jwt', 'cryptography', 'huggingface_hub', 'safetensors', 'pandas'}\n"
        "print(code, sorted(heavy & sys.modules.keys()))"
    )
    var = report_releases.folder.parent
    (var / "models").symlink_to(MODELS)
    question = "How many people benefit from the Padma Water Plant?"
    done = subprocess.run(
        [sys.executable, "-c", code, "ask", question, "--var", var],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "3 million people" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"
