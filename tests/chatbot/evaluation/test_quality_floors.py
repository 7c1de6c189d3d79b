"""quality_floors: the gate under the shipped questions, and the shipped questions against it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation.evaluation import ask, summarise
from chatbot.evaluation.labels import by_passage, locate
from chatbot.evaluation.quality_floors import (
    FLOORS,
    Floors,
    check_floors,
    measure,
    raise_floors,
    read_floors,
)
from chatbot.evaluation.regression_questions import read_questions
from corpus.errors import DocumentError, GateError
from index.encoder.encoder import Encoder
from index.storage.publish import Releases
from index.storage.release import Release
from tests.chatbot.evaluation.test_evaluation import MARKS
from tests.conftest import REPORTS

pytestmark = pytest.mark.usefixtures("few_draws")

REACHED = Floors({"questions.jsonl": "1f", "a.txt": "2e"}, {"all: right": 0.8, "R": 0.5})


def write(path: Path, floors: Floors = REACHED) -> Path:
    """Write floors into a file."""
    path.unlink(missing_ok=True)
    raise_floors(path, floors)
    return path


def test_the_shipped_questions_keep_their_floors(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """What the shipped questions reached once, they reach now: `evaluate --raise-floors` wrote it.

    Where this fails on a change that makes answers worse, mend the change. Where it asks for new
    floors, the questions or the report changed.
    """
    release = Release(report_releases.path(report_releases.live()))
    path = REPORTS / "questions.jsonl"
    marks = ask(locate(read_questions(path), release), release, real_encoder, by_passage)
    floors = read_floors(FLOORS)
    check_floors(floors, measure(summarise(marks), path, release))
    assert len(floors.measures) == 11
    assert floors.data.keys() == {path.name, *(d.name for d in release.documents())}


def test_what_is_reached_is_rounded_down(published: Releases, tmp_path: Path) -> None:
    """Three places, so that the same figure is never below its own floor; data by SHA-256."""
    release = Release(published.path(published.live()))
    (tmp_path / "q.jsonl").write_bytes(b"abc")
    reached = measure(summarise(MARKS), tmp_path / "q.jsonl", release)
    assert reached.measures["all: right"] == 0.428  # 3 of 7
    assert reached.measures["answerable: citation precision"] == 0.4
    assert reached.data.keys() == {"questions.jsonl", "bridge.txt", "tea.txt"}
    assert reached.data["questions.jsonl"].startswith("ba7816bf")  # that of abc, as FIPS 180 has it
    check_floors(reached, measure(summarise(MARKS), tmp_path / "q.jsonl", release))


def test_a_lower_measure_fails() -> None:
    """It is named with what it is and what it should be; a higher one and an equal one pass."""
    check_floors(REACHED, REACHED)
    check_floors(REACHED, replace(REACHED, measures={"all: right": 0.9, "R": 0.5, "new": 0.1}))
    with pytest.raises(GateError, match=r"below the floor: R 0.499, floor 0.500; mend"):
        check_floors(REACHED, replace(REACHED, measures={"all: right": 0.9, "R": 0.499}))


def test_a_measure_that_is_gone_fails() -> None:
    """Not to measure is no way past the floor."""
    with pytest.raises(GateError, match=r"R -inf, floor 0\.500"):
        check_floors(REACHED, replace(REACHED, measures={"all: right": 0.9}))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"questions.jsonl": "1f", "a.txt": "3d"}, r"\(a.txt changed\)"),
        ({"questions.jsonl": "1f"}, r"\(a.txt changed\)"),
        ({**REACHED.data, "b.txt": "4c"}, r"\(b.txt changed\)"),
        ({}, r"\(a.txt, questions.jsonl changed\)"),
    ],
)
def test_other_data_asks_for_new_floors(data: dict[str, str], named: str) -> None:
    """Figures of other questions or documents cannot be compared, however high they are."""
    with pytest.raises(GateError, match=rf"of other data {named}.*--raise-floors"):
        check_floors(REACHED, Floors(data, {"all: right": 1.0, "R": 1.0}))


def test_raising_never_lowers(tmp_path: Path) -> None:
    """Where one measure would fall nothing is written, also not on other data."""
    path = write(tmp_path / "floors.json")
    before = path.read_bytes()
    worse = {"all: right": 0.9, "R": 0.4}
    for data in (REACHED.data, {"questions.jsonl": "other"}):
        with pytest.raises(GateError, match=r"would lower R 0.400, floor 0.500: .*--lower"):
            raise_floors(path, Floors(data, worse))
        assert path.read_bytes() == before
    raise_floors(path, Floors({"questions.jsonl": "other"}, worse), lower=True)
    assert read_floors(path) == Floors({"questions.jsonl": "other"}, worse)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)), min_size=1, max_size=12))
def test_floors_only_rise(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Under any run of measurements each floor is the highest that it ever was."""
    path = tmp_path_factory.mktemp("floors") / "floors.json"
    held = {"a": 0.0, "b": 0.0, "c": 0.0}
    for name, value in steps:
        measured = {**held, name: value / 1000}
        try:
            held = dict(raise_floors(path, Floors({}, measured)).measures)
        except GateError:
            assert measured[name] < held[name]
        assert read_floors(path).measures == held if path.exists() else True


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"data": {}, "measures": []}', '{"data": 1, "measures": {}}',
             '{"data": {}, "measures": {"R": "high"}}'],
)  # fmt: skip
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    """A damaged file is no file without floors; nor is a missing one."""
    path = tmp_path / "floors.json"
    with pytest.raises(DocumentError, match=r"floors.json: not a file of floors"):
        read_floors(path)
    path.write_text(text)
    with pytest.raises(DocumentError, match=r"floors.json: not a file of floors"):
        read_floors(path)
    with pytest.raises(DocumentError):
        raise_floors(path, REACHED)


def test_the_shipped_file_can_be_read_by_people() -> None:
    """A change of it shows in a review, line by line."""
    text = FLOORS.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
