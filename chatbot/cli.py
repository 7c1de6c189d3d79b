"""The verbs: results on stdout, everything else on stderr, exit 0, 1 (failed) or 2 (bad usage).

The composition root: settings become a library, releases, an encoder and an engine here, and are
handed on as arguments.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any, NoReturn

from chatbot.engine import Engine
from chatbot.settings import Settings, read_settings, variable_of
from corpus.errors import CasebookError, DocumentError, NoReleaseError, UsageError
from corpus.library import Library
from index.build import Outcome, build
from index.plan import Plan
from index.encoder import Encoder, SentenceEncoder, find_model
from index.publish import Releases

VERSION = "0.1.0"

_FLAGS = {
    "reports": "folder of documents (default corpus/reports)",
    "var": "folder for everything built (default var)",
    "model": "a Sentence Transformers name or folder (default the bundled model)",
    "host": "address to serve on (default 127.0.0.1)",
    "port": "port to serve on (default 7860)",
    "root_path": "path under which a proxy serves Casebook (default none)",
    "log_level": "debug, info, warning, error or critical (default info)",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; prints one line for every error it knows."""
    arguments = _make_parser().parse_args(argv)
    run: Callable[[Settings, argparse.Namespace], int] = arguments.run
    as_json: bool = arguments.json
    try:
        given = {field.name: getattr(arguments, field.name) for field in fields(Settings)}
        settings = read_settings(given, os.environ)
        _set_up_logging(settings)
        return run(settings, arguments)
    except CasebookError as error:
        if as_json:
            _print_json({"error": {"code": error.code, "message": str(error)}})
        _say(f"casebook: {error}")
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:  # `casebook search ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        _say("casebook: stopped")
        return 130


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and where help is, and exit with 2."""
        _say(f"casebook: {message} (see `python app.py --help`)")
        sys.exit(2)


def _make_parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    for field in fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        text = f"{_FLAGS[field.name]}; {variable_of(field.name)}"
        common.add_argument(flag, dest=field.name, metavar="VALUE", help=text)

    parser = _Parser(
        prog="app.py",
        description="Ask the CCCME collection of green-development cases; without a verb, serve.",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"Casebook {VERSION}")
    parser.set_defaults(run=_serve)
    # A flag before the verb must survive the verb's own parsing, whose defaults would reset it.
    after = _Parser(add_help=False, argument_default=argparse.SUPPRESS, parents=[])
    for action in common._actions:
        after._add_action(_suppressed(action))
    verbs = parser.add_subparsers(metavar="VERB", title="verbs")

    def add(name: str, run: Callable[[Settings, argparse.Namespace], int], text: str) -> _Parser:
        verb = verbs.add_parser(name, help=text, description=text, parents=[after])
        verb.set_defaults(run=run)
        return verb

    add("serve", _serve, "Serve the web chat and the API, building first if nothing is live.")
    ask = add("ask", _ask, "Answer a question with quotations from the live release.")
    ask.add_argument("question", nargs="+")
    ask.add_argument(
        "--company", action="append", help="only cases of this company; may be repeated"
    )
    ask.add_argument("--language", choices=("en", "zh"), help="language of the framing words")
    search = add("search", _search, "Print the passages nearest to a question.")
    search.add_argument("question", nargs="+")
    search.add_argument("-k", type=int, default=10, help="how many, 1 to 100 (default 10)")
    rebuild = add("build", _build, "Publish a release of the documents as they are now.")
    rebuild.add_argument("--full", action="store_true", help="encode everything anew")
    add("list", _list, "Print the documents and cases of the library.")
    add("status", _status, "Print what is live.")
    return parser


def _suppressed(action: argparse.Action) -> argparse.Action:
    from copy import copy

    twin = copy(action)
    twin.default = argparse.SUPPRESS
    return twin


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from chatbot.server import serve

    releases = _releases(settings)
    loaded: list[Encoder] = []

    def load() -> Encoder:
        if not loaded:
            loaded.append(_load_encoder(settings))
        return loaded[0]

    def prepare() -> None:
        try:
            releases.live()
        except NoReleaseError:
            _say("Building the index: nothing is published yet")
            _report(_run_build(settings, load()))

    return serve(Engine(releases, load), settings, prepare, _say)


def _ask(settings: Settings, arguments: argparse.Namespace) -> int:
    filters = {"company": arguments.company} if arguments.company else None
    answer = _engine(settings).ask(
        " ".join(arguments.question), filters=filters, language=arguments.language
    )
    if arguments.json:
        _print_json(answer.to_json())
        return 0
    print(answer.text)
    if answer.citations:
        print()
    for citation in answer.citations:
        facts = [citation.case, citation.source, citation.published, citation.document]
        place = f"{citation.start}-{citation.end}"
        print(f"[{citation.number}] {' · '.join(fact for fact in facts if fact)}, {place}")
    for near in answer.nearest:
        print(f"- {near.case}")
    return 0


def _search(settings: Settings, arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.k <= 100:
        raise UsageError(f"-k {arguments.k}: give a number from 1 to 100")
    found = _engine(settings).search(" ".join(arguments.question), arguments.k)
    if arguments.json:
        _print_json(
            {
                "release": found.release,
                "hits": [
                    {
                        "rank": hit.rank,
                        "score": hit.score,
                        "document": hit.document.name,
                        "case": hit.case.title,
                        "start": hit.passage.start,
                        "end": hit.passage.end,
                        "text": hit.passage.text,
                        "evidence": asdict(hit.evidence),
                    }
                    for hit in found.hits
                ],
            }
        )
        return 0
    for hit in found.hits:
        print(f"{hit.rank:3}  {hit.score:6.2f}  {hit.case.title}")
        print(f"     {hit.document.name}, {hit.passage.start}-{hit.passage.end}")
        print(f"     {' '.join(hit.passage.text.split())}\n")
    return 0


def _build(settings: Settings, arguments: argparse.Namespace) -> int:
    outcome = _run_build(settings, _load_encoder(settings), arguments.full)
    if arguments.json:
        plan = outcome.plan.to_json()
        _print_json({"release": outcome.release, "published": outcome.published, "plan": plan})
    else:
        print(_report(outcome))
    return 1 if outcome.plan.failed else 0


def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    library = Library(settings.reports)
    documents: list[dict[str, Any]] = []
    failed = {}
    for name in library.names():
        try:
            entry = library.read(name)
        except DocumentError as error:
            failed[name] = str(error)
            continue
        cases = [{"id": c.id, "title": c.title, "company": c.company} for c in entry.cases]
        document = entry.document
        documents.append(
            {
                "id": document.id,
                "name": name,
                "title": document.title,
                "published": document.published,
                "language": document.language,
                "passages": len(entry.passages),
                "cases": cases,
            }
        )
    if arguments.json:
        _print_json({"documents": documents, "failed": failed})
    else:
        for document_ in documents:
            print(document_["name"])
            print(f"  {document_['title']} ({document_['published'] or 'no date'})")
            for case in document_["cases"]:
                print(f"  - {case['title']}")
        if not documents and not failed:
            print(f"{settings.reports}: no document that Casebook reads is in it")
    for reason in failed.values():
        _say(f"casebook: {reason}")
    return 1 if failed else 0


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    engine = Engine(_releases(settings), lambda: _load_encoder(settings))
    status = engine.status()
    if arguments.json:
        _print_json({**asdict(status), "version": VERSION})
    elif status.live:
        print(
            f"release {status.release}: {status.documents} documents, {status.cases} cases, "
            f"{status.passages} passages, encoded by {status.model}"
        )
    else:
        print(status.message)
    return 0 if status.live else 1


def _releases(settings: Settings) -> Releases:
    return Releases(settings.var / "releases")


def _engine(settings: Settings) -> Engine:
    releases = _releases(settings)
    releases.live()  # says at once where nothing is published, before a model is loaded
    return Engine(releases, lambda: _load_encoder(settings))


def _load_encoder(settings: Settings) -> Encoder:
    return SentenceEncoder(find_model(settings.model, settings.var / "models", _say))


def _run_build(settings: Settings, encoder: Encoder, full: bool = False) -> Outcome:
    from tqdm import tqdm

    library = Library(settings.reports)
    with tqdm(desc="Encoding", unit="text", leave=False, disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return build(library, _releases(settings), encoder, full, _announce, progress)


def _announce(plan: Plan) -> None:
    for word in ("added", "edited", "removed"):
        for name in getattr(plan, word):
            _say(f"{word:8} {name}")
    for reason in plan.failed.values():
        _say(f"casebook: left out: {reason}")
    _say(
        f"{plan.cases} cases, {plan.passages} passages; "
        f"{plan.texts - plan.to_encode} vectors kept, {plan.to_encode} to encode"
    )


def _report(outcome: Outcome) -> str:
    if not outcome.published:
        return f"nothing changed: release {outcome.release} stays live"
    return f"published release {outcome.release}"


def _set_up_logging(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("casebook").setLevel(settings.log_level.upper())


def _print_json(data: dict[str, Any]) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
