"""The manifest of a release: what it says of itself, and whether its files are as it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from corpus.errors import CorruptReleaseError, ModelMismatchError, OutdatedReleaseError
from corpus.files import sync
from index.encoder.model_folder import fingerprint_file

FORMAT = 5
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself; `files` maps a name to its size and SHA-256.

    `edition` names how its documents were read, see corpus.readers.reader_version.
    """

    format: int
    edition: str
    model: str
    dimension: int
    documents: int
    cases: int
    passages: int
    rows: int
    chunks: int
    sentences: int
    files: dict[str, tuple[int, str]]

    def to_bytes(self) -> bytes:
        """Return the manifest as it stands on disk; equal manifests give equal bytes."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @property
    def id(self) -> str:
        """The release's id: 12 hexadecimal digits of the manifest's SHA-256."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:12]


def read_manifest(folder: Path) -> Manifest:
    """Read a release's manifest; raises CorruptReleaseError where it is not the folder's own.

    It is an OutdatedReleaseError where another version of Casebook wrote it.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        fields = json.loads(data)
        made_as = fields["format"]
        if made_as == FORMAT:  # another format has other fields
            files = {name: (size, digest) for name, (size, digest) in fields["files"].items()}
            manifest = Manifest(**{**fields, "files": files})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptReleaseError(f"{path}: cannot be read ({error}); build again") from error
    if hashlib.sha256(data).hexdigest()[:12] != folder.name:
        raise CorruptReleaseError(f"{path}: not the manifest of release {folder.name}; build again")
    if made_as != FORMAT:
        raise OutdatedReleaseError(
            f"{path}: format {made_as}, this version reads {FORMAT}; build again"
        )
    return manifest


def check_model(manifest: Manifest, model: str) -> None:
    """Raise ModelMismatchError unless a release was built by the encoder of this identity.

    It is an OutdatedReleaseError where only what Casebook adds to the model is another: how vectors
    are put, and what the reader is given, which a newer version may bring.
    """
    if model.partition("+")[0] == manifest.model.partition("+")[0] and model != manifest.model:
        raise OutdatedReleaseError(
            f"release {manifest.id} was built with other weights of Casebook ({manifest.model}, "
            f"now {model}): run `./casebook build`"
        )
    if model != manifest.model:
        raise ModelMismatchError(
            f"release {manifest.id} was built with {manifest.model}, not with {model}: "
            "run `./casebook build` with this model, or set CASEBOOK_MODEL back"
        )


def check_files(folder: Path, manifest: Manifest, stems: Collection[str] = ()) -> None:
    """Raise CorruptReleaseError, naming the file, unless every file is as the manifest says.

    With `stems`, the bytes of the files of these names are looked at, and the size of the others.
    """
    check_sizes(folder, manifest)
    for name, (_, digest) in manifest.files.items():
        path = folder / name
        if stems and path.stem not in stems:
            continue
        try:
            if fingerprint_file(path) != digest:
                raise CorruptReleaseError(f"{path}: differs from the manifest; build again")
        except OSError as error:
            raise CorruptReleaseError(f"{path}: {error.strerror}; build again") from error


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Raise CorruptReleaseError, naming the file, unless each is there and as long as it was."""
    for name, (size, _) in manifest.files.items():
        path = folder / name
        try:
            if path.stat().st_size != size:
                raise CorruptReleaseError(f"{path}: differs from the manifest; build again")
        except OSError as error:
            raise CorruptReleaseError(f"{path}: {error.strerror}; build again") from error


def list_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Return the size and SHA-256 of every file of a draft but the manifest, by name."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, fingerprint_file(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Sync every file of a draft to disk, then write and sync its manifest."""
    for name in manifest.files:
        sync(folder / name)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    sync(folder / MANIFEST)
    for path in (folder / "words", folder):
        sync(path)
