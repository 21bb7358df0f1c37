"""The story on one page: load, check, render, check. It touches neither disk nor git and goes on after a fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from paddock import load as loading
from paddock import mirrors, namespaces, verdict
from paddock.baseline import Key
from paddock.catalogue import Component
from paddock.checks import (
    DATED_CHECKS,
    OBJECT_CHECKS,
    OUTPUT_CHECKS,
    RELATION_CHECKS,
    SCREENS,
    SPEC_CHECKS,
    TEXT_CHECKS,
    TREE_CHECKS,
    RelationCheck,
    Screen,
)
from paddock.checks.whole_tree import WholeTree
from paddock.diagnostics import Diagnostic, Note, Place, Problem, Severity, Suppressed, has_errors
from paddock.inputs import Inputs
from paddock.layout import ENVIRONMENTS
from paddock.load import Loaded
from paddock.locating import locate, located, locations
from paddock.model import Environment, Fleet, Spec
from paddock.render import Examine, ObjectRef, Rendered, Renderer
from paddock.schema import Fault
from paddock.tree import with_manifest
from paddock.units import argocd_units, cluster_units
from paddock.verdict import Accepted
from paddock.wording import more_objects

Notify = Callable[[str], None]
"""Called with the name of each phase as it begins: load, check, render, verify."""

_REPORT = "report it with these specs"
CHUNKS = 8
"""Chunks of an environment's units for each process: small enough to balance, large enough to be cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything a run found. `trees` holds each environment's files with its manifest, unless there are errors."""

    fleet: Fleet | None
    catalogue: Mapping[str, Component]
    trees: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    objects: Mapping[str, Sequence[ObjectRef]] = field(default_factory=dict)
    diagnostics: Sequence[Diagnostic] = ()
    accepted: Sequence[Suppressed] = ()
    skipped: int = 0

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(one.severity is Severity.ERROR for one in self.diagnostics)


def run(
    inputs: Inputs,
    *,
    known: Iterable[Problem] = (),
    environments: Iterable[str] = (),
    jobs: int = 1,
    notify: Notify = lambda phase: None,
    as_of: str | None = None,
    accepted: frozenset[Key] | None = None,
) -> Result:
    """The whole way from bytes to trees. `known` are problems found while gathering; no environment named means all.

    `as_of` is the day, as an ISO date, that checks of dates take for today; without it they are left out.
    `accepted` are findings that do not count, instead of those of the baseline.
    """
    problems = list(known)
    notify("load")
    loaded = loading.load(inputs, unread=frozenset(one.place.path for one in problems))
    problems += loaded.problems
    problems += text_problems(inputs)
    if loaded.fleet is None:
        return _result(loaded, problems, [], inputs, {}, {})
    notify("check")
    judge = verdict.judge(loaded.fleet, inputs, as_of, accepted=accepted)
    problems += judge.problems
    problems += spec_problems(loaded.fleet, loaded)
    problems += dated_problems(loaded.fleet, as_of)
    fleet, dropped = _survivors(loaded.fleet, judge.split(problems)[0])
    fleet = namespaces.applied(fleet, loaded.catalogue)
    notify("render")
    chosen = [one for one in fleet.environments.values() if not set(environments) or one.name in set(environments)]
    rendered = _render(fleet, chosen, loaded, inputs, jobs)
    notify("verify")
    problems += _merged([problem for one in rendered.values() for problem in one.problems])
    problems += _between_objects(loaded, fleet, rendered, inputs, left_out=dropped)
    skipped = dropped + sum(one.skipped for one in rendered.values())
    problems, suppressed = judge.split(problems)
    if len(chosen) == len(loaded.fleet.environments) and not has_errors(problems):
        undecided = frozenset(id for check in DATED_CHECKS for id in check.ids) if as_of is None else frozenset()
        problems += judge.unused(loaded.fleet, undecided)
    objects = {name: one.objects for name, one in rendered.items()}
    return _result(loaded, problems, suppressed, inputs, rendered, objects, skipped)


def _between_objects(
    loaded: loading.Loaded, fleet: Fleet, rendered: Mapping[str, Rendered], inputs: Inputs, *, left_out: int
) -> list[Problem]:
    """What is wrong between objects, as far as nothing is missing that would change the answer."""
    objects = [ref for one in rendered.values() for ref in one.objects]
    trees = {name: one.files for name, one in rendered.items()}
    problems = output_problems(objects, trees, fleet)
    if loaded.whole_catalogue:
        whole = _whole(loaded.fleet or fleet, fleet, rendered)
        problems += relation_problems(
            [ref for name in whole for ref in (*rendered[name].objects, *rendered[name].values)],
            {name: rendered[name].files for name in whole},
            replace(fleet, environments=whole),
            loaded.catalogue,
            inputs,
        )
    if not left_out and not loaded.skipped and all(one.whole for one in rendered.values()):
        problems += tree_problems(
            WholeTree(objects=objects, trees=trees, fleet=fleet, catalogue=loaded.catalogue, schemas=inputs.schemas)
        )
    return problems


def text_problems(inputs: Inputs) -> list[Problem]:
    """What the checks of texts find."""
    return [one for check in TEXT_CHECKS for one in _guarded(check.ids, partial(check.run, inputs))]


def spec_problems(fleet: Fleet, loaded: Loaded) -> list[Problem]:
    """What the checks of specs find; a check that crashes is a finding of its own."""
    found: list[Problem] = []
    for check in SPEC_CHECKS:
        if loaded.whole_catalogue or not check.needs_catalogue:
            found += _guarded(check.ids, partial(check.run, fleet, loaded.catalogue))
    return found


def dated_problems(fleet: Fleet, as_of: str | None) -> list[Problem]:
    """What the checks of dates find, if the day is known."""
    if as_of is None:
        return []
    return [one for check in DATED_CHECKS for one in _guarded(check.ids, partial(check.run, fleet, as_of))]


def output_problems(
    objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet
) -> list[Problem]:
    """What the checks of rendered objects find, over all environments at once: they meet on the hub."""
    found: list[Problem] = []
    pulled = mirrors.specs_applied(fleet, list(trees))
    for check in OUTPUT_CHECKS:
        found += _guarded(check.ids, partial(check.run, objects, trees, pulled))
    return found


def relation_problems(
    objects: Sequence[ObjectRef],
    trees: Mapping[str, Mapping[str, str]],
    fleet: Fleet,
    catalogue: Mapping[str, Component],
    inputs: Inputs,
) -> list[Problem]:
    """What the checks of relations find among all objects of a fleet's environments."""
    renderer = _renderer(inputs)

    def found(check: RelationCheck) -> Iterator[Problem]:
        for ref, fault in check.run(objects, trees, fleet, catalogue):
            yield renderer.traced(ref, fault, trees[ref.environment][ref.path], _spec(ref, fleet))

    return _merged([one for check in RELATION_CHECKS for one in _guarded(check.ids, partial(found, check))])


def _spec(ref: ObjectRef, fleet: Fleet) -> Spec:
    """The spec that an object was rendered for."""
    environment = fleet.environments[ref.environment]
    folder, cluster, *rest = ref.path.split("/")
    spec: Spec | None = environment.clusters.get(cluster) if folder == "clusters" else None
    if spec is not None and rest[0] == "teams":
        spec = environment.teams.get(rest[1])
    elif spec is not None and rest[0] == "workloads":
        spec = ref.workload(fleet)
    return spec or environment


def _whole(read: Fleet, fleet: Fleet, rendered: Mapping[str, Rendered]) -> dict[str, Environment]:
    """The environments that lost nothing on the way from their specs to their objects: where something is missing,
    it may be what another object names."""
    unread = {environment for _, environment, _ in read.unread}
    of_checks = {id for check in OBJECT_CHECKS for id in check.ids}
    return {
        name: environment
        for name, environment in fleet.environments.items()
        if name in rendered
        and name not in unread
        and environment == read.environments[name]
        and not rendered[name].skipped
        and all(one.id in of_checks for one in rendered[name].problems if one.severity is Severity.ERROR)
    }


def tree_problems(tree: WholeTree) -> list[Problem]:
    """What the checks of a whole tree find."""
    return [one for check in TREE_CHECKS for one in _guarded(check.ids, partial(check.run, tree))]


def examiner(fleet: Fleet) -> Examine:
    """What looks at each object that its schema allows, where it is rendered: the checks of objects, and the screens
    that spare the checks of the output most of what there is."""
    screens = [(one, _suspecting(one, fleet)) for one in SCREENS]

    def examine(ref: ObjectRef, data: Mapping[str, Any]) -> tuple[list[Fault], frozenset[str]]:
        found: list[Fault] = []
        for check in OBJECT_CHECKS:
            if check.kinds and ref.kind not in check.kinds:
                continue
            try:
                found += check.run(ref, data, fleet)
            except Exception as error:  # one broken check must not hide what the others find
                found.append(Fault(id="check-crashed", message=_bug(check.ids, error), pointer=(), help=_REPORT))
        suspected = [one.id for one, suspects in screens if ref.kind in one.kinds and suspects(ref, data)]
        return found, frozenset(suspected)

    return examine


def _suspecting(screen: Screen, fleet: Fleet) -> Callable[[ObjectRef, Mapping[str, Any]], bool]:
    """What a screen says of an object; everything is suspected where it crashes, so that its check meets the bug and
    says so."""
    try:
        suspects = screen.prepare(fleet)
    except Exception:  # the check itself reports what is wrong
        return lambda ref, data: True

    def asked(ref: ObjectRef, data: Mapping[str, Any]) -> bool:
        try:
            return suspects(ref, data)
        except Exception:  # likewise
            return True

    return asked


def _merged(problems: Sequence[Problem]) -> list[Problem]:
    """What one line brings about in many objects is one problem, of the first of them."""
    found: dict[tuple[str, Place, str], list[Problem]] = {}
    for one in problems:
        found.setdefault((one.id, one.place, one.message), []).append(one)
    return [
        replace(first, related=(*first.related, Note(message=more_objects(len(more))))) if more else first
        for first, *more in found.values()
    ]


def _guarded(ids: tuple[str, ...], run: Callable[[], Iterator[Problem]]) -> list[Problem]:
    try:
        return list(run())
    except Exception as error:  # one broken check must not hide what the others find
        place = Place(path=ENVIRONMENTS, line=1)
        return [Problem(id="check-crashed", message=_bug(ids, error), place=place, help=_REPORT)]


def _bug(ids: tuple[str, ...], error: Exception) -> str:
    return f"the check of {', '.join(ids)} met a bug of paddock: {type(error).__name__}: {error}"


def _survivors(fleet: Fleet, problems: Sequence[Problem]) -> tuple[Fleet, int]:
    """The fleet without specs that have errors, and without what stands on them; how many were dropped."""
    faulty = {one.place.path for one in problems if one.severity is Severity.ERROR}
    kept: dict[str, Environment] = {}
    dropped = 0
    for environment in fleet.environments.values():
        clusters = {name: one for name, one in environment.clusters.items() if not faulty & one.origin.files()}
        teams = {name: one for name, one in environment.teams.items() if not faulty & one.origin.files()}
        workloads = {
            key: one
            for key, one in environment.workloads.items()
            if not faulty & one.origin.files()
            and one.team in teams
            and set(one.named_clusters) <= clusters.keys() & teams[one.team].clusters.keys()
        }
        before = len(environment.clusters) + len(environment.teams) + len(environment.workloads)
        dropped += before - len(clusters) - len(teams) - len(workloads)
        if clusters and not faulty & environment.origin.files():
            kept[environment.name] = replace(environment, clusters=clusters, teams=teams, workloads=workloads)
    if faulty & fleet.platform.origin.files():
        kept = {}
    policies = {name: one for name, one in fleet.policies.items() if not faulty & one.origin.files()}
    dropped += len(fleet.policies) - len(policies)
    return replace(fleet, environments=kept, policies=policies), dropped


def _render(
    fleet: Fleet, environments: Sequence[Environment], loaded: Loaded, inputs: Inputs, jobs: int
) -> dict[str, Rendered]:
    if jobs <= 1:
        _begin(fleet, loaded.catalogue, inputs)
        return {one.name: _environment(one, [_chunk(one.name, 0, 1)]) for one in environments}
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(fleet, loaded.catalogue, inputs)) as executor:
        return _render_with(executor, fleet, environments, loaded, inputs, jobs * CHUNKS)


def _render_with(
    executor: Executor, fleet: Fleet, environments: Sequence[Environment], loaded: Loaded, inputs: Inputs, chunks: int
) -> dict[str, Rendered]:
    """Render over any executor whose workers ran `_begin`; results are joined in order, whoever finished first."""
    _begin(fleet, loaded.catalogue, inputs)
    futures = {
        one.name: [executor.submit(_chunk, one.name, index, chunks) for index in range(chunks)] for one in environments
    }
    return {one.name: _environment(one, [future.result() for future in futures[one.name]]) for one in environments}


@dataclass(slots=True, kw_only=True)
class _Worker:
    """What a process renders with, made once."""

    fleet: Fleet
    catalogue: Mapping[str, Component]
    inputs: Inputs
    renderer: Renderer
    fleets: dict[str, Fleet] = field(default_factory=dict)

    def fleet_of(self, environment: str) -> Fleet:
        """The fleet with the images of an environment as they are pulled there."""
        if environment not in self.fleets:
            self.fleets[environment] = mirrors.applied(self.fleet, environment)
        return self.fleets[environment]


_worker: list[_Worker] = []
_renderers: list[tuple[Inputs, Renderer]] = []


def _begin(fleet: Fleet, catalogue: Mapping[str, Component], inputs: Inputs) -> None:
    _worker[:] = [_Worker(fleet=fleet, catalogue=catalogue, inputs=inputs, renderer=_renderer(inputs))]


def _renderer(inputs: Inputs) -> Renderer:
    """Compiled templates and schemas serve the next runs of a process; those of two states are kept."""
    found = next(
        (one for one in _renderers if (one[0].templates, one[0].schemas) == (inputs.templates, inputs.schemas)), None
    )
    kept = found or (inputs, Renderer(inputs.templates, loading.spec_schemas(inputs), inputs.schemas))
    _renderers[:] = [kept, *(one for one in _renderers if one is not kept)][:2]
    return kept[1]


def _chunk(environment: str, index: int, chunks: int) -> Rendered:
    """One contiguous part of an environment's units."""
    worker = _worker[0]
    fleet = worker.fleet_of(environment)
    pending = list(cluster_units(fleet, fleet.environments[environment], worker.catalogue, worker.inputs))
    size = len(pending)
    part = pending[size * index // chunks : size * (index + 1) // chunks]
    return worker.renderer.render(part, examiner(fleet))


def _environment(environment: Environment, parts: Sequence[Rendered]) -> Rendered:
    """An environment's parts in order, and Argo CD's objects that follow from them."""
    worker = _worker[0]
    result = Rendered()
    for part in parts:
        result.add(part)
    folders = {path.rpartition("/")[0] for path in result.files}
    units = argocd_units(worker.fleet, environment, worker.catalogue, folders)
    result.add(worker.renderer.render(units, examiner(worker.fleet)))
    return result


def _result(
    loaded: Loaded,
    problems: list[Problem],
    accepted: Sequence[Accepted],
    inputs: Inputs,
    rendered: Mapping[str, Rendered],
    objects: Mapping[str, Sequence[ObjectRef]],
    skipped: int = 0,
) -> Result:
    complete = not has_errors(problems)
    return Result(
        fleet=loaded.fleet,
        catalogue=loaded.catalogue,
        trees={name: with_manifest(one.files, one.sources) for name, one in rendered.items()} if complete else {},
        objects=objects,
        diagnostics=locate(problems, inputs),
        accepted=_suppressed(accepted, inputs),
        skipped=loaded.skipped + skipped,
    )


def _suppressed(accepted: Sequence[Accepted], inputs: Inputs) -> list[Suppressed]:
    """Accepted problems as they are reported, in the order of diagnostics."""
    places = locations({one.place for one in accepted}, inputs)
    diagnostics = located([one.problem for one in accepted], inputs)
    found = {
        diagnostic: Suppressed(diagnostic=diagnostic, by=one.by, reason=one.reason, location=places[one.place][0])
        for one, diagnostic in zip(accepted, diagnostics, strict=True)
    }
    return sorted(found.values(), key=lambda one: one.diagnostic.sort_key())


def default_jobs(workloads: int) -> int:
    """Processes that are worth starting: one for a small fleet, else one for each core, at most eight."""
    return min(os.cpu_count() or 1, 8) if workloads > 400 else 1
