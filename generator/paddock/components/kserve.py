"""Images of the serving runtimes, the domain of ingresses and alerts of KServe."""

from __future__ import annotations

from collections.abc import Mapping

from paddock.components import alerting
from paddock.images import reference
from paddock.model import Cluster, Fleet, Json

_NOT_READY = (
    'kube_deployment_status_replicas_available{job="kube-state-metrics", deployment=~".+-predictor"} == 0 '
    'and on (namespace, deployment) kube_deployment_spec_replicas{job="kube-state-metrics"} > 0'
)


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`images` by runtime, `storageInitializerTag`, `ingressDomain` and the `ruleGroups` of a PrometheusRule."""
    alerts = [
        alerting.controller_down(
            "KServeControllerDown", namespace="kserve", job="kserve-controller-manager.*", what="KServe"
        ),
        alerting.Alert(
            name="InferenceServiceWithoutReplicas",
            expr=_NOT_READY,
            wait="15m",
            severity="critical",
            team="{{ $labels.namespace }}",
            summary="{{ $labels.namespace }}/{{ $labels.deployment }} serves nothing: no replica is available.",
        ),
    ]
    domain = f"{cluster.name}.{cluster.environment}.{fleet.platform.data['domain']}"
    return {
        "images": {name: reference(image) for name, image in settings["images"].items()},
        "storageInitializerTag": _tag(settings["storageInitializer"]["image"]),
        "ingressDomain": settings["ingress"].get("domain", domain),
        "ruleGroups": [alerting.group("kserve", alerts, fleet)],
    }


def _tag(image: Mapping[str, Json]) -> str:
    """What the chart puts after `repository:`, where a digest alone has no place (kserve-resources, values.yaml)."""
    tag = image.get("tag", "pinned")
    return f"{tag}@{image['digest']}" if "digest" in image else str(tag)
