"""Where alerts go: the configuration that the operator would build of every AlertmanagerConfig, judged by amtool.

Built as prometheus-operator does (pkg/alertmanager/amcfg.go): routes of the objects come first, sorted by namespace and
name, each with `continue: true` and, outside of Alertmanager's own namespace, a matcher of its namespace; receivers get
the object's name before theirs. Secrets are placeholders. Behind them comes the chart's own configuration, which drops
what is left. Needs amtool (github.com/prometheus/alertmanager/cmd/amtool).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from prometheus_tools import alerts, find, objects
from test_prometheus import CASES, read

Json = Any
PROGRAM = find("amtool")
needs_amtool = pytest.mark.skipif(PROGRAM is None, reason="amtool is not installed: `make test` builds it")
MONITORING = "monitoring"
PLATFORM = f"{MONITORING}/platform"

# The chart's own configuration (kube-prometheus-stack, alertmanager.config), in short.
BASE: Json = {
    "global": {"resolve_timeout": "5m"},
    "route": {
        "receiver": "null",
        "group_by": ["namespace"],
        "routes": [{"receiver": "null", "matchers": ['alertname = "Watchdog"']}],
    },
    "receivers": [{"name": "null"}],
}


def snake(name: str) -> str:
    """Alertmanager's spelling of a key: slackConfigs is slack_configs, topicARN is topic_arn."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def converted(value: Json) -> Json:
    """A receiver in Alertmanager's words; a reference to a Secret becomes a URL, which is a legal key as well."""
    if isinstance(value, dict):
        if set(value) == {"name", "key"}:
            return "https://hooks.example.com/secret"
        renamed = {"urlSecret": "url", "apiURL": "api_url"}
        return {renamed.get(key, snake(key)): converted(one) for key, one in value.items()}
    return [converted(one) for one in value] if isinstance(value, list) else value


def route(stated: Json, prefix: str) -> Json:
    found = {snake(key): value for key, value in stated.items() if key not in ("receiver", "matchers", "routes")}
    if "matchers" in stated:
        found["matchers"] = [f'{one["name"]}{one["matchType"]}"{one["value"]}"' for one in stated["matchers"]]
    if "receiver" in stated:
        found["receiver"] = f"{prefix}/{stated['receiver']}"
    return found | {"routes": [route(child, prefix) for child in stated.get("routes", ())]}


@cache
def configurations() -> dict[str, Json]:
    """The whole configuration by environment and cluster."""
    found: dict[str, list[Json]] = {}
    for path, data in objects("AlertmanagerConfig"):
        environment, _, cluster, *_ = path.split("/")
        found.setdefault(f"{environment}/{cluster}", []).append(data)
    return {cluster: built(configs) for cluster, configs in found.items()}


def built(configs: list[Json]) -> Json:
    routes, receivers = [], []
    for one in sorted(configs, key=lambda one: f"{one['metadata']['namespace']}/{one['metadata']['name']}"):
        namespace = one["metadata"]["namespace"]
        prefix = f"{namespace}/{one['metadata']['name']}"
        top = {**route(one["spec"]["route"], prefix), "continue": True}
        if namespace != MONITORING:
            top["matchers"] = [*top.get("matchers", ()), f'namespace="{namespace}"']
        routes.append(top)
        for receiver in one["spec"]["receivers"]:
            receivers.append({**converted(receiver), "name": f"{prefix}/{receiver['name']}"})
    top = BASE["route"]
    return BASE | {
        "route": top | {"routes": [*routes, *top["routes"]]},
        "receivers": [*BASE["receivers"], *receivers],
    }


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("alertmanager")
    found = {cluster: folder / f"{cluster.replace('/', '-')}.yaml" for cluster in configurations()}
    for cluster, path in found.items():
        path.write_text(yaml.safe_dump(configurations()[cluster]))
    return found


def amtool(*arguments: str) -> str:
    assert PROGRAM is not None
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def receivers(config: Path, labels: dict[str, str]) -> list[str]:
    stated = [f"{name}={value}" for name, value in labels.items()]
    return amtool("config", "routes", "test", f"--config.file={config}", *stated).strip().split(",")


def firing() -> Iterator[tuple[str, dict[str, str]]]:
    """A cluster, and the labels of an alert that fires there, for each alert of tests/prometheus/."""
    where: dict[str, list[str]] = {}
    for path, _, rule in alerts():
        environment, _, cluster, *_ = path.split("/")
        where.setdefault(rule["alert"], []).append(f"{environment}/{cluster}")
    for path in sorted(CASES.glob("*.yaml")):
        for test in read(path):
            for case in test.get("alert_rule_test", ()):
                for expected in case["exp_alerts"]:
                    labels = {"alertname": case["alertname"], **expected["exp_labels"]}
                    clusters = where[case["alertname"]]
                    yield next((one for one in clusters if known(one, labels["team"])), clusters[0]), labels


def known(cluster: str, team: str) -> bool:
    """Whether a cluster has channels of a team; the platform's are stated in production."""
    names = {one["name"] for one in configurations()[cluster]["receivers"]}
    return f"{team}/{team}/slack" in names or (team == "platform" and f"{PLATFORM}/platform" in names)


@needs_amtool
def test_alertmanager_reads_every_configuration(files: dict[str, Path]) -> None:
    assert len(files) > 4
    for path in files.values():
        assert "SUCCESS" in amtool("check-config", str(path))


@needs_amtool
@pytest.mark.parametrize(
    ("cluster", "labels"), list(firing()), ids=lambda value: value.get("alertname") if isinstance(value, dict) else ""
)
def test_each_alert_reaches_its_team(cluster: str, labels: dict[str, str], files: dict[str, Path]) -> None:
    found = receivers(files[cluster], labels)
    team = labels["team"]
    if team == "platform" and not known(cluster, team):
        assert found == [f"{PLATFORM}/null"], "only clusters on which the platform names no receiver have the alert"
        assert not cluster.startswith("prod/")
    elif team == "platform":
        assert f"{PLATFORM}/platform" in found
        assert (f"{PLATFORM}/page" in found) == (labels["severity"] == "critical")
    else:
        assert found == [f"{team}/{team}/slack"], "the team's alert reaches the team, and nobody else"


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"alertname": "Watchdog", "severity": "none", "team": "platform"}, [f"{PLATFORM}/dead-mans-switch", "null"]),
        ({"alertname": "InfoInhibitor", "severity": "none", "team": "platform"}, [f"{PLATFORM}/null"]),
        # A platform's alert about a pod of a team tells both.
        (
            {"alertname": "GPUXidCritical", "severity": "critical", "team": "platform", "namespace": "perception"},
            [f"{PLATFORM}/page", f"{PLATFORM}/platform", "perception/perception/slack"],
        ),
        # A team cannot take another's alerts, nor the platform's.
        (
            {"alertname": "BevTrainStalled", "severity": "warning", "team": "perception", "namespace": "perception"},
            ["perception/perception/slack"],
        ),
        ({"alertname": "Orphan", "severity": "critical", "team": "perception"}, ["null"]),
        ({"alertname": "Orphan", "severity": "critical", "namespace": "nowhere"}, ["null"]),
    ],
    ids=lambda value: value.get("alertname") if isinstance(value, dict) else "",
)
def test_routes_of_production(labels: dict[str, str], expected: list[str], files: dict[str, Path]) -> None:
    assert receivers(files["prod/train-iad"], labels) == expected


def test_receivers_of_all_objects_have_names_of_their_own() -> None:
    for cluster, config in configurations().items():
        names = [one["name"] for one in config["receivers"]]
        assert len(set(names)) == len(names), cluster
