"""The replay of Kueue's admission: the worked examples of its documentation, and what must hold of any fleet."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest

from paddock.analysis.kueue_admission import Simulation
from paddock.analysis.kueue_objects import PodSet, Preemption, Queue, Run
from paddock.analysis.quota_tree import NODES, Member, Quota, QuotaTree

CPU = "cpu"
FAIR = ("LessThanOrEqualToFinalShare", "LessThanInitialShare")
RECLAIM = Preemption(within_cluster_queue="LowerPriority", reclaim_within_cohort="Any")


def quota(nominal: int, borrowing: int | None = None, lending: int | None = None) -> Quota:
    return Quota(
        nominal=Fraction(nominal),
        borrowing_limit=None if borrowing is None else Fraction(borrowing),
        lending_limit=None if lending is None else Fraction(lending),
    )


def queue(name: str, *limits: int | None, cohort: str | None = "team-ab", weight: int = 1, **data: Any) -> Queue:
    """A queue with CPUs of one flavor: nominal quota, borrowing limit, lending limit."""
    return flavored(name, {"default": quota(*limits)}, cohort, weight, **data)  # type: ignore[arg-type]


def flavored(name: str, quotas: dict[str, Quota], cohort: str | None = None, weight: int = 1, **data: Any) -> Queue:
    cells = {(flavor, CPU): one for flavor, one in quotas.items()}
    member = Member(name=name, parent=cohort, quotas=cells, weight=Fraction(weight))
    return Queue(member=member, groups=[(frozenset({CPU}), tuple(quotas))], **data)


def cohort(name: str, parent: str | None = None, nominal: int = 0, borrowing: int | None = None, **data: Any) -> Member:
    return Member(name=name, parent=parent, quotas={("default", CPU): quota(nominal, borrowing)}, **data)


def runs(queue: str, count: int, size: int = 1, *, first: int = 0, priority: int = 0, prefix: str = "") -> list[Run]:
    return [
        Run(
            name=f"{prefix or queue}-{index}",
            queue=queue,
            arrival=first + index,
            podsets=[PodSet(requests={CPU: Fraction(size)})],
            priority=priority,
        )
        for index in range(count)
    ]


def usage(simulation: Simulation, name: str) -> int:
    return int(sum(simulation.used(name).values()))


def test_borrowing() -> None:
    """cluster_queue.md, "Borrowing example": with nothing in team-b-cq, team-a-cq admits 12 + 9 = 21 CPUs."""
    simulation = Simulation([queue("team-a-cq", 9), queue("team-b-cq", 12)])
    outcome = simulation.submit(runs("team-a-cq", 25))
    assert usage(simulation, "team-a-cq") == 21
    assert list(outcome.waiting) == [f"team-a-cq-{index}" for index in range(21, 25)]


def test_nominal_quota_before_borrowing() -> None:
    """cluster_queue.md, "Borrowing example": when both have pending workloads, what fits the nominal quota of team-b-cq
    is admitted before anything for which team-a-cq must borrow."""
    held = [queue("team-a-cq", 9), queue("team-b-cq", 12)]
    big = [
        Run(name=f"{name}-big", queue=name, arrival=index, podsets=[PodSet(requests={CPU: Fraction(12)})])
        for index, name in enumerate(("team-a-cq", "team-b-cq"))
    ]
    simulation = Simulation(held)
    # Both are pending in one cycle: the older one of team-a-cq would have to borrow.
    assert list(simulation.submit(big, together=True).flavors) == ["team-b-cq-big"]


def test_borrowing_limit() -> None:
    """cluster_queue.md, "BorrowingLimit": 9 + 1 = 10 CPUs; team-b-cq without a limit up to 12 + 9."""
    simulation = Simulation([queue("team-a-cq", 9, 1), queue("team-b-cq", 12)])
    outcome = simulation.submit(runs("team-a-cq", 12))
    assert usage(simulation, "team-a-cq") == 10
    assert outcome.waiting["team-a-cq-10"].node == "team-a-cq"
    other = Simulation([queue("team-a-cq", 9, 1), queue("team-b-cq", 12)])
    other.submit(runs("team-b-cq", 30))
    assert usage(other, "team-b-cq") == 21


def test_lending_limit() -> None:
    """cluster_queue.md, "LendingLimit": team-b-cq lends 1, so team-a-cq has 9 + 1; team-b-cq may use 9 + 12."""
    simulation = Simulation([queue("team-a-cq", 9), queue("team-b-cq", 12, None, 1)])
    simulation.submit([*runs("team-b-cq", 11), *runs("team-a-cq", 15, first=100)])
    assert (usage(simulation, "team-a-cq"), usage(simulation, "team-b-cq")) == (10, 11)
    other = Simulation([queue("team-a-cq", 9), queue("team-b-cq", 12, None, 1)])
    other.submit(runs("team-b-cq", 30))
    assert usage(other, "team-b-cq") == 21


def test_quota_of_a_cohort_is_shared() -> None:
    """cohort.md, "Configuring Quotas": a queue of nominal quota 0 may use the 12 CPUs of its cohort."""
    simulation = Simulation([queue("my-cluster-queue", 0, cohort="hello-cohort")], [cohort("hello-cohort", nominal=12)])
    simulation.submit(runs("my-cluster-queue", 20))
    assert usage(simulation, "my-cluster-queue") == 12


def test_a_flavor_that_the_queue_does_not_name_is_not_borrowed() -> None:
    """cohort.md: to borrow, a queue must define nominal quota, even if it is 0."""
    stranger = flavored("stranger", {"other": quota(0)}, "hello-cohort")
    simulation = Simulation([stranger], [cohort("hello-cohort", nominal=12)])
    assert simulation.submit(runs("stranger", 1)).waiting["stranger-0"].reason == "quota is used"


@pytest.mark.parametrize(("strict", "admitted"), [(True, ["small-0"]), (False, ["small-0", "late-0"])])
def test_queueing_strategy(strict: bool, admitted: list[str]) -> None:
    """cluster_queue.md, "Queueing strategy": an older workload that cannot be admitted blocks newer ones that fit only
    under StrictFIFO."""
    simulation = Simulation([queue("team-a-cq", 4, cohort=None, strict=strict)])
    arrivals = [
        *runs("team-a-cq", 1, 2, prefix="small"),
        *runs("team-a-cq", 1, 3, first=1, prefix="big"),
        *runs("team-a-cq", 1, 2, first=2, prefix="late"),
    ]
    outcome = simulation.submit(arrivals)
    assert list(outcome.flavors) == admitted
    if strict:
        assert outcome.waiting["late-0"].reason == "big-0 is before it, and team-a-cq is StrictFIFO"


def test_research_may_not_borrow_from_production() -> None:
    """KEP-79, "Story 1": production borrows from research; research's cohort has borrowingLimit 0."""

    def organizations() -> Simulation:
        return Simulation(
            [queue("train", 10, cohort="research"), queue("serve", 10, cohort="production")],
            [cohort("company"), cohort("research", "company", borrowing=0), cohort("production", "company")],
        )

    ours = organizations()
    ours.submit(runs("train", 15))
    assert usage(ours, "train") == 10
    theirs = organizations()
    assert theirs.submit(runs("serve", 25)).waiting["serve-20"].node == "company"
    assert usage(theirs, "serve") == 20


def test_a_special_queue_takes_what_is_idle_anywhere() -> None:
    """KEP-79, "Story 2": organizations do not borrow from each other; one queue of low priority borrows from all."""
    simulation = Simulation(
        [
            queue("a", 10, cohort="org-a", preemption=RECLAIM),
            queue("b", 10, cohort="org-b", preemption=RECLAIM),
            queue("special", 0, cohort="all"),
        ],
        [cohort("all"), cohort("org-a", "all", borrowing=0), cohort("org-b", "all", borrowing=0)],
    )
    simulation.submit(runs("special", 20, priority=-1))
    assert usage(simulation, "special") == 20
    outcome = simulation.submit(runs("a", 12, first=100))
    # An organization gets its own back, and no more.
    assert (usage(simulation, "a"), usage(simulation, "special")) == (10, 10)
    assert {one.by for one in outcome.events if one.action == "preempted"} == {f"a-{index}" for index in range(10)}


def test_best_effort_makes_room_for_standard() -> None:
    """KEP-1337, "Story 1": every queue borrows from Shared; Standard preempts Best-Effort below a threshold, and nobody
    preempts Standard."""
    borrow = Preemption(
        reclaim_within_cohort="LowerPriority", borrow_within_cohort="LowerPriority", max_priority_threshold=100
    )
    names = ("a-standard", "a-best-effort", "b-standard", "b-best-effort")
    simulation = Simulation(
        [
            *(queue(name, 0, 100, cohort="teams", preemption=borrow) for name in names),
            queue("shared", 100, 0, cohort="teams"),
        ]
    )
    simulation.submit(runs("a-best-effort", 10, 10, priority=50))
    assert usage(simulation, "a-best-effort") == 100
    simulation.submit(runs("b-standard", 6, 10, first=100, priority=250))
    assert (usage(simulation, "a-best-effort"), usage(simulation, "b-standard")) == (40, 60)
    outcome = simulation.submit(runs("a-standard", 5, 10, first=200, priority=300))
    # Of priority 250 is above the threshold: once Best-Effort is gone, the next waits.
    assert [usage(simulation, name) for name in names] == [40, 0, 60, 0]
    assert list(outcome.waiting)[-1] == "a-standard-4"


@pytest.mark.parametrize(
    ("policy", "preempted"),
    [("Never", []), ("LowerPriority", ["low-0"]), ("LowerOrNewerEqualPriority", ["low-0"])],
)
def test_preemption_within_a_queue(policy: str, preempted: list[str]) -> None:
    """cluster_queue.md, "Preemption", withinClusterQueue: the lowest priority goes first, and no more than needed."""
    simulation = Simulation([queue("q", 4, cohort=None, preemption=Preemption(within_cluster_queue=policy))])
    arrivals = [
        *runs("q", 1, 2, priority=5, prefix="middle"),
        *runs("q", 1, 2, first=1, priority=1, prefix="low"),
        *runs("q", 1, 2, first=2, priority=10, prefix="high"),
    ]
    outcome = simulation.submit(arrivals)
    assert [one.run for one in outcome.events if one.action == "preempted"] == preempted


def test_equal_priority_is_preempted_only_if_newer() -> None:
    """cluster_queue.md: LowerOrNewerEqualPriority; the older of two equals comes back when it returns first."""
    policy = Preemption(within_cluster_queue="LowerOrNewerEqualPriority")
    simulation = Simulation([queue("q", 2, cohort=None, preemption=policy)])
    simulation.submit(runs("q", 1, 2, first=5, prefix="newer"))
    outcome = simulation.submit(runs("q", 1, 2, first=1, prefix="older"))
    assert list(outcome.flavors) == ["older-0"]
    other = Simulation([queue("q", 2, cohort=None, preemption=policy)])
    other.submit([*runs("q", 1, 2, first=1, prefix="older"), *runs("q", 1, 2, first=5, prefix="newer")])
    assert list(other.outcome.flavors) == ["older-0"]


@pytest.mark.parametrize(
    ("reclaim", "priority", "gets"),
    [("Never", 10, 0), ("LowerPriority", 0, 0), ("LowerPriority", 10, 6), ("Any", 0, 6)],
)
def test_reclaim_within_the_cohort(reclaim: str, priority: int, gets: int) -> None:
    """cluster_queue.md, "Preemption", reclaimWithinCohort: what another borrowed comes back, by policy; what it has of
    its own never does."""
    policy = Preemption(reclaim_within_cohort=reclaim)
    simulation = Simulation([queue("mine", 6, preemption=policy), queue("other", 4)])
    simulation.submit(runs("other", 10))
    simulation.submit(runs("mine", 8, first=100, priority=priority))
    assert (usage(simulation, "mine"), usage(simulation, "other")) == (gets, 10 - gets)


def test_flavors_in_order() -> None:
    """cluster_queue.md, "Flavors and borrowing semantics": if a workload does not fit one flavor, the next is tried."""
    simulation = Simulation([flavored("q", {"reserved": quota(4), "spot": quota(8)})])
    outcome = simulation.submit(runs("q", 4, 3))
    assert [outcome.flavors[f"q-{index}"][0][CPU] for index in range(3)] == ["reserved", "spot", "spot"]
    assert list(outcome.waiting) == ["q-3"]


@pytest.mark.parametrize(("policy", "flavor"), [("TryNextFlavor", "spot"), ("MayStopSearch", "standard")])
def test_stable_flavors_by_preemption(policy: str, flavor: str) -> None:
    """KEP-582, "Story 1": with whenCanPreempt MayStopSearch an important job preempts on standard nodes rather than run
    on spot ones."""
    preemption = Preemption(within_cluster_queue="LowerPriority")
    simulation = Simulation(
        [flavored("q", {"standard": quota(4), "spot": quota(4)}, preemption=preemption, when_can_preempt=policy)]
    )
    simulation.submit(runs("q", 1, 4, prefix="low"))
    outcome = simulation.submit(runs("q", 1, 4, first=1, priority=10, prefix="high"))
    assert outcome.flavors["high-0"] == [{CPU: flavor}]


@pytest.mark.parametrize(("policy", "flavor"), [("MayStopSearch", "first"), ("TryNextFlavor", "second")])
def test_borrow_or_try_the_next_flavor(policy: str, flavor: str) -> None:
    """cluster_queue.md, "FlavorFungibility", whenCanBorrow."""
    queues = [
        flavored("q", {"first": quota(2), "second": quota(4)}, "c", when_can_borrow=policy),
        flavored("lender", {"first": quota(4)}, "c"),
    ]
    outcome = Simulation(queues).submit(runs("q", 1, 4))
    assert outcome.flavors["q-0"] == [{CPU: flavor}]


def test_preference_of_preemption_over_borrowing() -> None:
    """cluster_queue.md, "FlavorFungibility", preference: both policies TryNextFlavor."""

    def simulation(preference: str) -> Simulation:
        first = flavored(
            "q",
            {"first": quota(4), "second": quota(0)},
            "c",
            preemption=Preemption(within_cluster_queue="LowerPriority"),
            when_can_borrow="TryNextFlavor",
            preference=preference,
        )
        found = Simulation([first, flavored("lender", {"second": quota(4)}, "c")])
        found.submit(runs("q", 1, 4, prefix="low"))
        found.submit(runs("q", 1, 4, first=1, priority=10, prefix="high"))
        return found

    assert simulation("BorrowingOverPreemption").outcome.flavors["high-0"] == [{CPU: "second"}]
    assert simulation("PreemptionOverBorrowing").outcome.flavors["high-0"] == [{CPU: "first"}]


def test_fair_shares_of_departments_and_teams() -> None:
    """KEP-1714, "Story 3": of 300 GPUs C1 and C2 get 150 each; in C1 two teams get 30 and one of weight 3 gets 90."""
    simulation = Simulation(
        [
            queue("cs", 300, cohort="shared"),
            queue("1a", 0, cohort="c1", preemption=RECLAIM),
            queue("1b", 0, cohort="c1", preemption=RECLAIM),
            queue("1c", 0, cohort="c1", weight=3, preemption=RECLAIM),
            queue("2a", 0, cohort="c2", preemption=RECLAIM),
        ],
        [cohort("top"), cohort("shared", "top"), cohort("c1", "top"), cohort("c2", "top")],
        strategies=FAIR,
    )
    for index, name in enumerate(("1a", "1b", "1c", "2a")):
        simulation.submit(runs(name, 12, 30, first=1000 * index))
    assert {name: usage(simulation, name) for name in ("1a", "1b", "1c", "2a")} == {
        "1a": 30,
        "1b": 30,
        "1c": 90,
        "2a": 150,
    }


def test_weights_of_organizations() -> None:
    """cohort.md, "Hierarchical Cohorts": the important organization trends towards 75 % of common resources."""
    simulation = Simulation(
        [
            queue("a", 0, cohort="important-org", preemption=RECLAIM),
            queue("b", 0, cohort="regular-org", preemption=RECLAIM),
        ],
        [
            cohort("root-cohort", nominal=100),
            cohort("important-org", "root-cohort", weight=Fraction(3, 4)),
            cohort("regular-org", "root-cohort", weight=Fraction(1, 4)),
        ],
        strategies=FAIR,
    )
    simulation.submit(runs("b", 24, 5))
    simulation.submit(runs("a", 24, 5, first=1000))
    assert (usage(simulation, "a"), usage(simulation, "b")) == (75, 25)


def test_the_greedy_run_makes_room_only_by_initial_share() -> None:
    """KEP-1714, "Choosing workloads", S2-b: one huge run must not hold all that is shared."""

    def simulation(*strategies: str) -> Simulation:
        teams = [queue(name, 0, cohort="c", preemption=RECLAIM) for name in ("big", "small")]
        found = Simulation([*teams], [cohort("c", nominal=10)], strategies=strategies)
        found.submit(runs("big", 1, 10))
        found.submit(runs("small", 1, 4, first=1))
        return found

    assert list(simulation("LessThanOrEqualToFinalShare").outcome.flavors) == ["big-0"]
    assert list(simulation("LessThanOrEqualToFinalShare", "LessThanInitialShare").outcome.flavors) == ["small-0"]


def test_all_or_nothing() -> None:
    """all_or_nothing.md: a workload is admitted with all its pod sets or not at all."""
    podsets = [PodSet(requests={CPU: Fraction(3)}), PodSet(requests={CPU: Fraction(3)})]
    outcome = Simulation([queue("q", 5, cohort=None)]).submit([Run(name="r", queue="q", arrival=0, podsets=podsets)])
    assert not outcome.flavors
    assert outcome.waiting["r"].short == 1


def test_nodes_count_beside_quota_and_nobody_borrows_them() -> None:
    """topology_aware_scheduling.md: what is admitted must fit the nodes; borrowing is that of quota."""
    root = Member(name="c", parent=None, quotas={("default", NODES): quota(3)})

    def run(name: str, queue: str, arrival: int, nodes: int, priority: int = 0) -> Run:
        podset = PodSet(requests={CPU: Fraction(1)}, nodes={"default": Fraction(nodes)})
        return Run(name=name, queue=queue, arrival=arrival, priority=priority, podsets=[podset])

    def simulation() -> Simulation:
        return Simulation([queue(name, 8, cohort="c", preemption=RECLAIM) for name in ("a", "b")], [root])

    ours = simulation().submit([run("a", "a", 0, 2), run("b", "b", 1, 2, priority=9), run("c", "b", 2, 1)])
    # Nobody uses more than its quota, so nobody is preempted by another queue for want of nodes.
    assert list(ours.flavors) == ["a", "c"]
    wait = ours.waiting["b"]
    assert (wait.node, wait.cell, wait.short) == ("c", ("default", NODES), 2)
    # Within a queue priority decides, as it does over quota.
    theirs = simulation().submit([run("a", "a", 0, 2), run("b", "a", 1, 2, priority=9)])
    assert list(theirs.flavors) == ["b"]


def test_why_a_run_waits_is_said_as_it_is_in_the_end() -> None:
    simulation = Simulation([queue("q", 4, cohort=None)])
    outcome = simulation.submit([*runs("q", 1, 5, prefix="big"), *runs("q", 1, 3, first=1, prefix="small")])
    assert outcome.waiting["big-0"].short == 4


def test_a_stopped_queue_and_a_resource_without_quota() -> None:
    outcome = Simulation([queue("q", 5, cohort=None, stopped=True)]).submit(runs("q", 1))
    assert outcome.waiting["q-0"].reason == "queue q is stopped"
    run = Run(name="r", queue="q", arrival=0, podsets=[PodSet(requests={"memory": Fraction(1)})])
    assert Simulation([queue("q", 5, cohort=None)]).submit([run]).waiting["r"].reason == "q covers no memory"


def fleet(dice: random.Random) -> tuple[list[Queue], list[Member], list[Run]]:
    """A tree of three cohorts with queues of any policies, and runs."""
    cohorts = [
        cohort("top", nominal=dice.choice((0, 5))),
        cohort("left", "top", borrowing=dice.choice((None, 0, 3))),
        cohort("right", "top", weight=Fraction(dice.choice((1, 2)))),
    ]
    queues = []
    for index in range(4):
        nominal = dice.randint(0, 8)
        preemption = Preemption(
            within_cluster_queue=dice.choice(("Never", "LowerPriority", "LowerOrNewerEqualPriority")),
            reclaim_within_cohort=dice.choice(("Never", "LowerPriority", "Any")),
        )
        limits = {
            name: quota(nominal, dice.choice((None, 0, 4)), dice.choice((None, nominal // 2)))
            for name in ("first", "default")
        }
        queues.append(
            flavored(
                f"q{index}",
                limits,
                dice.choice(("left", "right", "top")),
                preemption=preemption,
                strict=dice.random() < 0.3,
                when_can_borrow=dice.choice(("MayStopSearch", "TryNextFlavor")),
                when_can_preempt=dice.choice(("MayStopSearch", "TryNextFlavor")),
            )
        )
    arrivals = [
        Run(
            name=f"r{index}",
            queue=f"q{dice.randrange(4)}",
            arrival=index,
            priority=dice.choice((0, 0, 1, 2)),
            podsets=[PodSet(requests={CPU: Fraction(dice.randint(1, 5))}) for _ in range(dice.choice((1, 1, 2)))],
        )
        for index in range(14)
    ]
    return queues, cohorts, arrivals


def held(queues: Iterable[Queue], cohorts: Iterable[Member], simulation: Simulation) -> None:
    """KEP-79: no debt is larger than its borrowing limit at any level, counted anew from what was admitted."""
    tree = QuotaTree([one.member for one in queues], cohorts)
    for one in queues:
        tree.add(one.name, simulation.used(one.name))
    cells = [(flavor, CPU) for flavor in ("first", "default")]
    assert all(tree.over(one.name, cells) is None for one in queues)


@pytest.mark.whole
@pytest.mark.parametrize("strategies", [(), FAIR])
def test_no_quota_is_ever_exceeded_and_only_the_order_of_arrival_matters(strategies: tuple[str, ...]) -> None:
    preempted = 0
    for seed in range(60):
        queues, cohorts, arrivals = fleet(random.Random(seed))
        simulation = Simulation(queues, cohorts, strategies=strategies)
        for run in arrivals:
            simulation.submit([run])
            held(queues, cohorts, simulation)
        outcome = simulation.outcome
        assert outcome.flavors.keys() | outcome.waiting.keys() == {run.name for run in arrivals}
        assert not outcome.flavors.keys() & outcome.waiting.keys()
        shuffled = Simulation(list(reversed(queues)), list(reversed(cohorts)), strategies=strategies)
        again = shuffled.submit(random.Random(seed).sample(arrivals, k=len(arrivals)))
        assert (again.flavors, again.events) == (outcome.flavors, outcome.events)
        preempted += sum(one.action == "preempted" for one in outcome.events)
    assert preempted > 20
