"""No value leaves its place in a template, unsafe places are refused at load, and faults name the line."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from paddock import emit, source
from paddock.templating import Templates

PATH = "templates/test/x.yaml.j2"


def render(text: str, **context: Any) -> str:
    rendered, problem = Templates({PATH: text}).render(PATH, context)
    assert problem is None, problem
    return rendered


def fault(text: str, **context: Any) -> tuple[str, int | None, str]:
    rendered, problem = Templates({PATH: text}).render(PATH, context)
    assert rendered == ""
    assert problem is not None
    assert problem.place.path == PATH
    return problem.id, problem.place.line, problem.message


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("a: {{ x }}\n", "text", "a: text\n"),
        ("a: {{ x }}\n", "yes", 'a: "yes"\n'),
        ("a: {{ x }}\n", "b: c\nd", "a: |-\n  b: c\n  d\n"),
        ("a: {{ x }}\n", {}, "a: {}\n"),
        ("a: {{ x }}\n", [], "a: []\n"),
        ("a: {{ x }}\n", {"b": 1}, "a:\n  b: 1\n"),
        ("a: {{ x }}\n", [1, {"b": [2]}], "a:\n- 1\n- b:\n  - 2\n"),
        ("k:\n  a: {{ x }}\n", {"b": {"c": 1}}, "k:\n  a:\n    b:\n      c: 1\n"),
        ("a:   {{ x }}\n", {"b": 1}, "a:\n  b: 1\n"),
        ("- a: {{ x }}\n", {"b": 1, "c": "x\ny"}, "- a:\n    b: 1\n    c: |-\n      x\n      y\n"),
        ("- - a: {{ x }}\n", [1], "- - a:\n    - 1\n"),
        ("- {{ x }}\n", {"b": 1, "c": 2}, "- b: 1\n  c: 2\n"),
        ("- {{ x }}\n", [1, [2]], "- - 1\n  - - 2\n"),
        ("- {{ x }}\n", "x\ny\n", "- |\n  x\n  y\n"),
        ("  - - {{ x }}\n", {"b": 1, "c": 2}, "  - - b: 1\n      c: 2\n"),
        ("-   {{ x }}\n", {"b": 1, "c": 2}, "- b: 1\n  c: 2\n"),
        ("a:\n  {{ x }}\n", {"b": 1, "c": 2}, "a:\n  b: 1\n  c: 2\n"),
        ("a:\n  {{ x }}\n", [1, 2], "a:\n  - 1\n  - 2\n"),
        ("a:\n  {{ x }}\n", {}, "a:\n  {}\n"),
        ("a:\n  {{ x }}\n", [], "a:\n  []\n"),
        ("a:\n  # why\n  {{ x }}\n", {}, "a:\n  # why\n  {}\n"),
        ("a:\n  {{ x }}\n", "b: c", 'a:\n  "b: c"\n'),
        ("a:\n  b: 1\n  {{ x }}\n", {}, "a:\n  b: 1\n  \n"),
        ("a:\n  b: 1\n  {{ x }}\n", {"c": 2}, "a:\n  b: 1\n  c: 2\n"),
        ("{{ x }}: 1\n", "yes", '"yes": 1\n'),
        ("{{ x }}:\n  a: 1\n", "a: b", '"a: b":\n  a: 1\n'),
        ("- {{ x }}: {{ x }}\n", "k", "- k: k\n"),
        ("a: [{{ x }}, {{ x }}]\n", "b, c", 'a: ["b, c", "b, c"]\n'),
        ("a: {b: {{ x }}, c: [1, {{ x }}]}\n", {"d": ["]"]}, 'a: {b: {d: ["]"]}, c: [1, {d: ["]"]}]}\n'),
        ("[{{ x }}]\n", None, "[null]\n"),
        ('"a b": {{ x }}\n', 1, '"a b": 1\n'),
        ("'a': {{ x }}\n", 1.5, "'a': 1.5\n"),
        ("a.b/c-d: {{ x }}\n", True, "a.b/c-d: true\n"),
        ("a: {{ x ~ '-' ~ x }}\n", "b", "a: b-b\n"),
        ("a: {# a comment #}{{ x }}\n", {"b": 1}, "a:\n  b: 1\n"),
        ("a: |\n  literal\nb: {{ x }}\n", 1, "a: |\n  literal\nb: 1\n"),
        ("- |\n text\n- {{ x }}\n", 1, "- |\n text\n- 1\n"),
        ("a: {{ x }}", 1, "a: 1"),
        ("a: {{ x }}\r\nb: 1\r\n", 1, "a: 1\nb: 1\n"),
        ("-   {{ x }}: {{ x }}\n", "k", "-   k: k\n"),
        ("- a: 1\n  {{ x }}:\n  - {{ x }}\n", "k", "- a: 1\n  k:\n  - k\n"),
        ("{% raw %}\na: '{{ not jinja }}'\n{% endraw %}\n", 1, "\na: '{{ not jinja }}'\n"),
        ("{% for i in x %}\n- {{ i }}\n{% endfor %}\n", [1, "b: c"], '- 1\n- "b: c"\n'),
        ("{% set y = x %}\n{% if y %}\na: {{ y }}\n{% else %}\nb: 1\n{% endif %}\n", "z", "a: z\n"),
        ("a:\n{% if x %}\n  b: {{ x }}\n{% else %}\n  c: 1\n{% endif %}\n  d: 2\n", 1, "a:\n  b: 1\n  d: 2\n"),
        ("# it's a comment\na: {{ x }}\n", 1, "# it's a comment\na: 1\n"),
        ("a: don't\nb: {{ x }}\n", 1, "a: don't\nb: 1\n"),
        ("a: [\n  1,\n  2\n]\nb: {{ x }}\n", 1, "a: [\n  1,\n  2\n]\nb: 1\n"),
        ("---\n{{ x }}\n", {"a": 1}, "---\na: 1\n"),
    ],
)
def test_a_value_fills_its_place(template: str, value: Any, expected: str) -> None:
    assert render(template, x=value) == expected


@pytest.mark.parametrize(
    "template",
    [
        'a: "{{ x }}"\n',
        "a: '{{ x }}'\n",
        'a: ["x # {{ x }}"]\n',
        "a: |\n  {{ x }}\n",
        "a: |\n  text\n\n    b: {{ x }}\n",
        "- |\n {{ x }}\n",
        "- a: >-\n    b: {{ x }}\n",
        "a: | # comment\n  {{ x }}\n",
        "a: !!str |\n  {{ x }}\n",
        "? |\n  {{ x }}\n",
        "# {{ x }}\n",
        "a: 1 # {{ x }}\n",
        "a: {{ x }} # comment\n",
        "a: {{ x }}-{{ x }}\n",
        "a: b{{ x }}\n",
        "a: b {{ x }}\n",
        "a: {{ x }}b\n",
        "a:{{ x }}\n",
        "-{{ x }}\n",
        "a b: {{ x }}\n",
        "a: &b {{ x }}\n",
        "a: !b {{ x }}\n",
        "? {{ x }}\n",
        "--- {{ x }}\n",
        "a: - {{ x }}\n",
        "{{ x }}{{ x }}\n",
        "{{ x }}b: 1\n",
        "{{ x }}:b\n",
        "b{{ x }}: 1\n",
        "a: [b{{ x }}]\n",
        "a: [{{ x }}b]\n",
        "a: [{{ x }} {{ x }}]\n",
        "a: [1] {{ x }}\n",
        "a: [1], {{ x }}\n",
        "a: {{ '{' }}{{ x }}: 1}\n",
        "a: {b: 1, {{ x }}}\n",
        "a: {b: 1, {{ x }}: 2}\n",
        "a: {b:{{ x }}}\n",
        "a: ['b', \"{{ x }}\"]\n",
        "a: [{{ x }}\n]\n",
        "a: [{{ x }},\n  1]\n",
        "a: [\n  {{ x }}\n]\n",
        "a: [\n  1,\n  {{ x }}\n]\n",
        "a: {\n  b: {{ x }}\n}\n",
        "a: [b, # comment\n  {{ x }}]\n",
        "a: 'b\n  {{ x }}'\n",
        'a: ["x # y", "z\n  {{ x }}"]\n',
        "a: b\n  {{ x }}\n",
        "a: b\n  - {{ x }}\n",
        "a: b\n  c: {{ x }}\n",
        "- b\n  {{ x }}\n",
        "a: {{ x }}\n  more\n",
        "a: {{ x }}\n  b: 1\n",
        "a: {{ x }}\n- 1\n",
        "- {{ x }}\n  b: 1\n",
        "a:\n  {{ x }}\n    b: 1\n",
        "a: {{ x }}\n{% if x %}\n  b: 1\n{% endif %}\n",
        "a: {{- x }}\n",
        "a: {{ x -}}\n",
        "a: {{ }}\n",
        "a: {{ x * 1000000 }}\n",
        "a: {{ 10 ** 10 ** 10 }}\n",
        "a: {% if x %}b{% endif %}\n",
        "{% if x %}a: 1{% endif %}\n",
        "{% if x %} \na: 1\n{% endif %}\n",
        "{%- if x %}\na: 1\n{% endif %}\n",
        "{% if x -%}\na: 1\n{% endif %}\n",
        "{% if x +%}\na: 1\n{% endif %}\n",
        "{% if x %}\na: {{ x }}{% endif %}\n",
        "{% set x %}a{% endset %}\n",
        "{% set x | replace(old='a', new='b') %}\na\n{% endset %}\n",
        "{% macro m() %}\na: 1\n{% endmacro %}\n",
        "{% include 'x' %}\n",
        "{% extends 'x' %}\n",
        "{% import 'x' as y %}\n",
        "{% from 'x' import y %}\n",
        "{% block b %}\n{% endblock %}\n",
        "{% filter upper %}\na: 1\n{% endfilter %}\n",
        "{% call x() %}\na: 1\n{% endcall %}\n",
        "{% autoescape true %}\na: 1\n{% endautoescape %}\n",
        "{% trans %}\na\n{% endtrans %}\n",
        "{% do x %}\n",
        "{% with %}\na: 1\n{% endwith %}\n",
    ],
)
def test_an_unsafe_place_is_refused_at_load(template: str) -> None:
    problem = Templates({PATH: template}).compile(PATH)
    assert problem is not None
    assert problem.id == "template-unsafe-place"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a: '{{ x }}'\n", "an expression inside quotes cannot be made safe"),
        ("a: 1 # {{ x }}\n", "an expression inside a comment cannot be made safe"),
        (
            "a: |\n  {{ x }}\n",
            "an expression inside a block scalar cannot be made safe; give the whole text as one value",
        ),
        ("a: [\n  {{ x }}\n]\n", "a flow collection with an expression must stand on one line"),
        ("a: [{{ x }},\n  1]\n", "a flow collection with an expression must end on its line"),
        ("a: b{{ x }}\n", 'an expression must fill its whole scalar: write {{ a ~ "-" ~ b }} as the whole value'),
        ("a: {{ x }}\n  b: 1\n", "this line would continue the value of the line before it"),
        ("{% do x %}\n", "the tag 'do' is not allowed in a template; legal: elif, else, endfor, endif, for, if, set"),
    ],
)
def test_a_refusal_says_why(template: str, message: str) -> None:
    problem = Templates({PATH: template}).compile(PATH)
    assert problem is not None
    assert problem.message == message


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("a: 1\n\nb: '{{ x }}'\n", 3),
        ("{# two\nlines #}\na: b{{ x }}\n", 3),
        ("{% if x %}\na: 1\n{% endif %}\n{% include 'x' %}\n", 4),
        ("a: 1\nb: 'x\n", 2),
        ("{% raw %}\n{{ x }}\n{% endraw %}\na: b{{ x }}\n", 4),
    ],
)
def test_a_refusal_names_the_line(template: str, line: int) -> None:
    problem = Templates({PATH: template}).compile(PATH)
    assert problem is not None
    assert (problem.id, problem.place.line) == ("template-unsafe-place", line)


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("a: 1\nb: {{ x\n", 2),
        ("a: {{ x ) }}\n", 1),
        ("a: {{ x) ~ (x }}\n", 1),
        ("a: 1\n{% if x %}\nb: 1\n", 3),
        ("{% endif %}\n", 1),
        ("{% if %}\n{% endif %}\n", 1),
        ("a: {{ x | nonsense }}\n", 1),
        ("a: {{ x | random }}\n", 1),
        ("a: {{ 'x }}\n", 1),
        ("{% for a in x %}\n" * 25 + "{% endfor %}\n" * 25, 1),
        ("a: {{ " + "(" * 400 + "x" + ")" * 400 + " }}\n", 1),
    ],
)
def test_a_template_that_jinja_cannot_read_is_a_problem(template: str, line: int) -> None:
    problem = Templates({PATH: template}).compile(PATH)
    assert problem is not None
    assert (problem.id, problem.place.line) == ("template-syntax", line)


@pytest.mark.parametrize(
    ("template", "id", "line"),
    [
        ("a: 1\nb: {{ missing }}\n", "template-undefined", 2),
        ("a: 1\n{% for i in xs %}\nb: {{ i.absent }}\n{% endfor %}\n", "template-undefined", 3),
        ("a: 1\nb: {{ map.absent.deeper }}\n", "template-undefined", 2),
        ("{% if missing %}\na: 1\n{% endif %}\n", "template-undefined", 1),
        ("a: 1\n{% if map.absent == 1 %}\na: 1\n{% endif %}\n", "template-undefined", 2),
        ("a: 1\n\n{% set y = missing.z %}\nb: 1\n", "template-undefined", 3),
        ("a: 1\n{% for i in missing %}\nb: 1\n{% endfor %}\n", "template-undefined", 2),
        ("a: 1\nb: {{ [1, missing] }}\n", "template-undefined", 2),
        ("a: 1\nb: [{{ {'k': missing} }}]\n", "template-undefined", 2),
        ("a: 1\nb:\n  {{ missing }}\n", "template-undefined", 3),
        ("a: 1\nc: 2\n{{ missing }}\n", "template-undefined", 3),
        ("a: 1\n{{ missing }}: 1\n", "template-undefined", 2),
        ("a: 1\nb: {{ 1 if false }}\n", "template-undefined", 2),
        ("a: 1\nb: {{ xs | round }}\n", "template-error", 2),
        ("a: 1\nb: {{ 1 / 0 }}\n", "template-error", 2),
        ("a: 1\n{% if xs < 1 %}\nb: 1\n{% endif %}\n", "template-error", 2),
        ("a: 1\nb: {{ 'a' + 1 }}\n", "template-error", 2),
        ("a: 1\nb: {{ nul }}\n", "unrepresentable-value", 2),
        ("a: 1\nb: {{ xs | map('string') }}\n", "unrepresentable-value", 2),
        ("a: 1\n{{ word }}\n", "unrepresentable-value", 2),
        ("a: 1\n{{ word | length }}: 1\n", "unrepresentable-value", 2),
        ("a: {{ selfish }}\n", "unrepresentable-value", 1),
    ],
)
def test_a_fault_names_its_line(template: str, id: str, line: int) -> None:
    selfish: list[Any] = []
    selfish.append(selfish)
    found = fault(template, xs=[{"a": 1}], map={}, nul="\0", word="x", selfish=selfish)
    assert found[:2] == (id, line)


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "x.__class__.__mro__",
        "x.__init__.__globals__",
        "(x | attr('__class__')).__mro__",
        "[x] | map(attribute='__class__') | list",
        "'{0.__class__}'.format(x)",
        "'{0.__class__.__mro__}'.format_map({'0': x})",
        "self.__init__",
        "self._TemplateReference__context",
        "lipsum.__globals__",
        "lipsum(5)",
        "cycler('a').next()",
        "joiner(',')",
        "range.__self__",
        "range(10000000000) | list",
        "x.update({'a': 1})",
        "x.pop('k')",
        "[].append(1)",
        "dict.__subclasses__()",
        "get_flashed_messages()",
        "open('/etc/passwd').read()",
        "config",
        "'x'.ljust(10000000000000000000)",
        "'%99999999999999999999d' % 1",
    ],
)
def test_the_sandbox_holds(expression: str) -> None:
    value = {"k": 1}
    id, line, _ = fault(f"a: {{{{ {expression} }}}}\n", x=value)
    assert id in ("template-error", "template-undefined", "unrepresentable-value", "template-unsafe-place")
    assert line == 1
    assert value == {"k": 1}


def test_text_of_a_value_is_never_a_template() -> None:
    assert render("a: {{ x }}\n", x="{{ 7 + 7 }}{% raw %}") == 'a: "{{ 7 + 7 }}{% raw %}"\n'


def test_filters_that_mark_text_as_safe_change_nothing() -> None:
    assert render("a: {{ x | safe }}\nb: {{ x | e }}\n", x="a: b") == 'a: "a: b"\nb: "a: b"\n'


def test_a_template_that_does_not_exist_is_a_problem() -> None:
    assert fault_of("absent") == "template-syntax"


def fault_of(path: str) -> str:
    problem = Templates({}).compile(path)
    assert problem is not None
    return problem.id


EVERY_PLACE = """\
after: {{ value }}
{% if value is mapping %}
kind: map
{% endif %}
nested:
  - item: {{ value }}
    next: 1
  - {{ value }}
  - - {{ value }}
    - 2
  - [{{ value }}, {a: {{ value }}, b: 3}]
{% for one in many %}
  - {{ one }}
{% endfor %}
map:
  first: 1
  {{ entries }}
whole:
  {{ value }}
{{ name }}: {{ name }}
keys:
  {{ name }}:
    deeper: {{ entries }}
last: 9
"""

words = st.one_of(
    st.sampled_from(
        ["yes", "12:30", "a: b", "- x", "x\ny\n", "\n", "", "#", "|\n  x", "]", "}", "'", '"', "\\", "---", "{{", "{%"]
    ),
    st.text("ab: -#\n'\"[]{},|>&*!%?\t\u2028\x85\ufeff", max_size=8),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8),
)
keys = words.filter(lambda key: key not in ("after", "kind", "nested", "map", "whole", "keys", "last", "first"))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-999, 999), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)
TEMPLATES = Templates({PATH: EVERY_PLACE})


@given(json_values, st.lists(json_values, max_size=3), st.dictionaries(keys, json_values, max_size=3), keys)
def test_no_value_changes_the_structure(value: Any, many: list[Any], entries: dict[str, Any], name: str) -> None:
    text, problem = TEMPLATES.render(PATH, {"value": value, "many": many, "entries": entries, "name": name})
    if problem is not None:
        assert problem.id == "unrepresentable-value"
        with pytest.raises(emit.Unrepresentable):
            emit.flow([value, many, entries, name])
        return
    expected: dict[str, Any] = {"after": value}
    if isinstance(value, dict):
        expected["kind"] = "map"
    nested = [{"item": value, "next": 1}, value, [value, 2], [value, {"a": value, "b": 3}], *many]
    expected |= {"nested": nested, "map": {"first": 1, **entries}, "whole": value, name: name}
    expected |= {"keys": {name: {"deeper": entries}}, "last": 9}
    data, problems = source.parse(text.encode(), PATH)
    assert not problems
    assert json.dumps(data) == json.dumps(expected)
    assert json.dumps(yaml.load(text, yaml.CSafeLoader)) == json.dumps(expected)


def test_a_template_is_compiled_once() -> None:
    templates = Templates({PATH: "a: {{ x }}\n"})
    assert templates.render(PATH, {"x": 1}) == ("a: 1\n", None)
    assert templates.render(PATH, {"x": 2}) == ("a: 2\n", None)
