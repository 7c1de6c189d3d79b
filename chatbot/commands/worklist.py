"""The verb `worklist`: what readers missed, printed, exported, made known or put aside."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from chatbot.locales.interface import WORDS
from chatbot.publishing.known_questions import make_question
from chatbot.publishing.publisher import Publisher
from chatbot.publishing.worklist import Item, Worklist
from chatbot.settings import Settings
from chatbot.terminal import count, find_width, lay_out, print_json, say
from corpus.errors import UsageError

Run = Callable[[Settings, argparse.Namespace], int]
Add = Callable[[str, Run, str], argparse.ArgumentParser]
_TITLES = {
    "unanswered": "asked in vain",
    "vote": "voted down",
    "unsure": "unsure: near the border between an answer and none",
}
_INDENT = 14  # columns


def add_worklist(add: Add, make_publisher: Callable[[Settings], Publisher]) -> None:
    """Tell a parser of the verb; `add` takes a name, what runs it, and a line of help."""

    def run(settings: Settings, arguments: argparse.Namespace) -> int:
        return _run(make_publisher(settings), settings, arguments)

    verb = add("worklist", run, "Print what readers asked in vain, voted down, or got unsurely.")
    verb.add_argument("--done", nargs="+", metavar="ID", default=[], help="take items off the list")
    verb.add_argument("--known", metavar="ID", default="", help="make an item a known question")
    verb.add_argument(
        "--answers", nargs="*", metavar="WORDS", default=[],
        help="with --known: words of the answer; none where the collection does not say",
    )  # fmt: skip
    verb.add_argument("--jsonl", action="store_true", help="print a line of JSON for each item")


def _run(publisher: Publisher, settings: Settings, arguments: argparse.Namespace) -> int:
    worklist = Worklist(settings.var, settings.question_days, publisher.encode_alike)
    if arguments.answers and not arguments.known:
        raise UsageError("--answers: say which item by --known ID")
    if arguments.known:
        item = worklist.find(arguments.known)
        publisher.keep_question(make_question(item.question, arguments.answers))
        worklist.finish(item.id)
        _tell("known", item)
    for item_id in arguments.done:
        _tell("done", worklist.finish(item_id))
    if arguments.done or arguments.known:
        return 0
    items = worklist.read()
    if arguments.json:
        print_json({"worklist": [item.to_json() for item in items]})
        return 0
    if arguments.jsonl:
        for item in items:
            print(json.dumps(item.to_json(), ensure_ascii=False))
        return 0
    for kind, title in _TITLES.items():
        found = [item for item in items if item.kind == kind]
        if found:
            print(f"{title} ({count(len(found), 'item')})")
            print("\n".join(line for item in found for line in _describe(item)), end="\n\n")
    if not items:
        say("nothing is to be done")
    return 0


def _tell(word: str, item: Item) -> None:
    print("\n".join(lay_out(word, item.question, _INDENT, find_width())))


def _describe(item: Item) -> list[str]:
    """Return an item as lines: its id and questions, how often and when, what the reader says."""
    width = find_width()
    lines = lay_out(item.id, item.question, _INDENT, width)
    for other in item.questions[1:6]:
        lines += lay_out(" " * _INDENT, other, _INDENT, width)
    told = [f"{item.last[:10]} UTC", item.outcome]
    if item.kind != "vote":
        told = [count(item.times, "time"), *told, f"confidence {item.confidence:.2f}"]
    if item.reason:
        told.append(WORDS["en"][f"reason_{item.reason}"].lower())
    lines.append(" " * _INDENT + ", ".join(filter(None, told)))
    if item.comment:
        lines += lay_out(" " * _INDENT, f"“{' '.join(item.comment.split())}”", _INDENT, width)
    return lines
