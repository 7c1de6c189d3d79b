"""benchmarks.reading: a row for each set and reader, and floors that are held; on small sets."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import reading
from benchmarks.reading import DOCUMENT, FLOORS
from chatbot.evaluation.quality_floors import read_floors
from tests.fake_encoder import FakeEncoder
from tests.index.reader.test_cross_encoder import save_small_cross_encoder
from tests.small_reader import use_small_reader
from tests.training.test_collections import make_articles, make_case
from training.question_sets import HELD

SETS = (
    "XQuAD en", "XQuAD zh", "XQuAD zh over en", "XQuAD en over zh", "XQuAD es over de", "CMRC",
    "SQuAD 2", "company cases",
)  # fmt: skip
FIGURES = ("first", "AUROC")
TEXT = "# Figures\n\n<!-- reading -->\nold\n<!-- end of reading -->\n\nThe end.\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few texts of every set."""
    folder = tmp_path_factory.mktemp("sets")
    titles = [title.replace("_", " ") for title in sorted(HELD)[:3]]
    sets = {
        "squad2-half.en": make_articles("en", [*titles, "Mills"]),
        "cmrc2018-dev.zh": make_articles("zh", "一二三四"),
        **{
            f"xquad.{tag}": make_articles(tag, sorted(HELD)[:3]) for tag in ("en", "zh", "de", "es")
        },
    }
    for name, made in sets.items():
        (folder / f"{name}.json").write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    cases = [make_case(f"a-{number}", "zh" if number % 2 else "en") for number in range(30)]
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    (folder / "cases.jsonl").write_text("\n".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sets' releases are kept."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def floors(few_draws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for floors, beside a document; the small encoder and its reader."""
    (tmp_path / "quality.md").write_text(TEXT, "utf-8")
    monkeypatch.setattr(reading, "FLOORS", tmp_path / "floors.json")
    monkeypatch.setattr(reading, "DOCUMENT", tmp_path / "quality.md")
    monkeypatch.setattr(reading, "load_encoder", lambda *_: FakeEncoder())
    use_small_reader(monkeypatch)
    return tmp_path / "floors.json"


Run = Callable[..., str]


@pytest.fixture
def run(
    floors: Path, data: Path, var: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    """Return what runs the command and returns what it prints."""

    def start(*arguments: str, data: Path = data) -> str:
        given = ["reading", "--data", str(data), "--var", str(var), *arguments]
        monkeypatch.setattr(sys, "argv", given)
        reading.main()
        return capsys.readouterr().out

    return start


@pytest.mark.slow
def test_what_is_reached_becomes_floors_and_a_table(run: Run, floors: Path) -> None:
    """Two floors a set, of files by SHA-256; what is around the table stays; it holds at once."""
    told = run("--raise-floors")
    kept = read_floors(floors)
    assert [*kept.measures] == [f"{name}: {figure}" for name in SETS for figure in FIGURES]
    assert {*kept.data} == {
        "cases.jsonl", "cmrc2018-dev.zh.json", "squad2-half.en.json",
        *(f"xquad.{tag}.json" for tag in ("en", "zh", "de", "es")),
    }  # fmt: skip
    text = (floors.parent / "quality.md").read_text("utf-8")
    before, after = TEXT.split("old\n")
    assert text.startswith(before)
    assert text.endswith(after)
    table = text.removeprefix(before).removesuffix(after)
    assert table in told
    assert re.findall(r"^\| (.*?) \| [0-9]+ \|", table, re.MULTILINE) == [*SETS]
    run("--check")


@pytest.mark.slow
def test_a_figure_below_its_floor_fails(run: Run, floors: Path) -> None:
    """It is named; nothing is written over it but by --lower, and other figures are no matter."""
    run("--raise-floors")
    kept = floors.read_text("utf-8")
    raised = json.loads(kept)
    raised["measures"]["CMRC: first"] = 1.001
    floors.write_text(json.dumps(raised), "utf-8")
    (floors.parent / "quality.md").write_text(TEXT, "utf-8")
    with pytest.raises(SystemExit, match=r"^below the floor: CMRC: first [0-9.]+, floor 1\.001;"):
        run("--check")
    with pytest.raises(SystemExit, match=r"^this would lower CMRC: first"):
        run("--raise-floors")
    assert floors.read_text("utf-8") == json.dumps(raised)
    assert (floors.parent / "quality.md").read_text("utf-8") == TEXT
    run("--raise-floors", "--lower")
    assert floors.read_text("utf-8") == kept


@pytest.mark.slow
def test_floors_of_other_questions_say_nothing(run: Run, data: Path, tmp_path: Path) -> None:
    """Nor do none; either is one line."""
    with pytest.raises(SystemExit, match=r"^floors\.json: not a file of floors"):
        run("--check")
    run("--raise-floors")
    other = tmp_path / "other"
    shutil.copytree(data, other)
    path = other / "cmrc2018-dev.zh.json"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(SystemExit, match=r"of other data \(cmrc2018-dev\.zh\.json changed\)"):
        run("--check", data=other)


@pytest.mark.slow
def test_another_reader_has_a_column(
    run: Run, floors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the setting or the flag, and no floors; one that is not there is one line."""
    folder = save_small_cross_encoder(tmp_path / "small")
    monkeypatch.setenv("CASEBOOK_READER", str(folder))
    table = run("--raise-floors")
    head = (
        "| set | n | bundled: first | AUROC | cosine: first | AUROC | cross-encoder (small): first"
    )
    assert head in table
    assert re.search(r"^\| CMRC \| [0-9]+(?: \| [01]\.[0-9]{3}){6} \|$", table, re.MULTILINE)
    assert len(read_floors(floors).measures) == len(SETS) * len(FIGURES)
    with pytest.raises(SystemExit, match=r"^\./nowhere: no such folder; set CASEBOOK_READER"):
        run("--reader", "./nowhere")
    monkeypatch.setenv("CASEBOOK_READER", "llm")
    with pytest.raises(SystemExit, match=r"^CASEBOOK_READER: llm needs CASEBOOK_LLM_URL"):
        run()


@pytest.mark.parametrize("arguments", [["--check", "--raise-floors"], ["--lower"]])
def test_flags_that_cannot_be_together_are_told(run: Run, arguments: list[str]) -> None:
    """Before anything is read."""
    with pytest.raises(SystemExit) as caught:
        run(*arguments, data=Path("nowhere"))
    assert caught.value.code == 2


def test_sets_that_are_not_there_are_told(run: Run, tmp_path: Path) -> None:
    """By their names."""
    with pytest.raises(SystemExit, match=r"neither xquad\.en\.json nor"):
        run(data=tmp_path)


def test_the_shipped_table_is_that_of_the_shipped_floors() -> None:
    """The same sets and figures, those of the bundled reader; floors are of these, rounded down."""
    table = DOCUMENT.read_text("utf-8").split("<!-- reading -->")[1]
    rows = re.findall(r"^\| (.*?) \| [0-9]+ \| ([0-9.]+) \| ([0-9.]+) \|", table, re.MULTILINE)
    told = {
        f"{name}: {figure}": float(value)
        for name, *values in rows
        for figure, value in zip(FIGURES, values, strict=True)
    }
    kept = read_floors(FLOORS).measures
    assert [name for name, *_ in rows] == [*SETS]
    assert kept.keys() == told.keys()
    assert all(-0.0001 <= told[name] - kept[name] <= 0.0011 for name in kept)
