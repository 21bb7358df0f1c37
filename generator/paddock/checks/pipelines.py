"""Steps of pipelines fit together: what they depend on and take is made, in an order that exists; GPUs come through the
queue; and nothing in them would be expanded by Argo Workflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from paddock.checks.workload_references import merged, unknown
from paddock.components.kueue_cohorts import settings_of
from paddock.diagnostics import Note, Pointer, Problem
from paddock.model import Cluster, Environment, Fleet, Json, Workload
from paddock.workloads.pipeline import dependencies

IDS = (
    "argo-expression",
    "gpu-step-without-queue",
    "mount-path-taken",
    "pods-not-queued",
    "step-cycle",
    "unknown-output",
    "unknown-step",
)

_FRAMEWORK = "pod"
_ARGO = {"/var/run/argo": "Argo Workflows keeps its own files in /var/run/argo"}
# Fields of a pipeline that go into the WorkflowTemplate as they are, and whose schema leaves their text open.
_EXPANDED = ("annotations", "parameters", "steps")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Each pipeline in each environment."""
    yield from merged(_all(fleet))


def _all(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            if workload.type == "pipeline":
                yield from _references(workload)
                yield from _cycles(workload)
                yield from _paths(workload)
                yield from _expressions(workload)
                yield from _queues(environment, workload)


def _references(workload: Workload) -> Iterator[Problem]:
    """Steps and outputs that are named exist."""
    steps = workload.data["steps"]
    for name, step in steps.items():
        others = sorted(steps.keys() - {name})
        for index, other in enumerate(step["dependsOn"]):
            if other not in steps:
                yield unknown("unknown-step", "step", other, others, workload.place("steps", name, "dependsOn", index))
        for taken, stated in step["inputs"].items():
            source = steps.get(stated["from"])
            if source is None:
                place = workload.place("steps", name, "inputs", taken, "from")
                yield unknown("unknown-step", "step", stated["from"], others, place)
            elif stated.get("output", taken) not in source["outputs"]:
                yield _unknown_output(workload, name, taken, stated, source)


def _unknown_output(workload: Workload, name: str, taken: str, stated: Json, source: Mapping[str, Json]) -> Problem:
    """An output that its step does not make: at its name, or at the input where that is the name."""
    field = ("steps", name, "inputs", taken)
    place = workload.place(*field, "output") if "output" in stated else workload.place(*field, key=True)
    output, maker = stated.get("output", taken), stated["from"]
    problem = unknown("unknown-output", "output", output, source["outputs"], place, where=f' of step "{maker}"')
    if not source["outputs"]:
        problem = replace(problem, help=f"add it to the outputs of the step: {output}: {{path: …}}")
    made = workload.place("steps", maker, *(("outputs",) if source["outputs"] else ()), key=True)
    return replace(problem, related=(Note(message=f'step "{maker}"', place=made),))


def _cycles(workload: Workload) -> Iterator[Problem]:
    """Steps that wait for each other: one finding however many circles they share, at the first of them by name."""
    steps = workload.data["steps"]
    before = {name: [one for one in dependencies(step) if one in steps] for name, step in steps.items()}
    told: set[str] = set()
    for name in sorted(before):
        circle = _circle(name, before) if name not in told else []
        if circle:
            told |= {one for one in _reached(name, before) if name in _reached(one, before)}
            yield Problem(
                id="step-cycle",
                message=f'step "{name}" of workload "{workload.name}" '
                + ("waits for itself" if len(circle) == 1 else f"waits for itself: {' → '.join([*circle, name])}"),
                place=workload.place("steps", name, *_edge(steps[name], circle[1] if len(circle) > 1 else name)),
                label=f"waits for {circle[1]}" if len(circle) > 1 else "",
                help="take one of these dependencies out: none of the steps would ever begin",
            )


def _circle(start: str, before: Mapping[str, list[str]]) -> list[str]:
    """The shortest way from a step along its dependencies back to it, without the last; empty if there is none."""
    ways, seen = [[start]], {start}
    while ways:
        further = []
        for way in ways:
            for other in before[way[-1]]:
                if other == start:
                    return way
                if other not in seen:
                    seen.add(other)
                    further.append([*way, other])
        ways = further
    return []


def _reached(start: str, before: Mapping[str, list[str]]) -> set[str]:
    """The steps that a step waits for, directly or not."""
    found: set[str] = set()
    pending = [start]
    while pending:
        new = [one for one in before[pending.pop()] if one not in found]
        found |= set(new)
        pending += new
    return found


def _edge(step: Mapping[str, Json], other: str) -> Pointer:
    """The field of a step by which it waits for another."""
    if other in step["dependsOn"]:
        return ("dependsOn", step["dependsOn"].index(other))
    return ("inputs", next(name for name, stated in step["inputs"].items() if stated["from"] == other), "from")


def _paths(workload: Workload) -> Iterator[Problem]:
    """Each artifact of a step has a place of its own. An output may lie where an input does, as programs do that change
    a file."""
    for name, step in workload.data["steps"].items():
        for kind, folders in (("inputs", _closed(workload)), ("outputs", _ARGO)):
            seen: dict[str, str] = {}
            for artifact, stated in step[kind].items():
                path, what = stated["path"], f'{kind[:-1]} "{artifact}"'
                other = seen.get(path) or next((why for one, why in folders.items() if _within(path, one)), None)
                if other is not None:
                    yield Problem(
                        id="mount-path-taken",
                        message=f'{what} of step "{name}" of workload "{workload.name}" is at {path}, but {other}',
                        place=workload.place("steps", name, kind, artifact, "path"),
                        help="give it a place of its own, e.g. /work/<name>",
                    )
                seen.setdefault(path, f"{what} is at {path}")


def _closed(workload: Workload) -> dict[str, str]:
    """Folders into which no input can be put, with the reason."""
    mounts: Mapping[str, Json] = workload.data.get("mounts", {})
    return _ARGO | {
        mount["path"]: f'mount "{name}" is at {mount["path"]} and can only be read'
        for name, mount in mounts.items()
        if mount["readOnly"]
    }


def _within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _expressions(workload: Workload) -> Iterator[Problem]:
    """Argo Workflows replaces what stands in double braces anywhere in a template, and has no way to write them."""
    for field in _EXPANDED:
        for pointer, text in _texts(workload.data[field], (field,)):
            if "{{" in text:
                found = text[text.index("{{") :][:40]
                yield Problem(
                    id="argo-expression",
                    message=f'"{found}" in workload "{workload.name}" would be expanded by Argo Workflows',
                    place=workload.place(*pointer),
                    help="take values of a run from the variables of its parameters, and files from inputs; text with "
                    "double braces belongs in the image",
                )


def _texts(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*pointer, index))


def _queues(environment: Environment, workload: Workload) -> Iterator[Problem]:
    """Where Kueue gives out the GPUs, it gives them to steps too (gpu-platform.md 5.2, 8 #22)."""
    for index, name in enumerate(workload.clusters):
        cluster = environment.clusters.get(name)
        settings = settings_of(cluster) if cluster is not None else None
        if cluster is None or settings is None or not _asks_for_gpus(workload):
            continue
        if "queue" not in workload.data:
            yield from _unqueued(cluster, workload)
        elif _FRAMEWORK not in settings["frameworks"] and "argo-workflows" in cluster.components:
            yield _pods_not_queued(cluster, workload, index)


def _asks_for_gpus(workload: Workload) -> bool:
    return any("gpu" in step["resources"] for step in workload.data["steps"].values())


def _unqueued(cluster: Cluster, workload: Workload) -> Iterator[Problem]:
    for part in workload.parts():
        if "gpu" in part.data["resources"]:
            yield Problem(
                id="gpu-step-without-queue",
                message=f"{part.title} asks for GPUs, which Kueue gives out on cluster "
                f'"{cluster.identity}", and the pipeline names no queue',
                place=part.place("resources", "gpu"),
                help=f"add queue: {{name: {workload.team}}}",
            )


def _pods_not_queued(cluster: Cluster, workload: Workload, index: int) -> Problem:
    stated = "frameworks" in cluster.data["components"].get("kueue", {}).get("settings", {})
    pointer = ("components", "kueue", "settings", "frameworks")
    place = cluster.place(*pointer, key=True) if stated else cluster.place("components", key=True)
    return Problem(
        id="pods-not-queued",
        message=f'steps of workload "{workload.name}" wait in queue "{workload.data["queue"]["name"]}", but Kueue on '
        f'cluster "{cluster.identity}" does not queue pods',
        place=workload.place("clusters", index),
        related=(Note(message="its settings", place=place),),
        help=f"add {_FRAMEWORK} to components.kueue.settings.frameworks of the cluster: Argo Workflows is queued by "
        "its pods, and without it they would take GPUs past every quota",
    )
