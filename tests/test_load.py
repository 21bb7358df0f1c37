"""Loading: overlays merged with the file that set each leaf, defaults, settings, and faults that stay one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from paddock import emit, load, source
from paddock.diagnostics import Pointer
from paddock.load import Loaded
from paddock.locating import locate
from paddock.model import Environment, Origin, Workload
from repositories import gathered, small, with_spec

API = "environments/base/workloads/vision/api.yaml"
TRAIN = "environments/base/workloads/vision/train.yaml"
TEAM = "environments/base/teams/vision.yaml"
TEAM_OVERLAY = "environments/dev/teams/vision.yaml"
CLUSTER = "environments/dev/clusters/one.yaml"
ENVIRONMENT = "environments/dev/environment.yaml"
PLATFORM = "environments/platform.yaml"


def overlay(path: str) -> str:
    """Where the overlay of a base object lies."""
    return path.replace("/base/", "/dev/")


def with_overlay(path: str, spec: Mapping[str, Any]) -> dict[str, bytes]:
    """The small repository with an overlay of a workload in dev."""
    data, _ = source.parse(small()[path], path)
    return {**small(), overlay(path): emit.document({**data, "spec": spec}).encode()}


def loaded(specs: Mapping[str, bytes]) -> Loaded:
    return load.load(gathered(specs))


def dev(specs: Mapping[str, bytes]) -> Environment:
    """The environment dev of specs without a fault."""
    found = loaded(specs)
    assert found.problems == []
    assert found.fleet is not None
    return found.fleet.environments["dev"]


def workload(specs: Mapping[str, bytes], name: str) -> Workload:
    return dev(specs).workloads["vision", name]


def leaves(value: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    """Pointers of all scalars and empty collections."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*pointer, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*pointer, index))
    else:
        yield pointer


def test_each_leaf_names_the_file_that_set_it() -> None:
    changes = {
        "nodes": 2,
        "args": ["--epochs=1", "--fast"],
        "image": {"tag": "1.0.1"},
        "resources": {"memory": "800Gi"},
        "env": {"LEVEL": "debug"},
    }
    found = workload(with_overlay(TRAIN, changes), "train")
    changed = {pointer for pointer in leaves(found.data) if found.place(*pointer).path == overlay(TRAIN)}
    assert changed == {
        ("nodes",),
        ("args", 0),
        ("args", 1),
        ("image", "tag"),
        ("resources", "memory"),
        ("env", "LEVEL"),
    }
    assert {found.place(*pointer).path for pointer in leaves(found.data)} == {TRAIN, overlay(TRAIN)}
    assert found.data["image"]["repository"] == "registry.example.com/vision/train"
    assert (found.data["nodes"], found.data["image"]["tag"]) == (2, "1.0.1")
    assert found.name_place().path == TRAIN


def test_without_an_overlay_all_is_the_base_objects() -> None:
    found = workload(small(), "train")
    assert found.origin == Origin(base=TRAIN)
    assert {found.place(*pointer).path for pointer in leaves(found.data)} == {TRAIN}


@pytest.mark.parametrize("field", ["metadata", "kind"])
def test_who_it_is_only_the_base_says(field: str) -> None:
    """An overlay that has what the base lacks does not make up for it."""
    path, overlay = "environments/base/workloads/vision/api.yaml", "environments/dev/workloads/vision/api.yaml"
    data, _ = source.parse(small()[path], path)
    identity = {key: data[key] for key in ("apiVersion", "kind", "metadata")}
    del data[field]
    specs = {**small(), path: emit.document(data).encode()}
    specs[overlay] = emit.document({**identity, "spec": {}}).encode()
    [problem] = load.load(gathered(specs)).problems
    assert (problem.id, problem.place.path) == ("missing-field", path)
    assert f'lacks the field "{field}"' in problem.message


def test_a_null_deletes_a_key() -> None:
    found = workload(with_overlay(TRAIN, {"tracking": None, "queue": {"priority": None}}), "train")
    assert "tracking" not in found.data
    assert found.data["queue"] == {"name": "vision"}
    assert found.place("queue", "priority").path == overlay(TRAIN)
    assert found.place("queue", "name").path == TRAIN


def test_a_deleted_key_with_a_default_gets_it() -> None:
    assert workload(with_overlay(TRAIN, {"resources": {"efa": None}}), "train").data["resources"]["efa"] is False


def test_a_list_is_replaced_whole() -> None:
    found = workload(with_overlay(TRAIN, {"command": ["python"]}), "train")
    assert found.data["command"] == ["python"]
    assert found.place("command", 0).path == overlay(TRAIN)


def test_a_map_may_take_the_place_of_a_scalar() -> None:
    found = workload(with_overlay(TRAIN, {"run": {"schedule": "0 2 * * *", "timeZone": "Europe/Berlin"}}), "train")
    assert found.data["run"] == {"schedule": "0 2 * * *", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Forbid"}
    assert found.place("run", "schedule").path == overlay(TRAIN)
    assert found.place("run").path == overlay(TRAIN)


def test_a_team_is_merged_in_each_environment() -> None:
    team = dev(small()).teams["vision"]
    assert team.place("owners", 0).path == TEAM
    assert team.place("clusters", "one", "quota", "pods").path == TEAM_OVERLAY
    assert team.data["containerDefaults"] == {"cpu": "500m", "memory": "1Gi", "maxMemory": "2000Gi"}


def test_defaults_are_filled_in() -> None:
    found = workload(small(), "api")
    assert found.data["labels"] == {}
    assert found.data["ports"]["http"] == {"port": 8080, "protocol": "TCP"}
    assert found.data["replicas"] == {"min": 2, "max": 4, "cpuUtilization": 70}
    assert found.data["metrics"] == {"port": 8080, "path": "/metrics", "interval": "30s"}


def test_a_cluster_without_a_region_is_in_its_environments() -> None:
    cluster = dev(small()).clusters["one"]
    assert (cluster.region, cluster.account_id, cluster.identity) == ("us-east-1", "111122223333", "dev-one")
    moved = dev(with_spec(small(), CLUSTER, {"region": "eu-central-1"})).clusters["one"]
    assert moved.region == "eu-central-1"


def test_components_are_the_roles_and_the_clusters() -> None:
    before = dev(small()).clusters["one"].components
    assert "argo-cd" not in before
    assert before["metrics-server"].settings["replicas"] == 2
    stated = {"argo-cd": {}, "mlflow": {"enabled": False}, "metrics-server": {"settings": {"replicas": 3}}}
    after = dev(with_spec(small(), CLUSTER, {"components": {**stated, "gpu-operator": {"enabled": False}}})).clusters[
        "one"
    ]
    assert after.components.keys() == before.keys() - {"gpu-operator"} | {"argo-cd"}
    assert after.components["metrics-server"].settings["replicas"] == 3
    assert after.components["metrics-server"].settings["resources"] == {"cpu": "100m", "memory": "300Mi"}


def test_the_inputs_stay_as_they_are() -> None:
    specs = with_overlay(TRAIN, {"nodes": 2, "queue": {"priority": None}})
    inputs = gathered(specs)
    first, second = load.load(inputs), load.load(inputs)
    assert first.fleet == second.fleet
    assert inputs.specs == specs


def test_what_an_unreadable_overlay_would_change_is_left_out() -> None:
    found = loaded({**small(), overlay(TRAIN): b"spec: [\n"})
    assert [one.id for one in found.problems] == ["yaml-syntax"]
    assert found.fleet is not None
    assert sorted(found.fleet.environments["dev"].workloads) == [("vision", "api"), ("vision", "model")]


@pytest.mark.parametrize(
    ("path", "unread"),
    [
        (ENVIRONMENT, ("Environment", "dev", "dev")),
        (CLUSTER, ("Cluster", "dev", "one")),
        (TEAM, ("Team", "dev", "vision")),
        (TEAM_OVERLAY, ("Team", "dev", "vision")),
    ],
)
def test_a_spec_that_could_not_be_read_is_known_to_exist(path: str, unread: tuple[str, str, str]) -> None:
    found = loaded({**small(), path: b"- 1\n"})
    assert [one.id for one in found.problems] == ["not-an-object"]
    assert found.fleet is not None
    assert found.fleet.unread == {unread}


def test_without_a_platform_there_is_no_fleet_but_specs_are_checked() -> None:
    found = loaded({**with_spec(small(), API, {"replicas": {"min": -1}}), PLATFORM: b""})
    assert found.fleet is None
    assert [one.id for one in found.problems] == ["empty-file", "invalid-value"]


def test_a_cluster_of_an_unread_environment_is_checked_all_the_same() -> None:
    found = loaded({**with_spec(small(), CLUSTER, {"role": "hubb"}), ENVIRONMENT: b""})
    assert [(one.id, one.place.path) for one in found.problems] == [
        ("empty-file", ENVIRONMENT),
        ("invalid-value", CLUSTER),
    ]


def test_a_workload_that_runs_nowhere_is_checked_but_not_for_what_an_overlay_may_add() -> None:
    data, _ = source.parse(small()[API], API)
    data["spec"] |= {"environments": ["prod"], "replicas": {"min": -1}}
    del data["spec"]["clusters"]
    found = loaded({**small(), API: emit.document(data).encode()})
    assert [one.message for one in found.problems] == ["spec.replicas.min is -1, less than 0"]


def test_a_component_is_reported_once_and_kept_for_those_that_require_it() -> None:
    specs = with_spec(small(), CLUSTER, {"components": {"cert-manager": {"settings": {"issuer": {}}}}})
    found = loaded(specs)
    assert [(one.id, one.place.pointer[-1]) for one in found.problems] == [("unknown-field", "issuer")]
    assert found.fleet is not None
    assert "cert-manager" in found.fleet.environments["dev"].clusters["one"].components


ODD = [
    "yes",
    "012",
    "1e3",
    "~",
    "12:30",
    "*a",
    "a: b",
    "# x",
    "a\nb",
    "\0",
    "\ud800",
    "",
    " ",
    "{{ x }}",
    "é" * 300_000,
]


@pytest.mark.parametrize("odd", ODD, ids=[ascii(one[:8]) for one in ODD])
@pytest.mark.parametrize("path", sorted(small()))
def test_an_odd_string_in_each_field_is_accepted_or_found_in_its_line(path: str, odd: str) -> None:
    """All strings of a file at once: nothing crashes, and nothing is reported elsewhere than at one of them."""
    data, _ = source.parse(small()[path], path)
    marker = "MARKER"
    text = emit.document({**data, "spec": _replaced(data["spec"], marker)})
    lines = {number for number, line in enumerate(text.splitlines(), 1) if marker in line}
    quoted = "".join(char if char.isalnum() and char.isascii() else f"\\U{ord(char):08x}" for char in odd)
    inputs = gathered({**small(), path: text.replace(marker, f'"{quoted}"').encode()})
    found = locate(load.load(inputs).problems, inputs)
    assert {one.location.path for one in found} <= {path}
    if [one.id for one in found] != ["file-too-large"]:
        assert {one.location.line for one in found} <= lines
    if path not in (TEAM_OVERLAY, TEAM):
        assert found, "a file has a field with a closed list of values"


def _replaced(value: Any, marker: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(item, marker) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(value[0], marker)]
    return marker if isinstance(value, str) else value
