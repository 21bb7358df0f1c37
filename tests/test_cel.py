"""CEL as Kubernetes speaks it: what expressions give, what is said of wrong ones, and that each of them ends."""

from __future__ import annotations

from typing import Any

import pytest

from paddock import cel, cel_effort, cel_functions

Json = Any

SELF = {
    "name": "bev-train",
    "nodes": 3,
    "share": 1.0,
    "list": [1, 2, 3],
    "limits": {"nvidia.com/gpu": "8", "memory": "64Gi"},
    "items": [{"operator": "In", "values": ["a"]}, {"operator": "Gt", "values": ["5"]}],
}


def answer(expression: str, *, trusted: bool = False) -> cel.Answer:
    program = cel.compiled(expression, ("self",), trusted=trusted)
    assert isinstance(program, cel.Program), program
    return program.answer(cel.values({"self": SELF}, trusted=trusted))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("has(self.name) && !has(self.other)", True),
        ("self.items.all(x, x.operator == 'In' ? x.values.size() != 0 : true)", True),
        ("int(self.items[1].values[0]) >= 0", True),
        ("self.list.exists_one(i, i == 1)", True),
        ("self.list.filter(i, i > 1).map(i, i * 2)", [4, 6]),
        ("[has(self.name), has(self.other)].filter(x, x == true).size()", 1),
        ("'nvidia.com/gpu' in self.limits", True),
        ("self.limits.exists(k, k.startsWith('nvidia.com/'))", True),
        ("self.share == 1", True),
        ("self.other == 1 || true", True),
        ("true || self.other == 1", True),
        ("self.?other.orValue(7)", 7),
        ("self.limits[?'cpu'].hasValue()", False),
        ("self.name.matches('^bev-[a-z]+$')", True),
        ("duration('90m') > duration('1h')", True),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z')", True),
        ("type(self.nodes) == int", True),
        ("self.name.split('-')", ["bev", "train"]),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("'a,b'.split(',', 0)", []),
        ("['a', 'b'].join('-')", "a-b"),
        ("'%s has %d of %s'.format([self.name, 3, [1, true]])", "bev-train has 3 of [1, true]"),
        ("'a-b-c'.replace('-', '+', 1)", "a+b-c"),
        ("'abc'.substring(1)", "bc"),
        ("'abc'.substring(0, 2)", "ab"),
        ("'abc'.charAt(3)", ""),
        ("' É a '.trim().lowerAscii()", "É a"),
        ("'aé'.upperAscii()", "Aé"),
        ("self.name.indexOf('-')", 3),
        ("self.list.indexOf(9)", -1),
        ("[1, 2, 1].lastIndexOf(1)", 2),
        ("'abca'.lastIndexOf('a')", 3),
        ("self.list.isSorted() && ![2, 1].isSorted()", True),
        ("self.list.sum() + self.list.max() - self.list.min()", 8),
        ("sets.contains(self.list, [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])", True),
        ("quantity(self.limits.memory).isGreaterThan(quantity('63Gi'))", True),
        ("quantity('64Gi').isLessThan(quantity('64Gi'))", False),
        ("quantity('1000m') == quantity('1') && quantity(1).compareTo(quantity('2')) == -1", True),
        ("quantity('1').add(quantity('500m')).sub(1) == quantity('500m')", True),
        ("quantity('2k').asInteger()", 2000),
        ("quantity('500m').isInteger()", False),
        ("quantity('500m').asApproximateFloat()", 0.5),
        ("quantity('-3').sign()", -1),
        ("isQuantity('64Gi') && !isQuantity('64GB')", True),
        ("url('https://a.example.com:8443/b?c=d').getHostname()", "a.example.com"),
        ("url('https://a.example.com:8443/b?c=d').getHost()", "a.example.com:8443"),
        ("url('https://a.example.com:8443/b?c=d').getPort()", "8443"),
        ("url('https://a/b%20c').getEscapedPath() + url('/x').getScheme()", "/b%20c"),
        ("url('https://a/b?c=d&c=e').getQuery()", {"c": ["d", "e"]}),
        ("isURL('s3://bucket/key') && !isURL('bucket')", True),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", True),
        ("cidr('10.0.0.0/8').containsCIDR(cidr('10.2.0.0/16')) && cidr('10.0.0.0/8').prefixLength() == 8", True),
        ("ip('::1').family() == 6 && ip('127.0.0.1').isLoopback()", True),
        ("isIP('10.0.0.1') && !isIP('10.0.0') && isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0')", True),
        ("math.greatest(1, 5, 3)", 5),
    ],
)
def test_an_expression_gives(expression: str, expected: Json) -> None:
    assert answer(expression) == cel.Answer(value=expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("self.name.find('[^-]+$')", "train"),
        ("self.name.find('x')", ""),
        ("self.name.findAll('[a-z]+')", ["bev", "train"]),
        ("self.name.findAll('[a-z]', 2)", ["b", "e"]),
    ],
)
def test_only_our_own_rules_find(expression: str, expected: Json) -> None:
    """Python's regular expressions may backtrack for ever, and what people write is checked in their pull requests."""
    assert answer(expression, trusted=True).value == expected
    refused = cel.compiled(expression, ("self",))
    assert isinstance(refused, cel.Misspelt)
    assert "there is no find" in refused.message


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("self.other", 'Key not found in map : "other"'),
        ("self.list[3]", "Index error: index=3 size=3"),
        ("int(self.name)", "cannot convert string to int"),
        ("9223372036854775807 + self.nodes", "integer overflow"),
        ("self.list + self.name", "No matching overloads found : _+_(list, string)"),
        ("quantity(self.name)", "'bev-train' is not a Kubernetes quantity"),
        ("quantity('500m').asInteger()", "asInteger() of a quantity that is no whole number"),
        ("cidr('x')", "'x' is no CIDR"),
        ("url('x')", "'x' is no URL"),
        ("self.name.substring(10)", "substring(10, 9) of a string of 9 characters"),
        ("self.list.filter(x, x > 5).max()", "max() of an empty list"),
        ("'%s'.format([])", "format() has fewer values than clauses"),
        ("'%x'.format([1])", "format() knows %s, %d and %%, not %x"),
        ("[1].join()", "join() of a list that holds more than strings"),
        ("self.name.matches('(')", "invalid regular expression: missing ): ("),
    ],
)
def test_an_error_is_an_answer(expression: str, error: str) -> None:
    assert answer(expression) == cel.Answer(error=error)


@pytest.mark.parametrize(
    ("expression", "message", "line", "column"),
    [
        ("", "it ends where something is missing", 1, 1),
        ("self.nodes ==", "it ends where something is missing", 1, 13),
        ("self.nodes ==\n  1 + + 2", "extraneous input '+'", 2, 7),
        ("true &&\n selff.nodes == 1", "there is no selff", 2, 2),
        ("self.name.nope()", "there is no nope", 1, 11),
        ("1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'", 1, 3),
        ("size(self) == 'x'", "found no matching overload for '_==_' applied to '(int, string)'", 1, 12),
        ("'abc", "token recognition error at: ''abc'", 1, 1),
    ],
)
def test_a_misspelt_expression_says_where(expression: str, message: str, line: int, column: int) -> None:
    assert cel.compiled(expression, ("self",)) == cel.Misspelt(message=message, line=line, column=column)


def nested(depth: int) -> str:
    loops = "".join(f"self.list.all(v{one}, " for one in range(depth))
    return loops + "true" + ")" * depth


def test_loops_nest_three_deep_and_no_deeper() -> None:
    assert answer(nested(3)).value is True
    refused = cel.compiled(nested(4), ("self",))
    assert refused == cel.Misspelt(
        message="loops stand in each other more than 3 deep", column=nested(4).index("(v3") + 1
    )
    assert isinstance(cel.compiled(nested(4), ("self",), trusted=True), cel.Program)


def test_brackets_in_strings_and_comments_are_none() -> None:
    strings = "'.all( .map(' != r'.all(\\d' && \"\\\".all(\" != ''"
    loops = f"self.list.all(a, self.list.all(b, self.list.all(c, {strings}))) // .all("
    assert answer(loops).value is True


def test_a_comment_hides_no_loop() -> None:
    hidden = "self.list.map // not a bracket: (\n (a, a + 1)"
    found = cel.compiled(hidden, ("self",))
    assert isinstance(found, cel.Misspelt)
    assert found.message.startswith("+ stands in a loop")
    assert isinstance(cel.compiled(hidden, ("self",), trusted=True), cel.Program), "the engine reads it as a loop"


def test_an_expression_has_a_longest_length() -> None:
    fits = "true" + " " * (cel.MAX_LENGTH - 4)
    assert isinstance(cel.compiled(fits, ("self",)), cel.Program)
    found = cel.compiled(fits + " ", ("self",))
    assert found == cel.Misspelt(message="it has 1,001 characters; at most 1,000 are read")


LONG = "[" + ",".join("0" * 60) + "]"


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        (f"{LONG}.all(a, {LONG}.all(b, {LONG}.all(c, a == b && b == c)))", "Iteration budget exceeded"),
        ("'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 20, "its texts and lists are longer than 262144 characters"),
        (f"{LONG}.map(a, {LONG}.map(b, '{'x' * 600}'.replace('x', 'yyyy'))).size() > 0", "it may compare too much"),
    ],
)
def test_a_hostile_expression_ends(expression: str, error: str) -> None:
    assert error in answer(expression).error


COPIES = "[" + ",".join(["self"] * 40) + "]"


@pytest.mark.parametrize(
    "expression",
    [
        "self.all(x, self == self)",
        "self.all(x, x in self)",
        "self.all(x, !('zz' in self))",
        "self.all(x, self.all(y, x == y))",
        "self.all(x, self.indexOf(x) >= 0)",
        "self.all(x, sets.contains(self, self))",
        "self.all(x, string(x).matches('(a+)+$'))",
        "self.map(x, self).indexOf(1) == 1",
        "self.map(x, self) == self.map(x, self)",
        "{'a': self.map(x, self), 'b': 1}['a']",
        "self.map(x, [self, self]).size() > 0",
        f"[{COPIES}].all(a, [[a,a,a,a]].all(b, self.all(c, b == b)))",
    ],
)
def test_much_is_not_compared_with_much(expression: str) -> None:
    """The engine counts rounds of loops alone: 9,000 rounds that compare 9,000 entries took two minutes."""
    program = cel.compiled(expression, ("self",))
    assert isinstance(program, cel.Program), program
    found = program.answer(cel.values({"self": list(range(9000))}))
    assert found.error == "it may compare too much: an object of 9,003 values, as often as its loops go round"
    few = program.answer(cel.values({"self": list(range(4))}))
    assert "too much" not in few.error


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("self.all(x, x >= 0 && self[x] == 0 || x != -1)", 19_000),
        ("self.all(x, self[x] in [0, 1] || 'a' != 'b' || x != null)", 19_000),
        ("self.all(x, self[x] == x)", 4400),
        ("self.exists(x, self.exists(y, x == y && x > 0))", 1997),
        ("self.filter(x, x > 5).join(', ') != '' || true", 1400),
    ],
)
def test_what_ends_soon_is_asked_of_large_objects(expression: str, count: int) -> None:
    program = cel.compiled(expression, ("self",))
    assert isinstance(program, cel.Program), program
    assert "too much" not in program.answer(cel.values({"self": list(range(count))})).error


def test_an_object_has_a_largest_size() -> None:
    program = cel.compiled("self.size() > 0", ("self",))
    assert isinstance(program, cel.Program)
    edge = cel_effort.MAX_SIZE - 2  # beside the variables, a name and the list itself
    assert program.answer(cel.values({"self": ["x"] * (edge - 1)})) == cel.Answer(value=True)
    assert program.answer(cel.values({"self": ["x"] * edge})).error == (
        "it is asked of an object with more than 20,000 values"
    )
    assert "more than 20,000 values" in program.answer(cel.values({"self": "x" * 3_000_000})).error


@pytest.mark.parametrize("name", ["contains", "equivalent", "intersects"])
def test_sets_have_a_limit(name: str) -> None:
    program = cel.compiled(f"sets.{name}(self, self)", ("self",))
    assert isinstance(program, cel.Program)
    assert program.answer(cel.values({"self": list(range(1400))})).value is True
    found = program.answer(cel.values({"self": list(range(2100))}))
    assert found.error == "its texts and lists are longer than 262144 characters together"


def test_parts_of_a_text_have_a_limit() -> None:
    cel_functions.begin()
    assert len(cel_functions.split("a" * 2000, "")) == 2000
    with pytest.raises(ValueError, match="longer than 262144 characters together"):
        cel_functions.split("a" * 2000, "")
    cel_functions.begin()


def test_a_hostile_regular_expression_ends() -> None:
    """RE2 reads in linear time what backtracks for ever elsewhere."""
    assert answer("'" + "a" * 60 + "!'.matches('^(a+)+$')").value is False


def test_brackets_without_end_are_refused() -> None:
    found = cel.compiled("(" * 60 + "1" + ")" * 60, ("self",))
    assert isinstance(found, cel.Misspelt)
    assert "recursion" in found.message


def test_values_that_cel_has_not_are_errors() -> None:
    program = cel.compiled("self == 1", ("self",))
    assert isinstance(program, cel.Program)
    for value in (1 << 70, object()):
        found = program.answer(cel.values({"self": value}))
        assert found.value is None
        assert found.error


def test_a_joined_text_has_a_limit() -> None:
    cel_functions.begin()
    assert cel_functions.join(["a" * (cel_functions.MAX_TEXT - 1), "b"]).endswith("ab")
    with pytest.raises(ValueError, match="longer than"):
        cel_functions.join(["a"])
    cel_functions.begin()


@pytest.mark.parametrize("expression", ["self.list.map(a, a + a)", "[self.name].map(a, [a+a][0]).size()"])
def test_nothing_grows_in_a_loop(expression: str) -> None:
    """Ten loops one after the other, each of which doubles, would be a thousand times the text."""
    found = cel.compiled(expression, ("self",))
    assert isinstance(found, cel.Misspelt)
    assert found.message.startswith("+ stands in a loop")
    assert found.column == expression.index("+") + 1
    assert isinstance(cel.compiled(expression, ("self",), trusted=True), cel.Program)
