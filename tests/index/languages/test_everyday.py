"""index.languages.everyday: everyday sentences, the same in some languages."""

from __future__ import annotations

from corpus.language.detection import detect
from index.languages.everyday import read_everyday


def test_every_language_has_as_many_sentences() -> None:
    """Sixteen each, all different, and most of them seen to be of it."""
    sentences = read_everyday()
    assert {len(texts) for texts in sentences.values()} == {16}
    assert {len(set(texts)) for texts in sentences.values()} == {16}
    for language, texts in sentences.items():
        assert sum(detect(text) == language for text in texts) > 12, language
