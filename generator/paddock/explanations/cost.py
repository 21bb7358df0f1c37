"""Findings about money."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/cost.md"

EXPLANATIONS = {
    "budget-exceeded": explain(
        "A team or environment whose expected cost is above its budget.",
        "The money is spent whether or not the budget was meant to be raised with the change.",
        "Ask for less, mend an assumption that is too high, or raise the budget; paddock cost shows what it goes to.",
    ),
    "budget-nearly-spent": explain(
        "A team or environment whose expected cost has reached the part of its budget at which it wants to be told.",
        "The next change may exceed it, and a budget takes longer to raise than a replica.",
        "Raise the budget in time, ask for less, or raise warnAt.",
    ),
    "estimate-reversed": explain(
        "An estimate whose least is above what is expected, or whose most is below it, or that no run can reach.",
        "Costs would be counted with a number that cannot be meant.",
        "Write min, expected and max in this order, within the replicas or the deadline.",
    ),
    "unknown-price": explain(
        "A node pool or node group with an instance type without a price, where a budget depends on it.",
        "What runs on it is missing in the cost, and the budget seems to have room that it has not.",
        "State its price in prices.regions of platform.yaml, or take the type out of the pool.",
    ),
}
