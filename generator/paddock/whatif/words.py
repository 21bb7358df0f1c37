"""Who waits for whom, in sentences: what a run needs, what its queue may have, and who holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from paddock.analysis.kueue_objects import Wait
from paddock.analysis.quota_tree import NODES, Cell, QuotaTree
from paddock.devices import EFA, GPU
from paddock.quantity import binary, decimal
from paddock.whatif import nodes
from paddock.whatif.changes import shown
from paddock.whatif.replay import PENDING, WAITING, Replay, Standing

_HOLDERS = 4
"""So many holders are named."""
_BYTES = ("memory", "ephemeral-storage", "hugepages-")


def asks(one: Standing) -> str:
    """What a run asks for: `96 × h100 on 12 nodes`, or CPUs without GPUs."""
    stated = one.asked.part.data["resources"]
    count = one.asked.count
    each = f" on {count} nodes" if count > 1 else ""
    if "gpu" in stated:
        return f"{count * stated['gpu']['count']} × {stated['gpu']['model']}{each}"
    return f"{decimal(_requests(one).get('cpu', Fraction(0)))} CPUs{each}"


def state(replay: Replay, one: Standing | None) -> str:
    """A cell of the table."""
    if one is None:
        return "–"
    label = labels(replay)
    preempted = f", preempted for {_listed(label.get(name, name) for name in one.preempted_by)}"
    if one.state == WAITING:
        return "waits" + (preempted if one.preempted_by else "")
    words = f"admitted on {', '.join(one.flavors)}"
    return words + (", pods pending" if one.state == PENDING else "") + (preempted if one.preempted_by else "")


def labels(replay: Replay) -> Mapping[str, str]:
    """Runs by their workload's name alone where no other run of the cluster has it."""
    counts: dict[str, int] = {}
    for one in replay.standings:
        counts[_short(one)] = counts.get(_short(one), 0) + 1
    return {one: _short(one) if counts[_short(one)] == 1 else one for one in replay.standings}


def _short(name: str) -> str:
    return name.partition("/")[2]


def reason(replay: Replay, one: Standing) -> str | None:
    """Why a run does not run, as a sentence; None if it does."""
    if one.state == PENDING:
        return f"{labels(replay)[one.asked.name]} is admitted and its pods stay pending: {_no_nodes(replay, one)}"
    if one.wait is None:
        return None
    label = labels(replay)[one.asked.name]
    if one.wait.cell is None:
        return f"{label} waits: {_bare(replay, one, one.wait)}"
    return f"{label} waits: {_lacking(replay, one, one.wait, one.wait.cell)}"


def _bare(replay: Replay, one: Standing, wait: Wait) -> str:
    """Why a run waits, where no quota is short."""
    if one.asked.barred and not one.asked.run.podsets[0].flavors:
        wish = "asks for topology, which has none" if "topology" in one.asked.part.data else "asks for no topology"
        return f"it may only run on {_listed(one.asked.barred)} of its queue's flavors, and it {wish}"
    found = wait.reason
    for name, label in sorted(labels(replay).items(), reverse=True):
        found = found.replace(f"{name} is before it", f"{label} is before it")
    return found


def _lacking(replay: Replay, one: Standing, wait: Wait, cell: Cell) -> str:
    if cell[1] == NODES:
        needs = one.asked.run.podsets[0].nodes[cell[0]]
        pool = replay.cluster.node_pools[cell[0]]
        there = "there are" if "replicas" in pool.data else "there may be"
        return (
            f"needs {_nodes(needs)} of {cell[0]}, of which {there} {shown(nodes.number(pool) or Fraction(0))}"
            f"{_held_by(replay, one, cell, replay.standings)}"
        )
    needs = _requests(one).get(cell[1], Fraction(0))
    if wait.node == one.asked.run.queue:
        return f"needs {_amount(cell, needs)}, {_may_have(replay, wait.node, cell)}" + _held_by(
            replay, one, cell, _members(replay, wait.node)
        )
    return (
        f"needs {_amount(cell, needs)}, {_number(cell, wait.short)} more than {wait.node} has left"
        f"{_held_by(replay, one, cell, _members(replay, wait.node))}"
    )


def _may_have(replay: Replay, queue: str, cell: Cell) -> str:
    """`perception may have 96 (64 nominal + 32 borrowed)`."""
    member = next(one.member for one in replay.side.queues if one.name == queue)
    quota = member.quotas.get(cell)
    nominal = quota.nominal if quota else Fraction(0)
    borrowed = quota.borrowing_limit if quota and member.parent else Fraction(0)
    numbers = [_number(cell, one) for one in (nominal + (borrowed or 0), nominal, borrowed or Fraction(0))]
    return f"{queue} may have {numbers[0]} ({numbers[1]} nominal + {numbers[2]} borrowed)"


def _members(replay: Replay, node: str | None) -> set[str]:
    """Queues below a node of the tree."""
    tree = QuotaTree([one.member for one in replay.side.queues], replay.side.cohorts)
    return {one.name for one in replay.side.queues if node in tree.path(one.name)}


def _held_by(replay: Replay, one: Standing, cell: Cell, among: Iterable[str]) -> str:
    """`; lidar-train holds 32 and planner-rl 16`: the largest holders, by name where they hold the same."""
    queues = set(among)
    held = [
        (amount, name)
        for name, other in replay.standings.items()
        if name != one.asked.name and (other.asked.run.queue in queues or name in queues)
        if (amount := _holds(other, cell))
    ]
    held.sort(key=lambda it: (-it[0], it[1]))
    label = labels(replay)
    named = held if len(held) == _HOLDERS + 1 else held[:_HOLDERS]
    words = [
        f"{label[name]} {'holds ' if not index else ''}{_number(cell, amount)}"
        for index, (amount, name) in enumerate(named)
    ]
    if len(held) > len(named):
        rest = sum((amount for amount, _ in held[_HOLDERS:]), Fraction(0))
        words.append(f"{len(held) - _HOLDERS} others together {_number(cell, rest)}")
    return f"; {_listed(words)}" if words else ""


def _holds(one: Standing, cell: Cell) -> Fraction:
    return one.usage.get(cell, Fraction(0))


def _no_nodes(replay: Replay, one: Standing) -> str:
    """Which pool lacks nodes for a run that Kueue admitted."""
    flavor = next(name for name in one.flavors if name in one.asked.nodes)
    has = nodes.number(replay.cluster.node_pools[flavor]) or Fraction(0)
    label = labels(replay)
    others = [
        f"{label[name]} {shown(other.asked.nodes[flavor])}"
        for name, other in replay.standings.items()
        if other.state not in (WAITING, PENDING) and flavor in other.flavors and flavor in other.asked.nodes
    ]
    taken = f", beside {_listed(others)}" if others else ""
    needs = _nodes(one.asked.nodes[flavor])
    return f"needs {needs} of {flavor}, {shown(one.short)} more than are left of {shown(has)}{taken}"


def _nodes(count: Fraction) -> str:
    return f"{shown(count)} node{'s' * (count != 1)}"


def _requests(one: Standing) -> Mapping[str, Fraction]:
    return one.asked.run.podsets[0].requests


def _amount(cell: Cell, amount: Fraction) -> str:
    flavor, resource = cell
    number = _number(cell, amount)
    names = {"cpu": "CPUs", "memory": "of memory", EFA: "EFA interfaces"}
    return f"{number} × {flavor}" if resource == GPU else f"{number} {names.get(resource, resource)} of {flavor}"


def _number(cell: Cell, amount: Fraction) -> str:
    return binary(amount) if cell[1].startswith(_BYTES) else decimal(amount) if cell[1] != NODES else shown(amount)


def _listed(words: Iterable[str]) -> str:
    """a, b and c."""
    found = list(words)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""
