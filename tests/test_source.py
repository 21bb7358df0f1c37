"""Strict YAML: hostile files end in problems with a line, legal ones mean what every reader says they mean."""

from __future__ import annotations

import itertools
import json
import random
import time
import warnings
from typing import Any

import pytest
import yaml
import yaml12
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError as RuamelError

from paddock import source
from paddock.diagnostics import Place

H = source.MAX_BYTES


def parse(text: str) -> Any:
    value, problems = source.parse(text.encode(), "spec.yaml")
    assert not problems
    return value


def ids(data: bytes) -> list[str]:
    value, problems = source.parse(data, "spec.yaml")
    assert problems == [] or value is None
    assert all(one.place.line is not None and one.place.line >= 1 for one in problems)
    return [one.id for one in problems]


def at(text: str, *pointer: str | int, key: bool = False) -> tuple[int, int, int]:
    """Line, column and end column of a node."""
    found, line = source.locate(text.encode(), [Place(path="spec.yaml", pointer=pointer, key=key)])[0]
    assert found.end_line == found.line
    assert line == text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")[found.line - 1]
    return found.line, found.column, found.end_column


@pytest.mark.parametrize(
    ("data", "id", "line"),
    [
        (b"", "empty-file", 1),
        (b"# only a comment\n", "empty-file", 1),
        (b"---\n", "empty-file", 1),
        (b"\xef\xbb\xbf", "empty-file", 1),
        (b"a: 1\n---\nb: 2\n", "multiple-documents", 2),
        (b"a: 1\nb: 2\na: 3\n", "duplicate-key", 3),
        (b"a: 1\r\nb: 2\r\na: 3\r\n", "duplicate-key", 3),
        (b"a: 1\rb: 2\ra: 3\r", "duplicate-key", 3),
        (b'{a: 1, "a": 2}', "duplicate-key", 1),
        (b"a: 1\nb: yes\n", "ambiguous-scalar", 2),
        (b"<<: {a: 1}\n", "ambiguous-scalar", 1),
        (b"x: 1\nn: 1\n", "ambiguous-scalar", 2),
        (b"a: [x?y]\n", "ambiguous-scalar", 1),
        (b"a: &x 1\n", "yaml-alias", 1),
        (b"a: 1\nb: *x\n", "yaml-alias", 2),
        (b"a: &x 1\nb: &x 2\n", "yaml-alias", 2),
        (b"&a [*a]", "yaml-alias", 1),
        (b"a: !!python/object:os.system x\n", "yaml-tag", 1),
        (b"a: ! x\n", "yaml-tag", 1),
        (b"%YAML 1.2\n---\na: 1\n", "yaml-syntax", 1),
        (b"%TAG ! x:\n---\na: 1\n", "yaml-syntax", 1),
        (b"a: 1\n  b: 2\n", "yaml-syntax", 2),
        (b"a:\n\t b: 1\n", "yaml-syntax", 2),
        (b"a: [1, 2\n", "yaml-syntax", 2),
        (b"a: 'x\n", "yaml-syntax", 2),
        (b"a: @x\n", "yaml-syntax", 1),
        (b"a: 1\nb: x\0y\n", "yaml-syntax", 2),
        (b"a: 1\nb: \x1b[31m\n", "yaml-syntax", 2),
        ("a: 1\nb: \x85c: 2\n".encode(), "yaml-syntax", 2),
        ("a: 1\n# x\u2028b: 2\n".encode(), "yaml-syntax", 2),
        ("a: 1\nb: \ufeff\n".encode(), "yaml-syntax", 2),
        ("a: 1\nb: \x80\n".encode(), "yaml-syntax", 2),
        (b"a: 1\nb: \xff\n", "not-utf8", 2),
        ("a: 1\nb: é".encode()[:-1], "not-utf8", 2),
        (b"a: 1\rb: \xff\r", "not-utf8", 2),
        (b"\xff\xfea\0:\0 \x001\0", "not-utf8", 1),
        (b'a: 1\nb: "\\0"\n', "nul-character", 2),
        (b"1: a\n", "key-not-string", 1),
        (b"a: 1\ntrue: b\n", "key-not-string", 2),
        (b"? [a]\n: b\n", "key-not-string", 1),
        (b"? {a: b}\n: c\n", "key-not-string", 1),
        (b"~: a\n", "key-not-string", 1),
        (b"a: 99999999999999999999\n", "ambiguous-scalar", 1),
        (b"a: .inf\n", "ambiguous-scalar", 1),
        (b"x" * (H + 1), "file-too-large", 1),
    ],
    ids=lambda one: ascii(one[:24]) if isinstance(one, bytes) else None,
)
def test_a_hostile_file_is_a_problem_at_its_line(data: bytes, id: str, line: int) -> None:
    value, problems = source.parse(data, "spec.yaml")
    assert value is None
    assert (problems[0].id, problems[0].place.line) == (id, line)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 10_000,
        b"[" * H,
        b"{a: " * (H // 4),
        b"- " * (H // 2),
        b"? " * (H // 2),
        "".join(" " * depth + "a:\n" for depth in range(1_000)).encode(),
        b"a: " + b"9" * 500_000,
        b"a: 0x" + b"f" * 500_000,
        b"a: " + b"9" * 500_000 + b".5",
        b"a: " + b"1:" * 250_000 + b"1",
        b"a: " + b"1_" * 250_000,
        b"a: &a [x, x]\nb: &b [*a, *a]\n" + b"c: [*b, *b, *b, *b]\n" * 1_000,
        b"a: '" + b"''" * 250_000,
        b":" * H,
        b"x" * 50_000_000,
        b"\n" * H,
        b"k: v\n" * 20_000,
    ],
    ids=lambda data: ascii(data[:12]),
)
def test_a_flood_is_refused_quickly(data: bytes) -> None:
    began = time.monotonic()
    assert ids(data)
    assert time.monotonic() - began < 30  # bounded at all: a flood that is read would take minutes


def test_nesting_is_read_down_to_64_levels_and_refused_at_its_line_below() -> None:
    assert parse("[" * 63 + "x" + "]" * 63)
    text = "".join(f"{' ' * depth}a:\n" for depth in range(70))
    _, problems = source.parse(text.encode(), "spec.yaml")
    assert (problems[0].id, problems[0].place.line) == ("yaml-too-deep", 64)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_problems(data: bytes) -> None:
    ids(data)
    source.locate(data, [Place(path="x", pointer=("a", 0)), Place(path="x", line=9, column=99)])


FRAGMENTS = [
    *(
        "a",
        "b: ",
        "c:",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'x'",
        '"y\\n"',
        "'",
    ),
    *(
        '"',
        "|\n",
        "k: |-\n  t\n",
        ">\n  u\n  v\n",
        "|+\n  w\n\n",
        "# c\n",
        " # c\n",
        "---\n",
        "1",
        "1.5",
        "yes",
        "true",
    ),
    *(
        "null",
        "~",
        "\t",
        " ",
        "é",
        "😀",
        "x y",
        "a:b",
        "x#y",
        "\r\n",
        "\ufeff",
        "\x85",
        "\u2028",
        '"\\u0041"',
        "''",
        "=",
        "\0",
    ),
    *(
        "k: a\n  b\n",
        'k: "a\n  b"\n',
        "%",
        "!t",
        "&a",
        "*a",
        "<<: ",
        "key: value\n",
        "  key: value\n",
        "list:\n- 1\n- 2\n",
    ),
]


def assert_same_as_other_readers(text: str, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert json.dumps(yaml.load(text, yaml.CSafeLoader)) == json.dumps(value)
        try:
            other = YAML(typ="safe", pure=True).load(text)
        except RuamelError:
            assert "\t" in text, "ruamel.yaml refuses blanks that are tabs"
            return
        assert json.dumps(other) == json.dumps(value)


def test_a_legal_document_means_what_other_readers_say() -> None:
    dice, accepted = random.Random(1), 0
    for _ in range(3_000):
        text = "root: " + "".join(dice.choice(FRAGMENTS) for _ in range(dice.randint(1, 8)))
        value, problems = source.parse(text.encode(), "x")
        if not problems:
            accepted += 1
            assert_same_as_other_readers(text, value)
    assert accepted > 300


PARTS = [
    "+",
    "-",
    "0",
    "00",
    "1",
    "7",
    "8",
    "9",
    "12",
    "_",
    ":",
    "30",
    "59",
    ".",
    "e",
    "E",
    "e+",
    "0x",
    "0o",
    "0b",
    "1F",
]
WORDS = [
    form
    for word in ("y", "yes", "no", "on", "off", "true", "null", ".inf", ".nan")
    for form in (word, word.title(), word.upper())
]
DATES = [
    "2026-01-31",
    "2026-1-3",
    "2026-01-31T10:20:30Z",
    "2026-01-31 10:20:30",
    "2026-01-31x",
    "2026-13-45",
    "10:20:30",
]
GO_ONLY = {"y", "Y", "n", "N"}  # https://github.com/kubernetes-sigs/yaml: go-yaml's booleans


def scalars() -> list[str]:
    short = ["".join(one) for length in (1, 2, 3) for one in itertools.product("0179-+._:exob", repeat=length)]
    dice = random.Random(2)
    long = ["".join(dice.choice(PARTS) for _ in range(dice.randint(2, 5))) for _ in range(600)]
    return sorted(
        {*dice.sample(short, 500), *long, *WORDS, *DATES, "~", "=", "<<", "012", "0o14", "1e3", "12:30", "1_000"}
    )


def reading(read: Any, text: str) -> str:
    try:
        return json.dumps(read(f"[{text}]"), default=repr)
    except Exception as error:  # PyYAML and ruamel.yaml crash on what they take for a number but cannot convert
        return f"{read}: {error}"


def is_plain(text: str) -> bool:
    try:
        node = yaml.compose(f"[{text}]", yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    return isinstance(node, yaml.SequenceNode) and [(one.value, one.style) for one in node.value] == [(text, "")]


def test_a_scalar_is_refused_exactly_when_readers_differ() -> None:
    ruamel = YAML(typ="safe", pure=True)
    checked = 0
    for text in filter(is_plain, scalars()):
        # yaml12 reads double signs, and signs within 0x and 0o, that no version of YAML knows.
        if any(sign in text for sign in ("++", "+-", "x+", "x-", "o+", "o-")) or text.endswith("-"):
            continue
        readings = [reading(lambda one: yaml.load(one, yaml.CSafeLoader), text), reading(ruamel.load, text)]
        readings.append(reading(yaml12.parse_yaml, text))
        alike = (
            len(set(readings)) == 1
            and text not in GO_ONLY
            and "nf" not in readings[0].lower()
            and "NaN" not in readings[0]
        )
        alike = alike and not _goes_beyond_64_bits(readings[0])
        for document in (f"[{text}]", f"{{k: {text}}}", f"- {text}"):
            _, problems = source.parse(document.encode(), "x")
            assert [one.id for one in problems] == ([] if alike else ["ambiguous-scalar"]), (text, readings)
        if alike:
            assert json.dumps(source.parse(f"[{text}]".encode(), "x")[0]) == readings[0]
        key_ids = [one.id for one in source.parse(f"{text}: x".encode(), "x")[1]]
        is_text = alike and readings[0].startswith('["')
        assert key_ids == ([] if is_text else ["key-not-string"] if alike else ["ambiguous-scalar"]), text
        checked += 1
    assert checked > 700


def _goes_beyond_64_bits(text: str) -> bool:
    number = json.loads(text)[0] if text.startswith("[") else None
    return isinstance(number, int) and not -(1 << 63) <= number < 1 << 63


@pytest.mark.parametrize("digits", [20, 4300, 4301, 100_000])
def test_an_integer_beyond_64_bits_is_refused(digits: int) -> None:
    assert ids(b"a: " + b"9" * digits) == ["ambiguous-scalar"]


def test_integers_of_64_bits_are_read() -> None:
    assert parse("[9223372036854775807, -9223372036854775808]") == [(1 << 63) - 1, -(1 << 63)]
    assert ids(b"[9223372036854775808, -9223372036854775809]") == ["ambiguous-scalar", "ambiguous-scalar"]


def test_all_faults_of_a_file_are_reported() -> None:
    assert ids(b"a: yes\nb: 012\nb: 1\n1: {c: no}\n") == [
        "ambiguous-scalar",
        "ambiguous-scalar",
        "duplicate-key",
        "key-not-string",
        "ambiguous-scalar",
    ]


SPEC = """\
kind: Workload
spec:
  run: {schedule: '0 2', zone: UTC}
  nodes: 16
  command: [a, 'b c']
  env:
  - name: x
  - y
"""


@pytest.mark.parametrize("prefix", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(
    ("pointer", "key", "expected"),
    [
        ((), False, (1, 1, 5)),
        (("kind",), False, (1, 7, 15)),
        (("kind",), True, (1, 1, 5)),
        (("spec",), False, (2, 1, 5)),
        (("spec", "run"), False, (3, 8, 36)),
        (("spec", "run"), True, (3, 3, 6)),
        (("spec", "run", "schedule"), False, (3, 19, 24)),
        (("spec", "run", "zone"), True, (3, 26, 30)),
        (("spec", "nodes"), False, (4, 10, 12)),
        (("spec", "command", 1), False, (5, 16, 21)),
        (("spec", "command", 7), False, (5, 3, 10)),
        (("spec", "env"), False, (6, 3, 6)),
        (("spec", "env", 0), False, (7, 5, 9)),
        (("spec", "env", 0, "name"), False, (7, 11, 12)),
        (("spec", "env", 1), False, (8, 5, 6)),
        (("spec", "absent"), False, (2, 1, 5)),
        (("spec", "nodes", "absent", 3), False, (4, 3, 8)),
        (("absent",), False, (1, 1, 5)),
    ],
    ids=lambda one: (
        "/".join(map(str, one)) or "root"
        if isinstance(one, tuple) and not all(isinstance(x, int) for x in one)
        else None
    ),
)
def test_a_node_is_located(prefix: str, newline: str, pointer: Any, key: bool, expected: tuple[int, int, int]) -> None:
    assert at(prefix + SPEC.replace("\n", newline), *pointer, key=key) == expected


@pytest.mark.parametrize(
    ("text", "pointer", "expected"),
    [
        ("a: 日本\nb: {c: '日本', d: x}", ("b", "d"), (2, 17, 18)),
        ("a: 'x\ty'", ("a",), (1, 4, 9)),
        ("😀: x", ("😀",), (1, 4, 5)),
        ("a: |\n  x\n  y\nb: z\n", ("a",), (1, 4, 5)),
        ("a: 'x\n  y'\n", ("a",), (1, 4, 6)),
        ("a: x\n  y\n", ("a",), (1, 4, 5)),
        ("a: {b: 1,\n  c: 2}\n", ("a",), (1, 4, 10)),
        ("a: ''", ("a",), (1, 4, 6)),
        ("a:\nb: 1", ("a",), (1, 3, 4)),
        ("- - x\n  - y\n", (0, 1), (2, 5, 6)),
        ("- - x\n  - y\n", (0,), (1, 3, 4)),
    ],
    ids=lambda one: ascii(one) if isinstance(one, str) else None,
)
def test_a_value_of_any_form_is_located(text: str, pointer: Any, expected: tuple[int, int, int]) -> None:
    assert at(text, *pointer) == expected


@pytest.mark.parametrize("text", ["a: [", "a: 1\n---\nb: 1", "a: \x00", "[" * 100])
def test_in_a_file_that_cannot_be_parsed_everything_is_on_line_1(text: str) -> None:
    assert at(text, "a", "b") == (1, 1, 2)


def test_a_line_behind_the_end_is_put_at_the_end() -> None:
    [(found, line)] = source.locate(b"a: [1\nb\n", [Place(path="x", line=3, column=1)])
    assert (found.line, found.column, line) == (2, 2, "b")


def test_locating_many_places_reads_the_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also each map: its keys are listed once, however many of them are looked for."""
    data = b"".join(b"key%d: {a: b}\n" % number for number in range(29_000))
    assert len(data) < H
    composed = []
    compose = source._compose
    monkeypatch.setattr(source, "_compose", lambda text: composed.append(1) or compose(text))
    nodes: list[source._Nodes] = []
    of_file = source._Nodes

    def kept(data: bytes, text: str) -> source._Nodes:
        nodes.append(of_file(data, text))
        return nodes[-1]

    monkeypatch.setattr(source, "_Nodes", kept)
    places = [Place(path="x", pointer=(f"key{number}", "a")) for number in range(5_000)]
    found = source.locate(data, places)
    assert composed == [1]
    assert len(nodes) == 1
    assert len(nodes[0].children) == 1 + 5_000
    assert found[4_999][0].line == 5_000


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("alert: Slow", 1, (3, 5, 16)),  # not "alert: SlowQueue", which comes first
        ("alert: Slow", 4, (5, 5, 16)),
        ("alert: Slow", 6, (6, 1, 2)),
        ("alert: Down", 2, (2, 1, 2)),
        ("", 3, (3, 1, 2)),
        ('"(x[1])"', 1, (7, 4, 12)),
    ],
)
def test_a_text_is_looked_for_from_a_line_on(text: str, line: int, expected: tuple[int, int, int]) -> None:
    lines = ["rules:", "  - alert: SlowQueue", "  - alert: Slow", "x", "  - alert: Slow", "", 'y: "(x[1])"']
    [(found, _)] = source.locate("\n".join(lines).encode(), [Place(path="x", line=line, text=text)])
    assert (found.line, found.column, found.end_column) == expected
