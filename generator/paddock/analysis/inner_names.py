"""Names by which one part of an object needs another part of it: mounts, claims, probes, templates of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from paddock.analysis.pod_references import templates
from paddock.analysis.references import items, mapping
from paddock.diagnostics import Pointer

Json = Any

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


class Inner(NamedTuple):
    """A name that no part of the object bears: what it should be, and which there are."""

    what: str
    name: str
    pointer: Pointer
    legal: frozenset[str]


def missing(data: Mapping[str, Json]) -> Iterator[Inner]:
    """Each such name of an object that its schema allows. Pods that an operator completes from a runtime (TrainJob,
    InferenceService) are left out: what they name may stand there."""
    kind = data["kind"]
    if kind in ("ClusterWorkflowTemplate", "Workflow", "WorkflowTemplate"):
        yield from _workflow(data)
    else:
        claimed = [mapping(one, "metadata") for _, one in items(mapping(data, "spec"), "volumeClaimTemplates")]
        volumes = _names(claimed)
        for template, at in templates(data):
            yield from _pod(mapping(template, "spec"), (*at, "spec"), volumes)


def _names(found: list[Mapping[str, Json]]) -> frozenset[str]:
    return frozenset(str(one["name"]) for one in found if "name" in one)


def _listed(value: Mapping[str, Json], key: str) -> frozenset[str]:
    return _names([one for _, one in items(value, key)])


def _pod(spec: Mapping[str, Json], at: Pointer, more: frozenset[str]) -> Iterator[Inner]:
    volumes, claims = _listed(spec, "volumes") | more, _listed(spec, "resourceClaims")
    for field in ("initContainers", "containers"):
        for index, one in items(spec, field):
            here = (*at, field, index)
            yield from _unknown("volume", one, "volumeMounts", here, volumes)
            yield from _unknown("volume", one, "volumeDevices", here, volumes)
            yield from _unknown("resource claim", mapping(one, "resources"), "claims", (*here, "resources"), claims)
            yield from _probes(one, here)


def _unknown(what: str, value: Mapping[str, Json], key: str, at: Pointer, legal: frozenset[str]) -> Iterator[Inner]:
    for index, one in items(value, key):
        name = str(one.get("name"))
        if name not in legal:
            yield Inner(what, name, (*at, key, index, "name"), legal)


def _probes(container: Mapping[str, Json], at: Pointer) -> Iterator[Inner]:
    """Ports of a probe by name; a number may be any."""
    for probe in PROBES:
        for handler in ("httpGet", "tcpSocket"):
            port = mapping(container, probe, handler).get("port")
            if isinstance(port, str) and port not in (ports := _listed(container, "ports")):
                yield Inner("container port", port, (*at, probe, handler, "port"), ports)


def _workflow(data: Mapping[str, Json]) -> Iterator[Inner]:
    spec = mapping(data, "spec")
    names, shared = _listed(spec, "templates"), _listed(spec, "volumes") | _listed(spec, "volumeClaimTemplates")
    for field in ("entrypoint", "onExit"):
        if isinstance(spec.get(field), str) and spec[field] not in names:
            yield Inner("template", spec[field], ("spec", field), names)
    for index, one in items(spec, "templates"):
        here = ("spec", "templates", index)
        volumes = shared | _listed(one, "volumes")
        container = mapping(one, "container")
        yield from _unknown("volume", container, "volumeMounts", (*here, "container"), volumes)
        for number, task in items(mapping(one, "dag"), "tasks"):
            if isinstance(task.get("template"), str) and task["template"] not in names:
                yield Inner("template", task["template"], (*here, "dag", "tasks", number, "template"), names)
