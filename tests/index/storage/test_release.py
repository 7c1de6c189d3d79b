"""index.storage.release: records come back as they were, and damage is never served."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from chatbot.engine import Engine
from corpus.chunks import divide_case
from corpus.errors import CorruptReleaseError, ModelMismatchError, OutdatedReleaseError
from corpus.language.detection import detect
from corpus.language.stems import list_stems
from corpus.library import Library
from corpus.passages import is_searched
from corpus.tables import spell_passages
from index.build import build
from index.languages.rarity import hash_term
from index.storage.manifest import FORMAT, MANIFEST, read_manifest
from index.storage.publish import CURRENT, Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder, PackedEncoder, pack_words


def _open(releases: Releases) -> Release:
    return Release(releases.path(releases.live()))


def test_records_come_back(library: Library, published: Releases) -> None:
    """Documents, cases and passages read from a release equal those of the library."""
    release = _open(published)
    entries = [library.read(name) for name in library.names()]
    assert release.documents() == [entry.document for entry in entries]
    assert [case for case, _ in release.cases()] == [c for entry in entries for c in entry.cases]
    for entry in entries:
        for case in entry.cases:
            held = [p for p in entry.passages if p.case_id == case.id]
            assert release.case_passages(case) == held
            assert release.find_case(case.id) == (case, entry.document)
    assert release.find_case("nothing") is None


def test_rows_are_the_passages_that_can_be_found(library: Library, published: Releases) -> None:
    """Each row gives its passage, case and document; the title of a case has none."""
    release = _open(published)
    rows = [release.row(row) for row in range(release.count)]
    entries = [library.read(name) for name in library.names()]
    wanted = [p for entry in entries for p in entry.passages if p.kind != "heading"]
    assert [passage for passage, _, _ in rows] == wanted
    numbers = {case.id: number for number, (case, _) in enumerate(release.cases())}
    assert release.row_cases().tolist() == [numbers[case.id] for _, case, _ in rows]
    assert release.starts.tolist()[-1] == sum(len(passage.sentences) for passage in wanted)


def test_chunks_are_made_of_all_rows(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """Each row is in one chunk, with those around it; language, terms and vector are its own."""
    (library.folder / "long.txt").write_text(
        "Long roads\n\n" + "\n\n".join(f"Road {n} is long. " * 12 for n in range(20)), "utf-8"
    )
    (library.folder / "茶.txt").write_text("茶叶在春天采摘。农民每天工作八小时。\n", "utf-8")
    (library.folder / "tea.txt.json").write_text('{"company": "Acme"}', "utf-8")
    (library.folder / "glossary.json").write_text('[["Acme", "艾克米"]]', "utf-8")
    build(library, releases, encoder)
    release = _open(releases)
    wanted, languages = [], []
    for case, document in release.cases():
        held = [p for p in release.case_passages(case) if is_searched(p, case.title)]
        for chunk in divide_case(document, case, held, release.glossary):
            wanted.append((held[chunk.first : chunk.last], case, chunk.words))
            languages.append(detect(" ".join(p.text for p in held[chunk.first : chunk.last])))
    assert len(wanted) > 4
    found = [release.chunk(number) for number in range(len(wanted))]
    assert [[passage for passage, _, _ in held] for held in found] == [w[0] for w in wanted]
    assert sum(map(len, found)) == release.count
    assert release.chunk_rows.tolist() == np.cumsum([0, *map(len, found)]).tolist()
    cases = [case for case, _ in release.cases()]
    assert [cases[number] for number in release.chunk_cases()] == [w[1] for w in wanted]
    assert release.languages_of_chunks.tolist() == languages
    assert release.languages == ["en", "und", "zh"]  # there are both in one of them
    rows = release.chunks.take(np.arange(len(wanted)))
    np.testing.assert_array_equal(rows, encoder.encode_queries([words for *_, words in wanted]))
    for number, (*_, words) in enumerate(wanted):
        terms = [hash_term(term) for term in list_stems(words)]
        assert number in release.words.find_holding(terms)
    [tea] = [words for _, case, words in wanted if case.company]
    assert "艾克米" in tea
    assert release.manifest.chunks == len(wanted)


def test_states_are_of_their_chunks(library: Library, releases: Releases) -> None:
    """Of what stands before it and of each of its sentences, rows of tables as they are read."""
    table = "Lamps\n\nYear | Lamps\n\n2020 | 40\n\n2021 | 60\n\nThe lamps are red.\n"
    (library.folder / "table.txt").write_text(table, "utf-8")
    build(library, releases, PackedEncoder())
    release = _open(releases)
    wanted = []
    for case, document in release.cases():
        held = [p for p in release.case_passages(case) if is_searched(p, case.title)]
        for chunk in divide_case(document, case, held, release.glossary):
            said = spell_passages(held[chunk.first : chunk.last])
            wanted.append([chunk.context, *(each.words for each in said)])
    assert any("Year: 2021 | Lamps: 60" in pieces for pieces in wanted)
    assert len(wanted) == release.manifest.chunks > 2
    for number, pieces in enumerate(wanted):
        read, made = release.read_states(number), pack_words(pieces)
        for name in ("rows", "scales", "pieces"):
            np.testing.assert_array_equal(getattr(read, name), getattr(made, name))


def test_a_chunk_without_a_language_has_its_documents(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """Where its words are too few to tell."""
    (library.folder / "numbers.txt").write_text("1999\n\n48 / 12 = 4\n", "utf-8")
    (library.folder / "numbers.txt.json").write_text('{"language": "sw"}', "utf-8")
    build(library, releases, encoder)
    assert _open(releases).languages == ["en", "sw"]


def test_every_damaged_byte_is_found(published: Releases) -> None:
    """Change, cut or remove any one file: the release does not open, and the file is named."""
    folder = published.path(published.live())
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "published.json":  # no part of what it holds
            continue
        whole = path.read_bytes()
        changed = bytes([whole[0] ^ 1]) + whole[1:] if whole else b"x"
        for damage in (changed, whole[:-1] if whole else b"y", whole + b" "):
            path.write_bytes(damage)
            with pytest.raises(CorruptReleaseError, match=path.name):
                _open(published)
        path.unlink()
        with pytest.raises(CorruptReleaseError, match=path.name):
            _open(published)
        path.write_bytes(whole)
    _open(published)


def test_another_model_is_refused(published: Releases, encoder: FakeEncoder) -> None:
    """A release opens for the model that built it and names both for another."""
    folder = published.path(published.live())
    Release(folder, encoder.identity)
    with pytest.raises(ModelMismatchError, match=r"fake@1.*other@2"):
        Release(folder, "other@2")


def test_other_weights_of_casebook_want_a_build(published: Releases, encoder: FakeEncoder) -> None:
    """The same model with another map or reader is another version's release, not another model."""
    folder = published.path(published.live())
    changed = f"{encoder.identity.partition('+')[0]}+map-00000000+read-00000000"
    with pytest.raises(OutdatedReleaseError, match=r"other weights.*build"):
        Release(folder, changed)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"nonsense", b'{"files": 3}', b"\xff", b"null"]
)
def test_a_manifest_of_nonsense_is_named(published: Releases, content: bytes) -> None:
    """A manifest that cannot be read is told by name."""
    folder = published.path(published.live())
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(CorruptReleaseError, match=MANIFEST):
        read_manifest(folder)


@pytest.mark.parametrize("made_as", [FORMAT - 1, 99])
def test_another_format_is_refused(published: Releases, made_as: int) -> None:
    """It says which it is and what to do, though its manifest has other fields."""
    older = write_format(published, made_as)
    with pytest.raises(
        CorruptReleaseError, match=rf"format {made_as}, .* reads {FORMAT}; build again"
    ):
        read_manifest(older)
    (info,) = published.all()
    assert f"format {made_as}" in info.damage


def test_an_old_release_is_built_again(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """What was live in another format is told in one line, and a build has all of it anew."""
    wanted = published.live()
    write_format(published, FORMAT - 1)
    status = Engine(published, lambda: encoder).status()
    assert not status.live
    assert f"format {FORMAT - 1}, this version reads {FORMAT}; build again" in status.message
    assert "\n" not in status.message
    outcome = build(library, published, encoder)
    assert (outcome.published, outcome.release) == (True, wanted)
    assert outcome.plan.to_encode == outcome.plan.texts
    assert _open(published).id == wanted


def write_format(releases: Releases, made_as: int) -> Path:
    """Turn the live release into one of another format, and return its folder."""
    place = releases.path(releases.live())
    fields = json.loads(read_manifest(place).to_bytes()) | {"format": made_as, "dates": []}
    del fields["chunks"]
    data = (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode()
    (place / MANIFEST).write_bytes(data)
    place = place.rename(place.with_name(sha256(data).hexdigest()[:12]))
    (releases.folder / CURRENT).write_text(place.name)
    return place


def test_a_text_that_changes_under_a_release_is_not_quoted(published: Releases) -> None:
    """It is compared with its SHA-256 when it is loaded, and the document is named."""
    release = _open(published)
    path = release.folder / "texts.jsonl"
    with path.open("r+b") as file:
        data = file.read()
        file.seek(0)
        file.write(data.replace(b"1999", b"2024"))
    with pytest.raises(CorruptReleaseError, match=r"bridge\.txt: the text is not the one"):
        release.documents()
    assert release.find_changed() == path
    with path.open("r+b") as file:
        file.write(b"?" * len(data))
    with pytest.raises(CorruptReleaseError, match=r"texts\.jsonl: line 1 cannot be read"):
        release.documents()


def test_what_is_deleted_is_still_there_for_its_reader(published: Releases) -> None:
    """A pruned release is read to the end; its files' handles end with it."""
    release = _open(published)
    before = len(list(Path("/proc/self/fd").iterdir()))
    rmtree(release.folder)
    assert release.find_changed() is None
    assert len(release.documents()) == 2
    del release
    assert len(list(Path("/proc/self/fd").iterdir())) < before - 20
