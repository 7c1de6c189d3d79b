"""training: what the bundled reader learns from, its loss, its checkpoints, its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmarks.squad import Question
from corpus.chunks import divide_case
from corpus.passages import is_searched
from corpus.tables import spell_passages
from index.reader.bundled import BundledReader
from index.reader.calibration import FEATURES as CALIBRATED
from index.reader.features import FEATURES, describe
from index.reader.weights import FORMAT, read_weights
from tests.small_network import StatesEncoder
from training import confidence, late_interaction, reader
from training.batches import (
    CHUNKS,
    CUT,
    GONE,
    VALIDATED,
    Drawn,
    Part,
    crop,
    cut_out,
    draw,
    give_batches,
    list_questions,
    open_part,
    stack,
    withhold,
)
from training.collections import Labelled, open_collection
from training.confidence import ANSWERED, Told, fit, read_validated, tell_apart
from training.groups import FAR, Groups, draw_far, make_groups
from training.network import Network, lose

WIDTH, COUNTED = 8, len(FEATURES)
CENTRE = np.zeros(COUNTED, np.float32)


def make_set(questions: int = 90, seed: int = 1, name: str = "cases") -> Groups:
    """Return made-up groups: three questions an article, one of four in vain, ten from elsewhere.

    The first feature tells the right sentence.
    """
    chance = np.random.default_rng(seed)
    sizes = [chance.integers(3, 7, chance.integers(3, 7)) for _ in range(30)]
    pieces = [np.repeat(np.arange(len(each)), each) for each in sizes]
    asked = chance.integers(5, 10, questions)
    chunks, found, rows, features, right = [], [0], [0], [], []
    for question in range(questions):
        held = chance.choice(len(sizes), 9, replace=False)
        answered = question % 4 > 0 and question < questions - 10
        for place, chunk in enumerate(held):
            marks = np.zeros(len(sizes[chunk]) - 1, bool)
            marks[0] = answered and place == question % 3
            told = chance.standard_normal((len(marks), COUNTED)) * 0.1
            told[:, 0] += 2 * marks
            chunks.append(chunk)
            rows.append(rows[-1] + len(marks))
            features.append(told)
            right.append(marks)
        found.append(len(chunks))
    articles = np.arange(questions) // 3
    articles[questions - 10 :] = -1
    tokens = sum(map(len, pieces))
    return Groups(
        name, chance.standard_normal((tokens, WIDTH)).astype(np.float16), np.concatenate(pieces),
        np.cumsum([0, *map(len, pieces)]),
        chance.standard_normal((asked.sum(), WIDTH)).astype(np.float16), np.cumsum([0, *asked]),
        np.array(found), np.array(chunks), np.array(rows),
        np.concatenate(features).astype(np.float16), np.concatenate(right), articles,
    )  # fmt: skip


def save(groups: Groups, folder: Path) -> None:
    """Write groups as `make_groups` does."""
    folder.mkdir(parents=True)
    for each in fields(groups):
        if each.name != "name":
            np.save(folder / f"{each.name}.npy", getattr(groups, each.name))


def make_part(context: int, sizes: Sequence[int], right: Sequence[int] = ()) -> Part:
    """Return a chunk whose sub-words and sentences are told by their numbers."""
    pieces = np.repeat(np.arange(len(sizes) + 1), [context, *sizes])
    marks = np.isin(np.arange(len(sizes)), right)
    features = np.tile(np.arange(len(sizes), dtype=np.float16)[:, None], (1, COUNTED))
    states = np.arange(len(pieces), dtype=np.float16)[:, None].repeat(WIDTH, axis=1)
    return Part(states, pieces, features, np.ones(len(sizes), bool), marks)


@given(articles=st.lists(st.integers(-1, 40), min_size=1), mute=st.sets(st.integers(0, 20)))
def test_what_judges_shares_no_article(articles: list[int], mute: set[int]) -> None:
    """With what is trained on; each question is in one of them, but those without a sub-word."""
    counts = [0 if number in mute else 2 for number in range(len(articles))]
    groups = replace(
        make_set(20), articles=np.array(articles), asked_starts=np.cumsum([0, *counts])
    )
    sides = [list_questions(groups, validated).tolist() for validated in (False, True)]
    assert sorted(sides[0] + sides[1]) == np.flatnonzero(counts).tolist()
    trained, judged = ({articles[number] for number in side} - {-1} for side in sides)
    assert not trained & judged
    assert all(article % VALIDATED == 0 for article in judged)


@given(
    context=st.integers(0, 60),
    sizes=st.lists(st.integers(0, 120), min_size=1, max_size=12),
    right=st.sets(st.integers(0, 11), max_size=3),
    seed=st.integers(0, 9),
)
def test_a_cropped_chunk_keeps_its_context_and_what_answers(
    context: int, sizes: list[int], right: set[int], seed: int
) -> None:
    """A run of sentences, as they were, of as many sub-words as are wanted, or one sentence."""
    whole = make_part(context, sizes, sorted(right))
    part = crop(whole, 200, np.random.default_rng(seed))
    kept = part.features[:, 0].astype(int).tolist()
    assert kept == list(range(kept[0], kept[0] + len(kept)))
    assert part.right.tolist() == whole.right[kept].tolist()
    assert part.right.any() == whole.right.any()
    assert len(part.open) == len(kept)
    assert len(part.pieces) == context + sum(sizes[number] for number in kept)
    assert len(part.pieces) <= 200 or len(kept) == 1
    original = np.where(part.pieces > 0, part.pieces + kept[0], 0)  # the pieces' first numbers
    assert original.tolist() == whole.pieces[part.states[:, 0].astype(int)].tolist()
    assert (part.pieces == 0).sum() == context
    if len(whole.pieces) <= 200:
        assert part is whole
    elif kept[0] > 0:  # no sentence beside it has room
        assert len(part.pieces) + min(sizes[kept[0] - 1], 121) > 200


def test_what_answers_is_cut_out() -> None:
    """Neither its words nor its place are left; the others stay, and so does the chunk itself."""
    whole = make_part(2, [3, 4, 5, 2], right=[1, 3])
    part = cut_out(whole)
    assert not part.right.any()
    assert part.open.tolist() == [True, False, True, False]
    assert part.pieces.tolist() == [0] * 2 + [1] * 3 + [-1] * 4 + [3] * 5 + [-1] * 2
    assert part.states is whole.states
    assert whole.right.tolist() == [False, True, False, True]
    assert whole.open.all()
    assert (whole.pieces >= 0).all()


def test_features_are_withheld() -> None:
    """Those named are no numbers, the others stay, and so does the chunk itself."""
    whole = make_part(2, [3, 4])
    part = withhold(whole, [0, 5])
    assert np.flatnonzero(np.isnan(part.features).all(axis=0)).tolist() == [0, 5]
    assert np.isnan(part.features).sum() == 4
    assert not np.isnan(whole.features).any()


def test_a_question_is_drawn_with_what_answers_and_without() -> None:
    """With one chunk that answers, but for the share from which it or its sentence is gone."""
    groups, chance = make_set(), np.random.default_rng(3)
    question = 1
    assert groups.right[slice(*groups.rows[groups.found[[1, 2]]])].sum() == 1
    without = cut = 0
    places = np.zeros(CHUNKS)
    for _ in range(3000):
        drawn = draw(groups, question, chance)
        assert len(drawn.parts) == CHUNKS
        right = [place for place, part in enumerate(drawn.parts) if part.right.any()]
        assert len(right) <= 1
        without += not right
        places[right] += 1
        if gone := [part for part in drawn.parts if not part.open.all()]:
            assert len(gone) == 1
            assert not right
            assert np.isnan(np.concatenate([each.features for each in drawn.parts])).all()
            cut += 1
        assert 2 < drawn.there.sum() <= len(drawn.asked) == len(drawn.there)
    assert without / 3000 == pytest.approx(GONE + CUT, abs=0.03)
    assert cut / 3000 == pytest.approx(CUT, abs=0.02)
    assert places.min() > 0.8 * places.mean()  # at no place more often than at another


def test_a_question_in_vain_is_drawn_with_wrong_chunks() -> None:
    """The better ones more often, each once."""
    groups, chance = make_set(), np.random.default_rng(3)
    found = [open_part(groups, at) for at in range(*groups.found[[0, 1]])]
    counts = np.zeros(len(found))
    for _ in range(2000):
        parts = draw(groups, 0, chance).parts
        assert not any(part.right.any() for part in parts)
        at = [
            number
            for part in parts
            for number, each in enumerate(found)
            if np.array_equal(each.states, part.states)
        ]
        assert len(set(at)) == len(at) == CHUNKS
        counts[at] += 1
    assert counts[0] > 1.5 * counts[-1] > 0


def test_groups_are_stacked_as_the_network_takes_them() -> None:
    """Padded with nothing; features that are withheld become what says nothing."""
    parts = [make_part(2, [3, 4, 2], right=[1]), make_part(1, [5]), cut_out(make_part(0, [2], [0]))]
    drawn = [
        Drawn(np.ones((4, WIDTH), np.float16), np.array([True, False, True, True]), parts),
        Drawn(
            np.ones((6, WIDTH), np.float16), np.ones(6, bool), [withhold(make_part(3, [9, 9]), [2])]
        ),
    ]
    centre = np.arange(COUNTED, dtype=np.float32)
    told, pieces, asked, there, features, open_, right = stack(drawn, centre)
    assert told.shape == (2, 3, 21, WIDTH)
    assert pieces.shape == told.shape[:3]
    assert (asked.shape, there.shape) == ((2, 6, WIDTH), (2, 6))
    assert features.shape == (2, 3, 3, COUNTED)
    assert open_.shape == right.shape == features.shape[:3]
    assert {told.dtype, asked.dtype, features.dtype} == {torch.float32}
    assert pieces[0, 0].tolist() == [0] * 2 + [1] * 3 + [2] * 4 + [3] * 2 + [-1] * 10
    assert pieces[0, 2].tolist() == [-1] * 21
    assert (pieces[1, 1:] == -1).all()
    assert told[0, 0, :11, 0].tolist() == list(range(11))
    assert not told[0, 0, 11:].any()
    assert there[0].tolist() == [True, False, True, True, False, False]
    assert open_.tolist() == [
        [[True] * 3, [True, False, False], [False] * 3],
        [[True, True, False], [False] * 3, [False] * 3],
    ]
    assert right.nonzero().tolist() == [[0, 0, 1]]
    assert features[1, 0, 1].tolist() == [2.0 if number == 2 else 1.0 for number in range(COUNTED)]


def test_batches_have_what_is_trained_on() -> None:
    """Full ones alone, of every set, and never what judges."""
    marked = make_set()
    judged = list_questions(marked, validated=True)
    for number in judged.tolist():
        first, last = marked.asked_starts[number : number + 2]
        marked.asked[first:last] = 7.0
    sets = [marked, make_set(seed=2)]
    batches = give_batches(sets, [1.0, 2.0], 4, CENTRE, np.random.default_rng(1))
    for _ in range(80):
        told, _, asked, *_ = next(batches)
        assert len(told) == len(asked) == 4
        assert not (asked == 7.0).any()


def test_the_loss_is_of_one_softmax() -> None:
    """Over all sentences of a group and "none": what is right has a share, of which it is -ln."""
    chance = np.random.default_rng(4)
    logits, none = chance.standard_normal((3, 2, 4)), chance.standard_normal(3)
    right = np.zeros((3, 2, 4), bool)
    right[0, 1, 2] = right[1, 0, 0] = right[1, 1, 3] = True
    wanted = []
    for group in range(3):
        every = np.exp(logits[group]).sum() + np.exp(none[group])
        good = np.exp(logits[group])[right[group]].sum() if group < 2 else np.exp(none[group])
        wanted.append(-np.log(good / every))
    found = lose(*map(torch.from_numpy, (logits, none, right)))
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9)


def make_network() -> Network:
    """Return a small network of made-up weights."""
    torch.manual_seed(5)
    return Network(WIDTH, COUNTED, size=16, heads=2, hidden=16, match=4).eval()


def test_a_group_is_read_alike_in_a_batch() -> None:
    """Whatever it is padded by; sub-words that were cut out are as if they had never been."""
    chance = np.random.default_rng(6)
    groups, network = make_set(), make_network()
    drawn = [draw(groups, question, chance) for question in (1, 2, 6, 8)]
    with torch.inference_mode():
        *given, _ = stack(drawn, CENTRE)
        logits, none = network(*given)
        for number, one in enumerate(drawn):
            *alone, _ = stack([one], CENTRE)
            own, (own_none,) = network(*alone)
            assert float(none[number]) == pytest.approx(float(own_none), abs=1e-4)
            for place, part in enumerate(one.parts):
                count = len(part.open)
                np.testing.assert_allclose(
                    logits[number, place, :count], own[0, place, :count], atol=1e-4
                )
        # of 11 sub-words the 4 of what answers are changed
        part = cut_out(make_part(2, [3, 4, 2], right=[1]))
        changed = np.where(part.pieces[:, None] < 0, np.float16(9), part.states)
        asked, there = np.ones((4, WIDTH), np.float16), np.ones(4, bool)
        *first, _ = stack([Drawn(asked, there, [part])], CENTRE)
        *second, _ = stack([Drawn(asked, there, [replace(part, states=changed)])], CENTRE)
        for one_way, other in zip(network(*first), network(*second), strict=True):
            np.testing.assert_allclose(one_way, other, atol=1e-4)


def read_checkpoint(work: Path) -> dict[str, Any]:
    """Return what a training has kept."""
    held: dict[str, Any] = torch.load(work / "checkpoint.pt", weights_only=True)
    return held


def train(
    work: Path, steps: int = 5, start: Path | None = None, rate: float = 1e-3
) -> dict[str, Any]:
    """Train by one process and return what it has kept."""
    reader.train(0, 1, work, ["cases", "squad"], steps, 1, rate, start)
    return read_checkpoint(work)


def list_weights(held: dict[str, Any], kind: str = "kept") -> Tensor:
    """Return all weights in one row."""
    return torch.cat([value.flatten() for value in held[kind].values()])


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two folders with the same groups; batches of four, a checkpoint after every second step."""
    torch.set_num_threads(1)  # two would wait for each other, as there is little to do
    monkeypatch.setattr(reader, "GROUPS", 4)
    monkeypatch.setattr(reader, "SAVED", 2)
    for work in ("one", "two"):
        for seed, name in enumerate(("cases", "squad")):
            save(make_set(seed=seed, name=name), tmp_path / work / "groups" / name)
    return [tmp_path / "one", tmp_path / "two"]


def test_a_stopped_training_goes_on_from_its_checkpoint(
    works: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its weights, means and moments, of the same steps; what it draws is other than before.

    So two that were stopped alike end alike, and near one that was not.
    """
    taken: list[int] = []

    def stop(*given: Tensor) -> Tensor:
        taken.append(len(taken))
        if len(taken) == 4:
            raise KeyboardInterrupt
        return lose(*given)

    for work in works:
        taken.clear()
        with monkeypatch.context() as patch:
            patch.setattr(reader, "lose", stop)
            with pytest.raises(KeyboardInterrupt):
                train(work)
        assert read_checkpoint(work)["step"] == 2
    stopped = read_checkpoint(works[0])
    marked = read_checkpoint(works[1])
    assert torch.equal(list_weights(stopped), list_weights(marked))
    one, two = train(works[0]), train(works[1])
    assert one["step"] == two["step"] == 5
    assert {int(each["step"]) for each in one["optimizer"]["state"].values()} == {5}
    for kind in ("network", "kept"):
        assert torch.equal(list_weights(one, kind), list_weights(two, kind))
        assert not torch.equal(list_weights(one, kind), list_weights(stopped, kind))
    assert train(works[0])["step"] == 5  # nothing is left to do
    assert torch.equal(list_weights(read_checkpoint(works[0])), list_weights(one))
    (works[1] / "checkpoint.pt").unlink()
    whole = train(works[1])
    farthest = (list_weights(whole, "network") - list_weights(one, "network")).abs().max()
    assert 0 < farthest < 5 * 1e-3  # a step of Adam's moves a weight by its rate


def test_a_training_begins_with_the_weights_of_another(works: list[Path]) -> None:
    """But with its own steps and moments."""
    train(works[0], 2)
    held = read_checkpoint(works[0])
    for kind in ("network", "kept"):
        held[kind]["none.2.bias"].fill_(30.0)
    torch.save(held, works[0] / "start.pt")
    begun = train(works[1], 3, works[0] / "start.pt")
    assert begun["step"] == 3
    assert float(begun["network"]["none.2.bias"]) == pytest.approx(30.0, abs=0.1)
    assert float(begun["kept"]["none.2.bias"]) == pytest.approx(30.0, abs=0.1)


@pytest.mark.slow
def test_what_was_trained_is_written_and_opens(
    works: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """With the figures of every set, on what judged alone."""
    monkeypatch.setattr(reader, "WARM", 5)
    train(works[0], 60, rate=5e-3)
    path = tmp_path / "reader.npz"
    monkeypatch.setattr(reader, "PATH", path)
    sets = {name: Groups.open(name, works[0] / "groups" / name) for name in ("cases", "squad")}
    made = {"format": FORMAT, "command": "none", "encoder": "fake@1", "data": {}}
    monkeypatch.setattr(late_interaction, "STEPS", 20)
    reader.write(works[0], sets, made, 1)
    assert str(path) in capsys.readouterr().out
    weights = read_weights(path)
    assert BundledReader(weights).name == f"bundled ({weights.projection.identity})"
    assert weights.calibration.shape == (len(CALIBRATED),)
    figures = weights.made["figures"]
    for name, groups in sets.items():
        assert figures[name]["questions"] == len(list_questions(groups, validated=True))
        assert figures[name]["first"] > 0.5  # one feature tells


def test_what_judges_is_read_as_a_question_is_answered() -> None:
    """From the best chunks, whole: whether any of them answers, and whether the best sentence."""
    groups, network = make_set(180), make_network()
    told = read_validated(network, groups)
    numbers = list_questions(groups, validated=True).tolist()
    assert told.features.shape == (len(numbers), len(CALIBRATED))
    wanted = [
        groups.right[groups.rows[first] : groups.rows[min(first + confidence.READ, last)]].any()
        for first, last in (groups.found[[number, number + 1]].tolist() for number in numbers)
    ]
    assert told.answered.tolist() == wanted
    assert 0 < sum(wanted) < len(wanted)
    assert not (told.right & ~told.answered).any()


TRUE = {
    "lead": 2.0, "score": 0.5, "near": -0.6, "words": 0.15, "names lacking": -1.5,
    "numbers lacking": -0.5, "another language": -0.2, "always": 1.0,
}  # fmt: skip


def make_told(count: int = 6000) -> Told:
    """Return made-up readings whose answers are as likely as TRUE says."""
    chance = np.random.default_rng(8)
    rows = chance.standard_normal((count, len(CALIBRATED)))
    rows[:, CALIBRATED.index("always")] = 1
    rows[:, CALIBRATED.index("score")] *= 5  # of another size: its weight is the smaller
    strength = rows @ [TRUE[name] / (5 if name == "score" else 1) for name in CALIBRATED]
    answered = chance.random(count) < 1 / (1 + np.exp(-strength))
    return Told(rows.astype(np.float32), answered, answered)


def test_the_calibration_finds_what_speaks_for_an_answer() -> None:
    """By how much each tells, and nothing against it that should speak for it."""
    told = make_told()
    weights = dict(zip(CALIBRATED, fit({"cases": told}).tolist(), strict=True))
    assert weights["near"] == 0
    order = [
        "lead", "score", "words", "another language", "numbers lacking", "names lacking",
    ]  # fmt: skip
    weights["score"] *= 5
    assert sorted(order, key=lambda name: -weights[name]) == order
    for name in order:
        assert weights[name] == pytest.approx(TRUE[name], abs=0.25)


def test_the_calibration_claims_as_much_as_is_answered() -> None:
    """Of what readers ask, whatever share of a set is; and more where it is so."""
    told = make_told()
    likely = 1 / (1 + np.exp(-(told.features @ fit({"cases": told}))))
    yes = told.answered
    claimed = ANSWERED * likely[yes].mean() + (1 - ANSWERED) * likely[~yes].mean()
    assert claimed == pytest.approx(ANSWERED, abs=0.005)
    assert tell_apart(likely, yes) > 0.85


def test_sets_count_by_their_shares() -> None:
    """However many questions they have: ten times the company cases change nothing."""
    one, other = make_told(600), replace(make_told(500), answered=make_told(500).answered[::-1])
    many = Told(*(np.concatenate([getattr(one, each.name)] * 10) for each in fields(one)))
    weights = fit({"cases": one, "squad": other})
    np.testing.assert_allclose(fit({"cases": many, "squad": other}), weights, atol=0.02)
    assert not np.allclose(fit({"cases": other, "squad": one}), weights, atol=0.1)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30),
)
def test_telling_apart_is_the_area_under_the_curve(pairs: list[tuple[int, bool]]) -> None:
    """The share of pairs of a true and an untrue one in which the true one has more."""
    likely = np.array([value / 7 for value, _ in pairs])
    yes = np.array([truth for _, truth in pairs])
    wins = [
        float(good > bad) + 0.5 * float(good == bad)
        for good in likely[yes].tolist()
        for bad in likely[~yes].tolist()
    ]
    if wins:
        assert tell_apart(likely, yes) == pytest.approx(np.mean(wins))
    else:
        assert np.isnan(tell_apart(likely, yes))


@pytest.mark.parametrize("name", list(reader.TIMES))
def test_far_questions_are_of_sets_that_cannot_answer(name: str) -> None:
    """As many as FAR says, each once; company cases answer no other set, nor parallel ones each."""
    sets = {
        other: [Labelled(Question(f"{other} {n}", "", ()), n) for n in range(50)]
        for other in reader.TIMES
    }
    far = draw_far(name, sets, np.random.default_rng(1))
    texts = [one.question.text for one in far]
    assert len(set(texts)) == len(texts) == round(FAR * 50)
    families = (
        {"cases", "swapped", "written", "everyday"}, {"squad", "mixed", "es-de"}, {"cmrc", "drcd"},
    )  # fmt: skip
    kin = next(family for family in families if name in family)
    assert not {text.split()[0] for text in texts} & kin


TEXTS = {
    "00000.txt": "Bridges\n\nThe red bridge was built in 1999 by Ada. It is long.\n",
    "00001.txt": "Lamps\n\nYear | Lamps\n\n2020 | 40\n\n2021 | 60\n\nThe lamps are red.\n",
    "00002.txt": "茶\n\n茶叶在春天采摘。农民每天工作八小时。\n",
}


def test_groups_are_what_the_search_finds(tmp_path: Path) -> None:
    """With the features of every sentence and the states of every chunk, as it is encoded."""
    asked = [
        ("When was the red bridge built?", "00000.txt", "1999"),
        ("How many lamps in 2021?", "00001.txt", "2021 | 60"),
        ("Who paid for the lamps?", "00001.txt", ""),
    ]
    labelled = [
        Labelled(
            Question(text, name, ((TEXTS[name].index(words), words),) if words else ()), number
        )
        for number, (text, name, words) in enumerate(asked)
    ]
    encoder = StatesEncoder()
    opened = open_collection("cases", (TEXTS, labelled), tmp_path / "work", encoder)
    far = [Labelled(Question("When was the red bridge built?", "00000.txt", ((20, "x"),)), 5)]
    make_groups(opened, far, encoder, tmp_path / "groups")
    groups = Groups.open("cases", tmp_path / "groups")
    searcher, release = opened.searcher, opened.searcher.release
    pieces = []
    for case, document in release.cases():
        held = [each for each in release.case_passages(case) if is_searched(each, case.title)]
        for chunk in divide_case(document, case, held, release.glossary):
            said = spell_passages(held[chunk.first : chunk.last])
            pieces.append([chunk.context, *(each.words for each in said)])
    assert len(groups.starts) - 1 == len(pieces) == release.manifest.chunks == 3
    for number, read in enumerate(encoder.read_chunks(pieces)):
        here = slice(*groups.starts[number : number + 2].tolist())
        np.testing.assert_array_equal(groups.states[here], read.states.astype(np.float16))
        np.testing.assert_array_equal(groups.pieces[here], read.pieces)
    assert groups.articles.tolist() == [0, 1, 2, -1]
    right = []
    for number, one in enumerate([*labelled, *far]):
        query = searcher.parse(one.question.text)
        texts = searcher.find(query)
        at = slice(*groups.found[number : number + 2].tolist())
        assert groups.chunks[at].tolist() == [text.candidate.chunk for text in texts]
        rows = slice(*groups.rows[[at.start, at.stop]].tolist())
        wanted = np.concatenate(describe(query, texts)).astype(np.float16)
        np.testing.assert_array_equal(groups.features[rows], wanted)
        here = slice(*groups.asked_starts[number : number + 2].tolist())
        np.testing.assert_array_equal(groups.asked[here], query.read().states.astype(np.float16))
        words = [each.text for text in texts for each in text.sentences]
        right.append([words[place] for place in np.flatnonzero(groups.right[rows])])
    assert right == [
        ["The red bridge was built in 1999 by Ada."], ["Year: 2021 | Lamps: 60"], [], [],
    ]  # fmt: skip
