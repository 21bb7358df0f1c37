"""Comments that accept findings: which line they speak of, and what is no comment at all."""

from __future__ import annotations

import pytest

from paddock.explanations import EXPLANATIONS
from paddock.suppressions import Suppression, read

PATH = "environments/base/workloads/vision/train.yaml"
ID = "grace-period-below-deadline"


def found(text: str, path: str = PATH) -> tuple[list[Suppression], list[str]]:
    suppressions, problems = read({path: text.encode()}, EXPLANATIONS)
    return suppressions, [one.message for one in problems]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1 # allow: {ID} -- known\n", 1),
        (f"# allow: {ID} -- known\na: 1\n", 2),
        (f"# allow: {ID} -- known\n# and more\n\n  # of it\na: 1\n", 5),
        (f"a: 1\n# allow: {ID} -- the last line of the file\n", 2),
        (f"a: |  # allow: {ID} -- behind the indicator of a block scalar\n  text\n", 1),
        (f"a: |\n  text\n# allow: {ID} -- behind a block scalar\nb: 2\n", 4),
        (f'a: "text" # allow: {ID} -- behind a quoted scalar\n', 1),
        (f"a: [1, # allow: {ID} -- within brackets\n  2]\n", 1),
        (f"a: 1 #allow: {ID} -- without a space\r\nb: 2\r\n", 1),
    ],
)
def test_the_line_that_a_comment_speaks_of(text: str, line: int) -> None:
    (one,), problems = found(text)
    assert (one.id, one.line, problems) == (ID, line, [])


@pytest.mark.parametrize(
    "text",
    [
        "a: '# allow: nothing -- text'\n",
        'a: "quoted\n  # allow: nothing -- text\n  "\n',
        "a: |\n  # allow: nothing -- text\n  # allow: nothing\n",
        "a: >-\n  folded # allow: nothing\n\n  more\n",
        "a: x#allow: nothing\n",
        "# we allow: everything\n",
        "# allowed: nothing\n",
    ],
)
def test_what_is_no_comment(text: str) -> None:
    assert found(text) == ([], [])


def test_several_ids_with_one_reason_and_a_last_day() -> None:
    both, problems = found(f"a: 1 # allow: {ID}, empty-panel until 2027-01-31 -- until the pool is changed -- really\n")
    assert problems == []
    assert [(one.id, one.until, one.reason) for one in both] == [
        (ID, "2027-01-31", "until the pool is changed -- really"),
        ("empty-panel", "2027-01-31", "until the pool is changed -- really"),
    ]
    assert [both[0].expired(day) for day in ("2027-01-31", "2027-02-01", None)] == [False, True, False]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        (ID, f'"{ID}" is not a suppression: it wants ids, two hyphens and a reason'),
        (f"{ID} -- ", f'"{ID} --" is not a suppression: it wants ids, two hyphens and a reason'),
        (f"{ID} until -- x", f'"{ID} until -- x" is not a suppression: it wants ids, two hyphens and a reason'),
        (f"{ID} until 2027-02-29 -- x", '"2027-02-29" is not a date'),
        ("-- x", '"-- x" is not a suppression: it wants ids, two hyphens and a reason'),
        ("grace -- x", 'there is no finding "grace"'),
        (
            "wildcard-permission -- x",
            '"wildcard-permission" is not accepted by a comment: a team cannot approve itself',
        ),
    ],
)
def test_what_is_wrong_with_a_comment(comment: str, message: str) -> None:
    assert found(f"a: 1 # allow: {comment}\n") == ([], [message])


def test_comments_of_templates_are_yaml_s_or_jinja_s() -> None:
    path = "templates/components/demo/resources/rules.yaml.j2"
    text = (
        "{% if x %}\n{# allow: empty-panel -- known #}\na: {{ x }}\nb: 1 # allow: empty-panel -- known\n{% endif %}\n"
    )
    both, problems = found(text, path)
    assert ([one.line for one in both], problems) == ([3, 4], [])


def test_a_file_that_is_no_yaml_costs_nothing() -> None:
    assert found("a: [# allow: x\n\t- {") == ([], [])
    read({PATH: b"\xff# allow: \x00"}, EXPLANATIONS)


@pytest.mark.parametrize(
    "text",
    [f"# allow: {ID}{' ' * 20000}until b", f"# allow: {' ' * 20000}x", f"# allow: {'a , ' * 5000}--", "#" * 20000],
)
def test_a_long_comment_ends(text: str) -> None:
    """4,000 spaces took minutes: each could belong to any of three parts of the pattern."""
    suppressions, problems = found(f"{text}\na: 1\n")
    assert not suppressions
    assert len(problems) == ("allow" in text)


def test_runs_of_spaces_are_one() -> None:
    (one,), problems = found(f"a: 1 #\t allow:\t {ID}  until  2027-01-31  --  it is  known\t\n")
    assert (one.id, one.until, one.reason, problems) == (ID, "2027-01-31", "it is known", [])
