"""Every rule of the reference platform as Prometheus itself reads it, and each alert firing and quiet.

`prometheus/<group>.yaml` holds tests in promtool's own words. Added to them here: the rules, and each expected alert's
runbook, which tests/test_runbooks.py is about. Needs promtool (github.com/prometheus/prometheus/cmd/promtool).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from prometheus_tools import Rule, alerts, find, objects, rules

Json = Any
CASES = Path(__file__).parent / "prometheus"
PROGRAM = find("promtool")
needs_promtool = pytest.mark.skipif(PROGRAM is None, reason="promtool is not installed: `make test` builds it")
RECORDED = "recorded"
"""The file of tests of recording rules; the others are named as the group of their alerts."""


@cache
def read(path: Path) -> list[Json]:
    """The tests of a file; nobody changes them."""
    tests: list[Json] = yaml.safe_load(path.read_text())["tests"]
    return tests


def cases(alert: str, expr: str, *, firing: bool) -> list[Json]:
    """Tests of an alert that expect it, or that expect it not, in the files of groups that have it."""
    return [
        test
        for path in sorted(CASES.glob("*.yaml"))
        if of_group(path.stem).get(alert, {}).get("expr") == expr
        for test in read(path)
        for one in test.get("alert_rule_test", ())
        if one["alertname"] == alert and bool(one["exp_alerts"]) == firing
    ]


@cache
def of_group(name: str) -> dict[str, Rule]:
    """Alerts of a group, each of the first environment that has it."""
    found: dict[str, Rule] = {}
    for _, group, rule in alerts():
        if group == name:
            found.setdefault(rule["alert"], rule)
    return found


def shown() -> list[tuple[str, str]]:
    """Name and expression of every alert; groups with the same one need one test."""
    return sorted({(rule["alert"], rule["expr"]) for _, _, rule in alerts()})


def promtool(*arguments: str, folder: Path) -> None:
    assert PROGRAM is not None
    done = subprocess.run([PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def words(expr: str) -> set[str]:
    """Every word of an expression, metrics' names among them."""
    return set(re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*", expr))


def dump(groups: dict[str, list[Rule]], path: Path) -> None:
    path.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": found} for name, found in groups.items()]}))


@needs_promtool
def test_promtool_reads_every_rule(tmp_path: Path) -> None:
    specs = {yaml.safe_dump(data["spec"]) for _, data in objects("PrometheusRule")}
    for number, spec in enumerate(sorted(specs)):
        (tmp_path / f"{number}.yaml").write_text(spec)
    assert len(specs) > 20
    files = [path.name for path in tmp_path.iterdir()]
    promtool("check", "rules", "--lint=all", "--lint-fatal", *files, folder=tmp_path)


@needs_promtool
@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_rules(path: Path, tmp_path: Path) -> None:
    group = of_group(path.stem)
    assert group or path.stem == RECORDED
    needed = not group or any(record in rule["expr"] for rule in group.values() for record in recorded())
    groups = {RECORDED: [rule for same in recorded().values() for rule in same]} if needed else {}
    dump(groups | ({path.stem: list(group.values())} if group else {}), tmp_path / "rules.yaml")
    tests = deepcopy(read(path))
    for expected in (one for test in tests for case in test.get("alert_rule_test", ()) for one in case["exp_alerts"]):
        assert set(expected) == {"exp_labels", "exp_annotations"}
    for test in tests:
        test["interval"] = "1m"
        for case in test.get("alert_rule_test", ()):
            for expected in case["exp_alerts"]:
                expected["exp_annotations"] |= {
                    key: text
                    for key, text in group[case["alertname"]]["annotations"].items()
                    if key in ("runbook_url", "description")
                }
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(whole))
    promtool("test", "rules", "tests.yaml", folder=tmp_path)


@pytest.mark.parametrize(("alert", "expr"), shown(), ids=[alert for alert, _ in shown()])
def test_each_alert_is_shown_firing_and_quiet(alert: str, expr: str) -> None:
    assert cases(alert, expr, firing=True), f"tests/prometheus/ has no test in which {alert} fires: {expr}"
    quiet = cases(alert, expr, firing=False)
    assert quiet, f"tests/prometheus/ has no test in which {alert} is quiet"
    # Quiet because of what it sees, not because it sees nothing.
    for test in quiet:
        seen = {one["series"].partition("{")[0] for one in test["input_series"]}
        inputs = {*seen, *(record for record, sources in recordings() if sources & seen)}
        assert inputs & words(expr), (alert, test["name"])


@cache
def recorded() -> dict[str, list[Rule]]:
    """Recording rules by what they record; those of one name differ in labels. Of the first environment."""
    found: dict[str, dict[str, Rule]] = {}
    for _, _, rule in rules():
        if "record" in rule:
            found.setdefault(rule["record"], {}).setdefault(str(rule.get("labels")), rule)
    return {name: list(same.values()) for name, same in found.items()}


def recordings() -> Iterator[tuple[str, set[str]]]:
    """Each recorded series with the metrics below it, through other recorded series too."""
    below = {name: {word for rule in same for word in words(rule["expr"])} for name, same in recorded().items()}
    for record in below:
        found: set[str] = set()
        waiting = {record}
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= below.get(name, set()) - found
        yield record, found


def test_a_group_means_the_same_on_every_cluster() -> None:
    """One alert of a group has one expression, so that one test shows it for every cluster."""
    for _, group, rule in alerts():
        assert rule["expr"] == of_group(group)[rule["alert"]]["expr"], rule["alert"]


def test_each_test_is_of_a_rule() -> None:
    for path in CASES.glob("*.yaml"):
        for test in read(path):
            for one in test.get("alert_rule_test", ()):
                assert one["alertname"] in of_group(path.stem), path.name


def test_each_recorded_series_is_shown() -> None:
    tests = read(CASES / f"{RECORDED}.yaml")
    shown = " ".join(one["expr"] for test in tests for one in test["promql_expr_test"] if one["exp_samples"])
    for record in recorded():
        assert record in shown, f"tests/prometheus/{RECORDED}.yaml has no sample of {record}"
