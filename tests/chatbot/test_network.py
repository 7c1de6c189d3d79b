"""Casebook calls nobody whom no setting names, and no library that it uses does, or leaves an id.

The programs run as a person's would, in an environment without what tells libraries of a test or
of CI, where some keep quiet. What they call is what strace sees of them and of their children.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from index.encoder.encoder import Encoder
from tests.clock import is_ready, wait_until
from tests.conftest import MODELS
from tests.corpus.readers.test_formats import FORMATS
from tests.index.test_models import save_small_model
from tests.web_server import find_port

ROOT = Path(__file__).parents[2]
STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg"]
APP = (sys.executable, "app.py")
QUESTION = "When was the plant of Brill opened?"
# Loads a model, exporting it first: Sentence Transformers and torch's exporter are at work.
LOAD = (
    "import sys; from pathlib import Path; from index.models import load_encoder;"
    "load_encoder(sys.argv[1], Path(sys.argv[2]), print)"
)
# onnxruntime would look its maker's host up nine seconds after it is loaded.
PATIENCE = 12.0
WAIT = 120  # seconds for what takes ten on a free machine

_ADDRESS = re.compile(r'sa_family=(AF_\w+)(?:, sin6?_port=htons\((\d+)\)[^"]*"([^"]+)")?')
_WITHIN = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}  # another process, the kernel, nobody


def find_calls(trace: str) -> list[str]:
    """Return the lines of strace's that look a name up, or reach for another machine."""
    return [line for line in trace.splitlines() if any(map(_leaves, _ADDRESS.finditer(line)))]


def _leaves(address: re.Match[str]) -> bool:
    family, port, host = address.groups()
    if family in ("AF_INET", "AF_INET6"):
        # A name server on this machine asks another one.
        return port == "53" or not ipaddress.ip_address(host).is_loopback
    return family not in _WITHIN


def may_trace() -> bool:
    """Tell whether strace is here, knows its flags, and may look into a process."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run([*STRACE, "-o", os.devnull, "true"], capture_output=True)
    return done.returncode == 0


class Watch:
    """Runs programs under names, each with a home of its own, and keeps what they call."""

    def __init__(self, folder: Path) -> None:
        """Take an empty folder."""
        self.folder, self.traces = folder, may_trace()
        self.var, self.reports = folder / "var", folder / "reports"
        self.var.mkdir()
        self.reports.mkdir()
        (self.var / "models").symlink_to(MODELS)
        self.names: list[str] = []

    @contextmanager
    def running(
        self, name: str, *command: str, **settings: object
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program, in a group of its own, to its good end after the block."""
        self.names.append(name)
        place = self.folder / name
        for kind in ("home", "tmp"):
            (place / kind).mkdir(parents=True)
        settings = {"VAR": self.var, "REPORTS": self.reports, **settings}
        environ = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(place / "home"),
            "TMPDIR": str(place / "tmp"),
            **{f"CASEBOOK_{key}": str(value) for key, value in settings.items()},
        }  # fmt: skip
        tracer = [*STRACE, "-o", str(place / "calls")] if self.traces else []
        with (place / "said").open("wb") as said:
            process = subprocess.Popen(
                [*tracer, *command], cwd=ROOT, env=environ, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process
            code = process.wait(WAIT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert code == 0, (place / "said").read_text("utf-8")

    def run(self, name: str, *command: str) -> None:
        """Run a program to its good end."""
        with self.running(name, *command):
            pass

    def read_calls(self) -> dict[str, list[str]]:
        """Return what each program called; skips the test where nobody can see that."""
        if not self.traces:
            pytest.skip("no strace here, or it may not trace: install strace, allow ptrace")
        return {
            name: find_calls((self.folder / name / "calls").read_text("utf-8"))
            for name in self.names
        }

    def list_left(self) -> dict[str, list[str]]:
        """Return what each program left in its home, and the files among what is temporary."""
        left = {}
        for name in self.names:
            home, temporary = ((self.folder / name / kind).rglob("*") for kind in ("home", "tmp"))
            paths = [*home, *(path for path in temporary if path.is_file())]
            left[name] = sorted(str(path.relative_to(self.folder / name)) for path in paths)
        return left


@pytest.fixture(scope="module")
def watch(
    real_encoder: Encoder, server_process: None, tmp_path_factory: pytest.TempPathFactory
) -> Watch:
    """Documents of every format added, built, served and asked, and another model loaded."""
    assert real_encoder.dimension  # its model is prepared
    folder = tmp_path_factory.mktemp("network")
    watch = Watch(folder)
    files = [folder / name for name in FORMATS]
    for path in files:
        path.write_bytes(FORMATS[path.name]())
    small = save_small_model(folder / "small")
    load = (sys.executable, "-c", LOAD, str(small), str(folder / "models"))
    with watch.running("load", *load):
        watch.run("add", *APP, "add", *map(str, files))
        watch.run("build", *APP, "build")
        serve, port = (*APP, "serve"), find_port()
        with watch.running("serve", *serve, PORT=port, EDITOR_TOKEN="sixteen letters.") as server:
            visit(f"http://127.0.0.1:{port}")
            visited = time.monotonic()
            watch.run("ask", *APP, "ask", QUESTION)
            time.sleep(max(0.0, visited + PATIENCE - time.monotonic()))
            os.killpg(server.pid, signal.SIGINT)  # strace, in the same group, heeds it not
    return watch


def visit(address: str) -> None:
    """Open what a server shows as soon as it can answer, and ask it something."""
    with httpx.Client(base_url=address, timeout=WAIT) as client:
        wait_until(lambda: is_ready(client))
        for route in ("/", "/editor/sign-in", "/widget.js"):
            given = client.get(route)
            assert given.status_code == 200, f"{route}: {given.text}"
        answer = client.post("/api/ask", json={"question": QUESTION})
        assert answer.json()["found"], answer.text


def test_nobody_is_called(watch: Watch) -> None:
    """No program looks a name up or reaches for another machine."""
    assert watch.read_calls() == {name: [] for name in watch.names}


def test_nothing_is_left_at_home(watch: Watch) -> None:
    """No program writes into the home folder, or leaves a temporary file: no id of the machine."""
    assert watch.list_left() == {name: [] for name in watch.names}


@pytest.mark.slow
def test_a_call_of_a_child_is_seen(tmp_path: Path) -> None:
    """The watch sees what a child of a program does; pointed at nobody, it sends nothing."""
    call = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 443))"
    watch = Watch(tmp_path)
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    watch.run("caller", sys.executable, "-c", code, call)
    [line] = watch.read_calls()["caller"]
    assert '"192.0.2.1"' in line


@pytest.mark.parametrize(
    ("family", "address", "leaves"),
    [
        ("INET", 'sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")', True),
        ("INET", 'sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")', True),
        ("INET", 'sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")', False),
        ("INET6", 'sin6_port=htons(80), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)', True),
        ("INET6", 'sin6_port=htons(80), inet_pton(AF_INET6, "::1", &sin6_addr)', False),
        ("UNIX", 'sun_path="/var/run/nscd/socket"', False),
        ("NETLINK", "nl_pid=0, nl_groups=00000000", False),
        ("VSOCK", "svm_cid=VMADDR_CID_HOST, svm_port=0x1", True),
    ],
)
def test_addresses_are_told_apart(family: str, address: str, leaves: bool) -> None:
    """Loopback and the machine's own sockets are within, unless a name server listens there."""
    for call, end in (("connect(8, ", ", 16) = 0"), ('sendto(8, "\\6mobile"..., 50, 0, ', "")):
        line = f"4711  {call}{{sa_family=AF_{family}, {address}}}{end}"
        answered = '4711  sendto(6, "HTTP/1.1 200 OK"..., 721, 0, NULL, 0) = 721'
        assert find_calls(f"{answered}\n{line}\n") == [line] * leaves
