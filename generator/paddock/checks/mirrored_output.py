"""What a mirrored environment would still fetch from outside, though no spec names it: images in what is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock import mirrors
from paddock.analysis.pulled_images import in_text, repository
from paddock.catalogue import FOLDER
from paddock.checks.mirrored_sources import setting, stated
from paddock.diagnostics import Note, Place, Problem
from paddock.mirrors import Mirror
from paddock.model import Environment, Fleet
from paddock.render import ObjectRef

IDS = ("source-outside-mirror",)


def check(objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[Problem]:
    """Whatever stands in an object or in Helm values, by a template or the program: once for each template."""
    seen: set[tuple[str, str]] = set()
    for name, tree in sorted(trees.items()):
        mirror = mirrors.of(fleet, name)
        if mirror is not None:
            refs = {one.path: one for one in objects if one.environment == name}
            for path, image in _outside(tree, mirror):
                ref = refs.get(path)
                key = (ref.template if ref else "/".join(path.split("/")[3:]), image)
                if key not in seen:
                    seen.add(key)
                    yield _rendered(image, path, ref, fleet.environments[name], fleet)


def _outside(tree: Mapping[str, str], mirror: Mirror) -> Iterator[tuple[str, str]]:
    for path, text in sorted(tree.items()):
        for image in in_text(path, text, mirror.upstreams):
            if not mirror.reached(repository(image)):
                yield path, image


def _rendered(image: str, path: str, ref: ObjectRef | None, environment: Environment, fleet: Fleet) -> Problem:
    cluster = environment.clusters[path.split("/")[1]]
    template = ref.template if ref else f"{FOLDER}{path.split('/')[3]}/values.yaml.j2"
    by = Note(message="by this template", place=Place(path=template, line=1))
    return Problem(
        id="source-outside-mirror",
        message=f'the rendered {f"{ref.kind} names" if ref else "values of a chart name"} "{image}", which is neither '
        "in the image mirror nor in an internal registry",
        place=ref.place if ref else setting(cluster, path.split("/")[3], ()),
        related=(stated(fleet), Note(message=f"rendered to {path}"), by),
        help="name the image in a setting or in component.yaml under images: both are mirrored",
    )
