"""Notebooks that would never start: no pool has their GPU, the quota is too small, or a policy refuses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from paddock import accounts, notebooks
from paddock.analysis import admission
from paddock.analysis.feasibility import Request
from paddock.analysis.pod_templates import PodTemplate
from paddock.analysis.quota_tree import QuotaTree
from paddock.catalogue import Component
from paddock.checks import fitting, fitting_words, policy_words
from paddock.checks.fitting import Offer
from paddock.checks.workload_references import merged
from paddock.components import jupyterhub
from paddock.components.kueue_cohorts import covered
from paddock.devices import GPU
from paddock.diagnostics import Note, Problem
from paddock.model import Cluster, Environment, Fleet, Team
from paddock.notebooks import Profile
from paddock.quantity import binary, decimal
from paddock.wording import quoted

IDS = ("notebook-gpu-unavailable", "notebook-above-quota", "same-notebook-title", "policy-blocks-pod")


def check(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    """Each profile that a team states, on each cluster on which it may start notebooks; and the image of each hub."""
    yield from merged(_all(fleet, catalogue))


def _all(fleet: Fleet, catalogue: Mapping[str, Component]) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for cluster in environment.clusters.values():
            teams = [one for one in environment.teams_on(cluster.name) if notebooks.offered(cluster, one)]
            offers = fitting.offers(cluster, catalogue) if teams else ()
            tree = accounts.kueue_tree(environment, cluster) if teams else None
            for team in teams:
                yield from _team(cluster, team, offers, tree)
            if teams and cluster.components[notebooks.COMPONENT].valid:
                yield from _image(fleet, environment, cluster, teams)


def _team(cluster: Cluster, team: Team, offers: tuple[Offer, ...], tree: QuotaTree | None) -> Iterator[Problem]:
    """What follows from the quota by itself fits; only what a person wrote can be wrong."""
    if not team.data["notebooks"]["profiles"]:
        return
    titles: dict[str, str] = {}
    for one in sorted(notebooks.profiles(cluster, team), key=lambda profile: profile.name):
        yield from _gpu(cluster, team, one, offers, tree)
        yield from _quota(cluster, team, one)
        if one.title in titles:
            yield _same_title(team, one, titles[one.title])
        titles.setdefault(one.title, one.name)


def _gpu(
    cluster: Cluster, team: Team, profile: Profile, offers: tuple[Offer, ...], tree: QuotaTree | None
) -> Iterator[Problem]:
    """A pool has GPUs of the model, on a node that is large enough, and Kueue would let the notebook in. Notebooks
    without GPUs are asked for in pod_fit."""
    if not profile.model:
        return
    names = {pool.name for pool in profile.pools}
    mine = [one for one in offers if not one.group and one.pool.name in names]
    obstacles = {one.pool.name: _obstacle(cluster, team, one, profile, tree) for one in mine}
    if None in obstacles.values():
        return
    others = sorted({pool.gpu_model for pool in cluster.node_pools.values() if pool.gpu_model and not pool.shared_gpus})
    wanted = f"{profile.gpus} × {profile.model}, {decimal(profile.cpu)} CPUs and {binary(profile.memory)} of memory"
    legal = quoted(others)
    yield Problem(
        id="notebook-gpu-unavailable",
        message=f'notebook "{profile.name}" of team "{team.name}" asks for {wanted}, and no node pool of cluster '
        f'"{cluster.identity}" can give it',
        place=team.place("notebooks", "profiles", profile.name, "gpu"),
        related=tuple(
            Note(message=f'pool "{name}": {why}', place=cluster.place("nodePools", name, key=True))
            for name, why in obstacles.items()
        ),
        help="ask for what one of these pools has"
        if obstacles
        else f"ask for a model that the cluster has: {legal}"
        if others
        else "take the GPU out: no pool of the cluster has whole ones",
    )


def _obstacle(cluster: Cluster, team: Team, offer: Offer, profile: Profile, tree: QuotaTree | None) -> str | None:
    """Why no node of the pool holds the notebook; None if one does, or if nobody can know."""
    wanted = Request(gpu_model=profile.model, gpus=profile.gpus, cpu=profile.cpu, memory=profile.memory)
    one = offer.obstacle(wanted)
    if one is not None:
        return fitting_words.reason(offer, one)
    flavors = team.clusters[cluster.name]["flavors"]
    if notebooks.queued(cluster, team) and GPU not in flavors.get(offer.pool.name, {}):
        return f'Kueue queues notebooks here, and team "{team.name}" has no quota of {GPU} in this flavor'
    if notebooks.queued(cluster, team) and tree is not None and offer.pool.name in flavors:
        amounts = {GPU: Fraction(profile.gpus), "cpu": profile.cpu, "memory": profile.memory}
        for resource, amount in amounts.items():
            most = tree.most(team.name, (offer.pool.name, resource))
            if resource in covered(flavors) and amount > most:
                return (
                    f'Kueue queues notebooks here, and team "{team.name}" can have {accounts.text(most, resource)} of '
                    f"{resource} in this flavor, whatever it borrows"
                )
    return None


def _quota(cluster: Cluster, team: Team, profile: Profile) -> Iterator[Problem]:
    for field, limit, amount in notebooks.excesses(cluster, team, profile):
        stated = team.data["notebooks"]["profiles"][profile.name]
        wanted = {
            "cpu": f"{stated['cpu']} CPUs",
            "memory": f"{stated['memory']} of memory",
            "gpu": f"{profile.gpus} GPUs",
            "storage": f"a home of {team.data['notebooks']['storage']}",
        }[field]
        place = ("notebooks", "storage") if field == "storage" else ("notebooks", "profiles", profile.name, field)
        where = ("clusters", cluster.name, "quota") if limit.startswith("quota") else ("containerDefaults",)
        yield Problem(
            id="notebook-above-quota",
            message=f'notebook "{profile.name}" of team "{team.name}" asks for {wanted}, and {limit} of the team on '
            f'cluster "{cluster.identity}" is {amount}',
            place=team.place(*place),
            related=(Note(message=f"{limit} is {amount}", place=team.place(*where)),),
            help=f"ask for at most {amount}, or ask the platform team for more",
        )


def _same_title(team: Team, profile: Profile, other: str) -> Problem:
    stated = team.data["notebooks"]["profiles"]
    return Problem(
        id="same-notebook-title",
        message=f'notebooks "{other}" and "{profile.name}" of team "{team.name}" are both called "{profile.title}"',
        place=team.place(
            "notebooks", "profiles", profile.name, *(("title",) if "title" in stated[profile.name] else ())
        ),
        related=(Note(message=f'notebook "{other}"', place=team.place("notebooks", "profiles", other, key=True)),),
        help="give each a title of its own: it is all that people see when they choose",
    )


def _image(fleet: Fleet, environment: Environment, cluster: Cluster, teams: list[Team]) -> Iterator[Problem]:
    """Notebooks are made in the cluster and stand in no tree; the hub's settings say what they will be like."""
    settings = cluster.components[notebooks.COMPONENT].settings
    for one in jupyterhub.profiles(fleet, environment, cluster, teams, settings)[:1]:
        override = one["kubespawner_override"]
        spec = {"containers": [{"image": override["image"]}]}
        pod = PodTemplate(kind="Pod", name="", namespace="", spec=spec, labels=override["extra_labels"])
        for rule in admission.enforced(fleet, cluster):
            for what, image in admission.refusals(rule, pod):
                field = ("settings", "image") if image else ()
                yield Problem(
                    id="policy-blocks-pod",
                    message=f'policy "{rule.name}" of cluster "{cluster.identity}" refuses every notebook: {what}',
                    place=cluster.place("components", notebooks.COMPONENT, *field, key=not field),
                    related=(policy_words.note(fleet, cluster, rule),),
                    help="name an image that the policy lets pass" if image else "change what the policy asks for",
                )
