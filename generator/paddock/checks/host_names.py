"""Host names of Ingresses: one thing has a name, and external-dns can make its record."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import hosts
from paddock.diagnostics import Note, Problem
from paddock.hosts import Host
from paddock.model import Fleet
from paddock.wording import quoted

IDS = ("duplicate-host", "host-outside-domain", "reserved-ingress-group")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Every host of every Ingress, over all environments: they share the platform's domain."""
    found = list(hosts.published(fleet))
    yield from _duplicates(found)
    yield from _outside(fleet, found)
    yield from _reserved(fleet)


def _duplicates(found: list[Host]) -> Iterator[Problem]:
    first: dict[str, Host] = {}
    for one in found:
        other = first.setdefault(one.name, one)
        if other is one or _shared(one, other):
            continue
        where = f'cluster "{one.cluster.identity}"'
        itself = other.what == one.what and other.place == one.place
        yield Problem(
            id="duplicate-host",
            message=f'host "{one.name}" of {one.what} on {where} is that of '
            f'{"the same" if itself else other.what} on cluster "{other.cluster.identity}", too',
            place=one.place,
            related=(Note(message="the first", place=other.place),),
            help="a record leads to one load balancer: leave the host out, so that its default names the cluster, or "
            "state another in the overlay of an environment"
            if itself
            else "give one of them another host",
        )


def _shared(one: Host, other: Host) -> bool:
    """Whether one load balancer serves both: the same group on the same cluster tells them apart by their paths."""
    same = one.cluster.identity == other.cluster.identity and one.group is not None and one.group == other.group
    return same and one.path != other.path


def _reserved(fleet: Fleet) -> Iterator[Problem]:
    """Ingresses of teams in the group of the platform's interfaces: rules of one group are one list, so that a team's
    could come before those of Argo CD (AWS Load Balancer Controller, IngressGroup)."""
    group = fleet.platform.data["ingress"]["group"]
    for environment in fleet.environments.values():
        for workload in environment.workloads.values():
            stated = workload.data.get("ingress") or {}
            if stated.get("annotations", {}).get(hosts.GROUP) == group:
                yield Problem(
                    id="reserved-ingress-group",
                    message=f'workload "{workload.name}" of team "{workload.team}" joins the Ingress group "{group}", '
                    "which is that of the platform's own interfaces",
                    place=workload.place("ingress", "annotations", hosts.GROUP),
                    related=(Note(message="the platform's group", place=fleet.platform.place("ingress", "group")),),
                    help="leave the annotation out, or name a group of the team",
                )


def _outside(fleet: Fleet, found: list[Host]) -> Iterator[Problem]:
    """Hosts for which nobody makes a record. Where external-dns does not run, records are somebody else's."""
    seen = set()
    for one in found:
        use = one.cluster.components.get("external-dns")
        if use is None or not use.valid:
            continue
        domains = hosts.domains(fleet, use.settings)
        if any(hosts.below(one.name, domain) for domain in domains) or one.place in seen:
            continue
        seen.add(one.place)
        legal = quoted(domains)
        yield Problem(
            id="host-outside-domain",
            message=f'host "{one.name}" of {one.what} is in none of the domains {legal} in which external-dns makes '
            f'records on cluster "{one.cluster.identity}"',
            place=one.place,
            help="choose a host below one of them, or add its domain to components.external-dns.settings.domains",
        )
