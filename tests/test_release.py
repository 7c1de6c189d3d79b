"""index.release: records come back as they were, and damage is never served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.errors import CorruptReleaseError, ModelMismatchError
from corpus.library import Library
from index.manifest import MANIFEST, read_manifest
from index.publish import Releases
from index.release import Release
from tests.fake_encoder import FakeEncoder


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
    rows = [release.row(row) for row in range(release.passages.count)]
    entries = [library.read(name) for name in library.names()]
    wanted = [p for entry in entries for p in entry.passages if p.kind != "heading"]
    assert [passage for passage, _, _ in rows] == wanted
    numbers = {case.id: number for number, (case, _) in enumerate(release.cases())}
    assert release.row_cases().tolist() == [numbers[case.id] for _, case, _ in rows]
    assert release.starts.tolist()[-1] == sum(len(passage.sentences) for passage in wanted)


def test_every_damaged_byte_is_found(published: Releases) -> None:
    """Change, cut or remove any one file: the release does not open, and the file is named."""
    folder = published.path(published.live())
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
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


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"nonsense", b'{"files": 3}', b"\xff", b"null"]
)
def test_a_manifest_of_nonsense_is_named(published: Releases, content: bytes) -> None:
    """A manifest that cannot be read is told by name."""
    folder = published.path(published.live())
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(CorruptReleaseError, match=MANIFEST):
        read_manifest(folder)


def test_a_later_format_is_refused(published: Releases, tmp_path: Path) -> None:
    """A manifest of a format that this version does not read says so."""
    manifest = read_manifest(published.path(published.live()))
    fields = json.loads(manifest.to_bytes()) | {"format": 99}
    data = (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode()
    from hashlib import sha256

    folder = tmp_path / sha256(data).hexdigest()[:12]
    folder.mkdir()
    (folder / MANIFEST).write_bytes(data)
    with pytest.raises(CorruptReleaseError, match="format 99"):
        read_manifest(folder)
