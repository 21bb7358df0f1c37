"""Jinja for YAML: templates in which no value can break out of its place, and faults with template and line.

Escaping is automatic, as HTML templating does it: when a template is loaded, the place of every expression is read from
the text around it, and the expression is wrapped in a filter that writes the value for exactly this place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

from jinja2 import BytecodeCache, FunctionLoader, StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from paddock import emit
from paddock.diagnostics import Place, Problem

_TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "set"})
_KEY = r"""(?:"[^"\\]*"|'[^']*'|[A-Za-z0-9_$/][^\s:#,\[\]{}"']*)"""
_PLACE = re.compile(rf"(?P<indent> *)(?P<dashes>(?:- +)*)(?:(?P<key>{_KEY}:) +)?(?P<flow>[\[{{].*)?")
_ENTRY = re.compile(r"(?P<indent> *)(?P<dashes>(?:[-?](?: +|$))*)(?P<key>.*?:(?: +|$))?(?P<value>.*)")
_SPACED = re.compile(r"[:\-] +$")
_KEY_END = re.compile(r":(?: |$)")
_BLOCK_SCALAR = re.compile(r"(?:^ *|[:?\-] +)(?:[!&]\S* +)*[|>][0-9]?[+-]?[0-9]?$")
_CLOSING = {'"': re.compile(r'(?:[^"\\]|\\.)*"'), "'": re.compile(r"(?:[^']|'')*'")}
_UNBOUNDED = {"pow": "**", "mul": "*"}


class PlaceError(TemplateSyntaxError):
    """An expression or tag stands where its value could break out of its place."""


class YamlPlaces(Extension):
    """Wraps each expression in the filter for its place and refuses what cannot be made safe."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        return _Places(list(stream), stream.name).rewritten()


class _Scan(NamedTuple):
    """What is open at the end of a text: flow brackets, a quote or a comment; whether a new scalar may begin there."""

    flow: str
    open: str
    fresh: bool
    content: str


def _scan(line: str, flow: str = "") -> _Scan:
    """Reads a line as YAML does; where a plain scalar of several lines is meant, it errs towards open."""
    at, fresh = 0, True
    while at < len(line):
        char, following = line[at], line[at + 1 : at + 2]
        if char == "#" and (at == 0 or line[at - 1] == " "):
            return _Scan(flow, "#", False, line[:at].rstrip())
        if fresh and char in _CLOSING:
            closing = _CLOSING[char].match(line, at + 1)
            if closing is None:
                return _Scan(flow, char, False, line)
            at, fresh = closing.end(), False
            continue
        if char in "[{" and (flow or fresh):
            flow, fresh = flow + char, True
        elif char in "]}" and flow:
            flow, fresh = flow[:-1], False
        elif (flow and char in ",:") or (char == ":" and following in ("", " ")):
            fresh = True
        elif char != " ":
            fresh = fresh and char in "-?" and following in ("", " ")
        at += 1
    return _Scan(flow, "", fresh, line.rstrip())


class _Places:
    def __init__(self, tokens: list[Token], name: str | None) -> None:
        self.tokens = tokens
        self.name = name
        self.line = ""  # text of the current output line so far; expressions count as \0
        self.flow = ""  # brackets that earlier lines left open
        self.previous = ""  # the last line before it that is neither blank nor a comment
        self.branches: list[str] = []  # `previous` where the open tags began
        self.scalar_indent: int | None = None  # inside a block scalar: the column of its parent

    def fail(self, message: str, lineno: int) -> PlaceError:
        return PlaceError(message, lineno, self.name)

    def rewritten(self) -> Iterator[Token]:
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.type == "data":
                self.read(token)
                yield self.trimmed(index)
                index += 1
            elif token.type in ("variable_begin", "block_begin"):
                end = self.end_of(index, token.type.removesuffix("_begin"))
                if end is None:  # Jinja's parser says what is missing
                    yield from self.tokens[index:]
                    return
                self.check_operators(index, end)
                if token.type == "variable_begin":
                    yield from self.expression(index, end)
                else:
                    yield from self.tag(index, end)
                index = end + 1
            else:
                yield token
                index += 1
        self.close_line(self.tokens[-1].lineno if self.tokens else 1)

    def read(self, token: Token) -> None:
        """Follow literal text: which line we are on, and whether it lies in a block scalar."""
        head, *rest = token.value.split("\n")
        self.line += head
        for number, line in enumerate(rest):
            self.close_line(token.lineno + number)
            self.line = line

    def close_line(self, lineno: int) -> None:
        if not self.line.strip() or self.in_block_scalar():
            return
        self.scalar_indent = None
        within_flow, has_expression = bool(self.flow), "\0" in self.line
        self.flow, open, _, content = _scan(self.line, self.flow)
        if open in _CLOSING:
            raise self.fail("a quoted scalar must end on its line", lineno)
        if has_expression and self.flow:
            raise self.fail("a flow collection with an expression must end on its line", lineno)
        if not content:
            return
        if not within_flow and (has_expression or "\0" in self.previous) and _continues(self.previous, content):
            raise self.fail("this line would continue the value of the line before it", lineno)
        if _BLOCK_SCALAR.search(content):
            self.scalar_indent = _parent_column(content)
        self.previous = content

    def in_block_scalar(self) -> bool:
        return self.scalar_indent is not None and len(self.line) - len(self.line.lstrip(" ")) > self.scalar_indent

    def trimmed(self, index: int) -> Token:
        """The filter writes the space before a value, so that a block can begin on the next line; a key's stays."""
        token, end = self.tokens[index], self.end_of(index + 1, "variable")
        if end is None or not _SPACED.search(self.line) or _scan(self.line).flow:
            return token
        if _KEY_END.match(self.text_after(end)):
            return token
        return Token(token.lineno, "data", token.value.rstrip(" "))

    def end_of(self, index: int, kind: str) -> int | None:
        """Where the expression or tag that begins at a token ends; None where none begins, or it does not end."""
        if index >= len(self.tokens) or self.tokens[index].type != f"{kind}_begin":
            return None
        return next((i for i in range(index, len(self.tokens)) if self.tokens[i].type == f"{kind}_end"), None)

    def check_operators(self, begin: int, end: int) -> None:
        for token in self.tokens[begin:end]:
            if token.type in _UNBOUNDED:
                message = (
                    f"the operator {_UNBOUNDED[token.type]} is not allowed in a template: compute in the view-model"
                )
                raise self.fail(message, token.lineno)

    def tag(self, begin: int, end: int) -> Iterator[Token]:
        token, name, last = self.tokens[begin], self.tokens[begin + 1], self.tokens[end]
        if name.value not in _TAGS:
            legal = ", ".join(sorted(_TAGS))
            raise self.fail(f"the tag {name.value!r} is not allowed in a template; legal: {legal}", token.lineno)
        if name.value == "set" and not any(one.type == "assign" for one in self.tokens[begin:end]):
            raise self.fail("a block set is not allowed; write {% set name = expression %}", token.lineno)
        if "-" in token.value or "-" in last.value or "+" in token.value or "+" in last.value:
            raise self.fail("whitespace control is not needed: a tag on its own line leaves none", token.lineno)
        at_end = end + 1 == len(self.tokens)
        if self.line.strip() or not (last.value.endswith("\n") or at_end):
            raise self.fail("a tag stands alone on its line", token.lineno)
        self.line = ""
        self.follow(name.value)
        yield from self.tokens[begin : end + 1]

    def follow(self, tag: str) -> None:
        """Which line comes before the next one: each branch begins after the line before its first tag."""
        if tag in ("if", "for"):
            self.branches.append(self.previous)
        elif tag in ("elif", "else") and self.branches:
            self.previous = self.branches[-1]
        elif tag in ("endif", "endfor") and self.branches:
            self.branches.pop()

    def expression(self, begin: int, end: int) -> Iterator[Token]:
        token = self.tokens[begin]
        if any(sign in one.value for sign in "-+" for one in (token, self.tokens[end])):
            raise self.fail("whitespace control is not needed around an expression", token.lineno)
        inner = self.tokens[begin + 1 : end]
        if not inner:
            raise self.fail("an expression is empty", token.lineno)
        name, arguments = self.place(token.lineno, self.text_after(end))
        lineno = token.lineno
        yield token
        yield Token(lineno, "lparen", "(")
        yield from inner
        yield Token(lineno, "rparen", ")")
        yield Token(lineno, "pipe", "|")
        yield Token(lineno, "name", name)
        yield Token(lineno, "lparen", "(")
        for number, argument in enumerate(arguments):
            if number:
                yield Token(lineno, "comma", ",")
            yield Token(lineno, "integer", argument)  # type: ignore[arg-type]
        yield Token(lineno, "rparen", ")")
        yield self.tokens[end]
        self.line += "\0"

    def text_after(self, end: int) -> str:
        """The literal text between an expression and the end of its line; `\\1` stands for another expression."""
        text = ""
        for token in self.tokens[end + 1 :]:
            if token.type == "data":
                head, newline, _ = token.value.partition("\n")
                text += head
                if newline:
                    return text
            elif token.type == "variable_begin":
                text += "\1"
            elif token.type == "block_begin":
                return text + "\2"
        return text

    def place(self, lineno: int, after: str) -> tuple[str, tuple[int, ...]]:
        """Filter and arguments for an expression, from the text before and after it on its line."""
        if self.in_block_scalar():
            message = "an expression inside a block scalar cannot be made safe; give the whole text as one value"
            raise self.fail(message, lineno)
        if self.flow:
            raise self.fail("a flow collection with an expression must stand on one line", lineno)
        scan = _scan(self.line)
        if scan.open:
            where = "a comment" if scan.open == "#" else "quotes"
            raise self.fail(f"an expression inside {where} cannot be made safe", lineno)
        line = self.line
        match = _PLACE.fullmatch(line.replace("\0:", "_:", 1) if line.lstrip(" -").startswith("\0:") else line)
        if match is None:
            raise self.partial(lineno)
        column = len(match["indent"]) + len(match["dashes"])
        if match["flow"]:
            if not _is_flow_value(scan, line) or not re.match(r" *[,\]}]", after):
                raise self.partial(lineno)
            return "yaml_flow", ()
        if match["key"]:
            if after.strip():
                raise self.partial(lineno)
            return "yaml_after_key", (column,)
        if _KEY_END.match(after):
            return "yaml_key", ()
        if after.strip():
            raise self.partial(lineno)
        if match["dashes"]:
            return "yaml_after_dash", (len(match["indent"]) + match["dashes"].rstrip().rfind("-"),)
        return "yaml_block", (column, int(self.previous.endswith((":", "-"))))

    def partial(self, lineno: int) -> PlaceError:
        message = 'an expression must fill its whole scalar: write {{ a ~ "-" ~ b }} as the whole value'
        return self.fail(message, lineno)


def _is_flow_value(scan: _Scan, line: str) -> bool:
    """Whether a value, and not a key, may begin at the end of an unfinished flow collection."""
    if not scan.fresh or not scan.flow:
        return False
    last = scan.content[-1]
    return line.endswith(": ") if last == ":" else scan.flow[-1] == "["


def _entry(line: str) -> tuple[int, bool, str]:
    """Of a line: the column that what belongs to it must exceed, whether it has a key, and the value it begins with."""
    match = _ENTRY.fullmatch(line)
    assert match is not None
    column = len(match["indent"]) + len(match["dashes"])
    if match["dashes"] and not match["key"]:
        column = len((match["indent"] + match["dashes"]).rstrip()) - 1
    return column, bool(match["key"]), match["value"]


def _continues(previous: str, line: str) -> bool:
    """Whether a line belongs to the line before it although that one already has its value."""
    column, has_key, value = _entry(previous)
    if not value or value == "---":
        return False
    own = len(line) - len(line.lstrip(" "))
    return own > column or (own == column and has_key and bool(re.match(r"-( |$)", line[own:])))


def _parent_column(line: str) -> int:
    """The column that the text of a block scalar must exceed; `line` ends in its header."""
    column, has_key, _ = _entry(line)
    return column if has_key or line.lstrip(" ").startswith(("- ", "? ")) else column - 1


def _written(write: Callable[..., str], value: Any, *arguments: int) -> str:
    try:
        return write(value, *arguments)
    except emit.Unrepresentable:
        _fail_if_undefined(value)
        raise


def _fail_if_undefined(value: Any, depth: int = 16) -> None:
    """An undefined variable, perhaps within a list or map that the template itself wrote."""
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, (dict, list, tuple)) and depth:
        for item in value.values() if isinstance(value, dict) else value:
            _fail_if_undefined(item, depth - 1)


def _after_key(value: Any, indent: int) -> str:
    return _written(emit.after_key, value, indent)


def _after_dash(value: Any, indent: int) -> str:
    return _written(emit.after_dash, value, indent)


def _flow(value: Any) -> str:
    return _written(emit.flow, value)


def _key(value: Any) -> str:
    return _written(emit.key, value)


def _block(value: Any, indent: int, value_position: int) -> str:
    is_collection = isinstance(value, (Mapping, list, tuple))
    if not is_collection and not value_position:
        _fail_if_undefined(value)
        raise emit.Unrepresentable(
            f"an expression alone on its line gives a map or a list, not a {type(value).__name__}"
        )
    if is_collection and not value and not value_position:
        return ""
    return _written(emit.block, value, indent)


class _Compiled(BytecodeCache):
    """Code of templates by name and text, for the next run of this process; never written anywhere."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Templates:
    """Compiled templates by path. `sources` maps a path to its text."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self._environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._load),
            extensions=[YamlPlaces],
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_COMPILED,
        )
        self._environment.filters |= {
            "yaml_after_key": _after_key,
            "yaml_after_dash": _after_dash,
            "yaml_block": _block,
            "yaml_flow": _flow,
            "yaml_key": _key,
        }
        # What gives another text each time, and what only exists to fill pages.
        del self._environment.filters["random"]
        for name in ("lipsum", "cycler", "joiner"):
            del self._environment.globals[name]

    def _load(self, name: str) -> tuple[str, str, None] | None:
        source = self.sources.get(name)
        return None if source is None else (source, name, None)

    def compile(self, path: str) -> Problem | None:
        """Load a template; the problem if it cannot be."""
        try:
            self._environment.get_template(path)
        except TemplateSyntaxError as error:
            return _syntax_problem(path, error)
        except Exception as error:  # Python's compiler has limits of its own, e.g. 20 nested loops
            return _fault(path, error, "template-syntax", f"{type(error).__name__}: {error}")
        return None

    def render(self, path: str, context: Mapping[str, Any]) -> tuple[str, Problem | None]:
        """The text of a template, or "" and the problem."""
        problem = self.compile(path)
        if problem is not None:
            return "", problem
        try:
            return self._environment.get_template(path).render(context), None
        except UndefinedError as error:
            return "", _fault(path, error, "template-undefined", f"undefined: {error.message}")
        except emit.Unrepresentable as error:
            return "", _fault(path, error, "unrepresentable-value", str(error))
        except Exception as error:  # an expression may raise whatever the values' methods raise
            return "", _fault(path, error, "template-error", f"{type(error).__name__}: {error}")


def _syntax_problem(path: str, error: TemplateSyntaxError) -> Problem:
    id = "template-unsafe-place" if isinstance(error, PlaceError) else "template-syntax"
    return Problem(
        id=id,
        message=str(error.message).rstrip("."),
        place=Place(path=error.name or path, line=error.lineno, whole_line=True),
        help="see docs/guides/templates.md for the places of an expression" if id == "template-unsafe-place" else "",
    )


def _fault(path: str, error: Exception, id: str, message: str) -> Problem:
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return Problem(id=id, message=message, place=Place(path=path, line=line, whole_line=True))
