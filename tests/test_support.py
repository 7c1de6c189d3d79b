"""index.support: what a release has for a question, and what it lacks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from corpus.library import Library
from index.build import build
from index.ordinary import contrast, find_ordinary
from index.publish import Releases
from index.release import Release
from index.search.searcher import search
from index.support import NO_RIVAL, Support, survey
from tests.fake_encoder import FakeEncoder


@pytest.fixture
def release(published: Releases) -> Release:
    """The small library, opened."""
    return Release(published.path(published.live()))


def _survey(release: Release, encoder: FakeEncoder, question: str) -> Support:
    support = survey(release, encoder, question, 5)[1]
    assert support is not None
    return support


def _told(encoder: FakeEncoder, asked: str, sentence: str) -> Any:
    """Return the contrast of what is asked with a sentence, nearly."""
    [query], [row] = encoder.encode_queries([asked]), encoder.encode_passages([sentence])
    return pytest.approx(
        contrast(float(row @ query), query, find_ordinary(encoder, "en")), abs=1e-5
    )


def test_hits_are_those_of_a_search(release: Release, encoder: FakeEncoder) -> None:
    """And `near` is the best of their contrasts; where nothing is left there is no support."""
    hits, support = survey(release, encoder, "When was the red bridge built?", 5)
    assert hits == search(release, encoder, "When was the red bridge built?", 5)
    assert support is not None
    assert support.near == max(hit.evidence.contrast for hit in hits)
    assert survey(release, encoder, "Who?", 5, cases=[]) == ([], None)


def test_what_is_asked_is_compared_without_the_names(
    release: Release, encoder: FakeEncoder
) -> None:
    """The best sentence's contrast is with the question less the names that the release holds."""
    support = _survey(release, encoder, "Which red bridge has Ada built?")
    asked = "Which red bridge has built?"
    assert support.told == _told(encoder, asked, "The red bridge was built in 1999 by Ada.")
    assert support.absent == ()


def test_names_and_numbers_that_are_not_there_are_told(
    release: Release, encoder: FakeEncoder
) -> None:
    """Absent names with their share; a year that the passage does not hold; a missing count."""
    support = _survey(release, encoder, "How many trains of the red bridge has Huawei for Ada?")
    assert (support.absent, support.absent_share) == (("Huawei",), 0.5)
    assert not support.absent_known
    assert _survey(release, encoder, "Who built the red bridge in 1999?").lacks_number is False
    assert _survey(release, encoder, "Who built the red bridge in 1998?").lacks_number is True
    assert _survey(release, encoder, "How many sons has the blue bridge of oak?").lacks_count
    assert _survey(release, encoder, "What was the cost of the blue bridge of oak?").lacks_money


def test_names_alone_ask_for_all_of_them(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """Where nothing else is asked, the whole question is compared; no passage has them apart."""
    write(
        "eno.txt",
        "Eno Works: the mills of Ravenna\n\nWhat Eno did is to grind corn in the night.\n",
    )
    write("bo.txt", "Bo Yards: the boats\n\nThe boats of Bo lie in Tallinn all the winter.\n")
    build(library, releases, encoder)
    release = _live(releases)
    together = _survey(release, encoder, "What did Eno do in Ravenna?")
    asked = "What did Eno do in Ravenna?"
    assert together.told == _told(encoder, asked, "What Eno did is to grind corn in the night.")
    assert not together.apart  # one of them in the title
    assert _survey(release, encoder, "What did Eno do in Tallinn?").apart
    assert not _survey(release, encoder, "What did Eno grind in Tallinn?").apart
    nowhere = _survey(release, encoder, "What did Eno do in Huawei?")
    assert (nowhere.apart, nowhere.absent) == (False, ("Huawei",))


def test_the_lead_is_over_the_second_other(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """It is the difference to the third score; a copy makes it no shorter, nor do two texts."""
    question = "When was the red bridge built?"
    write("one.txt", "The red bridge was built in 1999 by Ada.\n")
    write("two.txt", "The blue tower was built of oak.\n")
    write("three.txt", "Nine farmers drink green tea.\n")
    for name in ("bridge.txt", "tea.txt"):
        (library.folder / name).unlink()
    build(library, releases, encoder)
    hits, support = survey(_live(releases), encoder, question, 5)
    assert support is not None
    assert len(hits) == 3
    assert support.lead == pytest.approx(hits[0].score - hits[2].score)
    write("copy.txt", "Yes: the red bridge was built in 1999 by Ada.\n")
    build(library, releases, encoder)
    hits, support = survey(_live(releases), encoder, question, 5)
    assert support is not None
    assert support.lead == pytest.approx(hits[0].score - hits[3].score)
    (library.folder / "three.txt").unlink()
    build(library, releases, encoder)
    assert _survey(_live(releases), encoder, question).lead == NO_RIVAL


def _live(releases: Releases) -> Release:
    return Release(releases.path(releases.live()))


def test_a_follow_up_is_judged_by_what_it_asks(release: Release, encoder: FakeEncoder) -> None:
    """The matter is that of both together; what has to be told, half that of the follow-up."""
    both = _survey(release, encoder, "When was the red bridge built? How do I cook it?")
    alone = _survey(release, encoder, "How do I cook it?")
    support = both.tell(alone)
    assert (support.near, support.share) == (both.near, both.share)
    assert support.told == pytest.approx((both.near + alone.told) / 2)
    assert support.lacks_count == alone.lacks_count


def test_copies_and_other_documents_change_nothing(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """Neither a copy of a document nor one on another matter moves a question's contrasts.

    A copy does not count for the size either.
    """
    questions = ("When was the red bridge built?", "How is apple pie baked?")
    (library.folder / "tea.txt").unlink()
    seen = []
    for step in range(3):
        if step == 1:
            write("copy.txt", (library.folder / "bridge.txt").read_text("utf-8") + "\n")
        elif step == 2:
            write("moon.txt", "Nine grey craters lie there. Dust covers everything.\n")
        build(library, releases, encoder)
        release = Release(releases.path(releases.live()))
        seen.append([_survey(release, encoder, question) for question in questions])
    assert len({support.near for support, _ in seen}) == 1
    assert [math.exp(support.size) for support, _ in seen] == pytest.approx([4, 4, 6])
    assert len({round(support.told, 6) for support, _ in seen}) == 1
    assert seen[0][1].near == seen[1][1].near


def test_known_names_are_names(library: Library, releases: Releases, encoder: FakeEncoder) -> None:
    """The glossary's own are found in any script, and absent where no text holds them."""
    (library.folder / "glossary.json").write_text(json.dumps([["Huawei", "华为"]]), "utf-8")
    build(library, releases, encoder)
    release = Release(releases.path(releases.live()))
    support = _survey(release, encoder, "华为建了多少座桥？")
    assert support.absent == ("华为",)
    assert (support.same_language, support.spelled_alike) == (False, True)
    spanish = _survey(release, encoder, "¿Cuándo trabajan los agricultores?")
    assert (spanish.same_language, spanish.spelled_alike) == (False, False)


def test_a_company_is_asked_of_its_own_cases(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """Where the best passage is another's that does not name it; one that names it may tell."""
    write(
        "cases.txt",
        "Cases of the coast\n\nEno Works: the mills of Ravenna\n\nEno Works grinds corn by night.\n"
        "\nBo Yards: the boats of Tallinn\n\nBo Yards repairs the old boats of orphans.\n",
    )
    write("fish.txt", "Fishers rest when Eno Works has lent them its barge.\n")
    write("glossary.json", json.dumps([["Eno Works", "埃诺公司"]]))
    build(library, releases, encoder)
    release = _live(releases)

    def ask(question: str, cases: list[int] | None = None) -> list[str]:
        hits = survey(release, encoder, question, 5, cases)[0]
        return [hit.passage.text for hit in hits]

    other = "Bo Yards repairs the old boats of orphans."
    assert ask("Who repairs the old boats of orphans?")[0] == other
    assert ask("What are the old boats of orphans to Bo Yards?")[0] == other
    own = {"Cases of the coast", "Eno Works grinds corn by night."}
    for name in ("Eno Works", "埃诺公司"):
        assert set(ask(f"How does {name} repair the old boats of orphans?")) == own
    assert ask("Which barge has Eno Works lent to fishers?")[0].startswith("Fishers rest")
    assert ask("Do Eno Works and Bo Yards repair the old boats of orphans?")[0] == other
    [bo] = release.cases_of["bo yards"]
    assert ask("How does Eno Works repair the old boats of orphans?", [bo]) == []


def test_a_name_of_letters_is_not_missed_in_another_script(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """Chinese texts spell it in signs that nobody knows here; what the glossary knows is known."""
    write("lamps.txt", "灯在 rooftops 上 shine 很久。\n")
    write("glossary.json", json.dumps([["Kano", "卡诺"]]))
    build(library, releases, encoder)
    release = _live(releases)
    support = _survey(release, encoder, "Which rooftops shine in Mombasa?")
    assert not support.same_language
    assert support.absent == ()
    assert _survey(release, encoder, "Which rooftops shine in Kano?").absent == ("Kano",)
    assert _survey(release, encoder, "城市 Mombasa 的灯在屋顶上亮了很久吗？").absent == ("Mombasa",)


def test_names_are_together_in_either_language(
    library: Library,
    releases: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
) -> None:
    """A passage has a name by whichever of its group, also where another has it as it is asked."""
    write("eno.txt", "What Eno did is to grind corn in Brazil.\n")
    write("zh.txt", "工人在巴西修好了老桥。\n")
    write("glossary.json", json.dumps([["Brazil", "巴西"]]))
    build(library, releases, encoder)
    assert not _survey(_live(releases), encoder, "What did Eno do in 巴西?").apart
