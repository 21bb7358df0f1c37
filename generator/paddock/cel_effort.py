"""How much an expression may have to look at: the engine counts rounds of loops, but not what each of them compares.

Only an upper bound, from the words of the expression and the size of what it is asked of: a comparison of two values
that are no literals is taken for one of the largest values there can be, as often as its loops can go round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Json = Any

MAX_WORK = 20_000_000
"""Values that one answer may compare: about 40 ns each, so that an answer takes less than a second."""
MAX_SIZE = 20_000
"""Values in what people's expressions are asked of; the largest spec of a cluster has some thousands."""
ROUNDS = 10_000
"""The engine ends an answer after so many rounds of loops."""
TEXT = 100
"""Characters of a text that count as one value."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)|(?P<text>[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"|(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<name>[A-Za-z_]\w*)|(?P<sign>==|!=|<=|>=|&&|\|\||.)",
    re.DOTALL,
)
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_WHOLE = frozenset({"format", "indexOf", "isSorted", "join", "lastIndexOf", "max", "min", "sum"})
_TEXTS = frozenset({"charAt", "contains", "endsWith", "indexOf", "lastIndexOf", "lowerAscii", "matches", "replace"})
_TEXTS |= {"split", "startsWith", "substring", "trim", "upperAscii", "url", "quantity", "size", "string"}
_GROWS_TEXT = frozenset({"format", "join", "replace", "split"})
_WEIGHT = 5
"""What our own functions look at goes through Python first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an expression does, whatever it is asked of: for each comparison of whole values, and for each function of
    texts, how deep in loops it stands and what it weighs; and what makes values larger."""

    whole: tuple[tuple[int, int], ...]
    texts: tuple[int, ...]
    copies: int
    maps: int
    grows_text: bool

    def work(self, size: int, text: int) -> int:
        """Values that an answer looks at, at most, of an object with so many values. `text` are the characters that
        functions may make of them."""
        one = size + (text // TEXT if self.grows_text else 0)
        if not self.whole and not self.texts:
            return 0
        largest: int = one * self.copies * min(ROUNDS, one) ** self.maps
        compared: int = sum(weight * min(ROUNDS, one**depth) * largest for depth, weight in self.whole)
        read: int = sum(min(ROUNDS, one**depth) * one for depth in self.texts)
        return compared + read


@cache
def effort(expression: str, *, whole_result: bool) -> Effort:
    """What an expression that the engine has read does. `whole_result`: its answer may be a list or a map."""
    tokens = [(one.lastgroup or "", one[0]) for one in _TOKEN.finditer(expression) if one.lastgroup != "space"]
    whole: list[tuple[int, int]] = [(0, _WEIGHT)] if whole_result else []
    texts: list[int] = []
    maps, copies, depth = 0, 1, 0
    grows = False
    brackets: list[tuple[str, int]] = []  # what each open bracket is, and how much a literal holds that is none
    for index, (kind, word) in enumerate(tokens):
        before = tokens[index - 1] if index else ("", "")
        after = tokens[index + 1] if index + 1 < len(tokens) else ("", "")
        if word in "([{" and kind == "sign":
            loop = word == "(" and before[1] in _LOOPS
            mapping = word == "(" and before[1] == "map"
            call = before[0] == "name" or before[1] in (")", "]")
            brackets.append(("map" if mapping else "loop" if loop else "call" if call or word == "(" else "literal", 1))
            depth += loop
            maps += mapping
        elif word in ")]}" and kind == "sign" and brackets:
            what, held = brackets.pop()
            depth -= what in ("loop", "map")
            copies *= held if what == "literal" else 1
        elif word == "," and brackets:
            literal = before[0] in ("text", "number") and after[0] in ("text", "number")
            brackets[-1] = (brackets[-1][0], brackets[-1][1] + (not literal))
        elif word == "+":
            copies += 1
        elif word in ("==", "!=", "in"):
            if not _is_literal(tokens, index):
                whole.append((depth, 1))
            elif word == "in" and before[0] == "text":
                texts.append(depth)  # a text is looked for among as many as there are
        elif kind == "name" and after[1] == "(":
            grows |= word in _GROWS_TEXT
            if word in _WHOLE or (before[1] == "." and tokens[index - 2][1] == "sets"):
                whole.append((depth, _WEIGHT))
            if word in _TEXTS:
                texts.append(depth)
        elif kind == "name" and before[1] != "." and any(what == "map" for what, _ in brackets):
            texts.append(depth)  # the list that a map() makes keeps what it reads
    return Effort(whole=tuple(whole), texts=tuple(texts), copies=copies, maps=maps, grows_text=grows)


def _is_literal(tokens: list[tuple[str, str]], index: int) -> bool:
    """Whether a side of a comparison is a text, a number, true, false, null, or a list of such: that ends at once."""
    before, rest = tokens[index - 1], tokens[index + 1 :]
    if rest[0][1] == "[":
        inside = [*rest[1:], ("sign", "]")]
        end = inside.index(("sign", "]"))
        return all(_is_scalar(one) or one[1] == "," for one in inside[:end])
    if tokens[index][1] == "in":
        return before[0] == "text"
    after = rest[1] if rest[0][1] == "-" else rest[0]
    return _is_scalar(before) or _is_scalar(after)


def _is_scalar(token: tuple[str, str]) -> bool:
    return token[0] in ("text", "number") or token[1] in ("true", "false", "null")


def size(value: Json) -> int:
    """Values in an object: those of maps and lists, and each `TEXT` characters of a text; it stops above `MAX_SIZE`."""
    found, waiting = 0, [value]
    while waiting and found <= MAX_SIZE:
        one = waiting.pop()
        found += 1
        if isinstance(one, str):
            found += len(one) // TEXT
        elif isinstance(one, Mapping):
            waiting.extend(one)
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return found
