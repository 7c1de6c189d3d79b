"""index.languages.rarity: how much a word tells, by its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language.stems import list_stems
from index.languages.rarity import PATH, Rarity, hash_term, load_rarity

HELD = {"water": 900, "bridge": 40, "padma": 3}


@pytest.fixture
def rarity() -> Rarity:
    """What a thousand texts hold of three terms."""
    numbers = {hash_term(term) & 0xFFFFFFFF: count for term, count in HELD.items()}
    order = sorted(numbers)
    held = np.array([numbers[number] for number in order], np.uint16)
    return Rarity(1000, np.array(order, np.uint32), held)


@pytest.mark.parametrize(
    ("terms", "held"),
    [
        (["water"], 900),
        (["padma"], 3),
        (["nowhere"], 0),
        (["bridge", "padma"], 43),
        (["bridge", "nowhere"], 40),
        (["water", "bridge", "padma", "water"], 1000),  # as many as there are at the most
        ([], 0),
    ],
)
def test_a_weight_is_its_formula(rarity: Rarity, terms: list[str], held: int) -> None:
    """BM25's idf by the texts that hold a term, or any of a group."""
    wanted = math.log(1 + (1000 - held + 0.5) / (held + 0.5))
    assert rarity.weigh(terms) == pytest.approx(wanted, rel=1e-12)


@given(terms=st.lists(st.text(max_size=8), max_size=6), more=st.text(max_size=8))
def test_a_group_never_tells_more_than_its_parts(terms: list[str], more: str) -> None:
    """Every weight is above 0, and one more synonym raises none."""
    weight = load_rarity().weigh(terms)
    assert 0 < load_rarity().weigh([*terms, more]) <= weight


def test_numbers_of_terms_stay_as_they_are() -> None:
    """They stand in releases and in the table: BLAKE2b, 63 bits, also of half a surrogate."""
    assert hash_term("water") == 0x51EF78072E34A1F1
    assert 0 <= hash_term("\ud800") < 2**63
    assert len({hash_term(term) for term in map(str, range(2000))}) == 2000


def test_the_table_that_comes_with_casebook_is_of_stems() -> None:
    """What every text has weighs little, in any of its languages; what is rare, much."""
    rarity = load_rarity()
    assert load_rarity() is rarity
    common = [list_stems(word)[0] for word in ("the", "of", "der", "los")]
    rare = [list_stems(word)[0] for word in ("Padma", "Bunkure", "xylophones")]
    assert max(rarity.weigh([term]) for term in common) < min(rarity.weigh([t]) for t in rare)
    with np.load(PATH, allow_pickle=False) as file:
        numbers, held = file["numbers"], file["held"]
        assert (np.diff(numbers.astype(np.int64)) > 0).all()
        assert 0 < int(held.min()) <= int(held.max()) <= int(file["count"]) == rarity.count
