"""index.search: the fusion against its formula, filters, ties, and the glossary."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corpus.library import Library
from index import search as module
from index.build import build
from index.encoder import make_unit
from index.ordinary import find_ordinary
from index.publish import Releases
from index.release import Release
from index.search.searcher import find_lean, find_share, fuse, search, standardise
from index.vectors import Vectors
from tests.fake_encoder import FakeEncoder

scores = arrays(np.float32, 7, elements=st.floats(-50, 50, width=16))


def _open(releases: Releases) -> Release:
    return Release(releases.path(releases.live()))


@given(dense=scores, sentence=scores, lexical=scores, share=st.floats(0, 1))
def test_fusion_is_its_formula(
    dense: np.ndarray, sentence: np.ndarray, lexical: np.ndarray, share: float
) -> None:
    """Dense and sentence evidence share what words leave; words weigh at most .3."""

    def z(values: np.ndarray) -> np.ndarray:
        deviation = values.astype(np.float64).std()
        plain = values.astype(np.float64) - values.astype(np.float64).mean()
        standard: np.ndarray = plain / deviation if deviation >= 1e-9 else plain * 0
        return standard

    weight = 0.3 * share
    wanted = (1 - weight) * (z(dense) + z(sentence)) / 2 + weight * z(lexical)
    np.testing.assert_allclose(fuse(dense, sentence, lexical, share), wanted, atol=2e-3)


def test_equal_scores_standardise_to_nothing() -> None:
    """Evidence that is the same everywhere says nothing."""
    assert standardise(np.full(4, 3.0, np.float32)).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("overlap", "share"), [(0.0, 0.0), (0.25, 0.0), (0.375, 0.5), (0.5, 1.0), (1.0, 1.0)]
)
def test_words_step_back_where_few_are_shared(overlap: float, share: float) -> None:
    """The share of words falls from 1 to 0 between half and a quarter of shared words."""
    assert find_share(overlap) == pytest.approx(share)


def test_the_best_passage_comes_first(published: Releases, encoder: FakeEncoder) -> None:
    """A question's passage is found with its evidence, ranks count from 1, scores fall."""
    release = _open(published)
    hits = search(release, encoder, "When was the red bridge built?", 10)
    assert "red bridge was built" in hits[0].passage.text
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert len(hits) == release.passages.count
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    best = hits[0]
    assert best.sentences.index(max(best.sentences)) == 0
    query = encoder.encode_queries(["When was the red bridge built?"])[0]
    rows = encoder.encode_passages([s.text.strip() for s in best.passage.sentences])
    assert best.evidence.sentence == pytest.approx(float((rows @ query).max()), abs=1e-5)
    ordinary = find_ordinary(encoder, best.document.language)
    contrast = best.evidence.sentence - 0.5 * float(query @ ordinary)
    assert best.evidence.contrast == pytest.approx(contrast, abs=1e-5)


def test_filters_leave_only_their_cases(published: Releases, encoder: FakeEncoder) -> None:
    """With cases given, no passage of another is found; with none, nothing is."""
    release = _open(published)
    hits = search(release, encoder, "When was the red bridge built?", 10, {1})
    assert {hit.document.name for hit in hits} == {"tea.txt"}
    assert search(release, encoder, "bridge", 10, set()) == []


def test_a_large_collection_is_searched_by_candidates(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where not everything is compared, what dense or words rank high still is."""
    animals = [f"The {name} lives in house number {number}." for number, name in enumerate(
        ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay")
    )]  # fmt: skip
    for number, text in enumerate(animals):
        (library.folder / f"{number}.txt").write_text(text + "\n", "utf-8")
    build(library, releases, encoder)
    whole = search(_open(releases), encoder, "Where does the fox live?", 3)
    monkeypatch.setattr(module, "DEPTH", 2)
    every = set(range(len(_open(releases).cases())))
    for cases in (None, every):
        few = search(_open(releases), encoder, "Where does the fox live?", 3, cases)
        assert whole[0].passage == few[0].passage
        assert "fox" in few[0].passage.text
        assert len(few) <= 4
    of = _open(releases).case_number(whole[0].case.id)
    for cases in ({number for number in every if number >= of}, every - set(range(of + 1))):
        few = search(_open(releases), encoder, "Where does the fox live?", 3, cases)
        assert {_open(releases).case_number(hit.case.id) for hit in few} <= cases
        assert (whole[0].passage in [hit.passage for hit in few]) is (of in cases)


def test_names_are_searched_as_the_texts_have_them(
    library: Library, releases: Releases, encoder: FakeEncoder, write: Callable[[str, str], None]
) -> None:
    """A name of the glossary finds the text that spells it otherwise; the text stays as it is."""
    write("coast.txt", "They teach in C?te d'Ivoire every year.\n")
    names = [["C?te d'Ivoire", "Côte d'Ivoire", "Ivory Coast", "科特迪瓦"]]
    (library.folder / "glossary.json").write_text(json.dumps(names), "utf-8")
    build(library, releases, encoder)
    for question in ("Who teaches in the Ivory Coast?", "谁在科特迪瓦？", "côte d'ivoire"):
        hits = search(_open(releases), encoder, question, 1)
        assert hits[0].passage.text == "They teach in C?te d'Ivoire every year."


def test_the_same_question_gives_the_same_hits(published: Releases, encoder: FakeEncoder) -> None:
    """Search is a function of release and question."""
    first = search(_open(published), encoder, "tea hills", 5)
    assert first == search(_open(published), encoder, "tea hills", 5)


class _Polyglot(FakeEncoder):
    """A FakeEncoder to whom all texts of a script are near to each other."""

    def _encode(self, text: str) -> Vectors:
        row = super()._encode(text)
        signs = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
        row[: self.dimension // 4] += 1.0 if signs > len(text) / 4 else -1.0
        return make_unit(row)


def test_a_language_gives_no_head_start(
    library: Library, releases: Releases, write: Callable[[str, str], None]
) -> None:
    """A Chinese question finds English text that shares its names before Chinese that shares none.

    Though all Chinese texts are nearer to it; in a collection of one language nothing is changed.
    """
    encoder = _Polyglot()
    (library.folder / "tea.txt").unlink()  # it is in both
    write("lamps.txt", "Kano has Lamps and Masts today.\n")
    for number, words in enumerate(
        ("学生在教室里读书。", "工人修好了老桥。", "医生看病人很仔细。")
    ):
        write(f"zh{number}.txt", words + "\n")
    build(library, releases, encoder)
    release = _open(releases)
    assert release.languages == ["en", "zh"]
    question = "请问城市 Kano 现在有没有 Lamps 和 Masts 这类设备？"
    hit = search(release, encoder, question, 1)[0]
    assert hit.passage.text == "Kano has Lamps and Masts today."
    [query] = encoder.encode_queries([question])
    rows = np.arange(release.passages.count)
    lean = find_lean(release, encoder, query, rows)
    chinese = np.array(["。" in release.row(int(row))[0].text for row in rows])
    ordinary = [find_ordinary(encoder, language) for language in ("zh", "en")]
    near = [float(query @ each) / np.linalg.norm(each) ** 0.5 for each in ordinary]
    gap = near[0] - near[1]
    assert gap > 0.1
    assert lean[chinese] == pytest.approx(gap / 2, abs=1e-6)
    assert lean[~chinese] == pytest.approx(-gap / 2, abs=1e-6)
    for path in library.folder.glob("zh*.txt"):
        path.unlink()
    build(library, releases, encoder)
    assert not find_lean(_open(releases), encoder, query, rows[:2]).any()


def test_a_language_is_told_by_direction(
    library: Library, releases: Releases, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mean is longer where sentences are more alike; a language without sentences is left out."""
    for name, language in (("bridge", "en"), ("tea", "zh")):
        facts = json.dumps({"language": language})
        (library.folder / f"{name}.txt.json").write_text(facts, "utf-8")
    build(library, releases, encoder)
    release = _open(releases)
    [row] = release.passages.take(np.array([0]))
    other = make_unit(row + make_unit(np.roll(row, 1)))
    means = {"en": 0.3 * row, "zh": other}
    monkeypatch.setattr(module, "find_ordinary", lambda _, language: means[language])
    assert float(other @ row) > 0.3
    find_lean(release, encoder, row, np.array([0]))
    assert release.row_languages[0] == release.languages.index("en")
    monkeypatch.setattr(module, "has_ordinary", lambda language: language == "en")
    assert not find_lean(release, encoder, row, np.array([0])).any()
