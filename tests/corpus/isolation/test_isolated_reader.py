"""corpus.isolation: a hostile document ends its own reading and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from corpus.errors import DocumentError
from corpus.isolation import isolated_reader
from corpus.isolation.isolated_reader import IsolatedReader
from corpus.isolation.limits import LIMITS, Limits
from corpus.library import Library, Offer, read_entry
from corpus.metadata import Facts
from index.build import plan
from index.storage.publish import Releases
from tests import hostile_files
from tests.fake_encoder import FakeEncoder
from tests.pages import draw_pdf, say
from tests.word_files import make_word, paragraph

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
GOOD = Offer("good.txt", b"Acme built nine wells. They never run dry.")
SMALL = Limits(memory=256 * 2**20)
BRIEF = Limits(seconds=1.5)


@pytest.fixture(scope="module")
def reader() -> Iterator[IsolatedReader]:
    """A reader with the product's limit of time and less memory."""
    reader = IsolatedReader(SMALL)
    yield reader
    reader.close()


@pytest.fixture
def brief() -> Iterator[IsolatedReader]:
    """A reader that gives a document a second."""
    reader = IsolatedReader(BRIEF)
    yield reader
    reader.close()


def _refuse(reader: IsolatedReader, offer: Offer) -> str:
    with pytest.raises(DocumentError) as caught:
        reader(offer)
    assert str(caught.value).count(offer.name) == 1
    assert "\n" not in str(caught.value)
    return str(caught.value)


GOODS = [
    GOOD,
    Offer("a/水厂.txt", "水厂在2021年建成。三千人受益。".encode(), Facts(company="文远", url="https://a.b")),
    Offer("a.md", b"# Wells\n\n* nine wells\n* two roads\n\nThey run."),
    Offer("a.html", b"<html><title>A</title><p hidden>No.</p><p>Acme built it in 2021.</p>"),
    Offer("a.docx", make_word(paragraph("The plant runs."))),
    Offer("a.pdf", draw_pdf([[say(60, 700, 10, "The plant runs.")]])),
]  # fmt: skip


@pytest.mark.parametrize("offer", GOODS, ids=lambda offer: offer.name)
def test_a_document_is_read_as_in_this_process(reader: IsolatedReader, offer: Offer) -> None:
    """Whatever its format."""
    assert reader(offer, "ab" * 32) == read_entry(offer, "ab" * 32)


@pytest.mark.parametrize(
    "offer",
    [
        Offer("empty.txt", b""),
        Offer("broken.pdf", b"%PDF-1.6\nnothing"),
        Offer("a.png", b"\x89PNG\r\n"),
        Offer("line\nbreak.docx", b"PK\x03\x04broken"),
        Offer("deep.html", b"<html>" + b"<div>" * 10**5),
        Offer("deep.docx", hostile_files.pack_word("<w:p>", 1)),
    ],
    ids=lambda offer: offer.name,
)
def test_a_document_is_refused_as_in_this_process(reader: IsolatedReader, offer: Offer) -> None:
    """In the same words."""
    with pytest.raises(DocumentError) as here:
        read_entry(offer)
    with pytest.raises(DocumentError) as there:
        reader(offer)
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("stream.pdf", hostile_files.draw_stream),
        ("bomb.docx", hostile_files.pack_word),
        ("bomb.epub", hostile_files.pack_book),
        ("raised.html", hostile_files.write_raised),
    ],
)
def test_who_takes_too_much_memory_is_refused(
    reader: IsolatedReader, name: str, make: Callable[[], bytes]
) -> None:
    """By one line that says so, and the next document is read."""
    line = _refuse(reader, Offer(name, make()))
    assert "needs more than 0.25 GiB of memory to be read" in line
    assert reader(GOOD) == read_entry(GOOD)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("fields.pdf", hostile_files.draw_fields),
        ("pages.pdf", hostile_files.draw_pages),
        ("bomb.xlsx", hostile_files.pack_sheet),
        ("raised.html", hostile_files.write_raised),
    ],
)
def test_who_takes_too_long_is_refused(
    brief: IsolatedReader, name: str, make: Callable[[], bytes]
) -> None:
    """When the time is over, and the second time at once."""
    offer = Offer(name, make())
    started = time.monotonic()
    line = _refuse(brief, offer)
    assert line == f"{name}: takes more than 1.5 seconds to be read; split it, or save it anew"
    assert time.monotonic() - started < BRIEF.seconds + isolated_reader._GRACE
    started = time.monotonic()
    assert _refuse(brief, offer) == line
    assert time.monotonic() - started < BRIEF.seconds


def test_an_archive_of_too_many_parts_is_not_opened(reader: IsolatedReader) -> None:
    """What its directory takes is no document's process's, but that of who names the file."""
    line = _refuse(reader, Offer("a.docx", hostile_files.pack_directory(50_001)))
    assert line == "a.docx: an archive of more than 50000 parts; unpack it"


def test_nobody_waits_for_the_document_of_another() -> None:
    """Four are read while one takes all its time."""
    reader = IsolatedReader(Limits(seconds=10))
    reader(GOOD)
    ended: list[str] = []

    def read(offer: Offer) -> None:
        with pytest.raises(DocumentError) if offer.name == "fields.pdf" else nullcontext():
            reader(offer)
        ended.append(offer.name)

    offers = [Offer("fields.pdf", hostile_files.draw_fields())]
    offers += [Offer(f"{number}.txt", GOOD.data) for number in range(4)]
    threads = [threading.Thread(target=read, args=(offer,)) for offer in offers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader.close()
    assert ended[-1] == "fields.pdf"
    assert len(ended) == 5


def test_a_library_goes_on_without_the_hostile_document(
    reader: IsolatedReader, tmp_path: Path, releases: Releases, encoder: FakeEncoder
) -> None:
    """A plan names it with its line, and has the others."""
    (tmp_path / "reports").mkdir()
    for name, data in [("a.txt", GOOD.data), ("bomb.docx", hostile_files.pack_word()),
                       ("z.txt", b"The road is long. It never ends.")]:  # fmt: skip
        (tmp_path / "reports" / name).write_bytes(data)
    library = Library(tmp_path / "reports", reader)
    made = plan(library, releases, encoder)
    assert made.added == ("a.txt", "z.txt")
    (line,) = made.failed.values()
    assert line.startswith("bomb.docx: needs more than 0.25 GiB of memory")
    with pytest.raises(DocumentError, match=r"needs more than"):
        library.add(Offer("b.docx", hostile_files.pack_word()))
    assert library.names() == ("a.txt", "bomb.docx", "z.txt")


def test_a_server_that_was_killed_is_started_again(reader: IsolatedReader) -> None:
    """Between two documents nobody notices."""
    reader(GOOD)
    killed = reader._servers[0][0]
    killed.kill()
    killed.wait()
    assert reader(GOOD) == read_entry(GOOD)
    assert reader._servers[0][0].pid != killed.pid


def test_a_process_that_is_killed_is_one_line() -> None:
    """What read the document is gone, and the server still there."""
    reader = IsolatedReader(LIMITS)
    reader(GOOD)
    server = reader._servers[0][0].pid
    children = Path(f"/proc/{server}/task/{server}/children")
    before = children.read_text().split()  # the one that answered may be on its way out

    def kill() -> None:
        while not (found := [each for each in children.read_text().split() if each not in before]):
            time.sleep(0.01)
        os.kill(int(found[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    line = _refuse(reader, Offer("fields.pdf", hostile_files.draw_fields()))
    killer.join()
    assert line.startswith("fields.pdf: breaks what reads it, or needs more than 1 GiB of memory")
    assert reader(GOOD) == read_entry(GOOD)
    assert reader._servers[0][0].pid == server
    reader.close()


_ANSWERS = {
    "nothing": "pass",
    "no JSON": "c.sendall(b'\\x00\\xff' * 1000)",
    "no record": "c.sendall(b'{\"document\": 7}')",
    "without an end": "while True: c.sendall(b'[' * 2**20)",
}


@pytest.mark.parametrize("answer", _ANSWERS.values(), ids=_ANSWERS)
def test_garbage_from_the_process_is_one_line(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a document made of what read it; no more of it is held than a reply may have."""
    monkeypatch.setattr(isolated_reader, "_LARGEST", 2**22)
    reader = IsolatedReader(LIMITS, _write_server(f"while c.recv(2**20): pass\n{answer}"))
    line = _refuse(reader, GOOD)
    assert line.startswith("good.txt: breaks what reads it")
    reader.close()


def test_a_server_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for it waits as long as for a document, and a little for the start."""
    monkeypatch.setattr(isolated_reader, "_GRACE", 0.5)
    reader = IsolatedReader(Limits(seconds=0.5), _write_server("time.sleep(600)"))
    assert "takes more than 0.5 seconds" in _refuse(reader, GOOD)
    assert not reader._servers


def test_a_server_that_cannot_start_is_one_line() -> None:
    """And not a traceback, or a wait without an end."""
    reader = IsolatedReader(LIMITS, (sys.executable, "-c", "raise SystemExit(3)"))
    assert "breaks what reads it" in _refuse(reader, GOOD)
    reader.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_secret_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is its own; no file of this process is open in it."""
    monkeypatch.setenv("CASEBOOK_EDITOR_TOKEN", "secret")
    reader = IsolatedReader()
    with (ROOT / "README.md").open():
        reader(GOOD)
        place = Path("/proc", str(reader._servers[0][0].pid))
        assert b"secret" not in (place / "environ").read_bytes()
        opened = [str(each.readlink()) for each in (place / "fd").iterdir()]
    assert all(each == "/dev/null" or each.startswith("socket:") for each in opened), opened
    reader.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_outlives_who_waits_for_it() -> None:
    """Not even where that is killed: the server ends, and with it what it reads."""
    code = """
        import threading, time
        from corpus.isolation.isolated_reader import IsolatedReader
        from corpus.library import Offer
        from tests.hostile_files import draw_fields
        reader = IsolatedReader()
        reader(Offer("a.txt", b"It runs."))
        offer = Offer("a.pdf", draw_fields())
        threading.Thread(target=reader, args=(offer,), daemon=True).start()
        time.sleep(0.5)
        print(reader._servers[0][0].pid, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout is not None
        server = int(waiting.stdout.readline())
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        assert any(map(_runs, children))
        waiting.kill()
    ends = time.monotonic() + 30
    while time.monotonic() < ends and any(map(_runs, (str(server), *children))):
        time.sleep(0.05)
    assert not any(map(_runs, (str(server), *children)))


def test_readings_leave_nothing_behind(reader: IsolatedReader) -> None:
    """After fifty of them no descriptor more is open here, and no process waits to be buried."""
    reader(GOOD)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(50):
        reader(GOOD)
    assert len(list(Path("/dev/fd").iterdir())) == before
    server = reader._servers[0][0].pid
    children = Path(f"/proc/{server}/task/{server}/children")
    ends = time.monotonic() + 30
    while time.monotonic() < ends and children.read_text().split():
        time.sleep(0.1)
    assert not children.read_text().split()


def _runs(process: str) -> bool:
    try:
        return Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _write_server(serve: str) -> tuple[str, ...]:
    """Return the command of a server that does with each connection `c` what is said."""
    code = """if True:
        import socket, sys, time
        control = socket.socket(fileno=0)
        while True:
            message, handles, *_ = socket.recv_fds(control, 1, 1)
            if not message: break
            c = socket.socket(fileno=handles[0])
    """
    code += "\n" + textwrap.indent(f"{serve}\nc.close()", " " * 12)
    return sys.executable, "-c", code
