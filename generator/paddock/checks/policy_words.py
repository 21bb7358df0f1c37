"""Words and places that findings about the policies of Kyverno have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from paddock import images
from paddock.analysis import admission
from paddock.analysis.admission import COMPONENT, Rule
from paddock.diagnostics import Note, Place, Problem
from paddock.model import Cluster, Fleet, Spec
from paddock.wording import more_objects

HELP = {
    admission.ALLOWED_REGISTRIES: "use an image of one of these registries, or add its registry to "
    "spec.admission.registries of the platform",
    admission.HOST_ACCESS: "take it out: namespaces of teams have no access to hosts",
    admission.IMAGE_DIGESTS: "add the digest of the image",
    admission.QUEUE_NAME: "name a queue",
    admission.REQUIRED_LABELS: "add the labels, or take them out of spec.admission.requiredLabels of the platform",
}


def note(fleet: Fleet, cluster: Cluster, rule: Rule) -> Note:
    """The policy, where a person changes what it asks for."""
    return Note(message=f'policy "{rule.name}"', place=_place(fleet, cluster, rule.name))


def _place(fleet: Fleet, cluster: Cluster, name: str) -> Place:
    """Where the values of a rule stand, else where the component does."""
    if name == admission.ALLOWED_REGISTRIES and fleet.platform.data["admission"]["registries"]:
        return fleet.platform.place("admission", "registries", key=True)
    if name == admission.SIGNED_IMAGES:
        return fleet.platform.place("admission", "signers", key=True)
    own = cluster.data["components"].get(COMPONENT)
    if own is None:
        return cluster.place("role")
    setting = admission.SETTINGS[name]
    if "action" in (((own.get("settings") or {}).get("policies") or {}).get(setting) or {}):
        return cluster.place("components", COMPONENT, "settings", "policies", setting, "action")
    return cluster.place("components", COMPONENT, key=True)


def origin(image: str, specs: Iterable[Spec]) -> Place | None:
    """The place that names an image: in the first of the specs that does."""
    for spec in specs if image else ():
        for pointer, found in images.stated(spec.data):
            if images.reference(found) == image:
                return spec.place(*pointer)
    return None


def merged(problems: Iterable[Problem]) -> Iterator[Problem]:
    """What one line of a spec brings about in many objects is one problem, of the first of them."""
    found: dict[tuple[Place, str, str], list[Problem]] = {}
    for one in problems:
        found.setdefault((one.place, one.related[0].message, one.message.rpartition(": ")[2]), []).append(one)
    for same in found.values():
        others = len({one.message for one in same}) - 1
        more = (Note(message=more_objects(others)),) if others else ()
        yield replace(same[0], related=(*same[0].related, *more))
