"""What rendered objects select by labels is there, with the ports they name. Only where all of a namespace is known:
a chart puts pods into its namespace that are in no file of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock import runners
from paddock.analysis.label_selection import Selection
from paddock.analysis.object_links import PODS, Selector
from paddock.analysis.references import items, mapping
from paddock.catalogue import Component
from paddock.diagnostics import Pointer
from paddock.model import Cluster, Fleet
from paddock.render import ObjectRef, content
from paddock.schema import Fault

IDS = ("selector-without-match", "unknown-target-port")

Trees = Mapping[str, Mapping[str, str]]

_SYSTEM = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_EFFECT = {
    "PodDisruptionBudget": "it protects nothing",
    "PodMonitor": "Prometheus reads nothing",
    "Service": "every request to it fails",
    "ServiceMonitor": "Prometheus reads nothing",
}


def check(
    objects: Sequence[ObjectRef], trees: Trees, fleet: Fleet, catalogue: Mapping[str, Component]
) -> Iterator[tuple[ObjectRef, Fault]]:
    """Each selector of each object in a namespace without charts."""
    unknown = {
        (cluster.identity, namespace)
        for cluster in fleet.clusters()
        for namespace in _SYSTEM | _charted(fleet, cluster, catalogue)
    }
    selecting = [one for one in objects if one.links.selecting and (one.cluster, one.namespace) not in unknown]
    keys = {key for one in selecting for selector in one.links.selectors for key, _ in selector.labels}
    selection = Selection(keys=frozenset(keys))
    for ref in objects:
        if ref.links.labelled:
            selection.add((ref.cluster, ref.namespace), ref.links.selected)
    for ref in selecting:
        for selector in ref.links.selectors:
            matching = selection.matching((ref.cluster, ref.namespace), selector)
            if not matching:
                yield ref, _without_match(ref, selector, selection.rarest((ref.cluster, ref.namespace), selector))
            elif not any(one.open for one in matching):
                known = {port for one in matching for port in one.ports}
                for port in selector.ports:
                    if port not in known:
                        yield ref, _unknown_port(ref, selector, port, known, trees)


def _charted(fleet: Fleet, cluster: Cluster, catalogue: Mapping[str, Component]) -> set[str]:
    """Namespaces in which charts make objects."""
    found: set[str] = set()
    for component in (catalogue[name] for name in cluster.components if name in catalogue):
        if "chart" in component.data:
            found |= {component.namespace, *component.data["extraNamespaces"]}
        if "releases" in component.data:
            environment = fleet.environments[cluster.environment]
            found |= {one.namespace for one in runners.of(environment, cluster.name)}
    return found


def _without_match(ref: ObjectRef, selector: Selector, key: str) -> Fault:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(selector.labels))
    what = "pods" if selector.kind == PODS else "Services"
    return Fault(
        id="selector-without-match",
        message=f'{ref.kind} "{ref.name}" selects {what} with {labels}, and none of its namespace has these labels: '
        f"{_EFFECT[ref.kind]}",
        pointer=("spec", "selector", *(() if ref.kind == "Service" else ("matchLabels",)), key),
        help=f"select labels that the {what} have",
    )


def _unknown_port(ref: ObjectRef, selector: Selector, port: str, known: set[str], trees: Trees) -> Fault:
    what = "containers of the pods" if selector.kind == PODS else "Services"
    legal = f"legal: {', '.join(sorted(known))}" if known else f"none of the {what} names its ports"
    return Fault(
        id="unknown-target-port",
        message=f'{ref.kind} "{ref.name}" names the port "{port}", which the {what} that it selects do not have: '
        f"{_EFFECT[ref.kind]}",
        pointer=_pointer(ref, port, trees),
        help=legal,
    )


def _pointer(ref: ObjectRef, port: str, trees: Trees) -> Pointer:
    """Where an object names a port, looked for again."""
    spec = mapping(content(ref, trees), "spec")
    for field, key in (("ports", "targetPort"), ("endpoints", "port"), ("podMetricsEndpoints", "port")):
        for index, one in items(spec, field):
            if one.get(key) == port:
                return ("spec", field, index, key)
    return ("spec",)
