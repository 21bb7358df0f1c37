"""Whatever is emitted, every YAML reader reads back as the same value."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest
import yaml
import yaml12
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paddock import emit, source

HOSTILE = [
    *("", " ", "yes", "No", "on", "Off", "y", "N", "true", "True", "null", "~", "None", "NaN", ".nan", "-.inf", "inf"),
    *(
        "012",
        "0o14",
        "0b1",
        "0x1F",
        "1e3",
        "1E-3",
        "1_000",
        ".5",
        "1.",
        "+1",
        "-1",
        "0",
        "12:30",
        "1:2:3",
        "2001-01-01",
    ),
    *("*a", "&a", "!a", "!!str a", "a: b", "a:", ":", "::a", "a :b", "# x", "a #x", "a#b", "-", "- a", "?", "? a"),
    *(
        "a, b",
        "a,",
        "[a",
        "a]",
        "{a: b}",
        "x?y",
        "x:y",
        "<<",
        "=",
        "|",
        ">",
        "%YAML",
        "@a",
        "`a",
        "'",
        '"',
        "it's",
        '"q"',
    ),
    *(
        "\\",
        "\\n",
        "---",
        "...",
        "--- a",
        "---\na",
        "a\n---\nb\n",
        "a\n...\nb",
        "\n",
        "\n\n",
        "\na",
        "a\n",
        "a\n\n",
        "a\nb",
    ),
    *(
        "a\n\nb\n",
        "a \nb ",
        " a\nb",
        "a\n b",
        "a\n \nb",
        "a\n\tb",
        "#c\nd\n",
        "a ",
        " a",
        "a\t",
        "\ta",
        "a\tb",
        "a\r\nb",
        "a\rb",
    ),
    *(
        "\x85",
        "a\x85b",
        "a\n\x85",
        "\u2028",
        "a\u2029\nb",
        "\ufeff",
        "\ufeffa\nb",
        "\u00a0",
        "\u00a0a\nb",
        "\u3000a\nb\u3000",
    ),
    *(
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x80\n\x9f",
        "\ufffe",
        "\U0001ffff",
        "😀",
        "a\n😀\n",
        "é",
        "x" * 300,
        "y" * 2000,
        "x\n" * 500,
    ),
    *(
        "https://a.b:80/c?d=e&f=g",
        "nvidia.com/gpu",
        "{{ a }}",
        "${x}",
        "{% if %}",
        "$(X)",
        "/x",
        "_1",
        "a\\",
        "k: |\n  x\n",
    ),
]

ruamel = YAML(typ="safe", pure=True)
READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML in C": lambda text: yaml.load(text, yaml.CSafeLoader),
    "PyYAML": yaml.safe_load,
    "ruamel.yaml": lambda text: ruamel.load(text),
    "yaml12": yaml12.parse_yaml,
    "paddock": lambda text: _strict(text),
}

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.text("abyno01.:-_,?#&*!|>%@`'\"\\{}[]()=<~+ \n\t\r\x85\u2028\ufeff😀/", max_size=10),
)
numbers = st.one_of(st.integers(-(1 << 63), (1 << 63) - 1), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)


def _strict(text: str) -> Any:
    data, problems = source.parse(text.encode(), "emitted", max_bytes=1 << 24)
    assert not problems
    return data


def assert_reads_back(text: str, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ruamel.yaml warns about long keys
        for name, read in READERS.items():
            assert json.dumps(read(text)) == json.dumps(value), f"{name} misreads {text!r}"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_a_hostile_string_reads_back_in_every_place(text: str) -> None:
    name = text[:100]
    value = {"value": text, "item": [text, [text]], "nested": [{"a": text, name: {"b": text}}], name: 1}
    assert_reads_back(emit.document(value), value)
    assert_reads_back(f"a: {emit.flow(value)}\n", {"a": value})


@given(values)
@example({"a": ["\ud800"]})
def test_any_value_reads_back_or_is_refused(value: Any) -> None:
    document = {"key": value, "list": [value, {"deeper": value}]}
    try:
        text = emit.document(document)
        flow = f"a: {emit.flow(document)}\n"
    except emit.Unrepresentable:
        bad = ("\\x00", "\\ud", "x" * 300, "y" * 300, "x\\n" * 300)
        assert any(one in repr(value) for one in bad), "only NUL, surrogates and long keys are refused"
        return
    assert_reads_back(text, document)
    assert_reads_back(flow, {"a": document})


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn"))), min_size=50, max_size=50))
def test_printable_strings_are_never_refused(strings: list[str]) -> None:
    for text in strings:
        emit.scalar(text)


@pytest.mark.parametrize(
    "word", ["y", "Y", "n", "N", "yes", "Off", "0o14", "0b1", "1_000", ".5", "+1", "2001-01-01", "<<"]
)
def test_what_go_yaml_reads_as_something_else_is_quoted(word: str) -> None:
    assert emit.scalar(word) == f'"{word}"'
    assert emit.key(word) == f'"{word}"'


@pytest.mark.parametrize("text", ["x?y", "a:b", "a,b", "a[0]", "a{b}"])
def test_what_ends_a_plain_scalar_in_brackets_is_quoted_there(text: str) -> None:
    assert emit.flow([text]) == f'["{text}"]'


@pytest.mark.parametrize(
    "text", ["bev-train", "a b c", "registry.k8s.io/kueue", "x=y", "sha256:abc", "64Gi", "/dev/shm"]
)
def test_harmless_strings_stay_readable(text: str) -> None:
    assert emit.scalar(text) == (f'"{text}"' if text[0].isdigit() else text)


def test_lines_become_a_literal_block() -> None:
    assert emit.document({"a": {"script": 'set -e\n\necho "x"\n'}}) == 'a:\n  script: |\n    set -e\n\n    echo "x"\n'
    assert emit.document({"a": ["x\n  y"]}) == "a:\n- |-\n  x\n    y\n"


def test_maps_and_lists_become_blocks() -> None:
    value = {"a": {"b": [1, {"c": [], "d": {}}, [2, [3]]]}}
    assert emit.document(value) == "a:\n  b:\n  - 1\n  - c: []\n    d: {}\n  - - 2\n    - - 3\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-7, "-7"),
        (1.5, "1.5"),
        (1e-7, "0.0000001"),
        (1e22, "1" + "0" * 22 + ".0"),
        (-0.0, "-0.0"),
        (5.0, "5.0"),
    ],
)
def test_numbers_are_plain_decimals(number: float, text: str) -> None:
    assert emit.scalar(number) == text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        1 << 63,
        -(1 << 63) - 1,
        10**5000,
        "a\0b",
        "\ud800",
        b"bytes",
        {1, 2},
        object(),
        {1: 2},
        {None: 1},
        {"k" * 1001: 1},
        [b"x"],
        {"a": {True: 1}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_no_reader_carries_unchanged_is_refused(value: Any) -> None:
    with pytest.raises(emit.Unrepresentable):
        emit.after_key(value, 0)
    with pytest.raises(emit.Unrepresentable):
        emit.flow(value)


@pytest.mark.parametrize(
    "write", [emit.flow, lambda value: emit.block(value, 0), lambda value: emit.after_dash(value, 0)]
)
def test_a_value_that_holds_itself_is_refused(write: Callable[[Any], str]) -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(emit.Unrepresentable):
        write(value)


def test_a_subclass_of_str_is_written_as_its_text() -> None:
    class Word(StrEnum):
        GO = "go"

    class Loud(str):
        def __str__(self) -> str:
            return "a: b"

    assert emit.scalar(Word.GO) == "go"
    assert emit.document({"a": Loud("x"), Loud("k"): Loud("l\nm")}) == "a: x\nk: |-\n  l\n  m\n"
