"""`paddock whatif`: Kueue's admission replayed over the specs, before and after a change nobody has written yet."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paddock.commands.session import Session
from paddock.diagnostics import Problem, Severity
from paddock.errors import OK, PROBLEMS
from paddock.locating import locate
from paddock.model import Fleet
from paddock.pipeline import spec_problems
from paddock.whatif import changes, report
from paddock.whatif.changes import Applied, Wishes, closest
from paddock.whatif.replay import Replay, names, order, replay
from paddock.whatif.report import Comparison, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the verb is asked for, beside the changes."""

    wishes: Wishes
    clusters: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    json: bool = False
    fail_on_waiting: bool = False


def run(session: Session, options: Options) -> int:
    """Print who is admitted and who waits. Specs with errors are reported instead: their replay would be wrong."""
    loaded, gathered, found = session.load()
    if loaded.fleet is not None and not _errors(found):
        found = session.standing(spec_problems(loaded.fleet, loaded), loaded.fleet, gathered)
    if loaded.fleet is None or _errors(found):
        return session.report(locate(_errors(found), gathered), loaded.skipped)
    comparisons, applied, after = _compared(loaded.fleet, session.environments, options)
    findings = _new(found, session.standing(spec_problems(after, loaded), after, gathered)) if applied else []
    _print(comparisons, findings, applied, options)
    return PROBLEMS if options.fail_on_waiting and any(one.worse() for one in comparisons) else OK


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [one for one in problems if one.severity is Severity.ERROR]


def _compared(
    fleet: Fleet, environments: Sequence[str], options: Options
) -> tuple[list[Comparison], list[Applied], Fleet]:
    """Each chosen cluster with Kueue before and after, what was changed, and the changed fleet."""
    chosen = [name for name in fleet.environments if name in environments or not environments]
    clusters = _clusters(fleet, chosen, options.clusters)
    after, applied = changes.apply(fleet, chosen, clusters, options.wishes)
    first = _order(fleet, chosen, options.order)
    found = []
    for name in chosen:
        pairs = zip(_replays(fleet, name, first), _replays(after, name, first), strict=True)
        for one, other in pairs:
            if one.cluster.identity in clusters:
                mine = [it for it in applied if it.where == one.cluster.identity or _concerns(it, name, one, other)]
                found.append(Comparison(before=one, after=other, applied=mine))
    return found, applied, after


def _replays(fleet: Fleet, environment: str, first: Sequence[str]) -> list[Replay]:
    return replay(fleet, fleet.environments[environment], first)


def _concerns(one: Applied, environment: str, before: Replay, after: Replay) -> bool:
    """Whether a change of a workload is seen on a cluster."""
    every = {**before.standings, **after.standings}.values()
    return one.where == environment and any(one.what in names(it.asked.part) for it in every)


def _clusters(fleet: Fleet, chosen: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Identities of the clusters that are named, by name or identity; all without one."""
    every = [one for name in chosen for one in fleet.environments[name].clusters.values()]
    for name in wanted:
        if not any(name in (one.name, one.identity) for one in every):
            raise closest(f'--cluster: there is no cluster "{name}"', name, [one.identity for one in every])
    return [one.identity for one in every if not wanted or {one.name, one.identity} & set(wanted)]


def _order(fleet: Fleet, chosen: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The runs that arrive first; a name that is none of the queued workloads is a usage error."""
    queued = {name for one in chosen for name in order(fleet.environments[one], fleet, ())}
    legal = {other for name in queued for other in (name, "/".join(name.split("/")[:2]), name.split("/")[1])}
    for name in wanted:
        if name not in legal:
            raise closest(
                f'--order: Kueue queues no workload "{name}"', name, {"/".join(it.split("/")[:2]) for it in queued}
            )
    return tuple(wanted)


def _new(before: Iterable[Problem], after: Iterable[Problem]) -> list[Finding]:
    """What is found only with the changes, each once."""
    known = {(one.id, one.message) for one in before}
    found = [one for one in after if (one.id, one.message) not in known]
    every = {(str(one.severity), one.id, one.message) for one in found}
    return [Finding(severity=severity, id=id, message=message) for severity, id, message in sorted(every)]


def _print(
    comparisons: Sequence[Comparison], findings: Sequence[Finding], applied: Sequence[Applied], options: Options
) -> None:
    if options.json:
        sys.stdout.write(report.document(comparisons, findings, applied, list(options.order)))
    else:
        sys.stdout.write(report.text(comparisons, findings, changed=bool(applied)))
