"""A new team is one file: what it gets of every service follows from its spec, and nothing of another team changes.

tests/golden/new-team/changes.txt is the whole difference of the trees: + a new file, ~ a changed one, - one that
goes (a Job that sets up teams, and what it reads, has another name once there is another team).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from repositories import reference, reference_result, run

FOLDER = Path(__file__).parent / "golden" / "new-team"
SPEC = "environments/base/teams/calibration.yaml"


@cache
def trees() -> dict[str, dict[str, str]]:
    result = run({**reference(), SPEC: (FOLDER / "calibration.yaml").read_bytes()})
    assert not result.diagnostics
    return {name: dict(tree) for name, tree in result.trees.items()}


def changes() -> list[str]:
    found = []
    for name, tree in sorted(trees().items()):
        before = reference_result().trees[name]
        for path in sorted({*before, *tree}):
            if before.get(path) != tree.get(path):
                sign = "+" if path not in before else "-" if path not in tree else "~"
                found.append(f"{sign} {name}/{path}")
    return found


def test_golden(update_golden: bool) -> None:
    text = "\n".join(changes()) + "\n"
    golden = FOLDER / "changes.txt"
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text()


def test_nothing_of_another_team_changes() -> None:
    for line in changes():
        if "/teams/" in line or "/workloads/" in line:
            assert line.startswith("+ ")
            assert "/calibration/" in line
        if line.startswith("- "):
            assert line.rpartition("/")[2].startswith(("job-", "configmap-opensearch-setup-"))


@pytest.mark.parametrize(
    ("service", "path", "part"),
    [
        ("MLflow", "prod/clusters/train-iad/components/mlflow/", '"calibration"'),
        ("its user of MLflow", "prod/clusters/train-iad/teams/calibration/externalsecret-mlflow-credentials.yaml", ""),
        ("OpenSearch", "prod/clusters/train-iad/components/opensearch-domain/", "logs-calibration"),
        ("its logs", "prod/clusters/train-iad/components/fluent-bit/values.yaml", "logs-calibration"),
        ("CloudWatch", "prod/clusters/train-iad/infrastructure/", "calibration"),
        ("Grafana", "prod/clusters/train-iad/teams/calibration/configmap-grafana-dashboard.yaml", "calibration"),
        ("alerts", "prod/clusters/train-iad/teams/calibration/alertmanagerconfig-", "#calibration-alerts"),
        ("its budget", "prod/clusters/train-iad/components/kube-prometheus-stack/", "calibration"),
        ("notebooks", "prod/clusters/train-iad/components/jupyterhub/values.yaml", "calibration"),
        ("runners", "dev/clusters/shared-iad/components/gha-runner-scale-set/", "calibration-cpu"),
        ("a queue", "prod/clusters/train-iad/teams/calibration/localqueue-calibration.yaml", ""),
        ("a project", "prod/argocd/projects/", "calibration"),
    ],
)
def test_every_service_knows_the_team(service: str, path: str, part: str) -> None:
    touched = [line[2:] for line in changes() if line[2:].startswith(path) and not line.startswith("-")]
    texts = [trees()[one.partition("/")[0]][one.partition("/")[2]] for one in touched]
    assert any(part in text for text in texts), service
