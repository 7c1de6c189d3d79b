"""chatbot.cli: the verbs as a person runs them, and the exit codes of what goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from chatbot import cli, composition
from chatbot.engine import Engine
from chatbot.settings import Settings
from corpus.library import Library
from index.encoder.encoder import Encoder
from index.reader.cosine import CosineReader
from index.reader.protocol import Reader
from index.storage.manifest import FORMAT
from index.storage.publish import CURRENT, Releases
from tests.chatbot.conftest import Shell
from tests.fake_encoder import FakeEncoder
from tests.fake_portal import ISSUER, REQUIRED, SECRET, sign
from tests.fakes import RELEASE, FakeEngine
from tests.fakes import serving as serving_web
from tests.index.storage.test_release import write_format
from tests.scripted_endpoint import say, serving

ROOT = Path(__file__).parents[2]


def test_build_then_build_again(flags: list[str], shell: Shell) -> None:
    """The first build publishes, the second says that nothing changed."""
    code, out, err = shell("build", *flags)
    assert code == 0
    assert out.startswith("published release ")
    assert "added    bridge.txt" in err
    code, out, err = shell("build", *flags)
    assert (code, "nothing changed" in out) == (0, True)


@pytest.mark.parametrize(
    ("given", "reader"),
    [
        ([], "cosine"),
        (["--reader", "BAAI/ranker"], "cross-encoder (ranker)"),
        (
            ["--reader", "llm", "--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "m"],
            "llm over cosine",
        ),
    ],
)
def test_status_names_the_reader(
    flags: list[str], shell: Shell, given: list[str], reader: str
) -> None:
    """The one that the settings name for the release's encoder; nothing is loaded for it."""
    shell("build", *flags)
    _, out, _ = shell("status", *flags, *given)
    assert out.endswith(f", read by {reader}\n")
    _, out, _ = shell("status", *flags, *given, "--json")
    assert json.loads(out)["reader"] == reader


def test_a_language_model_chooses_among_what_another_reader_has() -> None:
    """Its address is asked for nothing until there is a question; without it, nobody rephrases."""
    settings = Settings(reader="llm", llm_url="http://127.0.0.1:9/v1", llm_model="m")
    assert composition.choose_reader(settings, FakeEncoder()).name == "llm over cosine"
    assert composition.choose_reader(Settings(), FakeEncoder()).name == "cosine"
    rephraser = composition.find_rephraser(settings)
    assert rephraser is not None
    assert rephraser.translate("water", "zh") == ""  # nobody is there
    assert composition.find_rephraser(Settings(llm_url=settings.llm_url, llm_model="m")) is None


def test_a_language_model_is_asked_before_an_answer(flags: list[str], shell: Shell) -> None:
    """For a translation and a choice; talking nonsense, it changes nothing that is printed."""
    shell("build", *flags)
    asked = ["ask", "红桥 1999?", "--language", "en", *flags]
    plain = shell(*asked)
    with serving(say("I am a teapot")) as server:
        model = ["--reader", "llm", "--llm-url", server.url, "--llm-model", "small"]
        told = shell(*asked, *model)
        forms = [json.loads(body["messages"][-1]["content"]) for _, _, body in server.asked]
    assert told[:2] == plain[:2]
    assert "teapot" not in told[1] + told[2]
    assert [set(form) for form in forms[:2]] == [
        {"question", "language"},
        {"question", "sentences"},
    ]
    assert {form["question"] for form in forms[:2]} == {"红桥 1999?"}


@pytest.mark.parametrize("verb", [["build"], ["ask", "Who grows tea?"], ["evaluate"]])
def test_whatever_reads_is_what_the_settings_name(
    flags: list[str], library: Library, shell: Shell,
    monkeypatch: pytest.MonkeyPatch, verb: list[str],
) -> None:  # fmt: skip
    """An answer, the known questions at a build, an evaluation: loaded once for each."""
    known = {"question": "Who grows tea?", "language": "en", "answers": []}
    (library.folder / "questions.jsonl").write_text(json.dumps(known), "utf-8")
    shell("build", *flags)
    (library.folder / "tea.txt").unlink()
    named: list[str] = []

    def choose(settings: Settings, encoder: Encoder) -> Reader:
        named.append(settings.reader)
        return CosineReader(encoder)

    monkeypatch.setattr(composition, "choose_reader", choose)
    shell(*verb, *flags, "--reader", "BAAI/ranker")
    assert named == ["BAAI/ranker"]


def test_every_verb_speaks_json(flags: list[str], shell: Shell) -> None:
    """With --json, stdout is one JSON object and nothing else."""
    shell("build", *flags)
    for verb in (
        ["build"], ["build", "--full"], ["list"], ["status"], ["search", "red bridge", "-k", "2"],
        ["ask", "When was the red bridge built?"], ["ask", "hello"],
    ):  # fmt: skip
        code, out, _ = shell(*verb, *flags, "--json")
        assert code == 0, verb
        assert isinstance(json.loads(out), dict), verb


def test_flags_may_stand_before_the_verb(flags: list[str], shell: Shell) -> None:
    """Settings are read on either side of the verb."""
    assert shell(*flags, "build")[0] == 0
    code, out, _ = shell("--json", *flags, "status")
    assert (code, json.loads(out)["live"]) == (0, True)


def test_ask_prints_quotation_and_source(flags: list[str], shell: Shell) -> None:
    """An answer shows its quotations and a line for each source."""
    shell("build", *flags)
    code, out, _ = shell("ask", "When", "was", "the", "red", "bridge", "built", *flags)
    assert code == 0
    assert "“The red bridge was built in 1999 by Ada.” [1]" in out
    assert "bridge.txt, " in out


def test_ask_prints_what_is_near_as_that(flags: list[str], shell: Shell) -> None:
    """The words that say so come first, then quotations and sources; no case is offered twice."""
    shell("build", *flags)
    question = "What is the recipe for apple pie?"
    code, out, _ = shell("ask", question, *flags)
    assert code == 0
    assert out.startswith("The collection does not say this outright. The nearest passages:\n\n")
    assert re.search(r"\nBridges of the north\n“The [^”]+” \[1\]", out)
    assert "\n[1] Bridges of the north · " in out
    assert "\n- " not in out
    told = json.loads(shell("ask", question, *flags, "--json")[1])
    assert (told["outcome"], told["found"], bool(told["nearest"])) == ("nearest", False, True)
    code, out, _ = shell("ask", "violins", *flags)
    assert (code, out.count("\n- ")) == (0, 2)
    assert "[1]" not in out


def test_search_and_list_are_readable(flags: list[str], shell: Shell) -> None:
    """The plain output names documents, titles and passages."""
    shell("build", *flags)
    out = shell("search", "green tea hills", *flags)[1]
    assert "tea.txt" in out.splitlines()[1]
    out = shell("list", *flags)[1]
    assert "Bridges of the north" in out


def test_nothing_published_is_told(flags: list[str], shell: Shell) -> None:
    """Before the first build, ask, search and status say what to run and exit with 1."""
    for verb in (["ask", "tea"], ["search", "tea"]):
        code, out, err = shell(*verb, *flags)
        assert (code, out) == (1, "")
        assert err.count("\n") == 1
        assert "./casebook build" in err
    code, out, _ = shell("status", *flags)
    assert (code, "./casebook build" in out) == (1, True)
    code, out, _ = shell("ask", "tea", *flags, "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "no_release")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "   "], "type a question"),
        (["ask", "x" * 3000], "3000 characters"),
        (["ask", "tea", "--company", "Nobody"], "Nobody"),
        (["search", "tea", "-k", "0"], "1 to 100"),
        (["build", "--port", "http"], "CASEBOOK_PORT"),
    ],
)
def test_bad_usage_is_one_line(
    flags: list[str], shell: Shell, arguments: list[str], words: str
) -> None:
    """A value that cannot work is one line on stderr and exit code 2."""
    shell("build", *flags)
    code, out, err = shell(*arguments, *flags)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["fly"], ["ask"], ["search", "tea", "-k", "many"], ["-x"]])
def test_unknown_verbs_and_flags_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """What the parser refuses is one line with the way to help."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    err = capsys.readouterr().err
    assert caught.value.code == 2
    assert err.count("\n") == 1
    assert "--help" in err


def test_folders_that_do_not_serve_are_told(flags: list[str], shell: Shell, tmp_path: Path) -> None:
    """A missing or empty folder of documents and a damaged release are one line, exit code 1."""
    (tmp_path / "empty").mkdir()
    for folder in ("missing", "empty"):
        code, _, err = shell("build", *flags, "--reports", str(tmp_path / folder))
        assert (code, err.count("\n"), folder in err) == (1, 1, True)
    assert shell("list", *flags, "--reports", str(tmp_path / "missing"))[0] == 1
    shell("build", *flags)
    releases = tmp_path / "var" / "releases"
    (releases / CURRENT).write_text("0123456789ab")
    code, _, err = shell("status", *flags)
    assert (code, "WARNING: the live release 0123456789ab cannot be used" in err) == (1, True)
    assert shell("ask", "tea", *flags)[0] == 0  # from the whole one
    shutil.rmtree(next(path for path in releases.iterdir() if path.is_dir()))
    code, _, err = shell("ask", "tea", *flags)
    assert (code, "0123456789ab" in err) == (1, True)


def test_a_release_of_an_older_casebook_is_built_anew(
    flags: list[str], shell: Shell, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Serving says so in a line and builds it, once; any other verb says what to run."""
    shell("build", *flags)
    releases = Releases(tmp_path / "var" / "releases")
    wanted = releases.live()
    write_format(releases, FORMAT - 1)
    told = f"format {FORMAT - 1}, this version reads {FORMAT}; build again"
    code, out, err = shell("status", *flags)
    assert (code, told in out + err) == (1, True)
    code, _, err = shell("ask", "tea", *flags)
    assert (code, told in err, err.count("\n")) == (1, True, 1)
    prepared: list[str] = []

    def serve(engine: Engine, settings: Settings, prepare: Callable[[], None], *_: object) -> int:
        prepare()
        prepared.append(releases.live())
        prepare()
        prepared.append(releases.live())
        return 0

    monkeypatch.setattr("chatbot.server.serve", serve)
    code, _, err = shell("serve", *flags)
    assert code == 0
    assert prepared == [wanted, wanted]
    assert err.count("Building the index anew, once: ") == 1
    assert told in err
    assert shell("ask", "tea", *flags)[0] == 0


def test_a_bad_document_is_named(library: Library, flags: list[str], shell: Shell) -> None:
    """The others are published, the bad one is named, and the exit code says so."""
    (library.folder / "bad.txt").write_bytes(b"\xff\xff")
    code, out, err = shell("build", *flags)
    assert (code, "published" in out, "bad.txt" in err) == (1, True, True)
    code, out, err = shell("list", *flags, "--json")
    assert (code, list(json.loads(out)["failed"])) == (1, ["bad.txt"])


@pytest.mark.parametrize(
    ("verb", "own"), [("ask", "--company"), ("build", "--dry-run"), ("prune", "--keep")]
)
def test_help_begins_with_what_is_the_verbs_own(
    verb: str, own: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings that every verb takes stand below, and not in the line of usage."""
    with pytest.raises(SystemExit):
        cli.main([verb, "--help"])
    told = capsys.readouterr().out
    usage, _, rest = told.partition("\n\n")
    assert usage.startswith(f"usage: casebook {verb} [-h]")
    assert own in usage
    assert "--reports" not in usage
    assert rest.index(own) < rest.index("settings, the same for every verb:")
    assert rest.index("settings, the same for every verb:") < rest.index("--reports")


def test_passages_are_counted_alike(
    library: Library, flags: list[str], small_reader: None, shell: Shell
) -> None:
    """By each verb that says how many there are: those that a search can find."""
    (library.folder / "bridge.txt").write_text("Bridges\n\n# Bridges\n\nOld oak.\n", "utf-8")
    counts = set()
    shell("build", *flags)
    for verb in ("releases", "status", "verify", "build --dry-run"):
        _, out, err = shell(*verb.split(), *flags)
        counts |= set(re.findall(r"(\d+) passages?", out + err))
    _, out, _ = shell("list", *flags, "--json")
    counts.add(str(sum(each["passages"] for each in json.loads(out)["documents"])))
    assert len(counts) == 1


@pytest.mark.slow
def test_a_closed_pipe_is_no_error(library: Library, tmp_path: Path) -> None:
    """A reader that stops early, such as `head`, gets no traceback."""
    for number in range(400):
        (library.folder / f"{number}.txt").write_text(f"Text number {number}.\n" * 20, "utf-8")
    command = [sys.executable, "app.py", "list", "--reports", str(library.folder), "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "CASEBOOK_VAR": str(tmp_path)},
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def _start(*arguments: str, **more: str) -> list[str]:
    """Return a shell's command line that lists the report, with what stands after it."""
    listing = f"{sys.executable} app.py list --reports corpus/reports {' '.join(arguments)}"
    return ["sh", "-c", f"{' '.join(f'{k}={v}' for k, v in more.items())} exec {listing}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (_start(">/dev/full"), 1, "No space left"),
        (_start("--json", ">/dev/full"), 1, "No space left"),
        (_start(">&-"), 1, "standard output: Bad file descriptor"),
        (_start(PYTHONIOENCODING="ascii"), 0, ""),
        (_start("--json", PYTHONIOENCODING="latin-1"), 0, ""),
    ],
)
def test_an_output_that_cannot_be_written_is_one_line(
    command: list[str], code: int, words: str, tmp_path: Path
) -> None:
    """Full or closed it is told, with exit code 1; a narrow encoding spells signs out."""
    environ = {**os.environ, "CASEBOOK_VAR": str(tmp_path), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=120)
    told = done.stderr.decode()
    assert (done.returncode, told.count("\n"), words in told) == (code, bool(words), True)
    if "--json" in command[2] and not code:
        assert json.loads(done.stdout)["documents"]


def test_a_folder_without_rights_is_one_line(
    flags: list[str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the disk refuses to a verb is told with the folder, exit code 1."""
    shell("build", *flags)

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    for verb in (["rollback"], ["prune", "--keep", "1"]):
        code, out, err = shell(*verb, *flags)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "Permission denied" in err
        assert "releases/." in err


def test_sigterm_ends_a_verb_in_one_line(
    flags: list[str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the exit code of one that was terminated, what it began cleaned up."""
    before = signal.getsignal(signal.SIGTERM)

    def encode(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(FakeEncoder, "encode_passages", encode)
    code, out, err = shell("build", *flags)
    assert (code, out, err.splitlines()[-1]) == (143, "", "casebook: stopped")
    assert not list(Path(flags[-1], "releases").glob(".tmp-*"))
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_member_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell
) -> None:
    """By the name that the portal's tokens have, or by the opaque id, and nobody else."""
    with serving_web(FakeEngine(), var=tmp_path, **REQUIRED) as address:
        for subject in ("mei", "jonas", "mei"):
            token = {"Authorization": f"Bearer {sign(sub=subject, jti=str(time.time()))}"}
            vote = {"question": "benefit?", "release": RELEASE, "vote": "up"}
            httpx.post(f"{address}/api/feedback", json=vote, headers=token).raise_for_status()
    kept = [json.loads(line) for line in (tmp_path / "feedback.jsonl").read_text().splitlines()]
    monkeypatch.setenv("CASEBOOK_MEMBERS", "required")
    monkeypatch.setenv("CASEBOOK_MEMBER_KEY", SECRET)
    monkeypatch.setenv("CASEBOOK_MEMBER_ISSUER", ISSUER)
    var = ["--var", str(tmp_path)]
    assert shell("forget", "mei", *var) == (0, "2 votes deleted\n", "")
    assert shell("forget", "mei", *var) == (0, "0 votes deleted\n", "")
    monkeypatch.setenv("CASEBOOK_MEMBERS", "open")
    code, _, err = shell("forget", "jonas", *var)
    assert (code, err.count("\n"), "opaque id" in err) == (2, 1, True)
    code, out, _ = shell("forget", kept[1]["member"], "--json", *var)
    assert (code, json.loads(out)) == (0, {"votes": 1})
    assert (tmp_path / "feedback.jsonl").read_text() == ""
