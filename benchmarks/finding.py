"""How often the right place is found, in which language, and whether growth changes it.

    python -m benchmarks.finding --data FOLDER [--only NAME ...]

FOLDER holds question sets, wherever below it: XQuAD in English and Chinese (`xquad.en.json` and
`xquad.zh.json`, or the open articles' `xquad-open.*`), `cases.jsonl`, `collection/` with documents
and questions, and SQuAD's and CMRC's paragraphs as documents that have nothing to do with anything.
Prints a line for each figure:

    paragraphs   R@1 over XQuAD's 240 paragraphs in one language, in the other, and every second one
                 Chinese; where the file is whole, of the articles that nothing was trained on
    collection   whether a right sentence is among the 3, 6 and 8 chunks handed over
    cases        the same of company cases that nothing was trained on, asked of all of them
    growth       the report's known questions with one unrelated document beside it, English,
                 Chinese and bilingual, short and long, and with 10, 50 and 500: how many are lost
                 and weaker by the gate's rules, and how many have the same first quotation
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.squad import Question, name_document, read_paragraphs, read_questions
from chatbot.evaluation.regression_questions import Outcome, compare
from chatbot.evaluation.regression_questions import read_questions as read_known
from chatbot.evaluation.temporary_release import open_trial
from chatbot.publishing.publisher import ask_of
from corpus.files import read_file
from corpus.library import LARGEST, QUESTIONS, Library, Offer
from index.build import build
from index.encoder.encoder import Encoder
from index.models import load_encoder
from index.searcher import READ, Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from training.collections import lay_out
from training.question_sets import HELD, is_held

REPORTS = Path(__file__).parents[1] / "corpus" / "reports"
_RADICALS = str.maketrans(
    "⻚⻅⻓⻔⻛⻝⻢⻥⻩⻬⺠⺟⻄⻆⻋⻘⻣⻤⻨⻰⾧",
    "页见长门风食马鱼黄齐民母西角车青骨鬼麦龙长",
)
_LANGUAGES = ("en", "zh")
_ADDED = (10, 50, 500)
_PAGES = 80 * 3000  # characters of a long document

Say = Callable[[str], None]


def measure_paragraphs(data: Path, work: Path, encoder: Encoder, say: Say) -> None:
    """Print R@1 over XQuAD in one language, across and mixed."""
    files = {tag: find_xquad(data, tag) for tag in _LANGUAGES}
    texts = {tag: read_paragraphs(path) for tag, path in files.items()}
    mixed = [texts[_LANGUAGES[number % 2]][number] for number in range(len(texts["en"]))]
    judged = list_judged(files["en"])
    libraries = {**texts, "mixed": mixed}
    for name, paragraphs in libraries.items():
        named = {name_document(number): text for number, text in enumerate(paragraphs)}
        searcher = Searcher(open_trial(named, work, encoder)[0], encoder)
        for tag in _LANGUAGES:
            every = zip(read_questions(files[tag], files[tag]), judged, strict=True)
            asked = [each for each, is_judged in every if is_judged]
            ranks = [(each, _rank(searcher, each)) for each in tqdm(asked, leave=False)]
            if name == "mixed":
                for same in (True, False):
                    part = [
                        rank
                        for each, rank in ranks
                        if (_LANGUAGES[int(each.document[:5]) % 2] == tag) == same
                    ]
                    where = "its own language" if same else "the other language"
                    say(f"XQuAD mixed, {tag} questions, text in {where}: {_tell(part)}")
            else:
                say(f"XQuAD {tag} over {name}: {_tell([rank for _, rank in ranks])}")


def measure_collection(data: Path, encoder: Encoder, say: Say) -> None:
    """Print how often what is handed over holds a right sentence, for `collection/`."""
    folder = next(iter(sorted(data.rglob("collection/questions.jsonl")))).parent
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line.strip()]
    with tempfile.TemporaryDirectory() as place:
        release = _build_beside(sorted((folder / "documents").iterdir()), Path(place), encoder)
        searcher = Searcher(release, encoder)
        ranks = []
        for each in tqdm(questions, leave=False):
            if each["expect"] == "answer":
                text = " ".join([*each["history"][-1:], each["question"]])
                ranks.append(_rank_chunk(searcher, text, [_squash(one) for one in each["quotes"]]))
    say(f"collection, answer handed over among 3, 6, 8: {_tell_depths(ranks)}")


def measure_cases(data: Path, work: Path, encoder: Encoder, say: Say) -> None:
    """Print the same for the company cases that were kept apart."""
    path = next(iter(sorted(data.rglob("cases.jsonl"))))
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    cases = [case for case in cases if is_held(case["id"])]
    texts = {name_document(number): lay_out(case)[0] for number, case in enumerate(cases)}
    searcher = Searcher(open_trial(texts, work, encoder)[0], encoder)
    ranks = []
    for case in tqdm(cases, leave=False):
        for each in case["questions"]:
            golds = [_squash(case["sentences"][number]) for number in each["gold"]]
            if golds:
                text = " ".join([*(each.get("history") or [])[-1:], each["question"]])
                ranks.append(_rank_chunk(searcher, text, golds))
    say(f"company cases kept apart, handed over among 3, 6, 8: {_tell_depths(ranks)}")


def measure_growth(data: Path, encoder: Encoder, say: Say) -> None:
    """Print what unrelated documents change for the report's known questions."""
    questions = read_known(REPORTS / QUESTIONS)
    with tempfile.TemporaryDirectory() as place:
        alone = _build_beside([], Path(place, "alone"), encoder)
        before = ask_of(alone, encoder)
        firsts = {each.question: _first(before(each.question)) for each in questions}
        for name, texts in _list_unrelated(data):
            folder = Path(place, "beside")
            shutil.rmtree(folder, ignore_errors=True)
            grown = _build_texts(texts, folder, encoder)
            now = ask_of(grown, encoder)
            report = compare(questions, before, now)
            same = [_first(now(question)) == first for question, first in firsts.items() if first]
            say(
                f"beside {name}: {report.right} of {report.asked} right, {report.right_before} "
                f"alone; {len(report.lost)} lost, {len(report.weaker)} weaker; the same first "
                f"quotation {np.mean(same):.3f}"
            )


def _list_unrelated(data: Path) -> Iterator[tuple[str, list[str]]]:
    english = read_paragraphs(next(iter(sorted(data.rglob("squad2-half.en.json")))))
    chinese = read_paragraphs(next(iter(sorted(data.rglob("cmrc2018-dev.zh.json")))))
    both = [text for pair in zip(english, chinese, strict=False) for text in pair]
    yield "an English note", [english[5][:160]]
    yield "a Chinese note", [chinese[5][:60]]
    yield "a bilingual note", [f"{english[6][:120]}\n\n{chinese[6][:60]}"]
    yield "80 English pages", ["\n\n".join(english)[:_PAGES]]
    yield "80 Chinese pages", ["\n\n".join(chinese)[: _PAGES // 3]]
    yield "80 bilingual pages", ["\n\n".join(both)[: _PAGES // 2]]
    for count in _ADDED:
        yield f"{count} documents", both[20 : 20 + count]


def _first(outcome: Outcome) -> str:
    return outcome.answer.citations[0].quote if outcome.answer.found else ""


def _rank(searcher: Searcher, question: Question) -> int:
    hits = searcher.search(question.text, 3 * READ)
    names = list(dict.fromkeys(hit.document.name for hit in hits))
    return names.index(question.document) if question.document in names else len(names)


def _rank_chunk(searcher: Searcher, text: str, golds: Sequence[str]) -> int:
    """Return the place, from 0, of the first chunk handed over that holds a right sentence."""
    query = searcher.parse(text)
    chunks = list(dict.fromkeys(each.candidate.chunk for each in searcher.find(query, READ)))
    for place, chunk in enumerate(chunks[:READ]):
        for passage, _, _ in searcher.release.chunk(chunk):
            said = [_squash(sentence.text) for sentence in passage.sentences]
            if any(gold in sentence or sentence in gold for gold in golds for sentence in said):
                return place
    return READ


def _squash(text: str) -> str:
    even = unicodedata.normalize("NFKC", text.translate(_RADICALS)).translate(_RADICALS)
    return "".join(even.replace("\u00ad", "").split()).casefold()


def _tell(ranks: Sequence[int]) -> str:
    found = np.array(ranks)
    return f"R@1 {np.mean(found < 1):.3f}, R@8 {np.mean(found < 8):.3f} of {len(found)}"


def _tell_depths(ranks: Sequence[int]) -> str:
    found = np.array(ranks)
    return ", ".join(f"{np.mean(found < k):.3f}" for k in (3, 6, 8)) + f" of {len(found)}"


def find_xquad(data: Path, tag: str) -> Path:
    """Return the file of XQuAD in a language, whole where it is there."""
    for name in (f"xquad.{tag}.json", f"xquad-open.{tag}.json"):
        for path in sorted(data.rglob(name)):
            return path
    raise SystemExit(f"{data}: neither xquad.{tag}.json nor xquad-open.{tag}.json is in it")


def list_judged(path: Path) -> list[bool]:
    """Tell of each question whether its article judges; of all, where no such article is there."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    held = [article["title"] in HELD for article in articles]
    return [
        one or not any(held)
        for one, article in zip(held, articles, strict=True)
        for paragraph in article["paragraphs"]
        for _ in paragraph["qas"]
    ]


def _build_beside(paths: Iterable[Path], place: Path, encoder: Encoder) -> Release:
    """Return a release of the report and some files beside it."""
    library = _copy_reports(place)
    for path in paths:
        library.add(Offer(path.name, read_file(path, path.name, LARGEST, None)))
    return _build(library, place, encoder)


def _build_texts(texts: Sequence[str], place: Path, encoder: Encoder) -> Release:
    """Return a release of the report and some texts beside it."""
    library = _copy_reports(place)
    for number, text in enumerate(texts):
        (library.folder / f"beside-{number:04}.txt").write_bytes(text.encode("utf-8"))
    return _build(library, place, encoder)


def _copy_reports(place: Path) -> Library:
    shutil.copytree(REPORTS, place / "reports")
    return Library(place / "reports")


def _build(library: Library, place: Path, encoder: Encoder) -> Release:
    releases = Releases(place / "releases")
    build(library, releases, encoder)
    return releases.open(releases.live(), encoder.identity)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="where the question sets lie")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    names = ("paragraphs", "collection", "cases", "growth")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    arguments = parser.parse_args()
    encoder = load_encoder("", arguments.var / "models", print)
    work = arguments.var / "evaluation"
    work.mkdir(parents=True, exist_ok=True)
    measures: Mapping[str, Callable[[], None]] = {
        "paragraphs": lambda: measure_paragraphs(arguments.data, work, encoder, print),
        "collection": lambda: measure_collection(arguments.data, encoder, print),
        "cases": lambda: measure_cases(arguments.data, work, encoder, print),
        "growth": lambda: measure_growth(arguments.data, encoder, print),
    }
    for name in arguments.only:
        measures[name]()


if __name__ == "__main__":
    main()
