"""evaluation: the verb as a person runs it, its tables, and the exit codes of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatbot.answers.answering import FOUND
from chatbot.commands import evaluation as evaluating
from chatbot.evaluation.quality_floors import read_floors
from corpus.library import Library
from tests.chatbot.conftest import Shell
from tests.chatbot.evaluation.test_squad import BRIDGE, TEA, article, ask, write
from tests.index.reader.test_cross_encoder import save_small_cross_encoder

WORDS = "A recipe of apple pie needs seven apples. Nothing else is baked on Sundays."


@pytest.fixture
def flags(
    flags: list[str], library: Library, few_draws: None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:  # fmt: skip
    """Flags for the small library with three questions, served by the small encoder."""
    monkeypatch.setattr(evaluating, "FLOORS", tmp_path / "floors.json")
    lines = [
        {"question": "When was the red bridge built?", "language": "en", "answers": ["in 1999"]},
        {"question": "什么时候采茶？", "language": "zh", "answers": ["April"]},
        {"question": "Who bakes apple pie?", "language": "en", "answers": []},
    ]
    (library.folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return flags


@pytest.fixture
def squad(tmp_path: Path) -> str:
    """A set of three articles with an impossible question and an answer that is not there."""
    wrong = ask("d", "Who picks tea?", TEA, "Nobody")
    return str(
        write(
            tmp_path / "squad.json",
            article((BRIDGE, [ask("a", "When was the red bridge built?", BRIDGE, "1999"),
                              ask("b", "Who painted the bridge?", BRIDGE, is_impossible=True)])),
            article((TEA, [ask("c", "When do farmers pick it by hand?", TEA, "in April"), wrong])),
            article((WORDS, [ask("e", "An apple pie needs what?", WORDS, "seven apples")])),
        )
    )  # fmt: skip


def test_a_set_is_asked_of_its_own_paragraphs(flags: list[str], squad: str, shell: Shell) -> None:
    """Nothing has to be live; figures come with intervals, what was left out with its place."""
    code, out, err = shell("evaluate", squad, *flags)
    assert code == 0
    assert out.startswith("squad.json: 4 questions to release ")
    assert "2 answers and questions left out" in out
    assert "answerable: 3 questions\n  R@1                 1.000 [1.000, 1.000]" in out
    assert "impossible: 1 question\n" in out
    assert "off-collection" not in out
    assert "left out: squad.json: data[1].paragraphs[0].qas[1].answers[0]: 'Nobody'" in err
    assert "\nlanguage       n  right" in out
    assert "\nwhen           2  " in out


def test_json_is_one_object(flags: list[str], squad: str, shell: Shell) -> None:
    """With --json the figures are on stdout and nothing else; twice the same ones."""
    code, out, _ = shell("evaluate", squad, *flags, "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["file"], data["questions"], data["threshold"]) == ("squad.json", 4, FOUND)
    assert data["left_out"]["count"] == 2
    assert data["groups"]["answerable"]["R@1"] == {
        "value": 1.0, "low": 1.0, "high": 1.0, "count": 3,
    }  # fmt: skip
    again = json.loads(shell("evaluate", squad, *flags, "--json")[1])
    for each in (data, again):
        for name in ("p50 ms", "p95 ms"):
            del each["groups"]["all"][name]
    assert again == data


def test_articles_can_be_held_out(
    flags: list[str], squad: str, tmp_path: Path, shell: Shell
) -> None:
    """Their questions are asked all the same, apart from the impossible ones, and can be drawn."""
    picture = tmp_path / "errors.png"
    more = ["--hold-out", "0.3", "--seed", "4", "--plot", str(picture), "--json"]
    code, out, err = shell("evaluate", squad, *flags, *more)
    assert code == 0
    data = json.loads(out)
    assert data["questions"] == 4
    assert "AUROC" in data["groups"]["off-collection"]
    assert "off-collection" in data["bins"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "errors.png is written" in err


def test_the_library_is_asked_what_it_knows(flags: list[str], shell: Shell, tmp_path: Path) -> None:
    """Without a file, questions.jsonl is put to the live release; a copy of it gives the same."""
    assert shell("build", *flags)[0] == 0
    code, out, _ = shell("evaluate", *flags)
    assert code == 0
    assert out.startswith("questions.jsonl: 3 questions to release ")
    assert "off-collection: 1 question\n" in out
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(Path(flags[1], "questions.jsonl").read_bytes())
    assert shell("evaluate", str(copy), *flags)[1].splitlines()[3] == out.splitlines()[3]
    limited = json.loads(shell("evaluate", *flags, "--limit", "2", "--json")[1])
    assert limited["questions"] == 2


@pytest.mark.slow
def test_the_reader_that_is_set_reads(
    flags: list[str], squad: str, tmp_path: Path, shell: Shell
) -> None:
    """A set's questions and the library's; one that cannot be had is a line, and has no floors."""
    shell("build", *flags)
    folder = str(save_small_cross_encoder(tmp_path / "ranker"))
    for asked in ([squad], []):
        plain = json.loads(shell("evaluate", *asked, *flags, "--json")[1])
        other = json.loads(shell("evaluate", *asked, *flags, "--json", "--reader", folder)[1])
        for each in (plain, other):
            for name in ("p50 ms", "p95 ms"):
                del each["groups"]["all"][name]
        assert plain.pop("bins") != other.pop("bins")
        assert plain.keys() == other.keys()
        code, _, err = shell("evaluate", *asked, *flags, "--reader", "./nowhere")
        assert (code, "no such folder; set CASEBOOK_READER" in err) == (1, True)
    code, _, err = shell("evaluate", *flags, "--raise-floors", "--reader", folder)
    assert (code, "leave CASEBOOK_READER unset" in err) == (2, True)


def test_floors_are_raised_in_one_command(flags: list[str], tmp_path: Path, shell: Shell) -> None:
    """And never lowered without the second flag."""
    shell("build", *flags)
    code, _, err = shell("evaluate", *flags, "--raise-floors")
    assert (code, "floors are written" in err) == (0, True)
    path = tmp_path / "floors.json"
    floors = json.loads(path.read_text())
    reached = dict(floors["measures"])
    floors["measures"]["all: right"] = 1.01
    path.write_text(json.dumps(floors))
    code, _, err = shell("evaluate", *flags, "--raise-floors")
    assert (code, "would lower all: right" in err, "--lower" in err) == (1, True, True)
    assert read_floors(path).measures["all: right"] == 1.01
    assert shell("evaluate", *flags, "--raise-floors", "--lower")[0] == 0
    assert read_floors(path).measures == reached


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["SQUAD", "--limit", "0"], "--limit 0: give 1 or more"),
        (["SQUAD", "--hold-out", "1"], "--hold-out 1.0: give a share"),
        (["SQUAD", "--hold-out", "nan"], "--hold-out nan: give a share"),
        (["SQUAD", "--plot", "no/such/folder.png"], "no such folder"),
        (["SQUAD", "--raise-floors"], "--raise-floors is of all"),
        (["--raise-floors", "--limit", "3"], "--raise-floors is of all"),
        (["--lower"], "--lower goes with"),
        (["--hold-out", "0.5"], "--hold-out needs a FILE"),
        (["x.jsonl", "--questions", "y.json"], "--questions needs a FILE"),
    ],
)
def test_bad_usage_is_one_line(
    flags: list[str],
    squad: str,
    shell: Shell,
    arguments: list[str],
    words: str,
) -> None:
    """Flags that cannot be, or be together, are told before anything is read; exit code 2."""
    given = [squad if each == "SQUAD" else each for each in arguments]
    code, out, err = shell("evaluate", *given, *flags)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_a_plot_of_nothing_is_refused(flags: list[str], tmp_path: Path, shell: Shell) -> None:
    """Where every question has an answer there is no second error to draw."""
    path = write(tmp_path / "all.json", article((TEA, [ask("c", "When?", TEA, "April")])))
    code, _, err = shell("evaluate", str(path), *flags, "--plot", str(tmp_path / "p.png"))
    assert (code, "every question has an answer" in err) == (2, True)
    assert not (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing.json", None, "no such file"),
        ("missing.jsonl", None, "no such file"),
        ("empty.json", "", "not JSON"),
        ("empty.jsonl", "", "holds no question"),
        ("list.json", "[]", "not an object"),
        ("bad.jsonl", "{", "bad.jsonl: line 1: not JSON"),
        ("old.json", '{"data": [{"paragraphs": [{"qas": []}]}]}', "paragraphs[0]: context is"),
        ("none.json", '{"data": []}', "no question in it can be asked"),
        ("blank.json", json.dumps({"data": [article((" ", [ask("a", "When?", " ", "")]))]}),
         "no question in it"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    flags: list[str],
    tmp_path: Path,
    shell: Shell,
    name: str,
    text: str | None,
    words: str,
) -> None:
    """The file, the place and the mend on stderr, exit code 1; as an object with --json."""
    shell("build", *flags)
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    code, out, err = shell("evaluate", str(path), *flags)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    code, out, _ = shell("evaluate", str(path), *flags, "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "document")


def test_nothing_published_is_told(flags: list[str], shell: Shell) -> None:
    """The library's own questions need a live release."""
    code, out, err = shell("evaluate", *flags)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "./casebook build" in err


def test_a_paragraph_that_cannot_be_read_is_left_out(
    flags: list[str], tmp_path: Path, shell: Shell
) -> None:
    """With its questions, and named; the others are asked."""
    noise = "\0 a picture " + BRIDGE
    path = write(
        tmp_path / "set.json",
        article((TEA, [ask("a", "When do farmers pick tea?", TEA, "April")])),
        article((noise, [ask("b", "When was it built?", noise, "1999")])),
    )
    code, out, err = shell("evaluate", str(path), *flags, "--json")
    assert (code, json.loads(out)["questions"], json.loads(out)["left_out"]["count"]) == (0, 1, 1)
    assert "left out: 000001.txt: byte 0 is a control character" in err
