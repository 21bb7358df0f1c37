"""What a queue can have at most, against the replay of Kueue's admission: a run of exactly so much is admitted while
nobody else uses anything, and one that wants one more is not."""

from __future__ import annotations

import random
from fractions import Fraction

from test_kueue_admission import CPU, Member, Queue, cohort, queue, runs

from paddock.analysis.kueue_admission import Simulation
from paddock.analysis.quota_tree import QuotaTree

CELL = ("default", CPU)


def _fleet(dice: random.Random) -> tuple[list[Queue], list[Member]]:
    """One to four queues below one to three cohorts, some of them below each other."""

    def limit() -> int | None:
        return dice.choice((None, 0, 3, 7))

    names = [f"cohort-{index}" for index in range(dice.randrange(1, 4))]
    cohorts = [cohort(names[0], None, dice.randrange(0, 6))]
    cohorts += [
        cohort(name, dice.choice(names[:index]), dice.randrange(0, 6), limit())
        for index, name in enumerate(names[1:], start=1)
    ]
    queues = []
    for index in range(dice.randrange(1, 5)):
        nominal = dice.randrange(0, 9)
        lending = dice.choice((None, *range(nominal + 1)))
        queues.append(queue(f"queue-{index}", nominal, limit(), lending, cohort=dice.choice(names)))
    return queues, cohorts


def _admits(queues: list[Queue], cohorts: list[Member], name: str, size: Fraction) -> bool:
    outcome = Simulation(queues, cohorts).submit(runs(name, 1, int(size)))
    return not outcome.waiting


def test_the_most_of_a_queue_is_what_admission_lets_it_have() -> None:
    dice = random.Random(10)
    borrowed = 0
    for _ in range(300):
        queues, cohorts = _fleet(dice)
        tree = QuotaTree([one.member for one in queues], cohorts)
        for one in queues:
            most = tree.most(one.name, CELL)
            borrowed += most > one.member.quotas[CELL].nominal
            assert most == 0 or _admits(queues, cohorts, one.name, most)
            assert not _admits(queues, cohorts, one.name, most + 1)
            assert tree.most(one.name, CELL) == most
    assert borrowed > 150


def test_a_queue_has_nothing_of_what_it_does_not_name() -> None:
    tree = QuotaTree([queue("one", 4).member], [cohort("team-ab", None, 9)])
    assert tree.most("one", CELL) == 13
    assert tree.most("one", ("spare", CPU)) == 0
