"""index.support: what a release has for a question, and what it lacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from corpus.library import Library
from index.build import build
from index.encoder import make_unit
from index.publish import Releases
from index.release import Release
from index.search.searcher import Searcher
from index.support import Support, survey
from tests.fake_encoder import FakeEncoder


@pytest.fixture
def searcher(published: Releases, encoder: FakeEncoder) -> Searcher:
    """Searches the small library."""
    return Searcher(Release(published.path(published.live())), encoder)


@pytest.fixture
def rebuild(library: Library, releases: Releases, encoder: FakeEncoder) -> Callable[[], Searcher]:
    """Builds what the library holds and gives what searches it."""

    def make() -> Searcher:
        build(library, releases, encoder)
        return Searcher(Release(releases.path(releases.live())), encoder)

    return make


def _survey(searcher: Searcher, question: str) -> Support:
    support = survey(searcher, question, 5)[1]
    assert support is not None
    return support


def _told(encoder: FakeEncoder, asked: str, sentence: str) -> Any:
    """Return the cosine of what is asked with a sentence, nearly."""
    [query], [row] = encoder.encode_queries([asked]), encoder.encode_passages([sentence])
    return pytest.approx(float(row @ query), abs=1e-5)


def test_hits_are_those_of_a_search(searcher: Searcher) -> None:
    """And what is near, and the words that are met, the best of theirs; without any, none."""
    question = "When was the red bridge built?"
    hits, support = survey(searcher, question, 5)
    assert hits == searcher.search(question, 5)
    assert support is not None
    assert support.near == max(hit.evidence.sentence for hit in hits)
    assert support.overlap == max(hit.evidence.overlap for hit in hits) > 0.3
    assert support.sentence == max(hits[0].sentences)
    best = searcher.find(searcher.parse(question), 5)[0]
    assert best.passage == hits[0].passage
    assert support.score == best.candidate.score
    assert survey(searcher, "Who?", 5, cases=[]) == ([], None)


def test_what_is_asked_is_compared_without_the_names(
    searcher: Searcher, encoder: FakeEncoder
) -> None:
    """The best sentence's cosine is with the question less the names that the release holds."""
    support = _survey(searcher, "Which red bridge has Ada built?")
    asked = "Which red bridge has built?"
    assert support.told == _told(encoder, asked, "The red bridge was built in 1999 by Ada.")
    [query] = encoder.encode_queries([asked])
    passage = searcher.search("Which red bridge has Ada built?", 1)[0].passage
    rows = encoder.encode_sentences([sentence.text.strip() for sentence in passage.sentences])
    near = float(make_unit(rows.mean(axis=0)) @ query)
    assert support.told_passage == pytest.approx(near, abs=1e-5)
    assert support.absent == ()


def test_words_that_are_translated_are_met(
    library: Library, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """As those that stand there do."""
    write("sany.txt", "SANY runs trucks in Brazil.\n")
    write("glossary.json", json.dumps([["SANY", "三一重工"], ["Brazil", "巴西"]]))
    for name in ("bridge.txt", "tea.txt"):
        (library.folder / name).unlink()
    hits, support = survey(rebuild(), "三一重工在巴西的哪里？", 5)
    assert support is not None
    assert hits[0].evidence.overlap == 0
    assert support.overlap == hits[0].evidence.translated > 0.1


def test_names_and_numbers_that_are_not_there_are_told(searcher: Searcher) -> None:
    """Absent names with their share; a year that the passage does not hold; a missing count."""
    support = _survey(searcher, "How many trains of the red bridge has Huawei for Ada?")
    assert (support.absent, support.absent_share) == (("Huawei",), 0.5)
    assert not support.absent_known
    assert _survey(searcher, "Who built the red bridge in 1999?").lacks_number is False
    assert _survey(searcher, "Who built the red bridge in 1998?").lacks_number is True
    assert _survey(searcher, "How many sons has the blue bridge of oak?").lacks_count
    assert _survey(searcher, "What was the cost of the blue bridge of oak?").lacks_money


def test_names_alone_ask_for_all_of_them(
    encoder: FakeEncoder, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """Where nothing else is asked, the whole question is compared; no passage has them apart."""
    write(
        "eno.txt",
        "Eno Works: the mills of Ravenna\n\nWhat Eno did is to grind corn in the night.\n",
    )
    write("bo.txt", "Bo Yards: the boats\n\nThe boats of Bo lie in Tallinn all the winter.\n")
    searcher = rebuild()
    together = _survey(searcher, "What did Eno do in Ravenna?")
    asked = "What did Eno do in Ravenna?"
    assert together.told == _told(encoder, asked, "What Eno did is to grind corn in the night.")
    assert not together.apart  # one of them in the title
    assert _survey(searcher, "What did Eno do in Tallinn?").apart
    assert not _survey(searcher, "What did Eno grind in Tallinn?").apart
    nowhere = _survey(searcher, "What did Eno do in Huawei?")
    assert (nowhere.apart, nowhere.absent) == (False, ("Huawei",))


def test_a_follow_up_is_judged_by_what_it_asks(searcher: Searcher) -> None:
    """The matter is that of both together; what has to be told, half that of the follow-up."""
    both = _survey(searcher, "When was the red bridge built? How do I cook it?")
    alone = _survey(searcher, "How do I cook it?")
    support = both.tell(alone)
    assert (support.near, support.overlap, support.score) == (both.near, both.overlap, both.score)
    assert support.told == pytest.approx((both.near + alone.told) / 2)
    assert support.told_passage == pytest.approx((both.near + alone.told_passage) / 2)
    assert support.lacks_count == alone.lacks_count


def test_copies_and_other_documents_change_nothing(
    library: Library, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """Neither a copy of a document nor any on another matter moves the support of a question."""
    questions = ("When was the red bridge built?", "Which red bridge did Ada build in Kano?")
    (library.folder / "tea.txt").unlink()
    seen = []
    for step in range(4):
        if step == 1:
            write("copy.txt", (library.folder / "bridge.txt").read_text("utf-8") + "\n")
        elif step == 2:
            write("moon.txt", "Nine grey craters lie there. Dust covers everything.\n")
        elif step == 3:
            for number in range(20):
                write(f"{number}.txt", f"Stone {number} is grey.\n\n第{number}块石头是灰色的。\n")
        searcher = rebuild()
        seen.append([_survey(searcher, question) for question in questions])
    for supports in zip(*seen, strict=True):
        first, *others = supports
        assert {(each.near, each.overlap, each.score) for each in supports} == {
            (first.near, first.overlap, first.score)
        }
        for other in others:
            assert other.told == pytest.approx(first.told, abs=1e-6)
            assert other.told_passage == pytest.approx(first.told_passage, abs=1e-6)
            assert other.sentence == pytest.approx(first.sentence, abs=1e-5)
            assert other.absent == first.absent


def test_known_names_are_names(library: Library, rebuild: Callable[[], Searcher]) -> None:
    """The glossary's own are found in any script, and absent where no text holds them."""
    (library.folder / "glossary.json").write_text(json.dumps([["Huawei", "华为"]]), "utf-8")
    searcher = rebuild()
    support = _survey(searcher, "华为建了多少座桥？")
    assert support.absent == ("华为",)
    assert (support.same_language, support.spelled_alike) == (False, True)
    spanish = _survey(searcher, "¿Cuándo trabajan los agricultores?")
    assert (spanish.same_language, spanish.spelled_alike) == (False, False)


def test_a_company_is_asked_of_its_own_cases(
    library: Library, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """Where the best passage is another's that does not name it; one that names it may tell."""
    write(
        "cases.txt",
        "Cases of the coast\n\nEno Works: the mills of Ravenna\n\nEno Works grinds corn by night.\n"
        "\nBo Yards: the boats of Tallinn\n\nBo Yards repairs the old boats of orphans.\n",
    )
    write("fish.txt", "Fishers rest when Eno Works has lent them its barge.\n")
    write("glossary.json", json.dumps([["Eno Works", "埃诺公司"]]))
    searcher = rebuild()

    def ask(question: str, cases: list[int] | None = None) -> list[str]:
        hits = survey(searcher, question, 5, cases)[0]
        return [hit.passage.text for hit in hits]

    other = "Bo Yards repairs the old boats of orphans."
    assert ask("Who repairs the old boats of orphans?")[0] == other
    assert ask("What are the old boats of orphans to Bo Yards?")[0] == other
    own = {"Cases of the coast", "Eno Works grinds corn by night."}
    for name in ("Eno Works", "埃诺公司"):
        assert set(ask(f"How does {name} repair the old boats of orphans?")) == own
    assert ask("Which barge has Eno Works lent to fishers?")[0].startswith("Fishers rest")
    assert ask("Do Eno Works and Bo Yards repair the old boats of orphans?")[0] == other
    [bo] = searcher.release.cases_of["bo yards"]
    assert ask("How does Eno Works repair the old boats of orphans?", [bo]) == []


def test_a_name_of_letters_is_not_missed_in_another_script(
    library: Library, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """Chinese texts spell it in signs that nobody knows here; what the glossary knows is known."""
    write("lamps.txt", "灯在 rooftops 上 shine 很久。\n")
    write("glossary.json", json.dumps([["Kano", "卡诺"]]))
    searcher = rebuild()
    support = _survey(searcher, "Which rooftops shine in Mombasa?")
    assert not support.same_language
    assert support.absent == ()
    assert _survey(searcher, "Which rooftops shine in Kano?").absent == ("Kano",)
    assert _survey(searcher, "城市 Mombasa 的灯在屋顶上亮了很久吗？").absent == ("Mombasa",)


def test_names_are_together_in_either_language(
    library: Library, rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """A passage has a name by whichever of its group, also where another has it as it is asked."""
    write("eno.txt", "What Eno did is to grind corn in Brazil.\n")
    write("zh.txt", "工人在巴西修好了老桥。\n")
    write("glossary.json", json.dumps([["Brazil", "巴西"]]))
    assert not _survey(rebuild(), "What did Eno do in 巴西?").apart


def test_names_are_looked_for_in_the_whole_case(
    rebuild: Callable[[], Searcher], write: Callable[[str, str], None]
) -> None:
    """Who is asked about may stand in another paragraph than what answers, or in a title alone."""
    filler = "The mill of the town was wide and it was made of oak by many hands. " * 6
    write(
        "eno.txt", f"Eno Works\n\nThe yard lies in Ravenna.\n\n{filler}\n\nThe mills grind corn.\n"
    )
    searcher = rebuild()
    support = _survey(searcher, "What do the mills of Eno grind in Ravenna?")
    assert (support.absent, support.apart) == ((), False)
    [(case, document)] = [
        (case, document) for case, document in searcher.release.cases()
        if document.name == "eno.txt"
    ]  # fmt: skip
    assert all(word in searcher.fold_case(case, document) for word in ("eno", "ravenna", "corn"))
    assert searcher.fold_case(case, document) is searcher.fold_case(case, document)
