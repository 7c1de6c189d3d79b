"""Every regular expression of the tree, and texts that take a bad one long.

A pattern is found as an object in a module, be it in a table or a class, or as the argument of a
call to `re` in a function. One that a function makes of names is made by MADE, so that a new one
has to be put there.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from chatbot.answers.small_talk import match_list
from chatbot.evaluation.labels import match_words
from chatbot.llm import faithfulness, quantity
from chatbot.llm.lexicon import load_words, match_any, match_months
from chatbot.llm.quantity import match_numbers
from corpus.cases import match_called, match_company
from corpus.glossary import match_whole
from corpus.masthead.companies import match_forms
from corpus.readers.web import lexicon

NAMES = ("WeRide", "CAMCE", "文远知行")
# By the function that makes patterns of names, or of other words, what it makes of some.
MADE: dict[str, Callable[[], Iterable[str | re.Pattern[str]]]] = {
    "chatbot.answers.small_talk.find_companies": lambda: ["|".join(map(match_whole, NAMES))],
    "chatbot.answers.small_talk.match_list": lambda: [match_list(NAMES)],
    "chatbot.evaluation.labels.locate": lambda: map(match_words, ("a red bridge", "水厂")),
    "chatbot.llm.faithfulness._match_sounds": lambda: [faithfulness._match_sounds()],
    "chatbot.llm.lexicon.match_any": lambda: [
        *(match_any(load_words()[kind]) for kind in ("denials", "not_denials", "rises", "falls")),
        *(match_any(load_words()[kind]["before"], r"\s*\Z") for kind in ("over", "under")),
    ],
    "chatbot.llm.lexicon.match_months": lambda: match_months().values(),
    "chatbot.llm.quantity._match_between": lambda: [quantity._match_between()],
    "chatbot.llm.quantity.match_numbers": lambda: map(match_numbers, load_words()["numbers"]),
    "corpus.cases.find_cases": lambda: map(match_whole, NAMES),
    "corpus.cases._is_called": lambda: map(match_called, ("Acme", "Safety")),
    "corpus.cases._read_opening": lambda: map(match_company, ("Safety", "Acme 1", "水厂")),
    "corpus.readers.web.lexicon._match_names": lambda: map(
        lexicon._match_names, ("names", "comment_names")
    ),
    "corpus.glossary.translate": lambda: ["|".join(map(match_whole, NAMES))],
    "corpus.masthead.companies.match_forms": lambda: [match_forms()],
    "index.search.names.find_known": lambda: map(match_whole, NAMES),
    "index.search.names.leave_out": lambda: map(match_whole, NAMES),
}
_ROOMS = ("app", "benchmarks", "chatbot", "corpus", "index")
# How each method goes through a text, and which argument of the function in `re` are its flags.
_WAYS = {
    "compile": ("", 1), "match": ("match", 2), "fullmatch": ("fullmatch", 2),
    "search": ("search", 2), "split": ("finditer", 3), "findall": ("finditer", 2),
    "finditer": ("finditer", 2), "sub": ("finditer", 4), "subn": ("finditer", 4),
}  # fmt: skip
_ALL_WAYS = {"fullmatch", "search", "finditer"}

_parser: Any = importlib.import_module("re._parser")
_codes: Any = importlib.import_module("re._constants")
_REPEATS = (_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT)
_SPELLED = {
    _codes.CATEGORY_DIGIT: r"\d", _codes.CATEGORY_NOT_DIGIT: r"\D", _codes.CATEGORY_SPACE: r"\s",
    _codes.CATEGORY_NOT_SPACE: r"\S", _codes.CATEGORY_WORD: r"\w", _codes.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_SIGNS = " a1A.,-_中é\nxyz"
UNITS = (
    *(" ", "\n", "a", "A", "1", "_", ".", ",", "-", "中", "五", "é"),
    *("a ", "A ", "a, ", "a-", "1,", " \n", ". A", "中 ", "WeRide ", "WeRide, ", "文远知行、"),
)
# Where a pattern fails at the last, also one that first takes some of anything.
_ENDS = ("\0x\n!", "x" * 200 + "\0!")


@dataclass(frozen=True)
class Found:
    """A pattern, where it stands, and the ways in which it goes through texts."""

    places: tuple[str, ...]
    pattern: re.Pattern[Any]
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Attack:
    """A text of any length: a unit, again and again, between a beginning and an end."""

    beginning: str
    unit: str
    end: str

    def make(self, length: int) -> str:
        """Return the text of about so many characters."""
        return self.beginning + self.unit * (length // len(self.unit)) + self.end


class OverTimeError(Exception):
    """The processor time that was given is spent."""


@contextmanager
def bound(seconds: float) -> Iterator[None]:
    """Raise OverTimeError where what is inside takes more processor time, be it one match."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise OverTimeError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def collect() -> list[Found]:
    """Return every pattern of the tree once, by place; KeyError names one that MADE has not."""
    places = defaultdict[re.Pattern[Any], set[tuple[str, str]]](set)
    ways = defaultdict[tuple[str, str], set[str]](set)
    for name in sorted(_list_modules()):
        module = importlib.import_module(name)
        for variable, value in vars(module).items():
            for pattern in _find_patterns(value, name, set()):
                places[pattern].add((name, variable))
        _read_calls(module, places, ways)
    found = []
    for pattern, own in places.items():
        # One out of a table goes through texts as whatever has no name of its own in the module.
        known = set().union(*(ways[place] for place in own))
        known = known or set().union(*(ways[name, ""] for name, _ in own)) or _ALL_WAYS
        told = tuple(sorted(f"{name}.{variable}" for name, variable in own))
        found.append(Found(told, pattern, tuple(sorted(known))))
    return sorted(found, key=lambda one: one.places)


def _list_modules() -> Iterator[str]:
    for room in _ROOMS:
        yield room
        inside = getattr(importlib.import_module(room), "__path__", ())
        yield from (one.name for one in pkgutil.walk_packages(inside, f"{room}."))


def _find_patterns(value: object, module: str, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns that are a value, are in it, or are in it as a class of the module."""
    inside: Iterable[object] = ()
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        inside = (*value, *value.values())
    elif isinstance(value, tuple | list | set | frozenset):
        inside = value
    elif isinstance(value, type) and value.__module__ == module:
        inside = vars(value).values()
    for one in inside:
        yield from _find_patterns(one, module, seen)


def _read_calls(
    module: ModuleType,
    places: defaultdict[re.Pattern[Any], set[tuple[str, str]]],
    ways: defaultdict[tuple[str, str], set[str]],
) -> None:
    """Note the patterns of a module's calls to `re`, and the ways in which others are used."""
    source = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    origin = {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert all(name != "re" for name, _ in origin.values()), f"{module.__name__}: import re itself"
    for function, call, caller, method in _walk_calls(source, ""):
        way, flags = _WAYS[method]
        if caller == "re":
            if not function and method == "compile":
                continue  # it stands in a variable
            place = module.__name__, function
            for pattern in _make_patterns(call, flags, module, function):
                places[pattern].add(place)
            ways[place] |= {way} if way else _ALL_WAYS
        elif hasattr(module, caller):
            ways[origin.get(caller, (module.__name__, caller))].add(way)
        elif method != "split":  # which texts have too
            ways[module.__name__, ""].add(way)


def _walk_calls(tree: ast.AST, function: str) -> Iterator[tuple[str, ast.Call, str, str]]:
    """Yield calls of methods that patterns have: the function around, and whose method it is."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        called = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(called, ast.Attribute)
            and called.attr in _WAYS
        ):
            caller = called.value.id if isinstance(called.value, ast.Name) else ""
            yield function, node, caller, called.attr
        yield from _walk_calls(node, inner)


def _make_patterns(
    call: ast.Call, flags: int, module: ModuleType, function: str
) -> list[re.Pattern[Any]]:
    """Return the patterns of a call to `re`, from MADE where they hang on more than the module."""

    def read(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), function, "eval"), dict(vars(module)))  # noqa: S307

    given = [word.value for word in call.keywords if word.arg == "flags"] + call.args[flags:][:1]
    try:
        made = [read(call.args[0])]
    except NameError:
        made = list(MADE[f"{module.__name__}.{function}"]())
    meant = read(given[0]) if given else 0
    return [one if isinstance(one, re.Pattern) else re.compile(one, meant) for one in made]


def list_attacks(pattern: re.Pattern[Any]) -> list[Attack]:
    """Return texts for a pattern, the same ones every time.

    Each repeats something: what people write, what a repeat of the pattern takes, what leads to it,
    both together, or what the whole pattern takes.
    """
    chance = random.Random(1)  # noqa: S311 - texts, no secrets
    tree = list(_parser.parse(pattern.pattern, pattern.flags))
    pairs = [("", unit) for unit in UNITS]
    repeats = list(_list_repeats(tree, [], chance))
    for before, body in chance.sample(repeats, min(len(repeats), 24)):
        for _ in range(2):
            lead, unit = "".join(_write(part, chance) for part in before), _write(body, chance)
            pairs += [(lead, unit), ("", lead + unit), ("", lead)]
    for _ in range(6):
        whole = _write(tree, chance)
        pairs += [("", whole), ("", f"{whole} "), ("", whole[:4])]
    return [
        Attack(beginning, unit, end)
        for beginning, unit in dict.fromkeys(pairs)
        if unit
        for end in _ENDS
    ]


def _list_repeats(
    tree: Sequence[Any], before: list[Sequence[Any]], chance: random.Random
) -> Iterator[tuple[list[Sequence[Any]], Sequence[Any]]]:
    """Yield what stands before each long repeat of a parsed pattern, and what it repeats."""
    for at, (code, value) in enumerate(tree):
        lead = [*before, tree[:at]]
        if code in _REPEATS:
            _, most, body = value
            if most is _codes.MAXREPEAT or most > 50:
                yield lead, body
            yield from _list_repeats(body, lead, chance)
        else:
            for part in _list_parts(code, value):
                yield from _list_repeats(part, lead, chance)


def _list_parts(code: Any, value: Any) -> Sequence[Any]:
    """Return the patterns inside a part of a parsed pattern that repeats nothing."""
    if code is _codes.BRANCH:
        return list(value[1])
    if code is _codes.SUBPATTERN:
        return [value[-1]]
    if code is _codes.ATOMIC_GROUP:
        return [value]
    return [value[1]] if code in (_codes.ASSERT, _codes.ASSERT_NOT) else []


def _write(tree: Sequence[Any], chance: random.Random) -> str:
    """Return a short text that a parsed pattern takes, as far as what stands around lets it."""
    text = ""
    for code, value in tree:
        if code is _codes.LITERAL:
            text += chr(value)
        elif code in (_codes.NOT_LITERAL, _codes.ANY, _codes.IN):
            text += chance.choice(_list_signs(code, value, chance))
        elif code in _REPEATS:
            least, most, body = value
            times = chance.randint(least, min(most, least + 2))
            text += "".join(_write(body, chance) for _ in range(times))
        elif code not in (_codes.ASSERT, _codes.ASSERT_NOT) and (parts := _list_parts(code, value)):
            text += _write(chance.choice(parts), chance)
    return text


def _list_signs(code: Any, value: Any, chance: random.Random) -> list[str]:
    """Return some characters that a part of a parsed pattern takes."""
    if code is _codes.ANY:
        return list(_SIGNS)
    items = value if code is _codes.IN else [(_codes.NEGATE, None), (_codes.LITERAL, value)]
    negated = items[0][0] is _codes.NEGATE
    signs = list(_SIGNS)
    for kind, what in items:
        if kind is _codes.LITERAL:
            signs.append(chr(what))
        elif kind is _codes.RANGE:
            signs.append(chr(chance.randint(*what)))
    return [sign for sign in signs if any(_takes(item, sign) for item in items) != negated]


def _takes(item: tuple[Any, Any], sign: str) -> bool:
    """Tell whether a part of a class of characters takes one."""
    kind, what = item
    if kind is _codes.LITERAL:
        return bool(ord(sign) == what)
    if kind is _codes.RANGE:
        return bool(what[0] <= ord(sign) <= what[1])
    return kind is _codes.CATEGORY and re.match(_SPELLED[what], sign) is not None
