"""Host names of Ingresses: one thing has a name, and external-dns can make its record."""

from __future__ import annotations

from collections.abc import Iterator

from paddock import hosts
from paddock.diagnostics import Note, Problem
from paddock.hosts import Host
from paddock.model import Fleet

IDS = ("duplicate-host", "host-outside-domain")


def check(fleet: Fleet) -> Iterator[Problem]:
    """Every host of every Ingress, over all environments: they share the platform's domain."""
    found = list(hosts.published(fleet))
    yield from _duplicates(found)
    yield from _outside(fleet, found)


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
        legal = ", ".join(f'"{domain}"' for domain in domains)
        yield Problem(
            id="host-outside-domain",
            message=f'host "{one.name}" of {one.what} is in none of the domains {legal} in which external-dns makes '
            f'records on cluster "{one.cluster.identity}"',
            place=one.place,
            help="choose a host below one of them, or add its domain to components.external-dns.settings.domains",
        )
