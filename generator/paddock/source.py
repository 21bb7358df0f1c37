"""Strict YAML: bytes to plain data, and, only when a diagnostic needs it, to the position of a node.

The one module that imports a YAML library: PyYAML's parser in C. A value that YAML 1.1 and YAML 1.2 readers would
understand differently is refused, because Argo CD, Helm, kubectl and editors do not agree on the version they read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from yaml import MarkedYAMLError, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from paddock.diagnostics import Location, Place, Problem

Json = Any

MAX_BYTES = 1 << 19
"""Largest spec file, 512 KiB: what it renders must fit into etcd's objects (1.5 MB, argo-cd#621), with copies."""
MAX_DEPTH = 64
"""Deepest nesting of a file that people write; rendered objects reach about 20."""

# Numbers that every reader understands alike. A leading zero makes an octal number in YAML 1.1, which is the same
# number only as long as nothing but zeros stands before the last digit.
_INTEGER = re.compile(r"[-+]?(?:0*[0-7]|[1-9][0-9]*)|0x[0-9a-fA-F]+|[89]", re.ASCII)
_FLOAT = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?", re.ASCII)
_INT64 = 1 << 63
# What else some reader takes for a number, a date or a merge (https://yaml.org/type/, https://yaml.org/spec/1.2.2/
# #103-core-schema, and go-yaml's resolve.go).
_AMBIGUOUS = re.compile(
    r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"  # 12:30
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"  # 0:30.5
    r"|[-+]?0(?:b[01_]+|o[0-7_]+|x[0-9a-fA-F_]+)"  # 0b1, 0o14, 0x_1
    r"|[0-9][0-9_]*|[-+][0-9_]+"  # 012, 1_000, +_1
    r"|[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?_*[0-9][0-9_]*)?"  # 1e3, 1_0.5, +.5
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}"  # 2026-01-31
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
    r"|=|<<",
    re.ASCII,
)
_TRUE, _FALSE, _NULL = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}, {"", "~", "null", "Null", "NULL"}
_BOOLEANS_OF_11 = {
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
}
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# Characters that YAML forbids or, like NEL, LS and PS, that break a line in YAML 1.1 only (YAML 1.2.2, 5.4).
_UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class _TooDeep(Exception):
    """Nesting beyond MAX_DEPTH, stopped before it exhausts the C stack; `mark` is where."""

    def __init__(self, mark: Any) -> None:
        super().__init__()
        self.mark = mark


class _Composer(CParser):
    """libyaml's composer without tags: what a scalar means is decided here, not by a resolver."""

    depth = 0

    def resolve(self, kind: type, value: str | None, implicit: object) -> str:
        return ""

    def descend_resolver(self, node: Any, index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep(node.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def parse(data: bytes, path: str, *, max_bytes: int = MAX_BYTES) -> tuple[Json, list[Problem]]:
    """The value of a one-document YAML file and what is wrong with it; the value is None when there are problems."""
    text, problem = _decode(data, path, max_bytes)
    if problem is not None:
        return None, [problem]
    try:
        root = _compose(text)
        problems = list(_forbidden(text, path))
    except _TooDeep as error:
        line, column = error.mark.line + 1, error.mark.column + 1
        return None, [_problem("yaml-too-deep", f"nesting is deeper than {MAX_DEPTH} levels", path, line, column)]
    except YAMLError as error:
        return None, [_syntax_problem(error, path)]
    if problems:
        return None, problems
    if root is None or (isinstance(root, ScalarNode) and not root.style and not root.value):
        return None, [
            _problem("empty-file", "the file holds no YAML document", path, 1, 1, "delete it, or write a spec")
        ]
    builder = _Builder(path)
    value = builder.build(root)
    return (None if builder.problems else value), builder.problems


def parse_rendered(text: str, path: str, *, max_bytes: int) -> tuple[Json, list[Problem]]:
    """As `parse`, of a text that is rendered alike for many clusters: nobody may change the value that it gives."""
    value = _RENDERED.pop(text, None)
    if value is None or len(text) > max_bytes // 4:
        value, problems = parse(text.encode("utf-8", "surrogatepass"), path, max_bytes=max_bytes)
        if problems or value is None:
            return value, problems
    _RENDERED[text] = value
    if len(_RENDERED) > _MOST_RENDERED:
        del _RENDERED[next(iter(_RENDERED))]
    return value, []


_RENDERED: dict[str, Json] = {}
_MOST_RENDERED = 512
"""Texts whose values are kept; the one that was asked for longest ago goes first."""


def reread(text: str) -> Json:
    """The value of a text that `parse` accepted in this run, in half the time: anchors are not looked for, so it must
    be no other. None for one that is no YAML. Nobody may change it."""
    if text in _RENDERED:
        return _RENDERED[text]
    try:
        root = _compose(text)
    except (YAMLError, _TooDeep):
        return None
    return None if root is None else _Builder("").build(root)


def locate(data: bytes, places: list[Place]) -> list[tuple[Location, str]]:
    """The location of each place in a file, and the text of its first line. Unparsable files give line 1."""
    text = _text(data)
    lines = _lines(text)
    nodes = _Nodes(data, text) if any(place.line is None for place in places) else None
    located = []
    for place in places:
        location = nodes.find(place) if nodes is not None and place.line is None else _given(place, lines)
        source = lines[location.line - 1] if location.line <= len(lines) else ""
        located.append((_within(location, source), source))
    return located


def lines(data: bytes) -> list[str]:
    """The lines of a file as positions count them."""
    return _lines(_text(data))


def scalars(data: bytes) -> dict[int, list[tuple[int, int]]]:
    """By line (1-based) the ranges of columns (0-based, end exclusive) that are quoted or block scalars, so that what
    looks like a comment there is none. Of a file that cannot be parsed: what stands before its fault."""
    text = _text(data)
    rows = _lines(text)
    found: dict[int, list[tuple[int, int]]] = {}
    if len(data) > MAX_BYTES or _UNREADABLE.search(text):
        return found
    parser = _Composer(text)
    try:
        while parser.check_event():
            event: Any = parser.get_event()
            if getattr(event, "style", None) and type(event).__name__ == "ScalarEvent":
                start, end = event.start_mark, event.end_mark
                header = event.style in "|>"  # what follows the indicator may be a comment
                for line in range(start.line + header, min(end.line, len(rows) - 1) + 1):
                    first = start.column if line == start.line else 0
                    last = end.column if line == end.line else len(rows[line])
                    found.setdefault(line + 1, []).append((first, last))
    except YAMLError:
        return found
    finally:
        parser.dispose()
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _lines(text: str) -> list[str]:
    rows = _LINE_BREAK.split(text)
    if len(rows) > 1 and not rows[-1]:
        rows.pop()
    return rows


def _compose(text: str) -> Any:
    composer = _Composer(text)
    try:
        return composer.get_single_node()
    finally:
        composer.dispose()


def _decode(data: bytes, path: str, max_bytes: int) -> tuple[str, Problem | None]:
    if len(data) > max_bytes:
        message = f"the file has {len(data):,} bytes; at most {max_bytes:,} are read"
        return "", _problem("file-too-large", message, path, 1, 1, "split it, or move large content to a bucket")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line, column = _position(data[: error.start].decode("utf-8").removeprefix("\ufeff"))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return "", _problem("not-utf8", message, path, line, column, "save the file as UTF-8")
    if found := _UNREADABLE.search(text):
        line, column = _position(text[: found.start()])
        message = f"the character U+{ord(found.group()):04X} is not read the same by every YAML reader"
        return "", _problem(
            "yaml-syntax", message, path, line, column, 'remove it, or escape it within "double quotes"'
        )
    return text, None


def _position(before: str) -> tuple[int, int]:
    """Line and column of what follows a text."""
    lines = _LINE_BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def _forbidden(text: str, path: str) -> Iterator[Problem]:
    """Anchors, aliases, tags and directives: looked for only in files that hold their characters."""
    if not any(char in text for char in "&*!%"):
        return
    parser = _Composer(text)
    try:
        while parser.check_event():
            event: Any = parser.get_event()
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            name = type(event).__name__
            if name == "AliasEvent" or getattr(event, "anchor", None):
                message = f"anchors and aliases are not read: {event.anchor!r}"
                yield _problem("yaml-alias", message, path, line, column, _ALIAS_HELP)
            elif getattr(event, "tag", None):
                yield _problem("yaml-tag", f"tags are not read: {event.tag!r}", path, line, column, "remove the tag")
            elif getattr(event, "version", None) or getattr(event, "tags", None):
                yield _problem(
                    "yaml-syntax", "directives are not read", path, line, column, "remove the line with the %"
                )
    finally:
        parser.dispose()


class _Builder:
    """Nodes to plain data, collecting problems."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def add(self, id: str, message: str, node: Any, help: str) -> None:
        mark = node.start_mark
        self.problems.append(_problem(id, message, self.path, mark.line + 1, mark.column + 1, help))

    def build(self, node: Any, *, in_flow: bool = False) -> Json:
        if isinstance(node, ScalarNode):
            return self.scalar(node, in_flow=in_flow)
        if isinstance(node, SequenceNode):
            return [self.build(item, in_flow=node.flow_style) for item in node.value]
        return self.mapping(node)

    def scalar(self, node: Any, *, in_flow: bool) -> Json:
        text: str = node.value
        if node.style:
            value: Json = text
        else:
            value, refusal = _plain(text)
            if in_flow and "?" in text:
                refusal = "holds a question mark, at which go-yaml ends a plain scalar within brackets"
            if refusal:
                short = text if len(text) <= 40 else text[:37] + "..."
                help = f'write "{short}" for text, or true, false or a plain decimal number'
                self.add("ambiguous-scalar", f"{short} {refusal}", node, help)
        if "\0" in text:
            self.add("nul-character", "a string holds a NUL character", node, "remove it: no argument can carry it")
        return value

    def mapping(self, node: Any) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key_node, value_node in node.value:
            known = len(self.problems)
            key = self.build(key_node, in_flow=node.flow_style)
            if isinstance(key, str):
                if key in result:
                    short = key if len(key) <= 40 else key[:37] + "..."
                    self.add(
                        "duplicate-key", f"the key {short!r} stands twice in one map", key_node, "remove one of them"
                    )
                result[key] = self.build(value_node, in_flow=node.flow_style)
            else:
                if len(self.problems) == known:
                    self.add("key-not-string", "a map key must be a string", key_node, "quote the key")
                self.build(value_node, in_flow=node.flow_style)
        return result


@lru_cache(maxsize=65536)
def _plain(text: str) -> tuple[Json, str]:
    """The value of a plain scalar, and why it is refused, if it is."""
    if text in _NULL:
        return None, ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE, ""
    if text in _BOOLEANS_OF_11:
        return text, "is read differently by YAML 1.1 and YAML 1.2"
    if text[0] not in "0123456789+-.=<":
        return text, ""
    if _INTEGER.fullmatch(text):
        # Python refuses to read more than 4300 digits; 64 bits have at most 19, and a sign.
        number = int(text, 16 if text[1:2] == "x" else 10) if len(text) <= 40 else _INT64
        return number, "" if -_INT64 <= number < _INT64 else "does not fit into a Kubernetes integer of 64 bits"
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value, "" if math.isfinite(value) else "is larger than any number that JSON carries"
    return text, "is read differently by YAML 1.1 and YAML 1.2" if _AMBIGUOUS.fullmatch(text) else ""


def _problem(id: str, message: str, path: str, line: int, column: int, help: str = "") -> Problem:
    return Problem(id=id, message=message, place=Place(path=path, line=line, column=column), help=help)


_ALIAS_HELP = "repeat the value, or use an overlay"
_SYNTAX_HELP = {
    "expected a single document": "one spec a file",
    "found character that cannot start any token": "indent with spaces; quote a value that begins with @, ` or %",
    "found a tab character that violates indentation": "indent with spaces",
    "mapping values are not allowed in this context": 'quote a value that holds ": ", and look at the indentation',
    "could not find expected ':'": "end the key with a colon, and look at the indentation",
}


def _syntax_problem(error: YAMLError, path: str) -> Problem:
    mark: Any = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
    context = str(getattr(error, "context", None) or "")
    message = str(getattr(error, "problem", None) or str(error).partition("\n")[0])
    id, help = "yaml-syntax", _SYNTAX_HELP.get(message, _SYNTAX_HELP.get(context, ""))
    if "expected a single document" in context:
        id, message = "multiple-documents", "the file holds more than one YAML document"
    elif "undefined alias" in message or "duplicate anchor" in context:
        id, message, help = "yaml-alias", "anchors and aliases are not read", _ALIAS_HELP
    elif context:
        message = f"{message} {context}"
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return _problem(id, message, path, line, column, help)


def _given(place: Place, lines: list[str]) -> Location:
    """The position that a place states; what lies behind the end of the file is put at its end."""
    line, column = place.line or 1, place.column
    whole = re.compile(rf"{re.escape(place.text)}(?![\w-])")  # not the beginning of a longer name
    for number, content in enumerate(lines[line - 1 :], line) if place.text else ():
        if found := whole.search(content):
            start, end = found.start() + 1, found.end() + 1
            return Location(path=place.path, line=number, column=start, end_line=number, end_column=end)
    if lines and line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    end = column
    if place.whole_line and lines:
        text = lines[line - 1]
        column, end = len(text) - len(text.lstrip()) + 1, len(text.rstrip()) + 1
    return Location(path=place.path, line=line, column=column, end_line=line, end_column=end)


class _Nodes:
    """The nodes of a document, and where they are; libyaml's marks count characters."""

    def __init__(self, data: bytes, text: str) -> None:
        self.children: dict[int, dict[str | int, tuple[Any, Any]]] = {}
        self.root: Any = None
        self.lines = _LINE_BREAK.split(text)
        if len(data) <= MAX_BYTES and not _UNREADABLE.search(text):
            try:
                self.root = _compose(text)
            except (YAMLError, _TooDeep):
                self.root = None

    def find(self, place: Place) -> Location:
        """The deepest node of the pointer that exists; the key of a block collection, the whole of anything else."""
        if self.root is None:
            return Location(path=place.path)
        key, node, missing = None, self.root, False
        for step in place.pointer:
            child = self.child(node, step)
            if child is None:
                missing = True
                break
            key, node = child
        if place.inside is not None and not missing and isinstance(node, ScalarNode):
            return self._inside(place.path, node, *place.inside)
        is_block = not isinstance(node, ScalarNode) and not node.flow_style
        if key is not None and (place.key or missing or is_block):
            return _span(place.path, key)
        if is_block and isinstance(node, SequenceNode):
            mark = node.start_mark  # of the first dash
            return Location(path=place.path, line=mark.line + 1, column=mark.column + 1, end_line=mark.line + 1)
        return _span(place.path, node.value[0][0] if is_block and node.value else node)

    def _inside(self, path: str, node: Any, line: int, column: int) -> Location:
        """A position in the text of a scalar; the whole scalar where its lines are not those of the file (folded)."""
        start, end = node.start_mark, node.end_mark
        if node.style == "|":
            content = self.lines[start.line + 1 :]
            indent = next((len(one) - len(one.lstrip(" ")) for one in content if one.strip()), 0)
            at, column = start.line + line + 1, indent + column
        elif start.line == end.line and line == 1:
            quotes = node.style in ("'", '"')
            text = self.lines[start.line][start.column + quotes : end.column - quotes]
            at, column = start.line + 1, start.column + quotes + 1 + _written(text, column - 1, node.style)
        else:
            return _span(path, node)
        return Location(path=path, line=at, column=column, end_line=at, end_column=column + 1)

    def child(self, node: Any, step: str | int) -> tuple[Any, Any] | None:
        """Key node (None in a list) and value node of a step."""
        if isinstance(node, ScalarNode):
            return None
        if id(node) not in self.children:
            if isinstance(node, SequenceNode):
                self.children[id(node)] = {index: (None, item) for index, item in enumerate(node.value)}
            else:
                pairs = ((key, value) for key, value in reversed(node.value) if isinstance(key, ScalarNode))
                self.children[id(node)] = {key.value: (key, value) for key, value in pairs}
        return self.children[id(node)].get(step)


def _written(text: str, characters: int, style: str | None) -> int:
    """How many characters of a quoted scalar's source stand for so many of its value."""
    escaped = {"'": re.compile(r"''"), '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)")}.get(style or "")
    at = 0
    for _ in range(characters):
        found = escaped.match(text, at) if escaped else None
        at = found.end() if found else at + 1
    return at


def _span(path: str, node: Any) -> Location:
    start, end = node.start_mark, node.end_mark
    return Location(
        path=path, line=start.line + 1, column=start.column + 1, end_line=end.line + 1, end_column=end.column + 1
    )


def _within(location: Location, source: str) -> Location:
    """A range of one line at least one character wide, so that every reporter can underline it."""
    end = location.end_column if location.end_line == location.line else len(source.rstrip()) + 1
    column = max(1, location.column)
    return Location(
        path=location.path, line=location.line, column=column, end_line=location.line, end_column=max(end, column + 1)
    )
