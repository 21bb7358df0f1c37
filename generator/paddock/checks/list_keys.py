"""Lists that the server merges by a key, with the key twice, and claim templates that it completes: what an apply on
the server refuses, or what differs for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.analysis.pod_templates import BEARERS, POD_FIELDS, pods
from paddock.diagnostics import Pointer, Severity
from paddock.model import Json
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = ("duplicate-list-key", "incomplete-claim-template")
_CLAIM = ("apiVersion", "kind")


def check(ref: ObjectRef, data: Mapping[str, Json]) -> Iterator[Fault]:
    """One object: the ports of a Service, the lists of pods, the claims of a StatefulSet."""
    if ref.kind == "Service" and ref.group == "":
        ports = (data.get("spec") or {}).get("ports") or ()
        yield from _twice("port", [_port(one, "port") for one in ports], pointer=("spec", "ports"))
    elif ref.kind in BEARERS and ref.kind != "ConfigMap":
        for pod in pods(data):
            yield from _pod(pod.spec)
        if ref.kind == "StatefulSet":
            yield from _claims(data["spec"].get("volumeClaimTemplates") or ())


def _pod(spec: Mapping[str, Json]) -> Iterator[Fault]:
    yield from _twice("volume", [one["name"] for one in spec.get("volumes") or ()])
    for field in POD_FIELDS:
        for container in spec.get(field) or ():
            where = f' of container "{container.get("name", "")}"'
            yield from _twice("variable", [one["name"] for one in container.get("env") or ()], where)
            yield from _twice("mount path", [one["mountPath"] for one in container.get("volumeMounts") or ()], where)
            yield from _twice("port", [_port(one, "containerPort") for one in container.get("ports") or ()], where)


def _port(port: Mapping[str, Json], field: str) -> str:
    return f"{port[field]}/{port.get('protocol', 'TCP')}"


def _twice(what: str, keys: Sequence[str], where: str = "", pointer: Pointer = ()) -> Iterator[Fault]:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Fault(
            id="duplicate-list-key",
            message=f'the {what} "{key}"{where} is there twice: an apply on the server refuses the object',
            pointer=pointer,
            help="leave one of the two (argo-cd#25474, kubernetes#113482)",
        )


def _claims(claims: Sequence[Mapping[str, Json]]) -> Iterator[Fault]:
    for index, claim in enumerate(claims):
        missing = [name for name in _CLAIM if name not in claim]
        missing += [] if "volumeMode" in claim["spec"] else ["spec.volumeMode"]
        if missing:
            yield Fault(
                id="incomplete-claim-template",
                message=f"a claim template lacks {', '.join(missing)}, which the API server fills in: the "
                "StatefulSet is out of sync for ever",
                pointer=("spec", "volumeClaimTemplates", index),
                severity=Severity.WARNING,
                help="write apiVersion: v1, kind: PersistentVolumeClaim and volumeMode: Filesystem (argo-cd#11143)",
            )
