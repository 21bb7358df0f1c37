"""Before and after, as a table that can be pasted into a pull request, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from paddock.whatif import words
from paddock.whatif.changes import Applied, shown
from paddock.whatif.replay import ADMITTED, PENDING, WAITING, Replay, Standing

Json = Any

HEAD = ("queue", "run", "asks for")
_TOPOLOGY = (
    "Kueue does not count the nodes of a pool without topology-aware scheduling: it admits by quota, pods stay "
    "pending, and waitForPodsReady gives the quota back when its time is over."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A cluster before and after the changes, and those of them that are its own or its environment's."""

    before: Replay
    after: Replay
    applied: Sequence[Applied]

    @property
    def cluster(self) -> str:
        return self.after.cluster.identity

    @property
    def runs(self) -> list[str]:
        """Runs by queue and name."""
        every = {**self.before.standings, **self.after.standings}
        return sorted(every, key=lambda name: (every[name].asked.run.queue, name))

    def differs(self, name: str) -> bool:
        """Whether a run stands otherwise than before."""
        before, after = self.before.standings.get(name), self.after.standings.get(name)
        return bool(_outcome(before) != _outcome(after))

    @property
    def touched(self) -> bool:
        """Whether anything was changed here, or stands otherwise."""
        return bool(self.applied) or any(self.differs(name) for name in self.runs)

    def worse(self) -> list[str]:
        """Runs that were admitted and wait, or whose pods wait, after the changes."""
        return [name for name in self.runs if _runs(self.before, name) and self._stopped(name)]

    def _stopped(self, name: str) -> bool:
        return name in self.after.standings and not _runs(self.after, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What `paddock validate` would say of the changed fleet and does not say now."""

    severity: str
    id: str
    message: str


def _runs(replay: Replay, name: str) -> bool:
    return name in replay.standings and replay.standings[name].state == ADMITTED


def _outcome(one: Standing | None) -> Json:
    return None if one is None else (one.state, one.flavors, one.preempted_by, words.asks(one))


# Text


def text(comparisons: Sequence[Comparison], findings: Sequence[Finding], *, changed: bool) -> str:
    """A section a cluster; with changes only those that they touch, and of these only runs that stand otherwise."""
    shown_here = [one for one in comparisons if one.touched] if changed else list(comparisons)
    sections = ["\n".join(_section(one, changed=changed)) for one in shown_here]
    pending = any(one.state == PENDING for it in shown_here for one in it.after.standings.values())
    notes = [_TOPOLOGY] if pending else []
    if changed and not shown_here:
        notes.append("Nothing stands otherwise.")
    if not comparisons:
        notes.append("No cluster runs Kueue.")
    listed = ["With these changes `paddock validate` would find:", "", *_listed(findings)] if findings else []
    return "\n\n".join([*sections, *notes, *(["\n".join(listed)] if listed else [])]) + "\n"


def _listed(findings: Iterable[Finding]) -> list[str]:
    return [f"- {one.severity}[{one.id}]: {one.message}" for one in findings]


def _section(one: Comparison, *, changed: bool) -> Iterator[str]:
    yield f"### {one.cluster}"
    yield ""
    for change in one.applied:
        yield f"- {_change(change)}"
    if one.applied:
        yield ""
    names = [name for name in one.runs if not changed or one.differs(name)]
    if names:
        yield from _table([_head(changed=changed), *(_row(one, name, changed=changed) for name in names)])
    else:
        yield "No run stands otherwise." if changed else "No run has a queue here."
    sentences = [f"- {sentence}" for sentence in _sentences(one, names)]
    if sentences:
        yield from ("", *sentences)
    if changed:
        yield from _rest(one, [name for name in one.runs if name not in names])


def _rest(one: Comparison, names: Sequence[str]) -> Iterator[str]:
    """Runs that stand as before, in a line."""
    label = words.labels(one.after)
    waiting = [label[name] for name in names if not _runs(one.after, name)]
    parts = [f"{len(names) - len(waiting)} admitted"] if len(names) > len(waiting) else []
    parts += [f"{len(waiting)} waiting ({', '.join(waiting)})"] if waiting else []
    if parts:
        yield from ("", f"As before: {', '.join(parts)}.")


def _change(one: Applied) -> str:
    note = f", {one.note}" if one.note else ""
    return f"`{one.option} {one.value}`: {one.what} {shown(one.before)} → {shown(one.after)} {one.unit}{note}"


def _head(*, changed: bool) -> tuple[str, ...]:
    return (*HEAD, "before", "after") if changed else (*HEAD, "state")


def _row(one: Comparison, name: str, *, changed: bool) -> tuple[str, ...]:
    before, after = one.before.standings.get(name), one.after.standings.get(name)
    standing = after or before
    assert standing is not None
    label = words.labels(one.after if after else one.before)[name]
    sent = f" (from {standing.asked.manager})" if standing.asked.manager else ""
    wish = words.asks(standing)
    if before and after and words.asks(before) != wish:
        wish = f"{words.asks(before)} → {wish}"
    states = (words.state(one.before, before), words.state(one.after, after))
    return (standing.asked.run.queue, label + sent, wish, *(states if changed else states[1:]))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        yield "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
        if not index:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _sentences(one: Comparison, names: Iterable[str]) -> list[str]:
    found = [words.reason(one.after, one.after.standings[name]) for name in names if name in one.after.standings]
    return [sentence for sentence in found if sentence is not None]


# JSON


def document(
    comparisons: Sequence[Comparison], findings: Sequence[Finding], changes: Sequence[Applied], order: Sequence[str]
) -> str:
    """Everything: each run of each cluster, whether it stands otherwise or not. Keys are stable; a state is admitted,
    pods pending or waiting, or null where there is no such run."""
    content = {
        "changes": [_change_data(one) for one in changes],
        "clusters": [_cluster(one) for one in comparisons],
        "findings": [{"id": one.id, "message": one.message, "severity": one.severity} for one in findings],
        "order": list(order),
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _change_data(one: Applied) -> Json:
    return {
        "after": _numeric(one.after),
        "before": _numeric(one.before),
        "option": one.option,
        "unit": one.unit,
        "value": one.value,
        "what": one.what,
        "where": one.where,
    }


def _cluster(one: Comparison) -> Json:
    return {
        "cluster": one.cluster,
        "runs": [
            {
                "after": _standing(one.after, name),
                "before": _standing(one.before, name),
                "changed": one.differs(name),
                "queue": (one.after.standings.get(name) or one.before.standings[name]).asked.run.queue,
                "run": name,
            }
            for name in one.runs
        ],
    }


def _standing(replay: Replay, name: str) -> Json:
    one = replay.standings.get(name)
    if one is None:
        return None
    return {
        "asks": words.asks(one),
        "flavors": list(one.flavors),
        "manager": one.asked.manager,
        "nodes": one.asked.count,
        "preemptedBy": list(one.preempted_by),
        "priority": one.asked.run.priority,
        "reason": words.reason(replay, one),
        "requests": {key: _numeric(value) for key, value in sorted(one.asked.run.podsets[0].requests.items())},
        "state": one.state,
        "waitsFor": _waits_for(one),
    }


def _waits_for(one: Standing) -> Json:
    if one.state != WAITING or one.wait is None or one.wait.cell is None:
        return None
    flavor, resource = one.wait.cell
    return {"flavor": flavor, "missing": _numeric(one.wait.short), "of": one.wait.node, "resource": resource}


def _numeric(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
