"""requirements*.lock: what is installed is what requirements*.txt ask for, to the last byte."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import cast

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-gpu.lock")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _read_lock(name: str) -> dict[str, list[tuple[Requirement, frozenset[str]]]]:
    """Return what a lock pins: by name each entry, a version for one kind of machine or another."""
    found: dict[str, list[tuple[Requirement, frozenset[str]]]] = {}
    whole = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    for line in whole.splitlines():
        words, *hashes = re.split(r"\s+(?=--hash=)", line.strip())
        requirement = Requirement(words)
        assert hashes, f"{name}: {words} has no hash"
        assert all(map(_HASH.fullmatch, hashes)), f"{name}: {words} has an odd hash"
        found.setdefault(canonicalize_name(requirement.name), []).append(
            (requirement, frozenset(hashes))
        )
    return found


def _read_requirements(name: str) -> list[Requirement]:
    found = []
    for line in (ROOT / name).read_text("utf-8").splitlines():
        words = line.partition("#")[0].strip()
        if words.startswith("-r "):
            found += _read_requirements(words.removeprefix("-r "))
        elif words:
            found.append(Requirement(words))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_one_version_and_its_hashes(name: str) -> None:
    """Nothing is left to whoever answers for the index, and no place stands in it."""
    for entries in _read_lock(name).values():
        for requirement, _ in entries:
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            assert "*" not in specifier.version
            assert requirement.url is None
    assert not re.search(r"://|--index|--find-links|--trusted|/home|/opt|/root", (
        ROOT / name
    ).read_text("utf-8"))  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "locked"),
    [
        ("requirements.txt", "requirements.lock"),
        ("requirements-milvus.txt", "requirements-dev.lock"),
        ("requirements-dev.txt", "requirements-dev.lock"),
    ],
)
def test_the_lock_is_current(asked: str, locked: str) -> None:
    """What is asked for is in it, in a version within the bounds; else run `make lock`."""
    lock = _read_lock(locked)
    for requirement in _read_requirements(asked):
        entries = lock.get(canonicalize_name(requirement.name))
        assert entries, f"{locked} has no {requirement.name}: run `make lock`"
        for pinned, _ in entries:
            (specifier,) = pinned.specifier
            held = requirement.specifier.contains(specifier.version, prereleases=True)
            assert held, f"{pinned} is not {requirement}: run `make lock`"


def test_tests_run_on_what_runs() -> None:
    """The tests' lock holds all that the other does, alike."""
    assert _read_lock("requirements.lock").items() <= _read_lock("requirements-dev.lock").items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_nothing_that_is_needed_is_missing(name: str) -> None:
    """Installed without looking for what they need, all packages have what they need here."""
    lock, gpu = _read_lock(name), _read_lock("requirements-gpu.lock")
    here: dict[str, str] = {**cast("dict[str, str]", default_environment()), "extra": ""}
    looked_at = 0
    for package, entries in lock.items():
        for pinned, _ in entries:
            if pinned.marker and not pinned.marker.evaluate(here):
                continue
            try:
                made = distribution(package)
            except PackageNotFoundError:
                continue
            (specifier,) = pinned.specifier
            if Version(made.version).public != specifier.version:
                continue
            looked_at += 1
            extras = [here, *({**here, "extra": extra} for extra in pinned.extras)]
            for words in made.requires or []:
                needed = Requirement(words)
                if needed.marker and not any(needed.marker.evaluate(each) for each in extras):
                    continue
                assert canonicalize_name(needed.name) in lock.keys() | gpu.keys(), words
    assert looked_at > 50


def test_no_library_for_graphics_cards_is_in_what_everybody_installs() -> None:
    """They are gigabytes, and the CPU build of torch needs none of them."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not any(each.startswith(("nvidia", "cuda", "triton")) for each in _read_lock(name))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (cpu,) = re.findall(r"TORCH_CPU := (sha256:[0-9a-f]{64})", makefile)
    ((_, hashes),) = _read_lock("requirements.lock")["torch"]
    assert f"--hash={cpu}" in hashes
