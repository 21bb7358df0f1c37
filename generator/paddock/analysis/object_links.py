"""What relations between objects are checked on, of one object: what it names, what it offers to those that name it,
the pods and services that others select by labels, and what it selects so itself. Small, for there are many objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from paddock.analysis import object_references, pod_references
from paddock.analysis.pod_kinds import KUBERNETES
from paddock.analysis.references import Target, items, known_kind, mapping

Json = Any

Labels = tuple[tuple[str, str], ...]


class Offer(NamedTuple):
    """Something that others may name beside or instead of the object itself, with its keys; None: any key."""

    kind: str
    namespace: str
    name: str
    keys: tuple[str, ...] | None = None


class Selected(NamedTuple):
    """Pods or a service that labels select. `open`: whoever makes them may add labels and ports."""

    kind: str
    labels: Labels
    ports: tuple[str, ...] = ()
    open: bool = False


class Selector(NamedTuple):
    """What an object selects by labels in its own namespace, and the named ports that it needs of that."""

    kind: str
    labels: Labels
    ports: tuple[str, ...] = ()


class Links(NamedTuple):
    """All of one object, in plain tuples: these come back from another process several times as fast as named ones,
    which they become where they are looked at."""

    targets: tuple[tuple[str, str, str, str], ...] = ()
    offered: tuple[tuple[str, str, str, tuple[str, ...] | None], ...] = ()
    labelled: tuple[tuple[str, Labels, tuple[str, ...], bool], ...] = ()
    selecting: tuple[tuple[str, Labels, tuple[str, ...]], ...] = ()

    @property
    def references(self) -> tuple[Target, ...]:
        """What it names, each once."""
        return tuple([Target(*one) for one in self.targets])

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What others may name beside it."""
        return tuple([Offer(*one) for one in self.offered])

    @property
    def selected(self) -> tuple[Selected, ...]:
        """What of it labels select."""
        return tuple([Selected(*one) for one in self.labelled])

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What it selects."""
        return tuple([Selector(*one) for one in self.selecting])


NONE = Links()
PODS = "pods"
ADDED_KEYS = "keys of a Secret"
"""Kind of what an ExternalSecret with creationPolicy Merge gives: keys of a Secret that another one makes."""
CERTIFICATE_KEYS = ("ca.crt", "tls.crt", "tls.key")
"""Keys of the Secret of a Certificate (cert-manager, "Certificate resource")."""

_TOKEN = ("ca.crt", "namespace", "token")
"""Keys that Kubernetes adds to a Secret of type kubernetes.io/service-account-token."""
_WITHOUT = frozenset({"LimitRange", "NetworkPolicy", "PriorityClass", "PrometheusRule", "ResourceQuota"})
"""Kinds of which there are many, and that neither name nor select anything."""
_OPEN = frozenset({"JobSet", "RayCluster", "RayJob", "RayService", "TrainingRuntime"})


def of(data: Mapping[str, Json]) -> Links:
    """The links of an object that its schema allows; mostly none."""
    if data["kind"] in _WITHOUT:
        return NONE
    kind = known_kind(data["apiVersion"], data["kind"])
    targets = tuple(dict.fromkeys([tuple(one) for one, _ in object_references.references(data)]))
    offered = tuple([tuple(one) for one in _OFFERS[kind](data)]) if kind in _OFFERS else ()
    labelled = tuple([tuple(one) for one in _selected(data)]) if kind in _SELECTED else ()
    selecting = tuple([tuple(one) for one in _selectors(data)]) if kind in _SELECTORS else ()
    if not (targets or offered or labelled or selecting):
        return NONE
    return Links(targets, offered, labelled, selecting)  # type: ignore[arg-type]  # tuple() forgets their shape


def _namespace(data: Mapping[str, Json]) -> str:
    return str(data["metadata"].get("namespace") or "")


def _config_map(data: Mapping[str, Json]) -> Iterator[Offer]:
    keys = (*mapping(data, "data"), *mapping(data, "binaryData"))
    yield Offer("ConfigMap", _namespace(data), data["metadata"]["name"], keys)


def _secret(data: Mapping[str, Json]) -> Iterator[Offer]:
    token = _TOKEN if data.get("type") == "kubernetes.io/service-account-token" else ()
    keys = (*mapping(data, "data"), *mapping(data, "stringData"), *token)
    yield Offer("Secret", _namespace(data), data["metadata"]["name"], keys)


def _external_secret(data: Mapping[str, Json]) -> Iterator[Offer]:
    """The Secret that it writes, or the keys that it adds to another one's."""
    spec = mapping(data, "spec")
    target = mapping(spec, "target")
    policy = target.get("creationPolicy")
    if policy == "None":
        return
    template = mapping(target, "template")
    keys: tuple[str, ...] | None = tuple(str(one.get("secretKey")) for _, one in items(spec, "data"))
    if template.get("templateFrom") or (spec.get("dataFrom") and not template.get("data")):
        keys = None
    elif template.get("data"):
        kept = keys if template.get("mergePolicy") == "Merge" and keys else ()
        keys = (*template["data"], *kept)
    kind = ADDED_KEYS if policy == "Merge" else "Secret"
    yield Offer(kind, _namespace(data), target.get("name") or data["metadata"]["name"], keys)


def _certificate(data: Mapping[str, Json]) -> Iterator[Offer]:
    spec = mapping(data, "spec")
    keys = None if "keystores" in spec or "additionalOutputFormats" in spec else CERTIFICATE_KEYS
    yield Offer("Secret", _namespace(data), str(spec.get("secretName")), keys)


def _service(data: Mapping[str, Json]) -> Iterator[Offer]:
    ports = [one for _, one in items(mapping(data, "spec"), "ports")]
    keys = [str(one[field]) for one in ports for field in ("name", "port") if field in one]
    yield Offer("Service", _namespace(data), data["metadata"]["name"], tuple(keys))


def _runtime(data: Mapping[str, Json]) -> Iterator[Offer]:
    """A runtime of models: for its namespace or, without one, for all; and the formats that it picks by itself."""
    spec, namespace = mapping(data, "spec"), _namespace(data)
    if not spec.get("disabled"):
        yield Offer("ServingRuntime", namespace, data["metadata"]["name"])
        formats = [one for _, one in items(spec, "supportedModelFormats") if one.get("autoSelect")]
        for name in dict.fromkeys(str(one.get("name")) for one in formats):
            yield Offer(object_references.MODEL_FORMAT, namespace, name)


_OFFERS = {
    "Certificate": _certificate,
    "ClusterServingRuntime": _runtime,
    "ConfigMap": _config_map,
    "ExternalSecret": _external_secret,
    "Secret": _secret,
    "Service": _service,
    "ServingRuntime": _runtime,
}
_SELECTED = KUBERNETES | {
    "InferenceService",
    "JobSet",
    "RayCluster",
    "RayJob",
    "RayService",
    "Service",
    "TrainJob",
    "TrainingRuntime",
    "WorkflowTemplate",
}
_SELECTORS = frozenset({"PodDisruptionBudget", "PodMonitor", "Service", "ServiceMonitor"})


def _selected(data: Mapping[str, Json]) -> Iterator[Selected]:
    kind, labels = data["kind"], _labels(mapping(data, "metadata", "labels"))
    if kind == "Service":
        ports = [str(one["name"]) for _, one in items(mapping(data, "spec"), "ports") if "name" in one]
        yield Selected("Service", labels, tuple(ports))
    elif kind == "InferenceService":
        # KServe hands its labels on to the pods and the service that it makes.
        yield Selected(PODS, (*labels, *_labels(mapping(data, "spec", "predictor", "labels"))), open=True)
        yield Selected("Service", labels, open=True)
    elif kind == "WorkflowTemplate":
        for _, one in items(mapping(data, "spec"), "templates"):
            yield Selected(PODS, _labels(mapping(one, "metadata", "labels")), open=True)
    elif kind == "TrainJob" and mapping(data, "spec", "runtimeRef").get("kind") != "TrainingRuntime":
        yield Selected(PODS, (), open=True)
    for template, _ in pod_references.templates(data):
        yield Selected(PODS, _labels(mapping(template, "metadata", "labels")), _ports(template), kind in _OPEN)


def _ports(template: Mapping[str, Json]) -> tuple[str, ...]:
    spec = mapping(template, "spec")
    containers = [one for field in ("initContainers", "containers") for _, one in items(spec, field)]
    return tuple(str(port["name"]) for one in containers for _, port in items(one, "ports") if "name" in port)


def _labels(labels: Mapping[str, Json]) -> Labels:
    return tuple([(key, str(value)) for key, value in labels.items()])


def _selectors(data: Mapping[str, Json]) -> Iterator[Selector]:
    """What is surely known: labels alone, in the own namespace."""
    kind, spec = data["kind"], mapping(data, "spec")
    if kind == "Service":
        named = [one["targetPort"] for _, one in items(spec, "ports") if isinstance(one.get("targetPort"), str)]
        if mapping(spec, "selector"):
            yield Selector(PODS, _labels(mapping(spec, "selector")), tuple(dict.fromkeys(named)))
        return
    selector = mapping(spec, "selector")
    labels = mapping(selector, "matchLabels")
    if "namespaceSelector" in spec or selector.get("matchExpressions") or not labels:
        return
    endpoints = [*items(spec, "endpoints"), *items(spec, "podMetricsEndpoints")]
    ports = dict.fromkeys(one["port"] for _, one in endpoints if isinstance(one.get("port"), str))
    yield Selector("Service" if kind == "ServiceMonitor" else PODS, _labels(labels), tuple(ports))
