"""regression_questions: labels read, answers judged, releases compared; and the shipped file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.answer import Answer, Citation
from chatbot.evaluation.regression_questions import (
    Change,
    HandedPassage,
    Outcome,
    Question,
    Quoted,
    Setback,
    compare,
    is_right,
    read_questions,
)
from corpus.errors import DocumentError, ModelError, ReleaseError
from corpus.library import Library
from tests.conftest import REPORTS

CITATION = Citation(
    1, "", "text", "d", "0", "d.txt", 0, 1, "", 0, None, "c", "Case", "", "", "", "", "cases/c#c0-1"
)


def say(*quotes: str) -> Answer:
    """Return an answer that quotes these words, or that nothing was found."""
    citations = tuple(replace(CITATION, number=n, quote=q) for n, q in enumerate(quotes, 1))
    return Answer(
        "q", "en", bool(quotes), "extractive" if quotes else "absent", (), citations, (), (), 0.9,
        "r", 1.0,
    )  # fmt: skip


def near(*quotes: str) -> Answer:
    """Return the same words, quoted as what is merely nearest."""
    return replace(say(*quotes), found=False, mode="nearest")


def ask(**answers: Said) -> Asked:
    """Return something to ask: question to quotations, an answer, or the error that it raises."""
    return Asked(answers)


Said = Sequence[str] | Answer | Exception


class Asked:
    """Answers from a table, and notes what it was asked and what it was to hand over."""

    def __init__(self, answers: dict[str, Said]) -> None:
        """Take the table."""
        self.answers = answers
        self.asked: list[str] = []
        self.searched: list[str] = []
        self.near: dict[str, Sequence[str] | Exception] = {}

    def hand(self, **near: Sequence[str] | Exception) -> Asked:
        """Have passages handed over for questions, of documents `near-1`, `near-2`; or raise."""
        self.near = near
        return self

    def __call__(self, question: str) -> Outcome:
        """Answer, or raise."""
        self.asked.append(question)
        answer = self.answers[question]
        if isinstance(answer, Exception):
            raise answer
        made = answer if isinstance(answer, Answer) else say(*answer)
        return Outcome(made, self._search(question))

    def _search(self, question: str) -> Iterator[HandedPassage]:
        self.searched.append(question)
        near = self.near.get(question, ())
        if isinstance(near, Exception):
            raise near
        for number, passage in enumerate(near, 1):
            yield HandedPassage(f"near-{number}", passage)


def put(folder: Path, *lines: str | bytes) -> Path:
    """Write a file of questions."""
    path = folder / "questions.jsonl"
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    )
    return path


def label(question: str, *answers: str) -> Question:
    """Return an English question with its answers."""
    return Question(question, "en", answers)


def test_questions_are_read_in_order(tmp_path: Path) -> None:
    """One object a line; blank lines, a byte order mark and Windows' line ends do no harm."""
    path = put(
        tmp_path,
        b'\xef\xbb\xbf{"question": "How  many? ", "language": "en", "answers": ["3 m", "4"]}\r',
        "",
        '{"answers": [], "language": "zh", "question": "股价\u2028是多少？"}',
        "",
    )
    assert read_questions(path) == [
        Question("How many?", "en", ("3 m", "4")),
        Question("股价 是多少？", "zh", ()),
    ]


def test_no_file_has_no_questions(tmp_path: Path) -> None:
    """A library without labelled questions is one without a gate."""
    assert read_questions(tmp_path / "questions.jsonl") == []
    assert read_questions(put(tmp_path, "")) == []


GOOD = '{"question": "Where?", "language": "en", "answers": ["here"]}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON in UTF-8"),
        (b'"\xff"', "not JSON in UTF-8"),
        ("[" * 100_000, "not JSON in UTF-8"),
        ("[]", "write these three"),
        ('{"question": "Why?", "language": "en"}', "write these three"),
        ('{"question": "Why?", "language": "en", "answers": [], "id": 1}', "write these three"),
        ('{"question": 7, "language": "en", "answers": []}', "question is not a text"),
        ('{"question": " ?! ", "language": "en", "answers": []}', "no words"),
        (json.dumps({"question": "a" * 2001, "language": "en", "answers": []}), "at most 2000"),
        ('{"question": "Why?", "language": "English", "answers": []}', "write it as en or zh"),
        ('{"question": "Why?", "language": null, "answers": []}', "write it as en or zh"),
        ('{"question": "Why?", "language": "en", "answers": "so"}', "answers is not a list"),
        ('{"question": "Why?", "language": "en", "answers": [1]}', "answers is not a list"),
        ('{"question": "Why?", "language": "en", "answers": ["so", " "]}', "answers is not a list"),
        ('{"question": " Where? ", "language": "zh", "answers": []}', "asks what line 1 asks"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str | bytes, words: str) -> None:
    """The file, the line and the mend stand in one line; blank lines count."""
    with pytest.raises(DocumentError) as caught:
        read_questions(put(tmp_path, GOOD, "", line))
    assert str(caught.value).startswith("questions.jsonl: line 3: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder in the file's place is an error, not an empty list; so is a file without end."""
    (tmp_path / "questions.jsonl").mkdir()
    with pytest.raises(DocumentError, match=r"questions.jsonl: cannot be read \(Is a directory\)"):
        read_questions(tmp_path / "questions.jsonl")
    with (tmp_path / "large.jsonl").open("wb") as file:
        file.truncate(2**25)
    with pytest.raises(DocumentError, match=r"large.jsonl: more than 16 MiB"):
        read_questions(tmp_path / "large.jsonl")


@pytest.mark.parametrize(
    ("answers", "quotes", "right"),
    [
        (("3 million",), ("about 3 million people",), True),
        (("3 million",), ("other words", "about 3 million people"), True),
        (("3 million", "three million"), ("about three million people",), True),
        (("3 million",), ("about 3\u00a0\n million people",), True),
        (("3\nmillion ",), ("about 3 million people",), True),
        (("3 million",), ("about 3  Million people",), False),
        (("3 million",), ("about 3", "million people"), False),
        (("3 million",), ("30 millions",), False),
        (("3 million",), (), False),
        ((), (), True),
        ((), ("3 million",), False),
    ],
)
def test_an_answer_is_judged_by_characters(
    answers: tuple[str, ...], quotes: tuple[str, ...], right: bool
) -> None:
    """One quotation has to hold one of the answers; where there is none, nothing may be quoted."""
    assert is_right(label("q", *answers), say(*quotes)) is right


def test_what_is_merely_near_is_never_right_for_an_answerable_question() -> None:
    """The outcome counts, whatever citations stand beside it."""
    assert not is_right(label("q", "3 million"), near("3 million"))
    assert is_right(label("q"), near("3 million"))


QUESTIONS = [label("kept", "k"), label("lost", "l"), label("won", "w"), label("wrong", "x")]
QUESTIONS += [label("none"), label("same", "s"), label("weaker", "n")]


def test_releases_are_compared() -> None:
    """What is right now, what was before, and what changed, in the file's order."""
    before = ask(
        kept=["k"], lost=["l"], won=[], wrong=["a"], none=[], same=["s"], weaker=["n"]
    )  # fmt: skip
    now = ask(
        kept=["other", "k"], lost=["other"], won=["w"], wrong=["b"], none=[], same=["s"], weaker=[]
    ).hand(weaker=["n"])  # fmt: skip
    steps: list[tuple[int, int]] = []
    report = compare(QUESTIONS, before, now, lambda done, total: steps.append((done, total)))
    assert (report.asked, report.right, report.right_before, report.kept) == (7, 4, 5, 3)
    assert [each.question for each in report.lost] == ["lost"]
    assert [each.question for each in report.weaker] == ["weaker"]
    assert report.won == ("won",)
    assert report.wrong == ("lost", "wrong", "weaker")
    assert [each.question for each in report.changed] == ["kept", "wrong"]
    kept, wrong = report.changed
    assert kept == Change(
        "kept", ("k",), Quoted("k", "d.txt"), Quoted("other", "d.txt"), ("answer", "answer"), True
    )
    assert (wrong.right, wrong.now.quote) == (False, "b")
    assert steps == [(number, 7) for number in range(1, 8)]
    assert before.asked == now.asked == [question.question for question in QUESTIONS]


def test_the_report_is_data() -> None:
    """A question that went back is a record: what was expected, what was quoted, what is now."""
    before = ask(a=["1", "it is a"], b=["b"])
    now = ask(a=[], b=["c"]).hand(a=["x", "long\n\na"])
    told = json.loads(
        json.dumps(compare([label("a", "a"), label("b", "b")], before, now).to_json())
    )
    assert told == {
        "asked": 2,
        "right": 0,
        "right_before": 2,
        "kept": 0,
        "weaker": [
            {
                "question": "a",
                "expected": ["a"],
                "before": {"quote": "it is a", "document": "d.txt"},
                "now": {"quote": "long\n\na", "document": "near-2"},
                "error": "",
            }
        ],
        "lost": [
            {
                "question": "b",
                "expected": ["b"],
                "before": {"quote": "b", "document": "d.txt"},
                "now": {"quote": "c", "document": "d.txt"},
                "error": "",
            }
        ],
        "won": [],
        "wrong": ["a", "b"],
        "changed": [],
    }


def went(
    question: Question, was: Sequence[str], said: Said, handed: Sequence[str] | Exception = ()
) -> tuple[str, Setback | None]:
    """Return what became of a question that was right, and the record of it."""
    now = ask(q=said).hand(q=handed)
    report = compare([question], ask(q=was), now)
    assert report.right_before == 1
    counts = (report.kept, len(report.weaker), len(report.lost))
    assert sorted(counts) == [0, 0, 1]
    return ("kept", "weaker", "lost")[counts.index(1)], next(
        iter((*report.weaker, *report.lost)), None
    )


@pytest.mark.parametrize(
    ("said", "handed", "became", "now"),
    [
        (["a"], (), "kept", None),
        (["x", "y", "so a is"], (), "kept", None),
        ([], ["x", "so a\n is"], "weaker", Quoted("so a\n is", "near-2")),
        ([], ["a", "a a"], "weaker", Quoted("a", "near-1")),
        (near("a", "x"), (), "weaker", Quoted("a", "d.txt")),
        (near("x", "a"), (), "weaker", Quoted("a", "d.txt")),
        (near("x"), ["a"], "weaker", Quoted("a", "near-1")),
        (near("x"), ["y"], "lost", Quoted()),
        ([], ["x", "y"], "lost", Quoted()),
        ([], (), "lost", Quoted()),
        (["x", "y"], ["a"], "lost", Quoted("x", "d.txt")),
    ],
)
def test_what_became_of_a_right_answer(
    said: Said, handed: Sequence[str], became: str, now: Quoted | None
) -> None:
    """Quoted wherever: kept. Refused, but among what is nearest: weaker. Gone or wrong: lost."""
    found, setback = went(label("q", "no", "a"), ["a"], said, handed)
    assert found == became
    assert (setback and setback.now) == now
    if setback:
        assert (setback.expected, setback.before) == (("no", "a"), Quoted("a", "d.txt"))


def test_what_was_refused_rightly_is_lost_once_it_is_answered() -> None:
    """Nothing was quoted before; cases or passages that are shown as near are no answer."""
    none = label("q")
    assert went(none, [], [], ["x"]) == ("kept", None)
    assert went(none, [], near("x")) == ("kept", None)
    answered = Setback("q", (), Quoted(), Quoted("x", "d.txt"))
    assert went(none, [], ["x", "y"], ["x"]) == ("lost", answered)


def test_what_is_merely_near_is_no_change() -> None:
    """What is quoted as near may be another thing in every release; that it is, is told."""
    before = ask(q=near("x"))
    assert compare([label("q")], before, ask(q=near("y"))).changed == ()
    [change] = compare([label("q", "no")], before, ask(q=["x"])).changed
    assert (change.outcomes, change.right) == (("nearest", "answer"), False)
    [change] = compare([label("q")], before, ask(q=[])).changed
    assert (change.before.quote, change.now.quote, change.right) == ("x", "", True)


def test_the_words_that_differ_are_the_ones_told() -> None:
    """Not the first of each answer, where that is the same; without any, what still is quoted."""
    [change] = compare([label("q", "a")], ask(q=["a", "b"]), ask(q=["a", "c"])).changed
    assert (change.before.quote, change.now.quote) == ("b", "c")
    [change] = compare([label("q", "a")], ask(q=["a", "b"]), ask(q=["a"])).changed
    assert (change.before.quote, change.now.quote) == ("b", "a")
    [change] = compare([label("q", "x")], ask(q=["a"]), ask(q=ReleaseError("damaged"))).changed
    assert (change.before.quote, change.now.quote, change.error) == ("a", "", "damaged")


def test_what_was_near_was_not_right() -> None:
    """Nothing is lost by it; it is won where the same words are the answer."""
    question = label("q", "x")
    gone = compare([question], ask(q=near("x")), ask(q=[]))
    assert (gone.right_before, gone.lost, gone.weaker) == (0, (), ())
    won = compare([question], ask(q=near("x")), ask(q=["x"]))
    assert (won.right, won.won) == (1, ("q",))


def test_words_that_stand_twice_count_at_either_place() -> None:
    """A case that was reprinted may be quoted, or be near, from its other document."""
    reprint = replace(CITATION, quote="it is a", document="reprint.txt")
    made = replace(say("a"), citations=(reprint,))
    assert went(label("q", "a"), ["a"], made) == ("kept", None)
    shown = replace(made, found=False, mode="nearest")
    assert went(label("q", "a"), ["a"], shown)[0] == "weaker"
    assert went(label("q", "a"), ["it is a"], [], ["so it is", "so a is"])[0] == "weaker"


def test_passages_are_searched_only_where_they_count() -> None:
    """For what was right and is refused now; never of the release before, nor if nothing was."""
    before = ask(**{question.question: [] for question in QUESTIONS} | {"kept": ["k"]})
    now = ask(**{question.question: [] for question in QUESTIONS}).hand(kept=["k"])
    assert [each.question for each in compare(QUESTIONS, before, now).weaker] == ["kept"]
    assert (before.searched, now.searched) == ([], ["kept"])
    assert compare(QUESTIONS, None, now).weaker == ()
    assert compare(QUESTIONS, now, before).lost == ()
    assert (before.searched, now.searched) == ([], ["kept"])


def test_without_a_release_before_there_is_nothing_to_lose() -> None:
    """A first release loses and wins nothing."""
    now = ask(kept=["k"], lost=[], won=["w"], wrong=[], none=["n"], same=["s"], weaker=[])
    report = compare(QUESTIONS, None, now)
    assert (report.asked, report.right, report.right_before, report.kept) == (7, 3, None, 0)
    assert (report.lost, report.weaker, report.won, report.changed) == ((), (), (), ())
    assert report.wrong == ("lost", "wrong", "none", "weaker")


def test_what_cannot_be_asked_now_is_wrong() -> None:
    """An error stops no gate: a question that was right before is lost by it, and says why."""
    before = ask(a=["a"], b=[])
    now = ask(a=ReleaseError("damaged"), b=ReleaseError("damaged"))
    report = compare([label("a", "a"), label("b")], before, now)
    assert (report.right, report.right_before) == (0, 2)
    assert report.lost == (
        Setback("a", ("a",), Quoted("a", "d.txt"), Quoted(), "damaged"),
        Setback("b", (), Quoted(), Quoted(), "damaged"),
    )
    assert (report.wrong, report.changed) == (("a", "b"), ())
    found, setback = went(label("q", "a"), ["a"], [], ReleaseError("no passages"))
    assert (found, setback and setback.error) == ("lost", "no passages")


def test_what_could_not_be_asked_before_is_not_compared() -> None:
    """Such a question is neither lost nor won nor changed; where all are such, nothing was live."""
    questions = [label("a", "a"), label("b", "b")]
    broken = ModelError("no model")
    now = ask(a=["a"], b=[])
    report = compare(questions, ask(a=broken, b=["b"]), now)
    assert (report.right, report.right_before) == (1, 1)
    assert ([each.question for each in report.lost], report.won) == (["b"], ())
    assert report.changed == ()
    assert compare(questions, ask(a=broken, b=broken), now).right_before is None


def test_another_error_is_not_swallowed() -> None:
    """A mistake in the code is no wrong answer."""
    with pytest.raises(ZeroDivisionError):
        compare([label("a")], None, ask(a=ZeroDivisionError()))


def test_no_questions_are_no_gate() -> None:
    """An empty list gives an empty report."""
    report = compare([], ask(), ask())
    assert (report.asked, report.right, report.right_before) == (0, 0, None)


QUOTES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)


@given(rows=st.lists(st.tuples(st.booleans(), QUOTES, QUOTES, QUOTES), max_size=6))
def test_the_counts_and_the_lists_agree(
    rows: list[tuple[bool, list[str], list[str], list[str]]],
) -> None:
    """What was right is kept, weaker or lost; what is kept or won is right, all else is wrong."""
    names = [f"q{number}" for number in range(len(rows))]
    questions = [
        label(name, *(["a"] if held else []))
        for name, (held, _, _, _) in zip(names, rows, strict=True)
    ]
    before = ask(**{name: was for name, (_, was, _, _) in zip(names, rows, strict=True)})
    now = ask(**{name: is_now for name, (_, _, is_now, _) in zip(names, rows, strict=True)})
    now.hand(**{name: near for name, (_, _, _, near) in zip(names, rows, strict=True)})
    report = compare(questions, before, now)
    setbacks = [each.question for each in (*report.lost, *report.weaker)]
    assert report.kept + len(setbacks) == (report.right_before or 0)
    assert report.right == report.kept + len(report.won)
    assert report.right + len(report.wrong) == report.asked == len(rows)
    assert len({*setbacks}) == len(setbacks)
    assert {*setbacks} <= set(report.wrong)
    assert not {each.question for each in report.changed} & {*setbacks, *report.won}
    assert all(each.right == (each.question not in report.wrong) for each in report.changed)
    assert compare(questions, now, now).changed == ()


@pytest.fixture(scope="module")
def shipped() -> list[Question]:
    """The questions beside the shipped report."""
    return read_questions(REPORTS / "questions.jsonl")


def test_every_shipped_answer_stands_in_one_sentence(shipped: list[Question]) -> None:
    """A label that no quotation could hold would be wrong for ever."""
    library = Library(REPORTS)
    passages = [p for name in library.names() for p in library.read(name).passages]
    sentences = [" ".join(s.text.split()) for passage in passages for s in passage.sentences]
    for question in shipped:
        for words in question.answers:
            assert any(words in sentence for sentence in sentences), (question.question, words)


def test_the_shipped_questions_ask_about_everything(shipped: list[Question]) -> None:
    """English and Chinese to much the same number, others too, and enough that has no answer."""
    languages = Counter(question.language for question in shipped)
    assert len(shipped) >= 80
    assert languages.keys() == {"en", "zh", "es", "fr", "ru", "ar"}
    assert all(languages[language] >= 0.4 * len(shipped) for language in ("en", "zh"))
    absent = [question for question in shipped if not question.answers]
    assert 0.2 < len(absent) / len(shipped) < 0.4
    assert {question.language for question in absent} == languages.keys()
    entry = Library(REPORTS).read(Library(REPORTS).names()[0])
    for case in entry.cases:
        about = [q for q in shipped if any(words in case.text for words in q.answers)]
        assert len(about) >= 7, case.title
    captions = " ".join(p.text for p in entry.passages if p.kind == "caption")
    prose = " ".join(p.text for p in entry.passages if p.kind == "paragraph")
    held = [words for question in shipped for words in question.answers]
    assert sum(words in captions and words not in prose for words in held) >= 3


def test_the_shipped_file_can_be_read_by_people(shipped: list[Question]) -> None:
    """Chinese stands as itself, one question a line, the keys in the order that the README says."""
    lines = (REPORTS / "questions.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(shipped)
    for line in lines:
        fields = json.loads(line)
        assert list(fields) == ["question", "language", "answers"]
        assert json.dumps(fields, ensure_ascii=False) == line
