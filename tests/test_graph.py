"""Waves follow from requirements; the graph of the catalogue and of a cluster is the same text every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock import cli, graph, requirements
from paddock.catalogue import Component
from repositories import ROOT, SMALL
from test_findings import build


def component(name: str, **data: object) -> Component:
    full = {"requires": [], "conflicts": [], "crds": [], **data}
    return Component(name=name, data=full, values=None, resources=(), files={})


def catalogue(*components: Component) -> dict[str, Component]:
    return {one.name: one for one in components}


THREE = catalogue(
    component("app", wave=-9, requires=["operator", "absent"]),
    component("crds", wave=-10, crds=["b.example.com", "a.example.com"]),
    component("operator", requires=["crds"], conflicts=["app-old", "rival"]),
    component("rival"),
)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["graph", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_wave_is_a_lower_bound() -> None:
    assert requirements.waves(THREE) == {"app": -8, "crds": -10, "operator": -9, "rival": 0}


def test_the_order_of_components_changes_nothing() -> None:
    backward = dict(reversed(THREE.items()))
    for form in graph.FORMATS.values():
        assert form(graph.of("all", backward)) == form(graph.of("all", THREE))


def test_text() -> None:
    assert graph.text(graph.of("all", THREE)) == (
        "all\n\nwave -10\n└─ crds\n   ├─ owns a.example.com\n   └─ owns b.example.com\n"
        "\nwave -9\n└─ operator\n   ├─ requires crds\n   └─ conflicts with rival\n"
        "\nwave -8\n└─ app\n   ├─ requires absent (does not run here)\n   └─ requires operator\n"
        "\nwave 0\n└─ rival\n   └─ conflicts with operator\n"
    )


def test_mermaid_and_dot_draw_each_edge() -> None:
    drawn = graph.mermaid(graph.of("all", THREE)).splitlines()
    assert {"  n_app --> n_operator", "  n_operator -. conflicts .- n_rival"} <= set(drawn)
    assert '  n_crds -- owns --> n_crd_2f_a_2e_example_2e_com(["a.example.com"])' in drawn
    drawn = graph.dot(graph.of("all", THREE)).splitlines()
    assert {'  "app" -> "operator";', '  "crds" -> "crd/a.example.com" [label="owns"];', "}"} <= set(drawn)


def test_two_cycles_are_two_findings_and_none_is_left() -> None:
    bad = catalogue(component("a", requires=["b", "c"]), component("b", requires=["a"]), component("c", requires=["a"]))
    found, problems = requirements.settled(bad, known=bad)
    assert [one.message.partition(": ")[2] for one in problems] == ["a -> b -> a", "a -> c -> a"]
    assert requirements.waves(found) == {"a": 1, "b": 0, "c": 0}


def test_a_requirement_through_another_contradicts_too() -> None:
    bad = catalogue(component("a", requires=["b"]), component("b", requires=["c"]), component("c", conflicts=["a"]))
    problems = requirements.settled(bad, known=bad)[1]
    assert [one.message for one in problems] == ['component "c" conflicts with "a", but a requires b requires c']


def test_the_catalogue_and_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "--root", str(ROOT))
    assert (code, err) == (0, "")
    assert "─ kueue\n" in out
    code, out, _ = call(capsys, "--root", str(ROOT), "--cluster", "prod-train-iad")
    assert code == 0
    assert out.startswith("prod-train-iad: ")
    assert "─ kserve\n" not in out


def test_a_cluster_that_does_not_exist_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "--root", str(SMALL), "--cluster", "dev-two")
    assert (code, out) == (2, "")
    assert "legal: dev-one" in err


def test_a_cycle_is_reported_instead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path, "component-cycle")
    code, out, _ = call(capsys, "--root", str(tmp_path))
    assert code == 1
    assert out.startswith("error[component-cycle]: ")
