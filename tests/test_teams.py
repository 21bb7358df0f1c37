from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fleets
import shell
from paddock import teams, workloads

Json = Any
SCHEDULED = fleets.TRAINING | {"run": {"schedule": "0 2 * * *", "timeZone": "Etc/UTC"}}


def render(*runs: Any, cluster: str = "train", team: Json = fleets.TEAM) -> dict[tuple[str, str], Json]:
    fleet = fleets.fleet(*runs, team=team)
    dev = fleet.environments["dev"]
    context = teams.view(fleet, dev, dev.clusters[cluster], dev.teams["perception"])
    return fleets.rendered("team", context)


def test_everything_a_team_has_on_a_cluster() -> None:
    assert set(render()) == {
        ("LocalQueue", "perception"),
        ("ResourceQuota", "perception"),
        ("LimitRange", "perception"),
        ("Role", "team-edit"),
        ("Role", "run-retention"),
        ("RoleBinding", "team-edit"),
        ("RoleBinding", "team-view"),
        ("RoleBinding", "run-retention"),
        ("NetworkPolicy", "default-deny-all"),
        ("NetworkPolicy", "allow-same-namespace"),
        ("NetworkPolicy", "allow-dns"),
        ("NetworkPolicy", "allow-https"),
        ("NetworkPolicy", "allow-pod-identity"),
        ("NetworkPolicy", "allow-platform"),
        ("NetworkPolicy", "allow-monitoring"),
        ("AlertmanagerConfig", "perception"),
        ("ExternalSecret", "alertmanager-slack"),
        ("ServiceAccount", "run-retention"),
        ("ConfigMap", "run-retention"),
        ("CronJob", "run-retention"),
    }


def test_a_queue_only_with_flavors() -> None:
    assert render()["LocalQueue", "perception"]["spec"] == {"clusterQueue": "perception"}
    assert ("LocalQueue", "perception") not in render(cluster="serve")


def test_quota_and_defaults() -> None:
    objects = render()
    assert objects["ResourceQuota", "perception"]["spec"]["hard"] == {
        "requests.cpu": "2000",
        "requests.nvidia.com/gpu": "64",
    }
    (limits,) = objects["LimitRange", "perception"]["spec"]["limits"]
    assert limits == {
        "type": "Container",
        "default": {"memory": "1Gi"},
        "defaultRequest": {"cpu": "500m", "memory": "1Gi"},
        "max": {"memory": "2000Gi"},
    }


def test_access_of_the_groups() -> None:
    objects = render()
    edit, view = objects["RoleBinding", "team-edit"], objects["RoleBinding", "team-view"]
    assert edit["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "idp:perception"}]
    assert (edit["roleRef"]["kind"], edit["roleRef"]["name"]) == ("Role", "team-edit")
    assert view["subjects"][0]["name"] == "idp:everyone"
    assert (view["roleRef"]["kind"], view["roleRef"]["name"]) == ("ClusterRole", "view")
    alone = render(team=fleets.TEAM | {"groups": {"edit": "perception"}})
    assert ("RoleBinding", "team-view") not in alone


def test_nobody_edits_what_isolates_the_team() -> None:
    for (kind, _), role in render(fleets.workload("nightly", SCHEDULED)).items():
        if kind == "Role":
            for rule in role["rules"]:
                assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
                assert "secrets" not in rule["resources"]
                assert "rbac.authorization.k8s.io" not in rule["apiGroups"]
                if {"create", "update", "patch"} & set(rule["verbs"]):
                    assert not {"", "networking.k8s.io", "external-secrets.io", "kueue.x-k8s.io"} & set(
                        rule["apiGroups"]
                    )


def test_isolation() -> None:
    policies = {name: one["spec"] for (kind, name), one in render().items() if kind == "NetworkPolicy"}
    assert policies["default-deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert all(one["podSelector"] == {} for one in policies.values())
    assert policies["allow-https"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    ]
    assert [one["port"] for one in policies["allow-dns"]["egress"][0]["ports"]] == [53, 53]
    reached = policies["allow-platform"]["egress"][0]["to"]
    names = [one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for one in reached]
    assert names == ["mlflow", "monitoring"]
    assert "ingress" not in policies["allow-platform"]
    assert policies["allow-monitoring"]["policyTypes"] == ["Ingress"]


def test_alerts_go_to_the_team_s_channel() -> None:
    objects = render()
    spec = objects["AlertmanagerConfig", "perception"]["spec"]
    (receiver,) = spec["receivers"]
    (slack,) = receiver["slackConfigs"]
    assert spec["route"]["receiver"] == receiver["name"]
    assert slack["channel"] == "#perception-alerts"
    assert slack["apiURL"] == {"name": "alertmanager-slack", "key": "url"}
    assert "{{ .CommonLabels.alertname }}" in slack["title"]
    (data,) = objects["ExternalSecret", "alertmanager-slack"]["spec"]["data"]
    assert data["secretKey"] == "url"
    assert (data["remoteRef"]["key"], data["remoteRef"]["property"]) == ("dev/perception/slack", "url")


def test_schedulers_of_the_team_may_create_runs() -> None:
    one = fleets.workload("nightly", SCHEDULED)
    fleet = fleets.fleet(one)
    dev = fleet.environments["dev"]
    context = workloads.VIEWS["training"](fleet, dev, dev.clusters["train"], dev.teams["perception"], one)
    cron = fleets.rendered("workloads/training", context)["CronJob", "nightly"]
    objects = render(one, fleets.workload("once", fleets.TRAINING))
    binding = objects["RoleBinding", "run-scheduler"]
    account = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "perception"}]
    (rule,) = objects["Role", "run-scheduler"]["rules"]
    assert rule["resources"] == ["trainjobs"]
    assert ("Role", "run-scheduler") not in render(one, cluster="serve")


def test_retention_is_given_what_it_needs() -> None:
    objects = render(team=fleets.TEAM | {"runRetention": "336h"})
    pod = objects["CronJob", "run-retention"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert variables["RETENTION_SECONDS"] == str(336 * 3600)
    assert variables["SELECTOR"] == "ml.example.com/team=perception,ml.example.com/workload"
    assert variables["NAMESPACE"] == "perception"
    assert container["image"].startswith("registry.example.com/kubectl:1.34.1@sha256:")
    assert objects["ConfigMap", "run-retention"]["data"] == {
        "run-retention.sh": (shell.SCRIPTS / "run-retention.sh").read_text()
    }


# The script. The fake `date` says NOW.

NOW = 1_785_542_400  # 2026-08-01T00:00:00Z
WEEK = 7 * 24 * 3600


def retention(folder: Path, runs: str, *, marker: str = ":", listing: str = "", otherwise: str = ":") -> shell.Result:
    date = folder / "date"
    date.write_text(f'#!/bin/sh\n[ "$*" = "-u +%s" ] && echo {NOW}\n')
    date.chmod(0o755)
    environment = {"NAMESPACE": "perception", "RETENTION_SECONDS": str(WEEK), "SELECTOR": "ml.example.com/workload"}
    return shell.run(
        "run-retention.sh",
        folder,
        environment,
        on_get_trainjobs=listing or f"printf %s '{runs}'",
        on_get_configmap=marker,
        otherwise=otherwise,
    )


@pytest.mark.parametrize(
    ("conditions", "deleted"),
    [
        ("Complete=2026-07-24T23:59:59Z", True),
        ("Complete=2026-07-25T00:00:00Z", False),
        ("Suspended=2026-01-01T00:00:00Z Failed=2026-07-01T08:09:08Z", True),
        ("Suspended=2026-01-01T00:00:00Z", False),
        ("Complete=2026-07-31T23:00:00Z", False),
        ("Complete=2024-02-29T12:00:00Z", True),
        ("Complete=", False),
        ("Complete=yesterday", False),
        ("", False),
    ],
)
def test_retention_deletes_old_finished_runs(tmp_path: Path, conditions: str, deleted: bool) -> None:
    result = retention(tmp_path, f"bev-1 {conditions}\n")
    assert result.returncode == 0, result.stderr
    assert shell.calls(tmp_path) == (["get", "delete bev-1"] if deleted else ["get"])


OLD = "bev-1 Complete=2026-01-01T00:00:00Z\nbev-2 Failed=2026-01-02T00:00:00Z\n"


def test_retention_keeps_runs_that_the_tree_names(tmp_path: Path) -> None:
    result = retention(tmp_path, OLD, marker='[ "$name" != bev-1 ] || echo configmap/bev-1')
    assert result.returncode == 0, result.stderr
    assert shell.calls(tmp_path) == ["get", "delete bev-2"]


def test_retention_deletes_nothing_when_runs_cannot_be_listed(tmp_path: Path) -> None:
    result = retention(tmp_path, "", listing=f"printf %s '{OLD}'; exit 1")
    assert result.returncode != 0
    assert shell.calls(tmp_path) == ["get"]


def test_retention_keeps_a_run_whose_marker_cannot_be_looked_up(tmp_path: Path) -> None:
    result = retention(tmp_path, OLD, marker='[ "$name" != bev-1 ]')
    assert result.returncode == 1
    assert "bev-1" in result.stderr
    assert shell.calls(tmp_path) == ["get", "delete bev-2"]


def test_retention_goes_on_after_a_deletion_that_failed(tmp_path: Path) -> None:
    result = retention(tmp_path, OLD, otherwise="exit 1")
    assert result.returncode == 1
    assert shell.calls(tmp_path) == ["get", "delete bev-1", "delete bev-2"]


def test_retention_without_runs_does_nothing(tmp_path: Path) -> None:
    assert retention(tmp_path, "").returncode == 0
    assert shell.calls(tmp_path) == ["get"]
