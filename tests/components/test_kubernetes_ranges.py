"""Each component says for which Kubernetes its chart renders, as the chart itself does."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from paddock import source

ROOT = Path(__file__).parents[2]
CHARTS = Path(os.environ.get("PADDOCK_UPSTREAM", "/nowhere")) / "charts"
COMPONENTS = sorted(path.parent.name for path in (ROOT / "templates" / "components").glob("*/component.yaml"))


@pytest.mark.parametrize("name", COMPONENTS)
def test_range_is_that_of_the_chart(name: str) -> None:
    path = ROOT / "templates" / "components" / name / "component.yaml"
    data, _ = source.parse(path.read_bytes(), name)
    chart = CHARTS / data["chart"]["name"] / "Chart.yaml" if "chart" in data else None
    if chart is None or not chart.is_file():
        pytest.skip("no chart to compare with")
    theirs = re.search(r'^kubeVersion: "?(\^|>=) ?([0-9]+\.[0-9]+)\.0-0"?$', chart.read_text(), re.MULTILINE)
    assert data.get("kubernetes") == (f">={theirs[2]}" if theirs else None)
