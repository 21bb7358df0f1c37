"""AlertmanagerConfigs with a route to a receiver that does not exist, or from one team to another's channel.

The operator leaves out a configuration that it cannot use (charts.md 4.4): the team would hear nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.diagnostics import Note, Problem
from paddock.model import Fleet, Json
from paddock.render import ObjectRef, content
from paddock.wording import quoted

IDS = ("unknown-receiver", "foreign-alert-channel")


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Every route and Slack channel of every AlertmanagerConfig."""
    for ref in objects:
        if ref.kind == "AlertmanagerConfig":
            try:
                spec = content(ref, trees)["spec"]
                named = {one["name"]: one for one in spec.get("receivers", ())}
                wanted = sorted(set(_receivers(spec["route"])) - named.keys())
                channels = [(name, channel) for name, one in named.items() for channel in _channels(one)]
            except (AttributeError, KeyError, TypeError):
                continue  # an object that its schema refuses has a finding of its own
            yield from (_unknown(ref, name, sorted(named)) for name in wanted)
            yield from _foreign(ref, fleet, channels)


def _receivers(route: Mapping[str, Json]) -> Iterator[str]:
    if "receiver" in route:
        yield str(route["receiver"])
    for child in route.get("routes", ()):
        yield from _receivers(child)


def _channels(receiver: Mapping[str, Json]) -> list[str]:
    return [str(one["channel"]) for one in receiver.get("slackConfigs", ()) if "channel" in one]


def _unknown(ref: ObjectRef, name: str, known: list[str]) -> Problem:
    has = quoted(known) or "none"
    return Problem(
        id="unknown-receiver",
        message=f'AlertmanagerConfig "{ref.name}" routes to receiver "{name}", which it does not '
        f"define; it defines {has}",
        place=ref.mended_at(f"receiver: {name}"),
        related=(Note(message=f"rendered to {ref.path}"),),
        help="define the receiver in the same object, or name one that it defines",
    )


def _foreign(ref: ObjectRef, fleet: Fleet, channels: list[tuple[str, str]]) -> Iterator[Problem]:
    """Channels of other teams in a team's namespace. What the team's own spec names is agreed, whoever shares it."""
    teams = fleet.environments[ref.environment].teams if ref.environment in fleet.environments else {}
    if ref.namespace not in teams:
        return
    own = teams[ref.namespace].data["alerts"]["slackChannel"]
    owners: dict[str, list[str]] = {}
    for team in teams.values():
        owners.setdefault(team.data["alerts"]["slackChannel"], []).append(team.name)
    for receiver, channel in channels:
        if channel != own and channel in owners:
            others = quoted(sorted(owners[channel]), link=" and ")
            yield Problem(
                id="foreign-alert-channel",
                message=f'receiver "{receiver}" of AlertmanagerConfig "{ref.name}" sends alerts of team '
                f'"{ref.namespace}" to "{channel}", the channel of team {others}',
                place=ref.mended_at(channel),
                related=(Note(message=f"rendered to {ref.path}"),),
                help=f'use "{own}", the channel of team "{ref.namespace}"',
            )
