"""corpus.library: documents put in, corrected, taken out, brought back; nothing is ever lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from corpus.errors import DocumentError, LibraryError, NotFoundError
from corpus.library import Added, Library, Offer
from corpus.metadata import Facts
from corpus.names import make_name

TEXT = b"The road is long. It never ends.\n"


def _offer(name: str, data: bytes = TEXT, **facts: Any) -> Offer:
    return Offer(name, data, replace(Facts(), **facts))


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_a_new_document_is_added_with_its_facts(library: Library) -> None:
    """The file is in the folder as it was given, with a sidecar of what was said."""
    done = library.add(_offer("a/road.txt", company="Acme", published="2024-02-23"))
    assert done == Added("a/road.txt", "added")
    assert (library.folder / "a/road.txt").read_bytes() == TEXT
    entry = library.read("a/road.txt")
    assert (entry.cases[0].company, entry.document.published) == ("Acme", "2024-02-23")
    assert json.loads((library.folder / "a/road.txt.json").read_bytes()) == {
        "published": "2024-02-23",
        "company": "Acme",
    }


def test_the_same_file_again_is_recognised(library: Library) -> None:
    """Unchanged says so, under its own name and under another."""
    library.add(_offer("road.txt"))
    before = _files(library.folder)
    assert library.add(_offer("road.txt")) == Added("road.txt", "unchanged")
    other = library.add(_offer("street.txt"))
    assert other == Added("road.txt", "unchanged", "the same file as road.txt, which stays")
    assert _files(library.folder) == before


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (
            "Soci\u00e9t\u00e9 g\u00e9n\u00e9rale.txt",
            "Socie\u0301te\u0301 ge\u0301ne\u0301rale.txt",
        ),
        (
            "Socie\u0301te\u0301 ge\u0301ne\u0301rale.txt",
            "Soci\u00e9t\u00e9 g\u00e9n\u00e9rale.txt",
        ),
        ("Soci\u00e9t\u00e9 g\u00e9n\u00e9rale.txt", "Soci\u00e9t\u00e9-g\u00e9n\u00e9rale.txt"),
        ("a  b\u00a0c.txt", "a b c.txt"),
        ("Road.TXT", "Road.txt"),
        ("a \u00e9/road one.txt", "a e\u0301/road-one.txt"),
        (f"{'x' * 200}.txt", f"{'x' * 200}.txt"),
    ],
)
def test_a_name_that_was_put_into_the_folder_is_known_however_it_is_spelled(
    library: Library, held: str, asked: str
) -> None:
    """Read, described, replaced under the name that `add` makes, removed and restored."""
    before, path = set(library.names()), library.folder / held
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(TEXT)
    assert library.read(asked).document.name == held
    assert library.describe(asked, Facts(company="Acme")).action == "described"
    assert library.facts(asked) == Facts(company="Acme")
    *folders, file = asked.split("/")
    made = "/".join([*(make_name(each, "") for each in folders), make_name(file, ".txt")])
    assert library.add(_offer(made, b"Other words.")) == Added(held, "edited")
    assert set(library.names()) - before == {held}
    library.remove(asked)
    assert set(library.names()) == before
    library.restore(asked)
    assert set(library.names()) - before == {held}


def test_an_edited_file_replaces_what_has_its_name_always(library: Library) -> None:
    """Also where another document has the same bytes by now."""
    library.add(_offer("road.txt"))
    library.add(_offer("street.txt", b"Other words."))
    assert library.add(_offer("road.txt", b"Other words.")) == Added("road.txt", "edited")
    assert library.read("road.txt").document.text == "Other words."


def test_what_no_document_has_as_a_name_is_not_found(library: Library) -> None:
    """Spelling is forgiven, folders are not."""
    library.add(_offer("document/road.txt"))
    for name in ("../road.txt", "road.txt", "document/../road.txt", "document/street.txt"):
        with pytest.raises(NotFoundError):
            library.remove(name)


def test_facts_alone_are_a_change(library: Library) -> None:
    """The same bytes with a new fact describe the document; facts not given stay."""
    library.add(_offer("road.txt", company="Acme"))
    assert library.add(_offer("road.txt", title="Roads")).action == "described"
    assert library.facts("road.txt") == Facts(title="Roads", company="Acme")
    assert library.describe("road.txt", Facts(title="Streets")).action == "described"
    assert library.facts("road.txt") == Facts(title="Streets")
    assert library.describe("road.txt", Facts(title="Streets")).action == "unchanged"
    with pytest.raises(NotFoundError):
        library.describe("../road.txt", Facts())


def test_an_edited_file_replaces_and_can_be_restored(library: Library) -> None:
    """The old bytes come back once the new ones are out of the way."""
    library.add(_offer("road.txt", company="Acme"))
    assert library.add(_offer("road.txt", b"The road is short.")).action == "edited"
    assert library.facts("road.txt") == Facts(company="Acme")
    assert library.removed() == ["road.txt"]
    with pytest.raises(LibraryError, match="there is one now"):
        library.restore("road.txt")
    library.remove("road.txt")
    library.restore("road.txt")
    assert (library.folder / "road.txt").read_bytes() == b"The road is short."


def test_remove_and_restore(library: Library) -> None:
    """Out with its sidecar and back with it, as if nothing had been."""
    library.add(_offer("a/road.txt", company="Acme"))
    before = _files(library.folder)
    library.remove("a/road.txt")
    assert "a/road.txt" not in library.names()
    assert library.removed() == ["a/road.txt"]
    library.restore("a/road.txt")
    assert _files(library.folder) == before
    for act in (library.remove, library.restore):
        with pytest.raises(NotFoundError):
            act("nothing.txt")


def test_what_cannot_be_read_can_be_removed(library: Library) -> None:
    """A bad file is taken out like any other."""
    (library.folder / "bad.txt").write_bytes(b"\0\1\2")
    library.remove("bad.txt")
    assert "bad.txt" not in library.names()


def test_a_bad_offer_changes_nothing(library: Library) -> None:
    """What cannot be read is refused before anything is written."""
    before = _files(library.folder)
    with pytest.raises(DocumentError, match=r"bad\.txt"):
        library.add(_offer("bad.txt", b"\0\1\2"))
    with pytest.raises(NotFoundError):
        library.add(_offer("../road.txt"))
    assert _files(library.folder) == before


def test_what_no_release_holds_is_forgotten(library: Library) -> None:
    """Held ones stay restorable, the others go."""
    for name in ("a.txt", "b.txt"):
        library.add(_offer(name, TEXT + name.encode()))
    held = library.stamp("a.txt")[0]
    for name in ("a.txt", "b.txt"):
        library.remove(name)
    assert library.forget({held}) == ["b.txt"]
    assert library.removed() == ["a.txt"]


class Shelf(RuleBasedStateMachine):
    """Any sequence of additions, removals and returns against a dictionary."""

    @initialize()
    def start(self) -> None:
        """Open an empty folder."""
        import tempfile

        self.place = tempfile.TemporaryDirectory()
        self.library = Library(Path(self.place.name))
        self.inside: dict[str, bytes] = {}
        self.outside: dict[str, bytes] = {}

    names = st.sampled_from(["a.txt", "b.txt", "c/d.txt"])

    @rule(name=names, words=st.sampled_from(["One.", "Two.", "Three."]))
    def add(self, name: str, words: str) -> None:
        """New, edited, unchanged or there already under another name."""
        data = words.encode()
        done = self.library.add(Offer(name, data))
        twins = [each for each, held in self.inside.items() if held == data]
        if self.inside.get(name) == data:
            assert done == Added(name, "unchanged")
        elif twins and name not in self.inside:
            assert (done.name in twins, done.action) == (True, "unchanged")
        elif name in self.inside:
            assert done == Added(name, "edited")
            self.outside[name] = self.inside[name]
            self.inside[name] = data
        else:
            assert done == Added(name, "added")
            self.inside[name] = data

    @rule(name=names)
    def remove(self, name: str) -> None:
        """Out, where it is in."""
        if name not in self.inside:
            with pytest.raises(NotFoundError):
                self.library.remove(name)
            return
        self.library.remove(name)
        self.outside[name] = self.inside.pop(name)

    @rule(name=names)
    def restore(self, name: str) -> None:
        """Back, where the last one is out and its name is free."""
        if name not in self.outside or name in self.inside:
            with pytest.raises((NotFoundError, LibraryError)):
                self.library.restore(name)
            return
        self.library.restore(name)
        assert (self.library.folder / name).read_bytes() == self.outside[name]
        self.inside[name] = self.outside.pop(name)
        older = self.library.removed()
        if name in older:  # an older one of this name is the last now
            found = self.library._aside()[name]
            self.outside[name] = found.read_bytes()

    @invariant()
    def holds(self) -> None:
        """The folder holds exactly what was put in and not taken out."""
        if not hasattr(self, "library"):
            return
        held = {n: (self.library.folder / n).read_bytes() for n in self.library.names()}
        assert held == self.inside
        assert set(self.outside) <= set(self.library.removed())

    def teardown(self) -> None:
        """Take the folder away."""
        if hasattr(self, "place"):
            self.place.cleanup()


TestShelf = Shelf.TestCase
TestShelf.settings = settings(max_examples=25, stateful_step_count=20)
