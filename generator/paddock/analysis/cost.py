"""What an environment costs a month: a flat list of lines, which any grouping adds up to the same sum.

It knows list prices and the specs' assumptions, not the bill: what has no price or no assumption is `missing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.analysis.money import Amount, Span, floored

Json = Any

NEVER_COUNTED = (
    "backups",
    "buckets of Argo Workflows and MLflow",
    "CI runners",
    "data transfer",
    "KMS keys",
    "logs and metrics that AWS stores",
    "notebooks",
    "OpenSearch domains",
    "requests",
    "support plans",
    "taxes",
    "VPCs and NAT gateways that are made elsewhere",
)
"""What depends on use that no spec states. Notebooks and runners are paid as nodes of their pools, idle here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cost of a cluster, with whatever it can be put down to; empty for none."""

    environment: str
    cluster: str
    what: str
    """workload, checkpoints, bucket, idle, buffer, node group, control plane, database, file system, volume, gateway or
    load balancer."""
    amount: Amount
    pool: str = ""
    team: str = ""
    workload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Missing:
    """What is not counted, and why. Where that is the price of an instance type, `instance` is the type, `field` the
    field of prices that would state it, and `at` the list of the cluster's spec that names it."""

    environment: str
    cluster: str
    subject: str
    why: str
    pool: str = ""
    instance: str = ""
    field: str = ""
    at: tuple[str, ...] = ()
    team: str = ""

    @property
    def text(self) -> str:
        """`prod-train-iad: bucket "x": no expectedSize is stated`."""
        return f"{self.environment}-{self.cluster}: {self.subject}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Every line and everything that is missing, in the order of environments, clusters and names."""

    lines: tuple[Line, ...]
    missing: tuple[Missing, ...]

    def total(self, lines: Iterable[Line] | None = None) -> Amount:
        """The sum of some lines, by default of all."""
        found = self.lines if lines is None else lines
        return sum((one.amount for one in found), Amount())


GROUPINGS = ("workload", "team", "pool", "cluster", "environment")
_OUTSIDE = {"idle": "(idle)"}


def group(line: Line, by: str) -> str:
    """What a line is put down to: one of GROUPINGS. In brackets: what nobody and nothing in particular causes."""
    if by == "environment":
        return line.environment
    if by == "cluster":
        return f"{line.environment}-{line.cluster}"
    if by == "pool":
        return f"{line.environment}-{line.cluster}/{line.pool}" if line.pool else f"({line.what})"
    if by == "team":
        return line.team or _OUTSIDE.get(line.what, "(platform)")
    if line.workload:
        return f"{line.team}/{line.workload}"
    return f"{line.team}/(buckets)" if line.team else _OUTSIDE.get(line.what, "(platform)")


def grouped(lines: Iterable[Line], by: str) -> dict[str, Amount]:
    """Sums by group; what stands in brackets last."""
    found: dict[str, Amount] = {}
    for line in lines:
        name = group(line, by)
        found[name] = found.get(name, Amount()) + line.amount
    return dict(sorted(found.items(), key=lambda one: (one[0].startswith("("), one[0])))


class Ledger:
    """Lines and gaps of one cluster as they are found."""

    def __init__(self, environment: str, cluster: str) -> None:
        self.environment, self.cluster = environment, cluster
        self.lines: list[Line] = []
        self.missing: dict[Missing, None] = {}

    def add(self, what: str, amount: Amount, *, pool: str = "", team: str = "", workload: str = "") -> None:
        """A line, unless it costs nothing in every case."""
        if amount != Amount():
            self.lines.append(
                Line(
                    environment=self.environment,
                    cluster=self.cluster,
                    what=what,
                    amount=amount,
                    pool=pool,
                    team=team,
                    workload=workload,
                )
            )

    def dollars(self, what: str, dollars: Span, **attribution: str) -> None:
        """A line of dollars a month."""
        self.add(what, floored(dollars), **attribution)

    def lacks(self, subject: str, why: str, *, pool: str = "", team: str = "") -> None:
        """Something that is not counted."""
        gap = Missing(
            environment=self.environment, cluster=self.cluster, subject=subject, why=why, pool=pool, team=team
        )
        self.missing[gap] = None

    def lacks_instance(
        self, subject: str, region: str, instance: str, field: str, *, at: tuple[str, ...], pool: str = ""
    ) -> None:
        """Nodes of a type that has no price; `field` is what the platform's prices would call it."""
        what = f"a capacity block of {instance}" if field == "capacityBlock" else instance
        gap = Missing(
            environment=self.environment,
            cluster=self.cluster,
            subject=subject,
            why=no_price(what, region),
            pool=pool,
            instance=instance,
            field=field,
            at=at,
        )
        self.missing[gap] = None


def joined(ledgers: Sequence[Ledger]) -> Costs:
    """The costs of several clusters."""
    return Costs(
        lines=tuple(line for one in ledgers for line in one.lines),
        missing=tuple(gap for one in ledgers for gap in sorted(one.missing)),
    )


def no_price(what: str, region: str) -> str:
    """Why something is not counted whose price nobody states."""
    return f"no price of {what} in {region} is known; state it in prices of platform.yaml"


def chosen(lines: Iterable[Line], *, teams: Sequence[str] = ()) -> Iterator[Line]:
    """The lines of some teams, of all if none is named."""
    return (line for line in lines if not teams or line.team in teams)


def settings(components: Mapping[str, Any], name: str) -> Mapping[str, Json] | None:
    """Settings of a component that runs on a cluster and is valid."""
    use = components.get(name)
    return use.settings if use is not None and use.valid else None
