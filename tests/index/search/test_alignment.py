"""index.search.alignment: vectors that lie by meaning, each put by its own text alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import ModelError, OutdatedReleaseError
from corpus.language.detection import detect
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Encoder, join_pieces, make_unit
from index.languages.dictionary import Dictionary
from index.languages.everyday import read_everyday
from index.reader.weights import read_weights
from index.search.alignment import (
    FORMAT,
    KINDS,
    PATH,
    AlignedEncoder,
    Alignment,
    Centring,
    Kind,
    LearnedMap,
    choose_alignment,
)
from index.searcher import Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from index.storage.vectors import Vectors
from tests.fake_encoder import FakeEncoder
from tests.small_network import StatesEncoder, write_small

WIDTH, RANK = 32, 4
TEXTS = ("The red bridge is old.", "茶叶在春天采摘。", "Die Brücke ist sehr lang.", "???")


def write_map(path: Path, seed: int = 1, encoder: str = "fake@1", **other: Any) -> Path:
    """Write a map of made-up weights; `other` parts instead of its own, None for none."""
    chance = np.random.default_rng(seed)
    parts: dict[str, Any] = {"made": json.dumps({"format": FORMAT, "encoder": encoder})}
    for kind in KINDS:
        for name, shape in (
            ("mean", WIDTH), ("down", (RANK, WIDTH)), ("up", (WIDTH, RANK)), ("shift", WIDTH)
        ):  # fmt: skip
            parts[f"{kind}_{name}"] = chance.normal(0, 0.3, shape).astype(np.float16)
    parts |= other
    with path.open("wb") as file:
        np.savez(file, **{name: part for name, part in parts.items() if part is not None})
    return path


@pytest.fixture
def learned(tmp_path: Path) -> LearnedMap:
    """A map of made-up weights for the small encoder."""
    return LearnedMap(write_map(tmp_path / "map.npz"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_learned_map_is_its_formula(tmp_path: Path, learned: LearnedMap, kind: Kind) -> None:
    """x' = unit(x - m + U D (x - m) + b), with the weights of the kind."""
    rows = FakeEncoder().encode_passages(TEXTS)
    with np.load(tmp_path / "map.npz") as file:
        mean, down, up, shift = (
            file[f"{kind}_{name}"].astype(np.float64) for name in ("mean", "down", "up", "shift")
        )
    wanted = []
    for row in rows.astype(np.float64):
        centred = row - mean
        moved = centred + up @ (down @ centred) + shift
        wanted.append(moved / np.linalg.norm(moved))
    found = learned.apply(kind, rows, TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert learned.apply(kind, rows[:0], []).shape == (0, WIDTH)


def test_centring_takes_the_mean_of_its_language_off() -> None:
    """That of questions from questions, of passages from the others, of all where it is unknown."""
    encoder = FakeEncoder()
    encoder.encode_queries = lambda texts: encoder.encode_passages([f"ask {t}" for t in texts])  # type: ignore[method-assign]
    centring = Centring(encoder)
    told = {tag: encoder.encode_passages(each) for tag, each in read_everyday().items()}
    asked = {tag: encoder.encode_queries(each) for tag, each in read_everyday().items()}
    rows = encoder.encode_passages(TEXTS)
    assert [detect(text) for text in TEXTS] == ["en", "zh", "de", "und"]
    for kind in KINDS:
        own = asked if kind == "question" else told
        means = {tag: each.mean(axis=0) for tag, each in own.items()}
        means["und"] = np.mean(list(means.values()), axis=0)
        wanted = make_unit(rows - np.stack([means[detect(text)] for text in TEXTS]))
        np.testing.assert_allclose(centring.apply(kind, rows, TEXTS), wanted, atol=1e-5)
        assert centring.apply(kind, rows[:0], []).shape == (0, WIDTH)


@pytest.fixture(scope="module")
def alignments(tmp_path_factory: pytest.TempPathFactory) -> list[Alignment]:
    """One of each sort."""
    folder = tmp_path_factory.mktemp("alignment")
    return [LearnedMap(write_map(folder / "map.npz")), Centring(FakeEncoder())]


@given(
    texts=st.lists(st.sampled_from([*TEXTS, "one", "二", "drei Brücken"]), min_size=1, max_size=40),
    kind=st.sampled_from(KINDS),
)
def test_a_text_alone_has_the_same_bits(
    alignments: list[Alignment], texts: list[str], kind: Kind
) -> None:
    """As among others: an incremental build gives the bytes of a full one."""
    rows = FakeEncoder().encode_passages(texts)
    for alignment in alignments:
        together = alignment.apply(kind, rows, texts)
        for number, text in enumerate(texts):
            alone = alignment.apply(kind, rows[number : number + 1], [text])
            assert (alone[0] == together[number]).all()
        np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("encoder", "fits"),
    [
        (FakeEncoder(), True),
        (FakeEncoder(identity="fake@1-int8-6"), True),  # in another precision
        (FakeEncoder(identity="other@1"), False),
        (FakeEncoder(dimension=16), False),
    ],
)
def test_a_map_fits_its_own_encoder(
    tmp_path: Path, learned: LearnedMap, encoder: Encoder, fits: bool
) -> None:
    """Any other is centred instead, which no line has to say."""
    assert learned.fits(encoder) is fits
    said: list[str] = []
    chosen = choose_alignment(encoder, said.append, tmp_path / "map.npz")
    assert isinstance(chosen, LearnedMap if fits else Centring)
    assert said == []


def test_the_identity_changes_with_the_map(tmp_path: Path, learned: LearnedMap) -> None:
    """And with the sentences that means are of."""
    same = LearnedMap(write_map(tmp_path / "same.npz"))
    other = LearnedMap(write_map(tmp_path / "other.npz", seed=2))
    assert learned.identity == same.identity != other.identity
    centred = Centring(FakeEncoder()).identity
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.search.alignment.read_everyday", lambda: {"en": ["It rains."]})
        assert Centring(FakeEncoder()).identity != centred
    assert len({learned.identity, other.identity, centred}) == 3


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-900])


def _damage_inside(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(300, len(data) - 600, 50):
        data[at] ^= 0xFF
    path.write_bytes(data)


def _write_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def _write(**parts: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        write_map(path, **parts)

    return write


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (Path.unlink, "No such file"),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: path.write_bytes(b"nonsense"), ""),
        (lambda path: path.write_bytes(b"PK\x03\x04 nonsense"), ""),
        (_cut, ""),
        (_damage_inside, ""),
        (lambda path: path.write_bytes(b"\x93NUMPY"), ""),
        (_write_array, ""),
        (_write(made="{}"), "format"),
        (_write(made="[]"), ""),
        (_write(made="no json"), ""),
        (_write(made=json.dumps({"format": 2, "encoder": "fake@1"})), "format 2, and 1 is read"),
        (_write(made=None), "made"),
        (_write(chunk_up=None), "chunk_up"),
        (_write(chunk_up=np.zeros((WIDTH, RANK + 1))), "the parts of chunk do not fit"),
        (_write(question_down=np.zeros(3)), ""),
        (_write(sentence_mean=np.array(["a"] * WIDTH)), ""),
    ],
)
def test_a_map_that_cannot_be_read_is_told(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    """In one line with the file and the mend; the model is centred then, and a line says so."""
    path = write_map(tmp_path / "map.npz")
    damage(path)
    with pytest.raises(ModelError, match=r"map\.npz: not an alignment that can be read") as caught:
        LearnedMap(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    said: list[str] = []
    assert isinstance(choose_alignment(FakeEncoder(), said.append, path), Centring)
    [line] = said
    assert "map.npz" in line
    assert "languages are told apart by their means instead" in line
    assert "\n" not in line


def test_the_map_that_comes_with_casebook_is_of_the_bundled_model() -> None:
    """By the identity of its files, whatever precision it runs in."""
    learned = LearnedMap(PATH)
    assert learned.dimension == 384
    assert learned.encoder.startswith("multilingual-e5-small@")
    assert learned.made["format"] == FORMAT


def test_an_aligned_encoder_aligns_what_is_compared(learned: LearnedMap) -> None:
    """Questions, chunks and sentences, each as such; all else is the model's own."""
    plain, dictionary = FakeEncoder(), Dictionary.empty()
    encoder = AlignedEncoder(plain, learned, dictionary)
    rows = plain.encode_passages(TEXTS)
    told: list[tuple[int, int]] = []
    tell = lambda done, total: told.append((done, total))  # noqa: E731
    for kind, found in (
        ("question", encoder.encode_queries(TEXTS)),
        ("chunk", encoder.encode_chunks([(text,) for text in TEXTS], tell)[0]),
        ("sentence", encoder.encode_sentences(TEXTS, tell)),
    ):
        np.testing.assert_array_equal(found, learned.apply(kind, rows, TEXTS))  # type: ignore[arg-type]
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS, tell), rows)
    np.testing.assert_array_equal(encoder.encode_alike(TEXTS), plain.encode_queries(TEXTS))
    assert len(told) == 3 * len(TEXTS)
    assert encoder.dictionary is dictionary
    assert encoder.dimension == WIDTH
    assert encoder.identity == f"fake@1+{learned.identity}"


def test_a_part_of_a_question_is_aligned_too(learned: LearnedMap) -> None:
    """As a question, once it is asked for."""
    encoder = AlignedEncoder(FakeEncoder(), learned, Dictionary.empty())
    question, part = "Which bridge did Ada build?", "Which bridge did build?"
    wanted = encoder.encode_queries([question, part])
    for query in (encoder.read_queries([question])[0], encoder.begin_query(question)()):
        np.testing.assert_array_equal(query.vector, wanted[0])
        np.testing.assert_array_equal(query.find_part(part), wanted[1])


@pytest.mark.slow
def test_states_are_as_the_model_gives_them(learned: LearnedMap, tmp_path: Path) -> None:
    """Those of a question; those of a chunk as the projection packs them, or none without it."""
    plain, projection = StatesEncoder(), read_weights(write_small(tmp_path / "r.npz")).projection
    chunks = (("Bridges", *TEXTS[:2]), ("", *TEXTS[1:]))
    texts = [join_pieces(pieces) for pieces in chunks]
    encoder = AlignedEncoder(plain, learned, Dictionary.empty(), projection)
    assert encoder.identity == f"fake@1+{learned.identity}+{projection.identity}"
    rows, states = encoder.encode_chunks(chunks)
    np.testing.assert_array_equal(rows, learned.apply("chunk", plain.encode_queries(texts), texts))
    for read, kept in zip(plain.read_chunks(chunks), states, strict=True):
        for name in ("rows", "scales", "pieces"):
            wanted = getattr(projection.pack(read), name)
            assert len(wanted) > 0
            np.testing.assert_array_equal(getattr(kept, name), wanted)
    [query], [asked] = encoder.read_queries(TEXTS[:1]), plain.read_queries(TEXTS[:1])
    np.testing.assert_array_equal(query.states, asked.states)
    without = AlignedEncoder(plain, learned, Dictionary.empty())
    assert [len(each.pieces) for each in without.encode_chunks(chunks)[1]] == [0, 0]


def test_a_release_of_another_map_is_refused(
    library: Library, releases: Releases, tmp_path: Path, learned: LearnedMap
) -> None:
    """Its vectors lie elsewhere; building with this one has it encoded anew, sentences too."""
    other = LearnedMap(write_map(tmp_path / "other.npz", seed=2))
    encoder, changed = (
        AlignedEncoder(FakeEncoder(), each, Dictionary.empty()) for each in (learned, other)
    )
    live = build(library, releases, encoder).release
    Release(releases.path(live), encoder.identity)
    for identity in (changed.identity, "fake@1"):
        with pytest.raises(OutdatedReleaseError, match="build"):
            Release(releases.path(live), identity)
    made = build(library, releases, changed)
    assert made.plan.to_encode == made.plan.texts
    assert made.release != live


class Polyglot(FakeEncoder):
    """An encoder to whom all texts of a script are near to each other."""

    def _encode(self, text: str) -> Vectors:
        row = super()._encode(text)
        signs = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
        row[: self.dimension // 4] += 1.0 if signs > len(text) / 4 else -1.0
        return make_unit(row)


def test_a_language_gives_no_head_start(
    library: Library, releases: Releases, small_reader: None, write: Callable[[str, str], None]
) -> None:
    """A Chinese question finds English text that shares its names before Chinese that shares none.

    Though all Chinese texts are nearer to it before they are centred.
    """
    plain = Polyglot()
    (library.folder / "tea.txt").unlink()  # it is in both
    write("lamps.txt", "Kano has Lamps and Masts today.\n")
    for number, words in enumerate(
        ("学生在教室里读书。", "工人修好了老桥。", "医生看病人很仔细。")
    ):
        write(f"zh{number}.txt", words + "\n")
    question = "请问城市 Kano 现在有没有 Lamps 和 Masts 这类设备？"

    def list_near(encoder: Encoder) -> Sequence[str]:
        build(library, releases, encoder)
        searcher = Searcher(Release(releases.path(releases.live())), encoder)
        found = searcher.find(searcher.parse(question), 9)
        assert searcher.release.languages == ["en", "zh"]
        return [one.document.name for one in sorted(found, key=lambda one: -one.candidate.dense)]

    assert list_near(plain)[-1] == "bridge.txt"
    assert list_near(plain)[0].startswith("zh")
    aligned = AlignedEncoder(plain, choose_alignment(plain, print), Dictionary.empty())
    assert list_near(aligned)[0] == "lamps.txt"
