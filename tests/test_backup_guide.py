"""Specs of docs/guides/backup-and-restore.md: each block, merged into the file it names, is valid."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from paddock import emit, source
from paddock.overlay import merge
from repositories import ROOT, reference, reference_result, run

GUIDE = "docs/guides/backup-and-restore.md"
BLOCKS = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", (ROOT / GUIDE).read_text(), re.MULTILINE | re.DOTALL)


def merged(*indices: int) -> dict[str, bytes]:
    """The reference platform's specs with some blocks merged in."""
    specs = dict(reference())
    for index in indices:
        path, text = BLOCKS[index]
        patch, faults = source.parse(text.encode(), GUIDE)
        assert not faults
        before, faults = source.parse(specs[path], path) if path in specs else ({"spec": {}, **patch}, [])
        assert not faults
        specs[path] = emit.document(_over(before, patch, overlay=path.count("/teams/") > 0)).encode()
    return specs


def _over(before: Any, patch: Any, *, overlay: bool) -> Any:
    """The merged file. An overlay keeps a null, because it may delete what the base says."""
    if not overlay:
        return merge(before, patch)[0]
    return {**before, "spec": merge(before["spec"], patch["spec"])[0]}


@cache
def unchanged() -> dict[str, str]:
    return dict(reference_result().trees["prod"])


def changed(*indices: int) -> set[str]:
    result = run(merged(*indices), environments=["prod"])
    assert [one.message for one in result.diagnostics] == []
    after, before = result.trees["prod"], unchanged()
    return {path for path in after.keys() | before.keys() if after.get(path) != before.get(path)} - {
        ".paddock/manifest.json"
    }


def test_the_guide_has_its_blocks() -> None:
    assert [path for path, _ in BLOCKS] == [
        "environments/prod/clusters/train-iad.yaml",
        "environments/prod/teams/simulation.yaml",
        "environments/prod/teams/prediction.yaml",
        "environments/prod/teams/fleet-learning.yaml",
        "environments/prod/teams/prediction.yaml",
        "environments/prod/clusters/serve-fra.yaml",
        "environments/prod/clusters/train-iad.yaml",
        "environments/prod/workloads/prediction/intent-train.yaml",
    ]
    assert (ROOT / GUIDE).read_text().count("```yaml") == len(BLOCKS)


@pytest.mark.parametrize("index", range(len(BLOCKS) - 1), ids=lambda index: BLOCKS[index][0])
def test_block_is_valid(index: int) -> None:
    changed(index)


def test_a_restored_database_changes_one_file() -> None:
    assert changed(0) == {"clusters/train-iad/components/mlflow/values.yaml"}


def test_a_restored_file_system_can_be_mounted() -> None:
    """The last two blocks belong together: the file system, and the workload that mounts it."""
    paths = changed(6, 7)
    kinds = {path.rpartition("/")[2].split("-")[0] for path in paths if "/aws-fsx-csi-driver/resources/" in path}
    assert kinds == {"persistentvolume", "persistentvolumeclaim"}
    assert "clusters/train-iad/workloads/prediction/intent-train/trainingruntime-intent-train.yaml" in paths


def test_a_replica_is_made_where_the_bucket_is() -> None:
    folder = "clusters/train-iad/infrastructure"
    assert {path for path in changed(4) if path.startswith(folder)} == {
        f"{folder}/bucket-replica-team-prediction-models.yaml",
        f"{folder}/bucket-team-prediction-models.yaml",
        f"{folder}/role-replication-team-prediction-models.yaml",
    }


def test_backups_change_the_stack_alone() -> None:
    assert changed(5) == {"terraform/serve-fra/main.tf.json"}


def test_a_hold_without_the_rest_of_the_change_is_refused() -> None:
    """What the guide says about removing the expiry in the same change."""
    specs = dict(reference())
    path, _ = BLOCKS[3]
    hold = {"spec": {"buckets": {"mined": {"retention": {"legalHold": {"reason": "An order"}}}}}}
    before, _ = source.parse(specs[path], path)
    specs[path] = emit.document(merge(before, hold)[0]).encode()
    found = run(specs, environments=["prod"]).diagnostics
    assert {one.id for one in found} == {"expiry-under-legal-hold"}
    assert len(found) == 3
