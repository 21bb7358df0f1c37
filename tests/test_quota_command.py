"""`paddock quota`: a table, JSON and CSV of the same lines; findings where a spec cannot be trusted."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from paddock import cli
from paddock.analysis.ec2_quotas import NAMES
from paddock.explanations import EXPLANATIONS
from repositories import ROOT
from test_findings import build

TABLE = """\
cluster  team    account        resource                 limit  steady     peak  ratio
dev-one  vision  ResourceQuota  pods                       500       7       13   0.03
dev-one  vision  ResourceQuota  requests.cpu              2000     645  658500m   0.33
dev-one  vision  ResourceQuota  requests.memory           20Ti  6418Gi   6469Gi   0.32
dev-one  vision  ResourceQuota  requests.nvidia.com/gpu     64      33       36   0.57
dev-one  vision  flavor h100    cpu                       1536     640     1280   0.84
dev-one  vision  flavor h100    hugepages-2Mi             64Gi    20Gi     40Gi   0.63
dev-one  vision  flavor h100    memory                    16Ti  6400Gi  12800Gi   0.79
dev-one  vision  flavor h100    nvidia.com/gpu              32      32       64   2.00
dev-one  vision  flavor h100    vpc.amazonaws.com/efa      256     128      256   1.00
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    build(tmp_path)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["quota", "--root", str(root), *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_table(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An API of 2 to 4 replicas, a model server of 1 to 3, and a run on 4 nodes of 8 GPUs beside its successor;
    the queue has 32 GPUs, and nobody lends it more."""
    code, out, err = call(capsys, small)
    assert (code, err) == (0, "")
    assert out == TABLE


def test_other_programs_read_the_same_lines(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = call(capsys, small, "--format", "json")
    lines = json.loads(text)["lines"]
    _, table, _ = call(capsys, small, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [{**line, "ratio": f"{line['ratio']:.2f}"} for line in lines] == rows
    assert len(rows) == 9
    assert "\r" not in table


def test_a_team_and_an_environment_are_chosen_by_name(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, small, "--team", "vision", "-e", "dev") == call(capsys, small)
    code, out, err = call(capsys, small, "--team", "visoin")
    assert (code, out, err) == (2, "", 'paddock: there is no team "visoin"\n  help: legal: vision\n')
    code, out, err = call(capsys, small, "--environment", "prod")
    assert (code, out, err) == (2, "", 'paddock: there is no environment "prod"\n  help: legal: dev\n')


def test_a_spec_with_a_fault_is_reported_instead(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = small / "environments/base/workloads/vision/api.yaml"
    spec.write_text(spec.read_text().replace("cpu: 500m", "cpu: lots"))
    code, out, _ = call(capsys, small)
    assert code == 1
    assert "error[invalid-value]" in out


def test_a_limit_of_nothing_has_no_ratio(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    team = small / "environments/dev/teams/vision.yaml"
    team.write_text(team.read_text().replace('requests.nvidia.com/gpu: "64"', 'requests.nvidia.com/gpu: "0"'))
    _, text, _ = call(capsys, small, "--format", "json")
    assert [one["ratio"] for one in json.loads(text)["lines"] if one["limit"] == "0"] == [None]


def test_the_guide_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    guide = (ROOT / "docs/guides/quota.md").read_text()
    (block,) = re.findall(r"^```\n\$ paddock quota (.*?)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    code, out, _ = call(capsys, ROOT, *block[0].split())
    shown = [line for line in block[1].splitlines() if line != "..."]
    assert code == 0
    assert len(shown) == 4
    assert [line for line in shown if line not in out.splitlines()] == []
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+){2,})`", guide))
    assert len(named) >= 13
    assert named <= EXPLANATIONS.keys()
    assert set(re.findall(r"L-[0-9A-F]{8}", guide)) == set(NAMES)
