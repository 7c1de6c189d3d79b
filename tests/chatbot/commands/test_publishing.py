"""chatbot.commands.publishing: the editor's verbs as a person runs them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from chatbot import cli
from corpus.library import Library
from tests.chatbot.conftest import Shell
from tests.word_files import make_word, paragraph, run

JAPANESE = "<html><body><p>水はきれいです。電気もあります。</p></body></html>"
PAGE = (
    b"<!doctype html><html><head><title>Long roads</title></head><body><article><h1>Long roads</h1>"
    b"<p>Acme built a road of nine miles to the sea in 2021. The people of Lund use it every "
    b"day to walk to the market and to the school.</p><p>It never ends, say those who walk "
    b"there, and nobody has ever seen another road that is so long.</p></article></body></html>"
)


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            charset = {"/roads": "utf-8", "/japan": "Shift_JIS"}.get(self.path)
            data = PAGE if self.path != "/japan" else JAPANESE.encode("shift_jis")
            self.send_response(200 if charset else 404)
            self.send_header("Content-Type", f'text/html; charset="{charset}"')
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_add_show_remove_restore(flags: list[str], shell: Shell, tmp_path: Path) -> None:
    """A file goes in with what is said of it, is shown as it will be quoted, goes out and back."""
    path = tmp_path / "road.txt"
    path.write_text("The road is long. It never ends.")
    code, out, err = shell("add", str(path), "--company", "Acme", *flags)
    assert (code, out.splitlines()) == (
        0,
        [
            "added     road.txt",
            "          title: road",
            "          company: Acme · date: none · language: en · 1 case, 1 passage",
            "          missing: date: --published 2024-02-23; title: --title TITLE",
        ],
    )
    assert "build" in err
    out = shell("show", "road.txt", *flags)[1]
    assert "[Acme]" in out
    assert "  The road is long.\n  It never ends.\n" in out
    assert shell("add", str(path), *flags)[1] == "unchanged road.txt\n"
    assert shell("remove", "road.txt", *flags)[1] == "removed   road.txt\n"
    assert shell("restore", *flags)[1] == "road.txt\n"
    assert shell("restore", "road.txt", *flags)[1] == "restored  road.txt\n"


def test_what_was_left_out_is_told(
    flags: list[str], shell: Shell, tmp_path: Path, library: Library
) -> None:
    """As a line by `add` and `show`, as a list with its words by `--json`; a guess is one."""
    hidden = run("Not shown 1.", "<w:vanish/>")
    body = paragraph("Acme: Wells for Lund") + paragraph(run("It is dug. ") + hidden) * 2
    path = tmp_path / "wells.docx"
    path.write_bytes(make_word(body, header1=paragraph("A header"), footer1=paragraph("A footer")))
    out = shell("add", str(path), *flags)[1]
    assert "left out: 2 hidden passages\n" in out
    assert "missing: company (perhaps Acme): --company NAME; date" in out
    assert "header" not in out
    assert "left out: 2 hidden passages\n" in shell("show", "wells.docx", *flags)[1]
    told = json.loads(shell("show", "wells.docx", *flags, "--json")[1])
    assert [each["what"] for each in told["left_out"]] == [
        "hidden passage", "hidden passage", "page header", "page footer",
    ]  # fmt: skip
    (added,) = json.loads(shell("add", str(path), *flags, "--json")[1])["added"]
    assert added["left_out"] == told["left_out"]
    assert (added["companies"], added["cases"], added["language"]) == ([], 1, "en")


def test_a_folder_with_files_that_are_no_documents(
    flags: list[str], shell: Shell, tmp_path: Path
) -> None:
    """They are passed over with a line each, and the rest is added; alone, they are refused."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "case.txt").write_text("It is here. It works.")
    others = ("code.py", "desktop.ini", "glossary.json", "mail.eml", "questions.jsonl", "~$a.docx")
    for name in others:
        (folder / name).write_text("words = 1")
    code, out, err = shell("add", str(folder), *flags)
    assert (code, out.splitlines()[0]) == (0, "added     case.txt")
    assert err.count("passed over") == len(others)
    code, _, err = shell("add", str(folder / "code.py"), *flags)
    assert (code, "code.py: source code, which is no document" in err) == (1, True)


def test_a_folder_with_one_bad_file(
    flags: list[str], shell: Shell, tmp_path: Path, library: Library
) -> None:
    """The ten are added, the one is named, and the exit code says so."""
    folder = tmp_path / "new"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.txt").write_text(f"Case {number} is here. It works.")
    (folder / "bad.txt").write_bytes(b"\0\1\2")
    code, out, err = shell("add", str(folder), *flags, "--json")
    told = json.loads(out)
    assert code == 1
    assert [each["name"] for each in told["added"]] == [f"{number}.txt" for number in range(10)]
    assert len(told["failed"]) == 1
    assert err.count("\n") == 1
    assert "bad.txt" in err
    assert len(library.names()) == 12


def test_a_web_address(flags: list[str], shell: Shell, page: str) -> None:
    """A page is added under a name made of its address, which its sidecar keeps."""
    code, out, _ = shell("add", f"{page}/roads", *flags)
    assert (code, out.split()[0]) == (0, "added")
    name = out.split()[1]
    assert name.endswith(".html")
    told = json.loads(shell("show", name, *flags, "--json")[1])
    assert told["url"] == f"{page}/roads"
    assert "Acme built a road" in " ".join(p["text"] for p in told["passages"])
    assert shell("add", f"{page}/roads", *flags)[1].split() == ["unchanged", name]
    # What only the server's header says of the encoding is not lost with the header.
    name = shell("add", f"{page}/japan", *flags)[1].split()[1]
    told = json.loads(shell("show", name, *flags, "--json")[1])
    assert "水はきれいです。" in told["passages"][0]["text"]
    assert shell("add", f"{page}/japan", *flags)[1].split() == ["unchanged", name]
    code, _, err = shell("add", f"{page}/nothing", *flags)
    assert (code, err.count("\n"), "404" in err) == (1, 1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["add", "no-such-file.txt"], 1, "no-such-file.txt: no such file"),
        (["add", "x.txt", "--published", "yesterday"], 2, "--published 'yesterday' is not a date"),
        (["add", "x.txt", "--url", "javascript:x"], 2, "--url"),
        (["remove", "nothing.txt"], 1, "nothing.txt: no such document"),
        (["restore", "nothing.txt"], 1, "nothing.txt: nothing removed"),
        (["show", "../x.txt"], 1, "no document's name"),
        (["rollback", "0123456789ab"], 1, "0123456789ab"),
        (["prune", "--keep", "-1"], 2, "--keep -1"),
        (["verify", "0123456789ab"], 1, "0123456789ab"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    flags: list[str],
    shell: Shell,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    """The mend is named, the exit code tells usage from failure."""
    shell("build", *flags)
    found, out, err = shell(*arguments, *flags)
    assert (found, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_dry_run_and_what_follows(flags: list[str], shell: Shell, library: Library) -> None:
    """What is printed beforehand is what happens, releases are listed, and back is one word."""
    shell("build", *flags)
    (library.folder / "road.txt").write_text("The road is long. It never ends.")
    code, out, _ = shell("build", "--dry-run", *flags)
    assert (code, "added    road.txt" in out, "1 to encode" in out) == (0, True, True)
    assert "nothing changed" not in shell("build", *flags)[1]
    listed = json.loads(shell("releases", *flags, "--json")[1])["releases"]
    assert [info["live"] for info in listed] == [True, False]
    assert shell("releases", *flags)[1].startswith(f"* {listed[0]['id']}  20")
    assert shell("rollback", *flags)[1] == f"release {listed[1]['id']} is live\n"
    assert shell("verify", *flags)[1].count("whole ") == 2
    out = shell("prune", "--keep", "0", *flags)[1]
    assert out == f"deleted release {listed[0]['id']}\n"


def test_the_gate_stops_and_can_be_passed(flags: list[str], shell: Shell, library: Library) -> None:
    """Lost questions are listed and nothing is published until that is accepted."""
    known = {"question": "When was the red bridge built?", "language": "en", "answers": ["1999"]}
    (library.folder / "questions.jsonl").write_text(json.dumps(known))
    shell("build", *flags)
    (library.folder / "bridge.txt").unlink()
    code, out, err = shell("build", *flags)
    assert (code, out) == (1, "")
    assert err.splitlines()[-7:-1] == [
        "0 of 1 known questions are answered rightly (1 before)",
        "0 kept, 0 weaker, 1 lost",
        "lost     When was the red bridge built?",
        "         expected  1999",
        "         before    “The red bridge was built in 1999 by Ada.” (bridge.txt)",
        "         now       nothing is answered",
    ]
    assert err.splitlines()[-1] == (
        "casebook: nothing is published: of 1 known questions that were right, 1 lost, 0 weaker, "
        "0 kept; mend the documents, or accept it (--accept)"
    )
    told = json.loads(shell("build", "--json", *flags)[1])
    assert told["error"]["code"] == "gate"
    (lost,) = told["gate"]["lost"]
    assert (lost["question"], lost["expected"]) == ("When was the red bridge built?", ["1999"])
    assert lost["before"]["document"] == "bridge.txt"
    code, out, err = shell("build", "--accept", *flags)
    assert (code, out.startswith("published release")) == (0, True)


def test_a_weaker_answer_is_told_and_published(
    flags: list[str], shell: Shell, library: Library
) -> None:
    """With what was quoted and what is nearest now, in the shell and as data."""
    known = {"question": "When was the red bridge built?", "language": "en", "answers": ["1999"]}
    (library.folder / "questions.jsonl").write_text(json.dumps(known))
    shell("build", *flags)
    (library.folder / "bridge.txt").write_text("Bridges\n\nIt was put there in 1999 by Ada.\n")
    code, out, err = shell("build", "--json", *flags)
    assert (code, json.loads(out)["published"]) == (0, True)
    (weaker,) = json.loads(out)["gate"]["weaker"]
    assert weaker["now"] == {"quote": "It was put there in 1999 by Ada.", "document": "bridge.txt"}
    assert err.splitlines()[-6:] == [
        "0 of 1 known questions are answered rightly (1 before)",
        "0 kept, 1 weaker, 0 lost",
        "weaker   When was the red bridge built?",
        "         expected  1999",
        "         before    “The red bridge was built in 1999 by Ada.” (bridge.txt)",
        "         nearest   “It was put there in 1999 by Ada.” (bridge.txt)",
    ]


@pytest.mark.parametrize("verb", ["add", "remove", "restore", "rollback", "verify"])
def test_an_empty_name_is_refused(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a variable that is not set leaves does not mean everything."""
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, ""])
    assert ended.value.code == 2
    assert "a name is empty" in capsys.readouterr().err


def test_cases_are_listed_by_what_they_are_of(
    flags: list[str], shell: Shell, tmp_path: Path
) -> None:
    """Sector and country are set by `add`, kept as they are compared, and asked for by `list`."""
    (tmp_path / "wind.txt").write_text("Wind power\n\nThe mills of Acme turn. They give power.\n")
    given = ("--sector", " Wind  power ", "--country", "Kenya, 埃塞俄比亚", "--company", "Acme")
    assert shell(*flags, "add", str(tmp_path / "wind.txt"), *given)[0] == 0
    told = json.loads(shell(*flags, "--json", "list", "--country", "et")[1])["documents"]
    assert [(case["sector"], case["country"]) for each in told for case in each["cases"]] == [
        ("Wind power", "KE+ET")
    ]
    _, out, _ = shell(*flags, "list", "--company", "acme", "--sector", "wind POWER")
    assert "  - Wind power (Wind power · Kenya, Ethiopia)\n1 of 3 cases\n" in out
    assert shell(*flags, "list", "--year", "1999")[1] == "0 of 3 cases\n"
    for flag, words in (("--country", "Atlantis"), ("--sector", "s" * 81)):
        code, _, err = shell(*flags, "add", str(tmp_path / "wind.txt"), flag, words)
        assert (code, err.count("\n")) == (2, 1)
        assert f"{flag} " in err
