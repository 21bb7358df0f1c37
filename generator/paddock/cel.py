"""CEL as Kubernetes speaks it (cel-expr-python, Google's engine): expressions compiled once, and answers on values.

Not there: `oldSelf` (there is no old object before the merge), macros with two variables, and named formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from paddock import cel_effort
from paddock import cel_functions as functions

# An expression can neither run code nor read anything but the values it is given, and it ends: the engine stops after
# 10,000 rounds of loops, reads regular expressions in linear time (RE2) and nests at most 32 deep; loops of people's
# expressions stand at most `MAX_NESTING` deep in each other and add nothing up, and all texts that functions read or
# make for one answer have a limit (`cel_functions.MAX_TEXT`), and so has what it may compare (`cel_effort`).

Json = Any

MAX_LENGTH = 1000
"""Longest expression that people may write, in characters."""
MAX_NESTING = 3
"""How deep macros that loop may stand in each other in such an expression."""
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|filter|map)\s*\($")
_STRING = re.compile(r"[rRbB]{0,2}(\"\"\"|'''|\"|')")
_POSITION = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (?P<words>[^\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelt:
    """Why an expression cannot be used; line and column are 1-based, in the expression."""

    message: str
    line: int = 1
    column: int = 1

    def answer(self, values: Values) -> Answer:
        """It gives nothing, whatever the values are."""
        return Answer(error=self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an expression gives; `error` says why it gives nothing."""

    value: Json = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Variables, ready for many expressions over the same names; `size` counts what they hold, 0 for trusted ones."""

    activation: Any
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled expression; `type` is BOOL, STRING …, or DYN where only the values tell."""

    expression: str
    type: str
    effort: cel_effort.Effort | None
    """What it may have to look at; None for a trusted one."""
    _compiled: Any

    def answer(self, values: Values) -> Answer:
        """Its value for some values of its names: never an exception."""
        too_much = self._too_much(values.size)
        if too_much:
            return Answer(error=too_much)
        functions.begin()
        try:
            result = self._compiled.eval(values.activation)
            value = result.plain_value()
        except MemoryError:
            return Answer(error="it takes more memory than there is")
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            return Answer(error=_said(str(error)))
        if result.type().name() == "ERROR":
            return Answer(error=_said(str(value)))
        return Answer(value=value)

    def _too_much(self, size: int) -> str:
        """Why it is not asked of values of this size."""
        if size > cel_effort.MAX_SIZE:
            return f"it is asked of an object with more than {cel_effort.MAX_SIZE:,} values"
        if size and self.effort is not None and self.effort.work(size, functions.MAX_TEXT) > cel_effort.MAX_WORK:
            return f"it may compare too much: an object of {size:,} values, as often as its loops go round"
        return ""


def values(names: Mapping[str, Json], *, trusted: bool = False) -> Values:
    """Values of variables for the programs that were compiled for exactly these names."""
    size = 0 if trusted else cel_effort.size(dict(names))
    if size > cel_effort.MAX_SIZE:
        return Values(activation=None, size=size)
    return Values(activation=_environment(tuple(names), trusted).Activation(dict(names)), size=size)


@cache
def compiled(expression: str, names: tuple[str, ...], *, trusted: bool = False) -> Program | Misspelt:
    """The program of an expression over variables of any type.

    A trusted one stands in our schemas: it has no limit of its length and may use find(), whose regular expressions are
    Python's.
    """
    too_much = None if trusted else _too_much(expression)
    if too_much is not None:
        return too_much
    try:
        found = _environment(names, trusted).compile(expression)
        type = str(found.return_type().name())
        effort = None if trusted else cel_effort.effort(expression, whole_result=type in ("DYN", "LIST", "MAP"))
        return Program(expression=expression, type=type, effort=effort, _compiled=found)
    except (RuntimeError, ValueError) as error:
        return _misspelt(str(error), expression)


def _too_much(expression: str) -> Misspelt | None:
    if len(expression) > MAX_LENGTH:
        message = f"it has {len(expression):,} characters; at most {MAX_LENGTH:,} are read"
        return Misspelt(message=message)
    found = _endless(expression)
    if found is None:
        return None
    at, message = found
    before = expression[:at]
    return Misspelt(message=message, line=before.count("\n") + 1, column=at - before.rfind("\n"))


def _endless(expression: str) -> tuple[int, str] | None:
    """Where loops stand too deep in each other, or make texts and lists grow; what is in strings is neither."""
    open_brackets: list[bool] = []
    read = ""  # without strings and comments, which may stand anywhere between two words
    at = 0
    while at < len(expression):
        string = _STRING.match(expression, at)
        if string:
            at = _end_of_string(expression, string)
            read += "''"
            continue
        if expression.startswith("//", at):
            at = (expression.find("\n", at) + 1) or len(expression)
            read += " "
            continue
        read += expression[at]
        if expression[at] in "([{":
            open_brackets.append(bool(_LOOP.search(read)))
            if sum(open_brackets) > MAX_NESTING:
                return at, f"loops stand in each other more than {MAX_NESTING} deep"
        elif expression[at] == "+" and any(open_brackets):
            return at, "+ stands in a loop, where texts could grow without end; join() and format() have a limit"
        elif expression[at] in ")]}" and open_brackets:
            open_brackets.pop()
        at += 1
    return None


def _end_of_string(expression: str, start: re.Match[str]) -> int:
    quote, raw = start.group(1), "r" in start.group(0).lower()
    at = start.end()
    while at < len(expression) and not expression.startswith(quote, at):
        at += 2 if expression[at] == "\\" and not raw else 1
    return at + len(quote)


def _misspelt(said: str, expression: str) -> Misspelt:
    found = _POSITION.search(said)
    if found is None or int(found[1]) < 1:
        return Misspelt(message=_said(found["words"] if found else said))
    words = _said(found["words"].removeprefix("Syntax error: "))
    line, column = int(found[1]), int(found[2])
    lines = expression.split("\n")
    text = lines[line - 1] if line <= len(lines) else ""
    if words == "mismatched input '<EOF>'":
        words = "it ends where something is missing"
    unknown = _UNKNOWN.fullmatch(words)
    if unknown is not None:  # the engine points at the last dot or bracket of it
        start = text.rfind(unknown[1], 0, column - 1 + len(unknown[1]))
        first = unknown[1].split(".")[0]
        words, column = f"there is no {first}", start + 1 if start >= 0 else column
    # It points behind the end where something is missing there.
    return Misspelt(message=words, line=line, column=max(1, min(column, len(text))))


_UNKNOWN = re.compile(r"undeclared reference to '([^']+)'")
_FURTHER = re.compile(r", declared functions may |\s*\(in container ''\)| expecting \{.*")


def _said(text: str) -> str:
    """The engine's words without its status code, and without what it would have liked to read next."""
    first = _FURTHER.sub("", text.strip().split("\n")[0])
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", first).strip()


@cache
def _environment(names: tuple[str, ...], trusted: bool) -> Any:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_math, ext_optional

    dyn = cel.Type.DYN
    return cel.NewEnv(
        variables=dict.fromkeys(names, dyn),
        extensions=[ext_optional.ExtOptional(), ext_math.ExtMath()],
        functions=_library(cel, trusted),
    )


# At run time the engine finds no form by an argument of any type: each form says what it takes.
_ITEM = tuple(f"LIST {one}" for one in ("STRING", "INT", "BOOL", "DOUBLE", "MAP", "LIST"))
# Functions by name: whether it is called on a value, and for each form its implementation, result and arguments.
_FORMS: tuple[tuple[str, bool, Any, str, tuple[str, ...]], ...] = (
    ("charAt", True, functions.char_at, "STRING", ("STRING INT",)),
    ("format", True, functions.formatted, "STRING", ("STRING LIST",)),
    ("join", True, functions.join, "STRING", ("LIST", "LIST STRING")),
    ("lowerAscii", True, functions.lower_ascii, "STRING", ("STRING",)),
    ("replace", True, functions.replace, "STRING", ("STRING STRING STRING", "STRING STRING STRING INT")),
    ("split", True, functions.split, "STRINGS", ("STRING STRING", "STRING STRING INT")),
    ("substring", True, functions.substring, "STRING", ("STRING INT", "STRING INT INT")),
    ("trim", True, functions.trim, "STRING", ("STRING",)),
    ("upperAscii", True, functions.upper_ascii, "STRING", ("STRING",)),
    ("indexOf", True, functions.index_of, "INT", ("STRING STRING", *_ITEM)),
    ("lastIndexOf", True, functions.last_index_of, "INT", ("STRING STRING", *_ITEM)),
    ("isSorted", True, functions.is_sorted, "BOOL", ("LIST",)),
    ("max", True, functions.largest, "DYN", ("LIST",)),
    ("min", True, functions.smallest, "DYN", ("LIST",)),
    ("sum", True, functions.total, "DYN", ("LIST",)),
    ("sets.contains", False, functions.contains_all, "BOOL", ("LIST LIST",)),
    ("sets.equivalent", False, functions.equivalent, "BOOL", ("LIST LIST",)),
    ("sets.intersects", False, functions.intersects, "BOOL", ("LIST LIST",)),
    ("quantity", False, functions.to_quantity, "MAP", ("STRING", "INT")),
    ("isQuantity", False, functions.is_quantity, "BOOL", ("STRING",)),
    ("compareTo", True, functions.compare_to, "INT", ("MAP MAP",)),
    ("isGreaterThan", True, functions.is_greater_than, "BOOL", ("MAP MAP",)),
    ("isLessThan", True, functions.is_less_than, "BOOL", ("MAP MAP",)),
    ("add", True, functions.add, "MAP", ("MAP MAP", "MAP INT")),
    ("sub", True, functions.sub, "MAP", ("MAP MAP", "MAP INT")),
    ("sign", True, functions.sign, "INT", ("MAP",)),
    ("isInteger", True, functions.is_integer, "BOOL", ("MAP",)),
    ("asInteger", True, functions.as_integer, "INT", ("MAP",)),
    ("asApproximateFloat", True, functions.as_approximate_float, "DOUBLE", ("MAP",)),
    ("url", False, functions.to_url, "MAP", ("STRING",)),
    ("isURL", False, functions.is_url, "BOOL", ("STRING",)),
    ("getScheme", True, functions.get_scheme, "STRING", ("MAP",)),
    ("getHost", True, functions.get_host, "STRING", ("MAP",)),
    ("getHostname", True, functions.get_hostname, "STRING", ("MAP",)),
    ("getPort", True, functions.get_port, "STRING", ("MAP",)),
    ("getEscapedPath", True, functions.get_escaped_path, "STRING", ("MAP",)),
    ("getQuery", True, functions.get_query, "DYN", ("MAP",)),
    ("ip", False, functions.to_ip, "MAP", ("STRING",)),
    ("isIP", False, functions.is_ip, "BOOL", ("STRING",)),
    ("family", True, functions.family, "INT", ("MAP",)),
    ("isLoopback", True, functions.is_loopback, "BOOL", ("MAP",)),
    ("cidr", False, functions.to_cidr, "MAP", ("STRING",)),
    ("isCIDR", False, functions.is_cidr, "BOOL", ("STRING",)),
    ("prefixLength", True, functions.prefix_length, "INT", ("MAP",)),
    ("containsIP", True, functions.contains_ip, "BOOL", ("MAP STRING", "MAP MAP")),
    ("containsCIDR", True, functions.contains_cidr, "BOOL", ("MAP STRING", "MAP MAP")),
)
_TRUSTED = (
    ("find", True, functions.find, "STRING", ("STRING STRING",)),
    ("findAll", True, functions.find_all, "STRINGS", ("STRING STRING", "STRING STRING INT")),
)


def _library(cel: Any, trusted: bool) -> list[Any]:
    types = {name: getattr(cel.Type, name) for name in ("BOOL", "DOUBLE", "DYN", "INT", "STRING")}
    types |= {
        "LIST": cel.Type.List(cel.Type.DYN),
        "MAP": cel.Type.Map(cel.Type.DYN, cel.Type.DYN),
        "STRINGS": cel.Type.List(cel.Type.STRING),
    }
    return [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"{name}({form})",
                    return_type=types[result],
                    parameters=[types[one] for one in form.split()],
                    is_member=member,
                    impl=run,
                )
                for form in forms
            ],
        )
        for name, member, run, result, forms in (*_FORMS, *(_TRUSTED if trusted else ()))
    ]
