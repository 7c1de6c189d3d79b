"""Fixtures that several files share: a library in a folder, a release of it, the real model."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import hypothesis
import pytest

from chatbot import composition
from chatbot.settings import PREFIX
from corpus.library import Library, read_entry
from index.build import build
from index.encoder.encoder import Encoder
from index.models import load_encoder
from index.storage.publish import Releases
from tests import marks
from tests.clock import Clock
from tests.fake_encoder import FakeEncoder
from tests.fakes import FakeEngine, serving
from tests.small_reader import use_small_reader
from tests.transcript import Keep

REPORTS = Path(__file__).parent.parent / "corpus" / "reports"
# The model takes 600 MB and a minute to prepare, so the tests use the one that `make run` does.
MODELS = Path(__file__).parent.parent / "var" / "models"

# No test is timed: a slow machine is no failure. The examples are the same in every run, so that a
# change passes or fails by its own merit; `pytest --hypothesis-profile search` looks for new ones.
hypothesis.settings.register_profile("casebook", deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "quick", hypothesis.settings.get_profile("casebook"), max_examples=20
)
hypothesis.settings.register_profile("search", deadline=None)

# Nobody is trusted: each client of httpx would read the world's certificates, which takes 50 ms.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)

_GUARD = marks.Guard()
sys.addaudithook(_GUARD)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the golden files be written anew."""
    parser.addoption("--golden-write", action="store_true", help="write tests/golden/ anew")


def _is_plain(config: pytest.Config) -> bool:
    """Tell whether neither a file nor a mark is asked for."""
    return config.args_source is config.ArgsSource.TESTPATHS and not config.option.markexpr


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples are tried, before the plugin hears what it is told."""
    hypothesis.settings.load_profile("quick" if _is_plain(config) else "casebook")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test, and keep the quick ones where neither a file nor a mark is asked for."""
    for item in items:
        given = [mark.name for mark in item.iter_markers()]
        for name in marks.find_marks(getattr(item, "fixturenames", ()), given):
            item.add_marker(name)
    if not _is_plain(config):
        return
    left_out = [item for item in items if not item.get_closest_marker("quick")]
    items[:] = [item for item in items if item.get_closest_marker("quick")]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Have the guard watch a quick test, and what is set up for it."""
    _GUARD.at_work = item.name if item.get_closest_marker("quick") else ""
    try:
        return (yield)
    finally:
        _GUARD.at_work = ""


@pytest.fixture(scope="session")
def server_process() -> None:
    """What starts a server as a program of its own takes this, and has its mark from it."""


@pytest.fixture(scope="session")
def plain_server() -> Iterator[str]:
    """The address of a server over the article, without a setting; nobody changes it."""
    with serving(FakeEngine()) as address:
        yield address


@pytest.fixture
def plain_client(plain_server: str) -> Iterator[httpx.Client]:
    """A new client of that server."""
    with httpx.Client(base_url=plain_server) as client:
        yield client


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Keep:
    """Compare a transcript with the file that is kept, or write that file."""
    write = bool(request.config.getoption("--golden-write"))
    return lambda transcript, name: transcript.check(name, write)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no setting of the machine reach a test."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the verbs of a quick test read documents in its own process."""
    if request.node.get_closest_marker("quick"):
        monkeypatch.setattr(composition, "IsolatedReader", lambda: read_entry)


@pytest.fixture
def clock() -> Clock:
    """A new clock."""
    return Clock()


@pytest.fixture(scope="session", autouse=True)
def _quick_disk() -> Iterator[None]:
    """Have nothing wait for the disk, which a release does 39 times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A folder with two small documents."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "bridge.txt").write_text(
        "Bridges of the north\n\nThe red bridge was built in 1999 by Ada. It carries nine trains a "
        "day across the wide river.\n\nThe blue bridge is made of old oak. Nobody knows its age.\n",
        "utf-8",
    )
    (folder / "tea.txt").write_text(
        "Tea of the south\n\nGreen tea grows on the seven hills. Farmers pick it in April by hand."
        "\n\n茶叶在春天采摘。农民每天工作八小时。\n",
        "utf-8",
    )
    return Library(folder)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """An empty place for releases."""
    return Releases(tmp_path / "var" / "releases")


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work out intervals by 50 draws instead of 1,000, where only figures are looked at."""
    monkeypatch.setattr("chatbot.evaluation.measures.RESAMPLES", 50)


@pytest.fixture
def small_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search and answer by weights for the small encoder."""
    use_small_reader(monkeypatch)


@pytest.fixture
def encoder(small_reader: None) -> FakeEncoder:
    """A new small encoder, and weights for it."""
    return FakeEncoder()


@pytest.fixture
def published(library: Library, releases: Releases, encoder: FakeEncoder) -> Releases:
    """The small library, published with the small encoder."""
    build(library, releases, encoder)
    return releases


@pytest.fixture
def write(library: Library) -> Callable[[str, str], None]:
    """Write a document into the small library."""

    def put(name: str, text: str) -> None:
        (library.folder / name).write_text(text, "utf-8")

    return put


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """The default model, as it runs by default."""
    return load_encoder("", MODELS, lambda _: None)


@pytest.fixture(scope="session")
def report_releases(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Releases:
    """The shipped report, published with the default model."""
    releases = Releases(tmp_path_factory.mktemp("report") / "releases")
    build(Library(REPORTS), releases, real_encoder)
    return releases
