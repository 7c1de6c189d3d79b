"""The editor's verbs: documents in and out, builds, releases; all of them through the publisher."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from chatbot.answers.catalogue import FACETS
from chatbot.evaluation.gate_report import describe_gate
from chatbot.evaluation.regression_questions import GateReport
from chatbot.publishing.document_summary import describe_entry, tell_entry
from chatbot.publishing.publisher import Publication, Publisher
from chatbot.terminal import count, find_width, lay_out, print_json, progress_bar, say
from corpus.cases import count_cases
from corpus.errors import (
    CasebookError,
    DocumentError,
    GateError,
    NoDocumentError,
    ReleaseError,
    UsageError,
)
from corpus.glossary import Glossary
from corpus.language.countries import name_countries
from corpus.library import Offer
from corpus.metadata import Facts, check_facts
from corpus.records import Entry
from index.build_plan import Plan
from index.inventory import select_summaries, summarize

Run = Callable[[Publisher, argparse.Namespace], int]
Add = Callable[[str, Run, str], argparse.ArgumentParser]
_FLAGS = {
    "company": "the company, where the document is one case",
    "title": "the document's title",
    "published": "the date, as 2024-02-23",
    "url": "the address of the original",
    "sector": "what the cases are of, such as Water supply",
    "country": "where they are, such as KE or Kenya, with commas between several",
}


def _read_name(text: str) -> str:
    """Return a name as it is; what a variable that is not set leaves would mean everything."""
    if not text:
        raise argparse.ArgumentTypeError("a name is empty; leave it out, or give one")
    return text


def add_verbs(add: Add) -> None:
    """Tell a parser of the verbs; `add` takes a name, what runs it, and a line of help."""
    verb = add("add", _add, "Put files, folders or web addresses into the library.")
    verb.add_argument("sources", nargs="+", metavar="PATH|URL", type=_read_name)
    for name, text in _FLAGS.items():
        verb.add_argument(f"--{name}", default="", help=text)
    verb = add("remove", _remove, "Take documents out of the library; they can be restored.")
    verb.add_argument("names", nargs="+", metavar="NAME", type=_read_name)
    verb = add("restore", _restore, "Bring removed documents back; without a name, list them.")
    verb.add_argument("names", nargs="*", metavar="NAME", type=_read_name)
    verb = add("list", _list, "Print the documents and cases of the library.")
    for name in FACETS:
        verb.add_argument(f"--{name}", default="", help=f"only cases of this {name}")
    verb = add("show", _show, "Print a document's cases and passages, as they will be quoted.")
    verb.add_argument("name", metavar="NAME")
    verb = add("build", _build, "Publish a release of the documents as they are now.")
    verb.add_argument("--dry-run", action="store_true", help="only print what would change")
    verb.add_argument("--accept", action="store_true", help="publish even if answers are lost")
    verb.add_argument("--full", action="store_true", help="read and encode everything anew")
    add("releases", _releases, "Print every release and which one is live.")
    verb = add("rollback", _rollback, "Make an earlier release live at once.")
    text = "without it, the one before the live one"
    verb.add_argument("id", nargs="?", type=_read_name, help=text)
    verb = add("verify", _verify, "Check every byte and every span of the releases.")
    verb.add_argument("id", nargs="?", type=_read_name, help="without it, all of them")
    verb = add("prune", _prune, "Delete old releases, and removed documents that none holds.")
    verb.add_argument("--keep", type=int, required=True, help="how many, beside the live one")


def publish(publisher: Publisher, accept: bool = False, full: bool = False) -> Publication:
    """Publish with the plan, a bar and what known questions showed on stderr."""
    with (
        progress_bar("Encoding", "text") as encoding,
        progress_bar("Asking", "question") as asking,
    ):
        try:
            done = publisher.publish(accept, full, announce, encoding, asking)
        except GateError as error:
            if isinstance(error.report, GateReport):
                _tell_gate(error.report)
            raise
    if done.gate:
        _tell_gate(done.gate)
    return done


def _tell_gate(report: GateReport) -> None:
    for line in describe_gate(report, find_width()):
        say(line)


def announce(plan: Plan) -> None:
    """Print a plan on stderr."""
    for line in _describe_plan(plan):
        say(line)


def report(done: Publication) -> str:
    """Return how a publication ended as a line."""
    if not done.published:
        return f"nothing changed: release {done.release} stays live"
    reach = done.reach
    if reach is None:
        return f"published release {done.release}"
    return (
        f"published release {done.release}: a search looks into {reach.probed} of {reach.lists} "
        f"lists and finds {reach.recall:.1%} of the ten nearest passages"
    )


def _describe_plan(plan: Plan) -> Iterator[str]:
    for word in ("added", "edited", "removed"):
        for name in getattr(plan, word):
            yield f"{word:8} {name}"
            for case in getattr(plan, f"cases_{word}"):
                if case.startswith(f"{name}: "):
                    yield f"         - {case.removeprefix(f'{name}: ')}"
    for old, new in plan.renamed.items():
        yield f"renamed  {old} to {new}"
    for found in plan.duplicates:
        yield (
            f"twice?   {found.document} ({found.case}) has {found.share:.0%} of its words in "
            f"{found.other_document} ({found.other_case}): "
            f"{count(found.sentences, 'sentence')}, such as “{found.sample[:120]}”"
        )
    for reason in plan.failed.values():
        yield f"casebook: left out: {reason}"
    yield (
        f"{count(plan.cases, 'case')}, {count(plan.passages, 'passage')}: "
        f"{plan.passages_kept} kept, {plan.passages_reused} re-used, "
        f"{plan.passages_to_encode} to encode ({plan.to_encode} of {count(plan.texts, 'text')})"
    )


def _add(publisher: Publisher, arguments: argparse.Namespace) -> int:
    given = {name: getattr(arguments, name) for name in _FLAGS}
    try:
        facts = check_facts(given, "--")
    except DocumentError as error:
        raise UsageError(str(error).replace("--: ", "--", 1)) from error
    glossary = Glossary(publisher.library.glossary() if publisher.library.folder.is_dir() else [])
    added, failed, changed = [], [], False
    for source in arguments.sources:
        for offer in _take(publisher, source, facts):
            try:
                if isinstance(offer, DocumentError):
                    raise offer
                done = publisher.add(offer)
            except NoDocumentError as error:
                say(f"casebook: passed over: {error}")
                failed += [] if Path(source).is_dir() else [str(error)]
                continue
            except CasebookError as error:
                failed.append(str(error))
                say(f"casebook: {error}")
                continue
            told = tell_entry(done.entry) if done.entry else {}
            added.append({"name": done.name, "action": done.action, "note": done.note, **told})
            changed = changed or done.action != "unchanged"
            if not arguments.json:
                print(f"{done.action:9} {done.name}" + (f" ({done.note})" if done.note else ""))
                _print_about(done.entry if done.action != "unchanged" else None, glossary)
    if arguments.json:
        print_json({"added": added, "failed": failed})
    elif changed:
        say("`./casebook build` publishes it")
    return 1 if failed else 0


def _print_about(entry: Entry | None, glossary: Glossary) -> None:
    for line in describe_entry(entry, glossary) if entry else ():
        head, _, rest = line.partition(": ")
        print("\n".join(lay_out(f"          {head}: ", rest, 12 + len(head), find_width())))


def _take(publisher: Publisher, source: str, facts: Facts) -> Iterator[Offer | DocumentError]:
    if "://" not in source:
        yield from publisher.take_path(Path(source), facts)
        return
    try:
        yield publisher.take_address(source, facts, private=True)
    except DocumentError as error:
        yield error


def _remove(publisher: Publisher, arguments: argparse.Namespace) -> int:
    return _each(arguments, publisher.remove, "removed")


def _restore(publisher: Publisher, arguments: argparse.Namespace) -> int:
    if arguments.names:
        return _each(arguments, publisher.restore, "restored")
    names = publisher.removed()
    if arguments.json:
        print_json({"removed": names})
    else:
        print("\n".join(names) if names else "nothing is removed")
    return 0


def _each(arguments: argparse.Namespace, act: Callable[[str], None], word: str) -> int:
    done, failed = [], []
    for name in arguments.names:
        try:
            act(name)
        except CasebookError as error:
            failed.append(str(error))
            say(f"casebook: {error}")
            continue
        done.append(name)
        if not arguments.json:
            print(f"{word:9} {name}")
    if arguments.json:
        print_json({word: done, "failed": failed})
    elif done:
        say("`./casebook build` publishes it")
    return 1 if failed else 0


def _list(publisher: Publisher, arguments: argparse.Namespace) -> int:
    documents, failed = publisher.documents()
    wanted = {key: getattr(arguments, key) for key in FACETS if getattr(arguments, key)}
    counted = sum(count_cases(document.cases) for document in documents)
    if wanted:
        glossary = Glossary(publisher.library.glossary())
        left = [select_summaries(document, wanted, glossary) for document in documents]
        documents = [document for document in left if document.cases]
    if arguments.json:
        print_json({"documents": [asdict(document) for document in documents], "failed": failed})
    else:
        for document in documents:
            print(document.name)
            print(f"  {document.title} ({document.published or 'no date'})")
            for case in document.cases:
                facts = (case.sector, name_countries(case.country, "en"))
                about = " · ".join(filter(None, facts))
                print(f"  - {case.title}" + (f" ({about})" if about else ""))
        if wanted:
            found = sum(len(document.cases) for document in documents)
            print(f"{found} of {count(counted, 'case')}")
            documents = documents or left
        if not documents and not failed:
            print(f"{publisher.library.folder}: no document that Casebook reads is in it")
    for reason in failed.values():
        say(f"casebook: {reason}")
    return 1 if failed else 0


def _show(publisher: Publisher, arguments: argparse.Namespace) -> int:
    entry = publisher.library.read(arguments.name)
    if arguments.json:
        passages = [asdict(passage) for passage in entry.passages]
        left_out = [asdict(each) for each in entry.left_out]
        print_json({**asdict(summarize(entry)), "passages": passages, "left_out": left_out})
        return 0
    _print_about(entry, Glossary(publisher.library.glossary()))
    print()
    for case in entry.cases:
        print(f"# {case.title}" + (f" [{case.company}]" if case.company else ""))
        for passage in entry.passages:
            if passage.case_id != case.id:
                continue
            print(f"\n{passage.kind} {passage.start}-{passage.end}")
            for sentence in passage.sentences:
                print(f"  {' '.join(sentence.text.split())}")
        print()
    return 0


def _build(publisher: Publisher, arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        plan = publisher.plan(arguments.full)
        if arguments.json:
            print_json({"plan": plan.to_json()})
        else:
            print("\n".join(_describe_plan(plan)))
        return 1 if plan.failed else 0
    done = publish(publisher, arguments.accept, arguments.full)
    if arguments.json:
        print_json(done.to_json())
    else:
        print(report(done))
    return 1 if done.plan.failed else 0


def _releases(publisher: Publisher, arguments: argparse.Namespace) -> int:
    found = publisher.releases()
    if arguments.json:
        told = [{**asdict(info), "date": info.date.isoformat()} for info in found]
        print_json({"releases": told})
        return 0
    for info in found:
        mark = "*" if info.live else " "
        held = f"{count(info.documents, 'document')}, {count(info.passages, 'passage')}"
        facts = f"{held}, {info.model}"
        print(f"{mark} {info.id}  {info.date:%Y-%m-%d %H:%M:%S} UTC  {info.damage or facts}")
    if not found:
        print("nothing is published yet: run `./casebook build`")
    return 0


def _rollback(publisher: Publisher, arguments: argparse.Namespace) -> int:
    live = publisher.rollback(arguments.id or "")
    if arguments.json:
        print_json({"live": live})
    else:
        print(f"release {live} is live")
        say("the library is as it was: the next build publishes what it holds")
    return 0


def _verify(publisher: Publisher, arguments: argparse.Namespace) -> int:
    found = publisher.verify(arguments.id or "")
    damaged = {each: str(what) for each, what in found.items() if isinstance(what, ReleaseError)}
    whole = [what for what in found.values() if not isinstance(what, ReleaseError)]
    if arguments.json:
        print_json({"whole": [asdict(each) for each in whole], "damaged": damaged})
    else:
        for each in whole:
            print(
                f"whole    {each.release}: {count(each.files, 'file')}, "
                f"{count(each.cases, 'case')}, {count(each.passages, 'passage')}, "
                f"{count(each.sentences, 'sentence')}"
            )
        if not found:
            print("nothing is published yet: run `./casebook build`")
    for reason in damaged.values():
        say(f"casebook: {reason}")
    return 1 if damaged else 0


def _prune(publisher: Publisher, arguments: argparse.Namespace) -> int:
    if arguments.keep < 0:
        raise UsageError(f"--keep {arguments.keep}: give 0 or more")
    gone, forgotten = publisher.prune(arguments.keep)
    if arguments.json:
        print_json({"releases": gone, "documents": forgotten})
    else:
        for word, names in (("release", gone), ("document", forgotten)):
            for name in names:
                print(f"deleted {word} {name}")
        if not gone and not forgotten:
            print("nothing to delete")
    return 0
