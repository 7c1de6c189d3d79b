"""index.ordinary: the mean vector of everyday sentences, and what stands above it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from index.ordinary import PATH, contrast, find_ordinary
from tests.fake_encoder import FakeEncoder


def test_the_mean_is_of_the_language(encoder: FakeEncoder) -> None:
    """As NumPy has it; encoded once; another language has the mean of all."""
    sentences = json.loads(PATH.read_bytes())
    wanted = encoder.encode_passages(sentences["zh"]).mean(axis=0)
    encoder.encoded.clear()
    for _ in range(2):
        assert np.array_equal(find_ordinary(encoder, "zh"), wanted)
    assert encoder.encoded == sentences["zh"]
    every = encoder.encode_passages([text for each in sentences.values() for text in each])
    assert np.array_equal(find_ordinary(encoder, "ja"), every.mean(axis=0))


def test_every_language_has_as_many_sentences() -> None:
    """Sixteen each, all different."""
    sentences = json.loads(PATH.read_bytes())
    assert {len(set(each)) for each in sentences.values()} == {16}


def test_contrast_is_its_formula() -> None:
    """The cosine less half of that with ordinary sentences."""
    query, ordinary = np.array([1.0, 0.0], np.float32), np.array([0.6, 0.2], np.float32)
    assert contrast(0.9, query, ordinary) == pytest.approx(0.9 - 0.5 * 0.6)
