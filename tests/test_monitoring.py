"""How Prometheus and Alertmanager run on every cluster of the reference platform, and what teams may send them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from paddock.quantity import parse
from prometheus_tools import objects
from repositories import ROOT, reference_result

Json = Any
MONITORS = ("PodMonitor", "ServiceMonitor")


def stacks() -> Iterator[tuple[str, Json]]:
    """Values of kube-prometheus-stack by cluster."""
    for tree in reference_result().trees.values():
        for path, text in tree.items():
            if path.endswith("/components/kube-prometheus-stack/values.yaml"):
                yield path, yaml.safe_load(text)


def test_a_replica_may_fail() -> None:
    """Replicas on nodes of their own, one of which always stays; AMP tells them apart (AWS, high availability data)."""
    found = 0
    for path, values in stacks():
        spec = values["prometheus"]["prometheusSpec"]
        assert spec["podAntiAffinity"] == values["alertmanager"]["alertmanagerSpec"]["podAntiAffinity"] == "hard"
        assert spec["replicaExternalLabelName"] == "__replica__"
        assert set(spec["externalLabels"]) == {"cluster", "environment", "region"}
        for part, replicas in (
            (values["prometheus"], spec["replicas"]),
            (values["alertmanager"], values["alertmanager"]["alertmanagerSpec"]["replicas"]),
        ):
            assert part["podDisruptionBudget"] == {"enabled": replicas > 1, "minAvailable": 1}, path
        found += spec["replicas"] > 1
    assert found >= 4


def test_external_labels_tell_clusters_apart() -> None:
    labels = [tuple(values["prometheus"]["prometheusSpec"]["externalLabels"].items()) for _, values in stacks()]
    assert len(set(labels)) == len(labels)


def test_samples_fit_their_volume() -> None:
    for path, values in stacks():
        spec = values["prometheus"]["prometheusSpec"]
        volume = spec["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
        assert parse(spec["retentionSize"].removesuffix("B")) < parse(volume), path


def test_teams_have_limits_below_those_of_all() -> None:
    """A label with many values costs the team its scrape, and nobody else theirs."""
    enforced = {
        spec["enforcedSampleLimit"] for _, values in stacks() for spec in [values["prometheus"]["prometheusSpec"]]
    }
    found = set()
    for kind in MONITORS:
        for path, data in objects(kind):
            if "/workloads/" not in path:
                continue
            spec = data["spec"]
            assert spec["sampleLimit"] < min(enforced), path
            assert spec["labelLimit"] <= 40
            assert spec["labelValueLengthLimit"] >= spec["labelNameLengthLimit"] > 0
            found.add((kind, data["metadata"]["namespace"], spec["sampleLimit"]))
    stated = yaml.safe_load((ROOT / "environments/base/teams/data-platform.yaml").read_text())["spec"]["metrics"]
    assert {limit for _, team, limit in found if team == "data-platform"} == {stated["sampleLimit"]}
    assert {limit for _, team, limit in found if team == "perception"} == {10_000}
    assert {kind for kind, _, _ in found} == set(MONITORS)
