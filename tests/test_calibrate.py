"""benchmarks.calibrate: what is asked in vain, and the weights that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibrate import (
    GROUPS,
    SETS,
    WEIGHTS,
    Example,
    collect,
    cross_validate,
    fit,
    group_questions,
    list_far,
    predict,
    swap_names,
    tell,
    weigh,
)
from benchmarks.collections import Collection, Labelled
from benchmarks.squad import Question
from chatbot.confidence import ASKED, BIAS, MATTER, describe, estimate_confidence
from index.search.searcher import Searcher
from tests.fake_encoder import FakeEncoder
from tests.test_candidates import TEXTS, publish
from tests.test_confidence import FAR, STRONG


def ask(text: str, article: int = 0, answered: bool = True) -> Labelled:
    """Return a labelled question."""
    return Labelled(Question(text, "a.txt", ((0, "x"),) if answered else ()), article)


def make_collection(name: str, asked: Sequence[Labelled], searcher: Searcher) -> Collection:
    """Return a collection of some questions."""
    return Collection(name, searcher, asked)


@pytest.fixture
def searcher(tmp_path: Path, encoder: FakeEncoder) -> Searcher:
    """Searches a few texts."""
    return Searcher(publish(TEXTS, tmp_path, encoder), encoder)


def test_groups_of_questions(searcher: Searcher) -> None:
    """Answered and not, of others, and with the name of another article."""
    own = [ask("What did Ravenna build?", 0), ask("Where is Tallinn?", 1), ask("Why?", 1, False)]
    other = make_collection("other", [ask("Who is Eno?", 7), ask("Who?", 7, False)], searcher)
    groups = group_questions(make_collection("squad", own, searcher), [other])
    assert list(groups) == list(GROUPS)
    assert groups["answered"] == [("What did Ravenna build?", 0), ("Where is Tallinn?", 1)]
    assert groups["impossible"] == [("Why?", 1)]
    assert groups["near"] == []
    assert groups["far"] == [("Who is Eno?", 7)]
    cases = group_questions(make_collection("cases", own, searcher), [])
    assert (cases["near"], cases["impossible"], cases["far"]) == ([("Why?", 1)], [], [])


def test_names_are_swapped_between_articles() -> None:
    """One name for another's; a question of several, of a short one or of none stays out."""
    asked = [ask(f"What did Ravenna{n}x build?", n % 5) for n in range(40)]
    asked += [ask("What did Ada and Bo build?"), ask("What did Eno do?"), ask("why?")]
    swapped = list(swap_names(asked))
    assert 10 < len(swapped) <= 40
    names = {f"Ravenna{n}x": n % 5 for n in range(40)}
    for text, article in swapped:
        [name] = [each for each in text.split() if each in names]
        assert names[name] != article
    assert swapped == list(swap_names(asked))


def test_what_is_far_has_other_articles(searcher: Searcher) -> None:
    """Two collections of the same articles are not far from each other."""
    named = {
        name: make_collection(name, [], searcher) for name in ("squad", "mixed", "es-de", "cases")
    }
    far = {name: [e.name for e in list_far(one, [*named.values()])] for name, one in named.items()}
    assert far["squad"] == ["mixed", "es-de", "cases"]
    assert far["mixed"] == far["es-de"] == ["squad", "cases"]


def test_questions_are_surveyed(searcher: Searcher) -> None:
    """Each of a group has the features that its confidence is made of."""
    own = make_collection("squad", [ask("When was the red bridge built by Ada?", 3)], searcher)
    other = make_collection("other", [ask("Who sells violins?", 4)], searcher)
    found = collect(own, [other])
    assert [(one.set, one.group, one.article) for one in found] == [
        ("squad", "answered", 3), ("squad", "far", 4),
    ]  # fmt: skip
    assert all(one.features.keys() == describe(STRONG).keys() for one in found)
    assert found[0].features["overlap"] > found[1].features["overlap"]


def make_examples() -> list[Example]:
    """Return examples of two sets, whose answered ones have more of everything."""
    chance = np.random.default_rng(3)
    found = []
    for number in range(240):
        group = ("answered", "far", "near")[number % 3]
        base = STRONG if group == "answered" else FAR
        noise = chance.normal(0, 0.15, 3)
        support = replace(
            base, near=base.near + noise[0], told=base.told + noise[1],
            overlap=base.overlap + noise[2], lacks_number=group == "near" and number % 2 == 0,
            same_language=number % 4 > 0,
        )  # fmt: skip
        name = "cases" if number % 2 else "squad"
        found.append(Example(name, group, number // 6, describe(support)))
    return found


def test_sets_and_groups_weigh_as_they_are_told() -> None:
    """Whatever their size: a group of one set by its weight, and all together 1."""
    examples = make_examples()[:200]
    weights = weigh(examples)
    assert weights.sum() == pytest.approx(1)
    whole = {
        (name, group): sum(
            weight
            for one, weight in zip(examples, weights, strict=True)
            if (one.set, one.group) == (name, group)
        )
        for name in ("squad", "cases")
        for group in ("answered", "far")
    }
    assert whole["squad", "answered"] / whole["squad", "far"] == pytest.approx(
        WEIGHTS["answered"] / WEIGHTS["far"]
    )
    assert whole["cases", "far"] / whole["squad", "far"] == pytest.approx(SETS["cases"])


def test_fitted_weights_tell_what_is_answered() -> None:
    """Each on its side of 0, the same every time, and also on articles that were left out."""
    examples = make_examples()
    weights = fit(examples)
    assert weights == fit(examples)
    for part, ways in (("matter", MATTER), ("asked", ASKED)):
        assert weights[part].keys() == {*ways, BIAS}
        assert all(weights[part][name] * way >= 0 for name, way in ways.items())
    right = np.array([one.group == "answered" for one in examples])
    for likely in (predict(examples, weights), cross_validate(examples)):
        assert ((likely >= 0.5) == right).mean() > 0.95
    lines = list(tell(examples, cross_validate(examples)))
    assert [line.split(":")[0] for line in lines] == ["squad", "cases"]
    assert "answered 40: " in lines[0]


def test_what_is_predicted_is_the_confidence() -> None:
    """By the product's own formula."""
    weights = fit(make_examples())
    for support in (STRONG, FAR, replace(STRONG, lacks_number=True)):
        [likely] = predict([Example("squad", "far", 0, describe(support))], weights)
        assert likely == pytest.approx(estimate_confidence(support, weights))
