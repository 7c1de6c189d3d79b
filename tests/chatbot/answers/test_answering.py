"""chatbot.answers.answering: what is answered, with a reader that is told how sure it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from chatbot.answers import answering, extractive
from chatbot.answers.answer import Answer, Row
from chatbot.answers.answering import FOUND, NEAR, UNHELD, answer
from chatbot.answers.conversation import AHEAD, Turn
from chatbot.answers.deadline import FORM
from chatbot.answers.small_talk import WORDS
from chatbot.llm.chooser import Chooser
from chatbot.llm.endpoint import Endpoint, EndpointLimits
from chatbot.llm.rephraser import Rephraser
from chatbot.llm.restating import EndpointError, Message
from chatbot.llm.structured_output import Breaker
from corpus.library import Library
from index.build import build
from index.reader.cosine import CosineReader
from index.reader.protocol import NEVER, Reader, Reading, Text
from index.search.query import Query
from index.searcher import Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from tests import scripted_endpoint
from tests.fake_encoder import FakeEncoder
from tests.scripted_endpoint import Script

QUESTION = "When was the red bridge built?"
RED = "The red bridge was built in 1999 by Ada."
GREEN = "Green tea grows on the seven hills."

TABLE = "Lamps\n\nYear | Lamps\n\n2020 | 40\n\n2021 | 60\n\nThe lamps are red. They are old.\n"

Sure = Callable[[Query, Sequence[Text]], float]


_TELLING = 5.0  # what a word weighs that tells of a subject; "the" and "which" weigh less


class ToldReader:
    """Scores sentences by how many words of the question they share.

    `sure` tells the confidence; `asked` notes what was read, and of which companies.
    """

    name = "told"

    def __init__(self, sure: Sure) -> None:
        """Take what tells the confidence."""
        self.sure = sure
        self.asked: list[tuple[str, set[str]]] = []

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """See index.reader.protocol.Reader."""
        self.asked.append((query.text, {text.case.company for text in texts}))
        stems = {stem for stem in query.stems if query.weights[stem] > _TELLING}
        scores = []
        for text in texts:
            shared = [9.0 * len(stems & each.stems) for each in text.sentences]
            scores.append(np.where(text.worded, shared, NEVER).astype(np.float32))
        return Reading(tuple(scores), 0.0, self.sure(query, texts))


Ask = Callable[..., Answer]


@pytest.fixture
def open_searcher(library: Library, releases: Releases) -> Callable[[Reader], Searcher]:
    """Publish what the small library holds now, and return what searches it."""

    def make(reader: Reader) -> Searcher:
        encoder = FakeEncoder()
        build(library, releases, encoder)
        return Searcher(Release(releases.path(releases.live())), encoder, reader)

    return make


@pytest.fixture
def asking(open_searcher: Callable[[Reader], Searcher]) -> Callable[[Reader], Ask]:
    """Return what asks the small library, read by some reader."""

    def make(reader: Reader) -> Ask:
        searcher = open_searcher(reader)

        def ask(question: str, *before: str, **given: object) -> Answer:
            turns = [Turn("user", each) for each in before]
            return answer(searcher.release, lambda: searcher, question, history=turns, **given)  # type: ignore[arg-type]

        return ask

    return make


def quote(made: Answer) -> list[str]:
    """Return the quotations of an answer."""
    return [citation.quote for citation in made.citations]


@pytest.mark.parametrize(
    ("confidence", "outcome"),
    [
        (1.0, "answer"), (FOUND, "answer"), (FOUND - 0.001, "nearest"), (NEAR, "nearest"),
        (NEAR - 0.001, "absent"), (0.0, "absent"),
    ],
)  # fmt: skip
def test_the_confidence_decides(
    asking: Callable[[Reader], Ask], confidence: float, outcome: str
) -> None:
    """An answer, passages that come near and are said to be no answer, or neither."""
    made = asking(ToldReader(lambda *_: confidence))(QUESTION)
    assert (made.outcome, made.found) == (outcome, outcome == "answer")
    assert made.confidence == confidence
    words = {
        "answer": "",
        "nearest": "The collection does not say this outright. The nearest passages:",
        "absent": "The collection does not answer this. The cases nearest to the question are "
        "listed below.",
    }[outcome]
    assert " ".join(part.text for part in made.parts if part.kind == "words") == words
    assert bool(made.citations) is (outcome != "absent")
    assert made.citations == () or quote(made)[0] == RED
    assert bool(made.nearest) is bool(made.suggestions) is (outcome != "answer")


def test_more_is_near_than_would_be_quoted(asking: Callable[[Reader], Ask]) -> None:
    """What is far behind the best is shown as near, and is no part of an answer."""
    answered = asking(ToldReader(lambda *_: FOUND))(QUESTION)
    near = asking(ToldReader(lambda *_: NEAR))(QUESTION)
    assert quote(answered) == [RED]
    assert len(near.citations) > 1
    assert {citation.document for citation in near.citations} == {"bridge.txt", "tea.txt"}


@pytest.mark.parametrize(
    ("confidence", "language", "words"),
    [
        (NEAR, "en", "The collection does not say this outright. None of its texts names Huawei."),
        (NEAR, "zh", "案例集没有直接说明这一点"),
        (0.0, "en", "None of its texts names Huawei."),
        (0.0, "zh", "其中没有提到 Huawei。"),
    ],
)
def test_a_name_that_is_nowhere_is_told(
    asking: Callable[[Reader], Ask], confidence: float, language: str, words: str
) -> None:
    """With what is near, and where nothing is; one that is there is not."""
    ask = asking(ToldReader(lambda *_: confidence))
    told = ask("When did Huawei and Ada build it?", language=language).text
    assert words in told
    assert "Huawei" in told
    assert WORDS[language]["nowhere"].format(names="Ada") not in told


@pytest.fixture
def companies(library: Library) -> Library:
    """The small library, its documents of two companies, one with a Chinese name too."""
    (library.folder / "glossary.json").write_text('[["Zoe Works", "佐伊公司"]]', "utf-8")
    for name, company in (("bridge", "Acme"), ("tea", "Zoe Works")):
        path = library.folder / f"{name}.txt.json"
        path.write_text(json.dumps({"company": company}), "utf-8")
    return library


EACH = "What grows or was built on hills by Acme and 佐伊公司?"


def test_each_company_is_read_for_itself(
    companies: Library, asking: Callable[[Reader], Ask]
) -> None:
    """In its own cases, without the other's name; the answer is as sure as its least sure part."""
    reader = ToldReader(lambda _, texts: 0.9 if texts[0].case.company == "Acme" else 0.6)
    made = asking(reader)(EACH)
    assert reader.asked == [
        ("What grows or was built on hills by Acme and ?", {"Acme"}),
        ("What grows or was built on hills by and 佐伊公司?", {"Zoe Works"}),
    ]
    assert (made.outcome, made.confidence) == ("answer", 0.6)
    assert [(citation.company, citation.quote) for citation in made.citations] == [
        ("Acme", RED), ("Zoe Works", GREEN),
    ]  # fmt: skip
    assert [part.kind for part in made.parts] == ["case", "quote", "case", "quote"]
    assert made.table == (Row("Acme", (1,)), Row("佐伊公司", (2,)))


def test_of_whom_nothing_is_said_is_told(
    companies: Library, asking: Callable[[Reader], Ask]
) -> None:
    """By the name that the question has, and in its language or the one asked for."""
    reader = ToldReader(lambda _, texts: 0.9 if texts[0].case.company == "Acme" else 0.4)
    ask = asking(reader)
    made = ask(EACH)
    assert (made.outcome, made.confidence, quote(made)) == ("answer", 0.9, [RED])
    assert made.parts[-1].kind == "words"
    assert made.parts[-1].text == "No answer was found on 佐伊公司."
    assert made.table == (Row("Acme", (1,)), Row("佐伊公司", ()))
    assert ask(EACH, language="zh").parts[-1].text == "没有找到关于 佐伊公司 的答案。"


def test_where_nothing_is_said_of_any_the_question_is_asked_whole(
    companies: Library, asking: Callable[[Reader], Ask]
) -> None:
    """Of all cases together, as any other is; and so it is within a filter."""
    reader = ToldReader(lambda query, _: 0.7 if query.text == EACH else 0.4)
    ask = asking(reader)
    assert quote(ask(EACH))
    assert reader.asked[-1] == (EACH, {"Acme", "Zoe Works"})
    reader.asked.clear()
    made = ask(EACH, filters={"company": ["Acme"]})
    assert reader.asked == [(EACH, {"Acme"})]
    assert {citation.company for citation in made.citations} == {"Acme"}


LISTED = "The nearest cases, of Acme, are listed below."


@pytest.mark.parametrize(
    ("confidence", "language", "words"),
    [
        (0.3, "en", "The cases of Acme do not say this outright. The nearest passages:"),
        (0.0, "en", f"The cases of Acme do not answer this. {LISTED}"),
        (0.3, "zh", "Acme 的案例没有直接说明这一点，以下是最接近的原文："),
    ],
)  # fmt: skip
def test_a_refusal_says_which_cases_were_asked(
    companies: Library,
    asking: Callable[[Reader], Ask],
    confidence: float,
    language: str,
    words: str,
) -> None:
    """By their company, whatever name filters them, and what is suggested stays within."""
    ask = asking(ToldReader(lambda *_: confidence))
    made = ask(QUESTION, filters={"company": ["Acme"]}, language=language)
    assert made.outcome != "answer"
    assert " ".join(part.text for part in made.parts if part.kind == "words") == words
    assert made.suggestions == (WORDS[language]["suggest_one"].format(company="Acme"),)
    for suggestion in made.suggestions:
        told = ask(suggestion, filters={"company": ["Acme"]})
        assert (told.outcome, {each.company for each in told.citations}) == ("answer", {"Acme"})
    named = ask(QUESTION, filters={"company": ["佐伊公司"]})
    assert named.parts[0].text.startswith("The cases of Zoe Works do not")


def test_a_refusal_within_part_of_a_companys_cases_names_no_company(
    companies: Library, asking: Callable[[Reader], Ask]
) -> None:
    """They are the chosen cases; a name that is nowhere is said to be in no text at all."""
    ask = asking(ToldReader(lambda *_: 0.0))
    made = ask("Was the red bridge built in Botswana?", filters={"language": ["en"]})
    assert made.parts[0].text.startswith("The ")
    assert "No text of the collection names Botswana." in made.parts[0].text
    other = ask("What did Zoe Works do?", filters={"company": ["Acme"]})
    assert (other.outcome, other.citations) == ("absent", ())


def test_companies_share_the_quotations(
    companies: Library, asking: Callable[[Reader], Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of as many as there are each has its part, and one at least."""
    monkeypatch.setattr(extractive, "SHARE", 2.0)
    ask = asking(ToldReader(lambda *_: 0.9))
    monkeypatch.setattr(extractive, "QUOTES", 1)
    assert [c.company for c in ask(EACH).citations] == ["Acme", "Zoe Works"]


@pytest.fixture
def places(companies: Library) -> Library:
    """The companies' library, where the glossary knows a place that one document names."""
    groups = '[["Zoe Works", "佐伊公司"], ["Kenya", "肯尼亚"], ["Panama", "巴拿马"]]'
    (companies.folder / "glossary.json").write_text(groups, "utf-8")
    path = companies.folder / "bridge.txt"
    path.write_text(path.read_text("utf-8") + "\n桥在肯尼亚。\n", "utf-8")
    return companies


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("Which red bridge was built in Kenya?", "answer"),
        ("Which red bridge did Acme build in Kenya?", "answer"),
        ("Which red bridge was built in Panama?", "nearest"),
        ("Which red bridge was built in Sheffield?", "answer"),  # known to nobody as a name
    ],
)
def test_a_case_without_a_known_name_answers_nothing(
    places: Library, asking: Callable[[Reader], Ask], question: str, outcome: str
) -> None:
    """However sure the reader is; by any of its spellings a case has it."""
    made = asking(ToldReader(lambda *_: 0.9))(question)
    assert made.outcome == outcome
    assert made.confidence == (0.9 if outcome == "answer" else UNHELD)
    assert UNHELD < FOUND


def test_a_company_whose_case_lacks_a_known_name_is_silent(
    places: Library, asking: Callable[[Reader], Ask]
) -> None:
    """Beside another whose case has it, and where more is asked for."""
    ask = asking(ToldReader(lambda *_: 0.9))
    made = ask("What was built on hills in Kenya by Acme and Zoe Works?")
    assert {citation.company for citation in made.citations} == {"Acme"}
    assert made.parts[-1].text == "No answer was found on Zoe Works."
    assert ask("Tell me more", "Which red bridge was built in Panama?").outcome == "absent"


def test_a_companys_own_cases_are_read_where_anothers_were_nearer(
    companies: Library, asking: Callable[[Reader], Ask]
) -> None:
    """For the words that were read, so for a follow-up with its forerunner too."""
    first, then = "What did Acme build?", "Does green tea grow on the seven hills?"
    reader = ToldReader(lambda query, _: 0.9 if "Acme" in query.text else 0.2)
    ask = asking(reader)
    both = f"{first} {then}"
    made = ask(then, first)
    assert reader.asked[-2:] == [(both, {"Acme", "Zoe Works"}), (both, {"Acme"})]
    assert {citation.company for citation in made.citations} == {"Acme"}


FIRST = "What grows on the seven hills?"
NEXT = "Who built it?"
BOTH = f"{FIRST} {NEXT}"


@pytest.mark.parametrize(
    ("alone", "both", "quoted"),
    [
        (0.6, 0.6 + AHEAD + 0.01, GREEN),
        (0.6, 0.6 + AHEAD - 0.01, RED),
        (0.9, 0.2, RED),
        (0.1, 0.8, GREEN),
    ],
)
def test_a_follow_up_is_read_both_ways(
    asking: Callable[[Reader], Ask], alone: float, both: float, quoted: str
) -> None:
    """Alone, and with its forerunner before it where that is likelier by enough."""
    told = {FIRST: 0.9, NEXT: alone, BOTH: both}
    reader = ToldReader(lambda query, _: told[query.text])
    made = asking(reader)(NEXT, FIRST)
    assert [words for words, _ in reader.asked] == [NEXT, BOTH]
    assert (made.question, made.outcome) == (NEXT, "answer")
    assert quote(made)[0] == quoted
    assert made.confidence == (both if quoted == GREEN else alone)


def test_a_forerunner_is_the_readers_last_question(
    open_searcher: Callable[[Reader], Searcher],
) -> None:
    """Not what Casebook answered, and no small talk; without any, a question is read alone."""
    reader = ToldReader(lambda *_: 0.9)
    searcher = open_searcher(reader)
    history = [
        Turn("user", "Who sells violins?"), Turn("user", FIRST), Turn("assistant", RED),
        Turn("user", "Thank you!"), Turn("user", "tell me more"), Turn("user", "???"),
    ]  # fmt: skip
    answer(searcher.release, lambda: searcher, NEXT, history=history)
    assert [words for words, _ in reader.asked] == [NEXT, BOTH]
    reader.asked.clear()
    answer(searcher.release, lambda: searcher, NEXT, history=history[2:])
    assert [words for words, _ in reader.asked] == [NEXT]


WHOLE = "Who built the red bridge of 茶叶?"


class Model:
    """A language model that says what it is told for each form, and notes what it was asked."""

    def __init__(self, whole: str = WHOLE, translated: str = "谁建造了红桥？") -> None:
        """Take the questions that it fills in; nothing means that it does not come."""
        self.said = {"last": whole, "question": translated}
        self.asked: list[dict[str, object]] = []

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, object]) -> str:
        """Say it."""
        del schema
        told = json.loads(messages[-1]["content"])
        self.asked.append(told)
        said = self.said["last" if "last" in told else "question"]
        if not said:
            raise EndpointError("away")
        return json.dumps({"question": said})


@pytest.fixture
def bilingual(library: Library) -> Library:
    """The small library, with a text in Chinese."""
    (library.folder / "桥.txt").write_text("北方的桥\n\n没有人知道蓝色的桥有多老。\n", "utf-8")
    return library


class SeeingReader(ToldReader):
    """Notes the score of the best candidate, too."""

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """See ToldReader."""
        self.best = {**getattr(self, "best", {}), query.text: texts[0].candidate.score}
        return super().read(query, texts)


@pytest.mark.parametrize(
    ("told", "quoted"),
    [
        ({NEXT: 0.4, WHOLE: 0.4 + AHEAD + 0.01}, RED),
        ({NEXT: 0.4, WHOLE: 0.6, BOTH: 0.6 + AHEAD + 0.01}, GREEN),
        ({NEXT: 0.4, WHOLE: 0.6, BOTH: 0.6 + AHEAD - 0.01}, RED),
        ({NEXT: 0.9, WHOLE: 0.9 + AHEAD - 0.01}, RED),
    ],
)
def test_a_follow_up_made_whole_is_read_beside_the_others(
    bilingual: Library, asking: Callable[[Reader], Ask], told: dict[str, float], quoted: str
) -> None:
    """The better one counts; the model has the reader's questions alone, and is never shown."""
    model, reader = Model(), ToldReader(lambda query, _: told.get(query.text, 0.0))
    made = asking(reader)(NEXT, "hello", FIRST, rephraser=Rephraser(model))
    assert [words for words, _ in reader.asked][:3] == [NEXT, WHOLE, BOTH]
    assert model.asked == [
        {"before": ["hello", FIRST], "last": NEXT},
        {"question": WHOLE, "language": "Chinese (简体中文)"},
    ]
    assert quote(made)[0] == quoted
    assert made.question == NEXT
    assert WHOLE not in str(made.to_json())


def test_a_translation_widens_the_search(asking: Callable[[Reader], Ask]) -> None:
    """What it finds has its score, and is read for the question as it was asked."""
    question = "什么时候?"
    best = []
    for model in (Model(translated=""), Model(translated=QUESTION)):
        reader = SeeingReader(lambda *_: 0.9)
        made = asking(reader)(question, rephraser=Rephraser(model))
        assert [words for words, _ in reader.asked] == [question]
        assert model.asked == [{"question": question, "language": "English"}]
        assert made.found
        best.append(reader.best[question])
    assert best[1] > best[0]


def test_texts_in_the_readers_language_need_no_translation(asking: Callable[[Reader], Ask]) -> None:
    """Nor does what is said to Casebook; the model is not asked."""
    model = Model()
    ask = asking(ToldReader(lambda *_: 0.9))
    for question in (QUESTION, "hello"):
        ask(question, rephraser=Rephraser(model))
    assert model.asked == []


@pytest.mark.parametrize("confidence", [0.0, NEAR, FOUND])
def test_what_a_model_writes_is_never_shown(
    companies: Library, asking: Callable[[Reader], Ask], confidence: float
) -> None:
    """No name that it invents is told to be lacking; what the reader named is, if it is."""
    model = Model("Did Xanthippe and Huawei and Acme build it?", "谁是 Xanthippe ?")
    reader = ToldReader(lambda query, _: confidence if "Xan" in query.text else 0.0)
    ask, before = asking(reader), [FIRST, "Is it by Huawei?"]
    for asked in ([NEXT, *before], ["more", *before, NEXT]):
        made = ask(*asked, rephraser=Rephraser(model))
        assert any("Xanthippe" in words for words, _ in reader.asked)
        assert "Xanthippe" not in str(made.to_json())
        assert ("Huawei" in made.text) is (made.outcome == "nearest")


@pytest.mark.parametrize(
    ("whole", "translated"),
    [("", ""), ("?!", "?!"), (NEXT, "Not Chinese at all"), ("Was it 1887?", "x" * 401)],
)
def test_a_model_that_helps_nothing_changes_nothing(
    asking: Callable[[Reader], Ask], whole: str, translated: str
) -> None:
    """Away, nonsense, another language, a number that nobody said: as if there were none."""
    told = {NEXT: 0.2, BOTH: 0.8}
    made, read = [], []
    for given in ({}, {"rephraser": Rephraser(Model(whole, translated))}):
        reader = ToldReader(lambda query, _: told[query.text])
        made.append(replace(asking(reader)(NEXT, FIRST, **given), elapsed_ms=0.0))
        read.append(reader.asked)
    assert made[0] == made[1]
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("forms", "asked", "read"),
    [
        (3.5, ["before", "question"], [NEXT, WHOLE, BOTH]),
        (2.5, ["question"], [NEXT, BOTH]),
        (1.5, [], [NEXT, BOTH]),
        (0.5, [], [NEXT]),
    ],
)
def test_a_question_is_read_in_as_many_ways_as_there_is_time_for(
    bilingual: Library, asking: Callable[[Reader], Ask], caplog: pytest.LogCaptureFixture,
    forms: float, asked: list[str], read: list[str],
) -> None:  # fmt: skip
    """As each may take as long as a form; one line of the log says that some are left out."""
    model, reader = Model(), ToldReader(lambda *_: 0.9)
    made = asking(reader)(NEXT, FIRST, limit=forms * FORM, rephraser=Rephraser(model))
    assert made.found
    assert [next(iter(each)) for each in model.asked] == asked
    assert [words for words, _ in reader.asked] == read
    lines = [each.getMessage() for each in caplog.records if each.name == "casebook"]
    assert lines == ["a question is read in fewer ways: the language model takes its time"] * (
        forms < 3
    )


FAULTS: dict[str, Script] = {
    "down": scripted_endpoint.answer(503),
    "silent": scripted_endpoint.be_silent(begun=False),
    "broken off": scripted_endpoint.send(b'data: {"choices": [{"delta": {"content": "{"}}]}\n\n'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_costs_one_wait_and_one_line(
    asking: Callable[[Reader], Ask], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """For whole, translation and choices together; the answer is that of the other reader."""
    inner = CosineReader(FakeEncoder())
    plain = asking(inner)(NEXT, FIRST)
    with scripted_endpoint.serving(FAULTS[fault]) as server:
        limits = EndpointLimits(first=0.3, total=0.5)
        model = Breaker(Endpoint(server.url, "small", limits=limits).complete)
        made = asking(Chooser(inner, model))(NEXT, FIRST, rephraser=Rephraser(model))
        assert len(server.asked) <= 1
    assert replace(made, elapsed_ms=0.0) == replace(plain, elapsed_ms=0.0)
    [line] = [each.getMessage() for each in caplog.records if each.name == "casebook"]
    assert line.startswith("no question by the language model: ")


def test_more_is_told_until_there_is_none(asking: Callable[[Reader], Ask]) -> None:
    """Other sentences of the case that answered, each time; then that there are no more."""
    ask = asking(ToldReader(lambda *_: 0.9))
    first = ask(QUESTION)
    once = ask("Tell me more", QUESTION)
    twice = ask("还有吗？", QUESTION, "Tell me more", language="en")
    said = [*quote(first), *quote(once)]
    assert quote(first) == [RED]
    assert {c.document for c in once.citations} == {"bridge.txt"}
    assert " ".join(quote(once)).count(".") == extractive.MORE
    assert not [each for each in quote(once) if RED in each]
    assert (once.outcome, once.confidence) == ("answer", 0.9)
    assert quote(twice) == []
    assert (twice.found, twice.text) == (False, "The collection has no more on this.")
    assert len(set(said)) == len(said)


def test_thanks_between_two_calls_for_more_count_for_nothing(
    library: Library, asking: Callable[[Reader], Ask]
) -> None:
    """The second call goes on where the first ended."""
    more = " ".join(f"Plank{number} holds{number} firm{number}." for number in range(9))
    (library.folder / "bridge.txt").write_text(f"Bridges\n\n{RED} {more}\n", "utf-8")
    ask = asking(ToldReader(lambda *_: 0.9))
    once = ask("more", QUESTION)
    thanked = ask("more", QUESTION, "more", "thanks")
    assert quote(thanked) == quote(ask("more", QUESTION, "more")) != []
    assert not {*quote(once)} & {*quote(thanked)}


def test_more_is_of_what_a_follow_up_was_about(asking: Callable[[Reader], Ask]) -> None:
    """Where that was answered with its forerunner before it, so is what goes on from it."""
    told = {FIRST: 0.9, NEXT: 0.1, BOTH: 0.8}
    ask = asking(ToldReader(lambda query, _: told[query.text]))
    followed = ask(NEXT, FIRST)
    more = ask("Tell me more", FIRST, NEXT)
    assert {c.document for c in followed.citations} == {"tea.txt"}
    assert {c.document for c in more.citations} == {"tea.txt"}
    assert not {*quote(followed)} & {*quote(more)}


def test_more_is_told_of_companies(companies: Library, asking: Callable[[Reader], Ask]) -> None:
    """Of those that a question named and nothing else, whatever a reader says to it."""
    ask = asking(ToldReader(lambda *_: 0.0))
    told, more = ask("佐伊公司"), ask("Tell me more", "佐伊公司")
    assert quote(told) == [GREEN]
    assert (more.outcome, more.confidence) == ("answer", 1.0)
    assert {c.company for c in more.citations} == {"Zoe Works"}
    assert GREEN not in " ".join(quote(more))
    last = ask("Tell me more", "佐伊公司", *["Tell me more"] * 3)
    assert last.text == "The collection has no more on this."


def test_a_case_that_begins_with_a_table_is_told_by_its_first_row(
    library: Library, asking: Callable[[Reader], Ask]
) -> None:
    """The header alone would say nothing."""
    (library.folder / "lamps.txt").write_text(TABLE, "utf-8")
    (library.folder / "lamps.txt.json").write_text('{"company": "Lux Works"}', "utf-8")
    assert quote(asking(ToldReader(lambda *_: 0.0))("Lux Works")) == ["2020 | 40"]


def test_more_of_nothing_is_told(asking: Callable[[Reader], Ask]) -> None:
    """Before any question Casebook says what it is; what was not answered has no more."""
    ask = asking(ToldReader(lambda *_: 0.3))
    assert ask("Tell me more").mode == "about"
    assert ask("Tell me more", "hello").mode == "about"
    made = ask("Tell me more", QUESTION)
    assert (made.outcome, made.citations) == ("absent", ())
    assert made.text.startswith("The collection does not answer this.")


@pytest.mark.parametrize(("found", "near"), [(0.0, 0.0), (2.0, 0.0)])
@pytest.mark.parametrize("question", ["Year Lamps", "How many lamps in the year 2021?"])
def test_the_header_of_a_table_is_never_quoted(
    library: Library, asking: Callable[[Reader], Ask], monkeypatch: pytest.MonkeyPatch,
    found: float, near: float, question: str,
) -> None:  # fmt: skip
    """Not as an answer, not as near, not as more, though it be nearest; its rows are."""
    (library.folder / "lamps.txt").write_text(TABLE, "utf-8")
    monkeypatch.setattr(answering, "FOUND", found)
    monkeypatch.setattr(answering, "NEAR", near)
    monkeypatch.setattr(extractive, "SHARE", 2.0)
    ask = asking(CosineReader(FakeEncoder()))
    made = [ask(question), *(ask("more", question, *["more"] * times) for times in range(6))]
    quoted = " / ".join(each for one in made for each in quote(one))
    assert made[0].outcome == ("answer" if found == 0 else "nearest")
    assert "2020 | 40" in quoted
    assert "Year | Lamps" not in quoted
