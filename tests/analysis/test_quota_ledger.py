"""The quota ledger against a reference that is written differently: pods are made and counted one by one."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

import pytest

from paddock.analysis.flow import Bottleneck, bottleneck, heaviest_antichain
from paddock.analysis.quota_ledger import (
    Account,
    Container,
    Entry,
    admitted_together,
    counted,
    defaulted,
    ledger,
    limits_nothing,
    pod,
    runs_at_once,
    steps_at_once,
    surge,
    unavailable,
)
from paddock.analysis.schedules import most_at_once

Case = dict[str, Any]
KEYS = ("cpu", "limits.cpu", "limits.memory", "memory", "pods", "requests.cpu", "requests.memory", "requests.x.io/gpu")


def _container(chance: random.Random) -> Case:
    """In milli units: requests and limits that may be missing; a GPU stands in limits only."""
    found: Case = {"requests": {}, "limits": {}}
    for resource, most in (("cpu", 4000), ("memory", 9000)):
        if chance.random() < 0.7:
            found["requests"][resource] = chance.randrange(1, most)
        if chance.random() < 0.5:
            found["limits"][resource] = chance.randrange(1, most)
    if chance.random() < 0.3:
        found["limits"]["x.io/gpu"] = 1000 * chance.randrange(1, 9)
    return found


def _case(chance: random.Random) -> Case:
    owners = {}
    for name in "abc"[: chance.randrange(1, 4)]:
        low = chance.randrange(0, 9)
        owners[name] = {
            "containers": [_container(chance) for _ in range(chance.randrange(1, 3))],
            "sidecars": [_container(chance)] if chance.random() < 0.3 else [],
            "inits": [_container(chance) for _ in range(chance.choice((0, 0, 1, 2)))],
            "low": low,
            "high": low + chance.choice((0, 1, 5)),
        }
    return {"owners": owners, "limits": {key: chance.randrange(0, 40000) for key in chance.sample(KEYS, 2)}}


DEFAULTS = {"requests": {"cpu": 500, "memory": 1024}, "limits": {"memory": 1024}}


def _exact(container: Case) -> Container:
    return Container(**{kind: {name: Fraction(n, 1000) for name, n in container[kind].items()} for kind in container})


def _ours(case: Case) -> dict[str, tuple[Fraction, Fraction, Fraction | None]]:
    account, entries = Account(cluster="one", team="vision"), []
    for name, one in case["owners"].items():
        parts = {
            kind: [defaulted(_exact(each), _exact(DEFAULTS)) for each in one[kind]]
            for kind in ("containers", "sidecars", "inits")
        }
        shape = pod(parts["containers"], sidecars=parts["sidecars"], inits=parts["inits"])
        for key in case["limits"]:
            each = counted(shape, key)
            most = one["high"] + surge(one["high"])
            entries.append(Entry(account=account, owner=name, resource=key, steady=each * one["low"], peak=each * most))
    limits = {(account, key): Fraction(limit, 1000) for key, limit in case["limits"].items()}
    return {line.resource: (line.steady, line.peak, line.ratio) for line in ledger(entries, limits)}


# The reference: thousandths as whole numbers, pods as lists, a rollout step by step.


def _admitted(container: Case) -> Case:
    requests, limits = dict(container["requests"]), dict(container["limits"])
    for name in limits:
        requests.setdefault(name, limits[name])
    for name, amount in DEFAULTS["limits"].items():
        limits.setdefault(name, amount)
    for name, amount in DEFAULTS["requests"].items():
        requests.setdefault(name, amount)
    return {"requests": requests, "limits": limits}


def _uses(one: Case, key: str) -> int:
    """What a pod uses: the greatest of the moments of its life. First each init container, then all others."""
    if key == "pods":
        return 1000
    kind = "limits" if key.startswith("limits.") else "requests"
    resource = key.split(".", 1)[1] if key.startswith(("requests.", "limits.")) else key
    moments = [one["sidecars"] + [init] for init in one["inits"]] + [one["containers"] + one["sidecars"]]
    return max(sum(int(_admitted(each)[kind].get(resource, 0)) for each in moment) for moment in moments)


def _most_pods(replicas: int) -> int:
    """A rolling update, pod by pod: new ones as far as maxSurge allows, old ones go as new ones are ready."""
    old, new, most = replicas, 0, replicas
    above = next(n for n in range(replicas + 1) if n * 100 >= replicas * 25)
    while new < replicas:
        while old + new < replicas + above and new < replicas:
            new += 1
            most = max(most, old + new)
        old = max(0, old - 1)
    return most


def _reference(case: Case) -> dict[str, tuple[Fraction, Fraction, Fraction | None]]:
    found = {}
    for key, limit in case["limits"].items():
        each = {name: _uses(one, key) for name, one in case["owners"].items()}
        steady = [each[name] for name, one in case["owners"].items() for _ in range(one["low"])]
        peak = [each[name] for name, one in case["owners"].items() for _ in range(_most_pods(one["high"]))]
        ratio = Fraction(sum(peak), limit) if limit else (None if sum(peak) else Fraction(0))
        found[key] = (Fraction(sum(steady), 1000), Fraction(sum(peak), 1000), ratio)
    return found


def test_sums_agree_with_pods_that_are_counted_one_by_one() -> None:
    chance = random.Random(6)
    for number in range(10_000):
        case = _case(chance)
        assert _ours(case) == _reference(case), (number, case)


def _spreads(wants: dict[str, tuple[tuple[str, ...], int]], limits: dict[str, int]) -> bool:
    """Hall's condition over every set of places: what may go nowhere else is not more than their limits together."""
    places = {place for allowed, _ in wants.values() for place in allowed} & set(limits)
    for size in range(1, len(places) + 1):
        for chosen in itertools.combinations(sorted(places), size):
            bound = sum(amount for allowed, amount in wants.values() if set(allowed) <= set(chosen))
            if bound > sum(limits[one] for one in chosen):
                return False
    return True


def test_a_bottleneck_is_found_where_there_is_one_and_proves_itself() -> None:
    chance, found = random.Random(7), 0
    for _ in range(2_000):
        limits = {place: chance.randrange(0, 30) for place in "pqr"[: chance.randrange(1, 4)]}
        wants = {
            name: (tuple(sorted(chance.sample("pqrs", chance.randrange(1, 4)))), chance.randrange(0, 20))
            for name in "abcd"[: chance.randrange(1, 5)]
        }
        exact = {name: (places, Fraction(amount)) for name, (places, amount) in wants.items()}
        ours = bottleneck(exact, {place: Fraction(limit) for place, limit in limits.items()})
        assert (ours is None) == _spreads(wants, limits), (wants, limits)
        if ours is not None:
            found += 1
            assert all(set(wants[name][0]) <= set(ours.places) for name in ours.wants)
            assert ours.total == sum(wants[name][1] for name in ours.wants) > ours.limit
            assert ours.limit == sum(limits[place] for place in ours.places)
    assert 200 < found < 1800


def test_what_overflows_one_of_two_pools_may_go_to_the_other() -> None:
    limits = {"a": Fraction(4), "b": Fraction(4)}
    wants = {"only-a": (("a",), Fraction(3)), "either": (("a", "b"), Fraction(5))}
    assert bottleneck(wants, limits) is None
    wants["either"] = (("a", "b"), Fraction(6))
    assert bottleneck(wants, limits) == Bottleneck(
        wants=("either", "only-a"), places=("a", "b"), total=Fraction(9), limit=Fraction(8)
    )
    assert bottleneck(wants | {"anywhere": (("a", "c"), Fraction(99))}, {"a": Fraction(4)}) is None


def test_runs_that_are_admitted_together_agree_with_trying_every_set() -> None:
    chance = random.Random(11)
    for _ in range(500):
        room = {(flavor, resource): chance.randrange(0, 30) for flavor in "pq" for resource in ("cpu", "gpu")}
        wants = []
        for _ in range(chance.randrange(0, 8)):
            flavor = chance.choice("pq")
            wants.append(
                (chance.randrange(1, 20), {(flavor, name): chance.randrange(0, 15) for name in ("cpu", "gpu")})
            )
        sets = (
            chosen
            for size in range(len(wants) + 1)
            for chosen in itertools.combinations(wants, size)
            if all(sum(cells.get(cell, 0) for _, cells in chosen) <= limit for cell, limit in room.items())
        )
        most = max(sum(weight for weight, _ in chosen) for chosen in sets)
        exact = [(Fraction(weight), {cell: Fraction(n) for cell, n in cells.items()}) for weight, cells in wants]
        assert admitted_together(exact, {cell: Fraction(n) for cell, n in room.items()}) == most


def test_a_long_search_for_runs_ends_with_a_set_that_fits() -> None:
    """Sixty runs of odd sizes: the answer is at most the room, and at least what the heaviest come to."""
    wants = [(Fraction(n), {("p", "gpu"): Fraction(n)}) for n in range(3, 123, 2)]
    found = admitted_together(wants, {("p", "gpu"): Fraction(1000)})
    assert 940 < found <= 1000
    assert admitted_together(wants, {}) == 0


def _dag(chance: random.Random) -> tuple[dict[str, int], dict[str, list[str]]]:
    names = "abcdef"[: chance.randrange(1, 7)]
    before = {name: [one for one in names[:index] if chance.random() < 0.4] for index, name in enumerate(names)}
    return {name: chance.randrange(0, 9) for name in names}, before


def _side_by_side(weights: dict[str, int], before: dict[str, list[str]], parallelism: int) -> int:
    """The heaviest of all sets of steps of which none can be reached from another."""

    def waits(step: str, other: str) -> bool:
        return any(one == other or waits(one, other) for one in before[step])

    sets = (
        chosen
        for size in range(1, min(parallelism, len(weights)) + 1)
        for chosen in itertools.combinations(weights, size)
        if not any(waits(one, other) for one, other in itertools.permutations(chosen, 2))
    )
    return max(sum(weights[name] for name in chosen) for chosen in sets)


def test_steps_side_by_side_agree_with_trying_every_set() -> None:
    chance = random.Random(8)
    for _ in range(1_000):
        weights, before = _dag(chance)
        exact = {name: Fraction(weight) for name, weight in weights.items()}
        assert heaviest_antichain(exact, before) == _side_by_side(weights, before, 9), (weights, before)
        bound = steps_at_once(exact, before, 2)
        assert _side_by_side(weights, before, 2) <= bound <= heaviest_antichain(exact, before)


def test_a_step_that_waits_through_another_is_not_beside_the_first() -> None:
    weights = {"plan": Fraction(3), "small": Fraction(0), "report": Fraction(4)}
    assert steps_at_once(weights, {"small": ["plan"], "report": ["small"]}) == 4
    assert steps_at_once(weights, {"report": ["small"]}) == 7
    assert steps_at_once(weights, {"a": ["b"], "b": ["a"]}, 1) == 4


@pytest.mark.parametrize(
    ("schedule", "seconds", "most"),
    [
        ("0 2 * * *", 24 * 3600, 1),  # ends as the next begins
        ("0 2 * * *", 24 * 3600 + 1, 2),
        ("*/15 * * * *", 3600, 4),
        ("*/15 * * * *", 3601, 5),
        ("0 9,17 * * 1-5", 9 * 3600, 2),
        ("0 9,17 * * 1-5", 8 * 3600, 1),
        ("0 0 1 * *", 28 * 86400, 1),
        ("0 0 1 * *", 28 * 86400 + 60, 2),  # on the first of March the run of a short February still goes
        ("0 0 13 * 5", 7 * 86400 + 60, 3),  # the 13th or a Friday, and the 13th may lie between two Fridays
        ("0 0 31 2 *", 86400, 0),
        ("0 0 * JAN sun", 7 * 86400, 1),
        ("0 0 * * 0", 7 * 86400 + 60, 2),
        ("0 0 */2 * 5", 86400 + 60, 2),  # every second day is a restriction: it or a Friday
        ("0 0 29 2 *", 60, 1),
        ("5/20 0 * * ?", 40 * 60 + 1, 3),
        ("0 */24 * * *", 3600, 1),
    ],
)
def test_runs_of_a_schedule_at_the_same_time(schedule: str, seconds: int, most: int) -> None:
    assert most_at_once(schedule, seconds) == most


@pytest.mark.parametrize(
    "schedule", ["61 * * * *", "a * * * *", "5-1 * * * *", "* * * * 7", "*/0 * * * *", "1_0 * * * *"]
)
def test_a_schedule_that_cannot_be_read_counts_nothing(schedule: str) -> None:
    assert most_at_once(schedule, 3600) is None


def test_a_schedule_agrees_with_a_clock_that_ticks() -> None:
    """Every minute of some weeks, without days of the month."""
    chance = random.Random(9)
    for _ in range(40):
        hours = sorted(chance.sample(range(24), chance.randrange(1, 4)))
        weekdays = sorted(chance.sample(range(7), chance.randrange(1, 7)))
        length = chance.randrange(1, 80)
        schedule = f"0 {','.join(map(str, hours))} * * {','.join(map(str, weekdays))}"
        running: list[int] = []
        most = 0
        for hour in range(24 * 7 * 4):
            running = [end for end in running if end > hour]
            if hour % 24 in hours and hour // 24 % 7 in weekdays:
                running.append(hour + length)
            most = max(most, len(running))
        assert most_at_once(schedule, length * 3600) == most, (schedule, length)


def test_only_allow_lets_runs_overlap() -> None:
    assert runs_at_once("0 * * * *", "Forbid", 7200) == 1
    assert runs_at_once("0 * * * *", "Replace", None) == 1
    assert runs_at_once("0 * * * *", "Allow", 7200) == 2
    assert runs_at_once("0 * * * *", "Allow", None) is None


def test_a_rollout_rounds_the_surge_up_and_what_may_be_missing_down() -> None:
    assert [(surge(n), unavailable(n)) for n in (0, 1, 3, 4, 5, 8, 9)] == [
        (0, 0), (1, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2),
    ]  # fmt: skip


def test_names_that_limit_nothing() -> None:
    without_effect = ["nvidia.com/gpu", "limits.nvidia.com/gpu", "vpc.amazonaws.com/efa"]
    counting = [
        "requests.nvidia.com/gpu",
        "count/jobs.batch",
        "gold.storageclass.storage.k8s.io/requests.storage",
        "gpu.nvidia.com.deviceclass.resource.k8s.io/devices",
        "requests.cpu",
        "pods",
    ]
    assert [name for name in (*without_effect, *counting) if limits_nothing(name)] == without_effect


def test_an_account_without_entries_is_drawn_from_by_nobody() -> None:
    account = Account(cluster="one", team="vision", flavor="h100")
    (line,) = ledger([], {(account, "cpu"): Fraction(0)})
    assert line.steady == line.peak == line.ratio == 0
    owed = Entry(account=account, owner="a", resource="cpu", steady=Fraction(0), peak=Fraction(1))
    (line,) = ledger([owed], {(account, "cpu"): Fraction(0)})
    assert line.ratio is None
