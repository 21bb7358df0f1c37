"""Which fields of each kind that we emit name which other objects, with a place for each. What is named there is the
reader's to look up; names of AWS (roles, buckets, ARNs) are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paddock.analysis import pod_references
from paddock.analysis.pod_kinds import KUBERNETES
from paddock.analysis.references import ACK, Reference, Target, items, keyed, mapping, named
from paddock.diagnostics import Pointer

Json = Any

"""A cluster as Argo CD knows it, by its Secret."""
MODEL_FORMAT = "model format"
"""A format of models that some serving runtime picks by itself."""
KUEUE_NAMESPACE = "kueue-system"
CERTIFICATES_NAMESPACE = "cert-manager"
"""Where Kueue and cert-manager read the Secrets of their objects without a namespace (their charts' defaults)."""

_RUN = "trainjob.json"
"""Key of a ConfigMap that holds a run to be created."""
_CLUSTER_NAME = "kubernetes.io/metadata.name"
_ACCOUNT = "kubernetes.io/service-account.name"

# The kind that a field of ACK refers to, by the field's name (the resources' CRDs; ACK: "Resource references").
_ACK_KINDS = {
    "certificateAuthorityRef": "CertificateAuthority",
    "clusterRef": "Cluster",
    "dbSubnetGroupRef": "DBSubnetGroup",
    "groupRef": "SecurityGroup",
    "keyRef": "Key",
    "kmsKeyRef": "Key",
    "masterUserSecretKMSKeyRef": "Key",
    "nodeRoleRef": "Role",
    "performanceInsightsKMSKeyRef": "Key",
    "permissionsBoundaryRef": "Policy",
    "policyRefs": "Policy",
    "roleRef": "Role",
    "securityGroupRefs": "SecurityGroup",
    "subnetRefs": "Subnet",
    "targetKeyRef": "Key",
    "vpcRef": "VPC",
    "vpcSecurityGroupRefs": "SecurityGroup",
}


def references(data: Mapping[str, Json]) -> Iterator[Reference]:
    """Every name of another object in an object that its schema allows."""
    namespace = str(data["metadata"].get("namespace") or "")
    if f"{ACK}/" in data["apiVersion"]:
        yield from _ack(data.get("spec"), namespace, ("spec",))
    of_kind = _OF_KIND.get(data["kind"])
    if of_kind is not None:
        yield from of_kind(data, namespace)
    if data["kind"] in _WITH_PODS:
        yield from pod_references.references(data)


def _ack(value: Json, namespace: str, at: Pointer, field: str = "") -> Iterator[Reference]:
    """ACK's references: `<field>Ref: {from: {name, namespace}}`, in the own namespace unless it says another."""
    if isinstance(value, dict):
        stated = value.get("from")
        if isinstance(stated, dict) and field in _ACK_KINDS:
            where = str(stated.get("namespace") or namespace)
            yield from named(f"ACK {_ACK_KINDS[field]}", where, stated, (*at, "from"), "name")
            return
        for key, item in value.items():
            yield from _ack(item, namespace, (*at, key), key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _ack(item, namespace, (*at, index), field)


def _account_of_identity(data: Mapping[str, Json], _: str) -> Iterator[Reference]:
    """The service account, which is on the cluster that the association is for."""
    spec = mapping(data, "spec")
    yield from named("ServiceAccount", str(spec.get("namespace") or ""), spec, ("spec",), "serviceAccount")


def _admission_check(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    parameters = mapping(data, "spec", "parameters")
    if "kind" in parameters:
        yield from named(parameters["kind"], namespace, parameters, ("spec", "parameters"), "name")


def _alertmanager_config(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    for index, one in items(mapping(data, "spec"), "receivers"):
        yield from _selectors(one, namespace, ("spec", "receivers", index))


def _selectors(value: Json, namespace: str, at: Pointer) -> Iterator[Reference]:
    """Keys of Secrets and ConfigMaps wherever Prometheus' operator has them: {name, key}."""
    if isinstance(value, dict):
        if value.keys() >= {"name", "key"} and value.keys() <= {"name", "key", "optional"}:
            yield from keyed("ConfigMap" if at[-1] == "configMap" else "Secret", namespace, value, at)
            return
        for key, item in value.items():
            yield from _selectors(item, namespace, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _selectors(item, namespace, (*at, index))


def _certificate(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    issuer = mapping(data, "spec", "issuerRef")
    if issuer.get("group") in (None, "", "cert-manager.io"):
        yield from named(issuer.get("kind") or "Issuer", namespace, issuer, ("spec", "issuerRef"), "name")


def _cluster_queue(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    spec = mapping(data, "spec")
    yield from named("Cohort", "", spec, ("spec",), "cohortName")
    yield from _flavors(spec, ("spec",))
    checks = ("spec", "admissionChecksStrategy")
    for index, one in items(mapping(data, *checks), "admissionChecks"):
        yield from named("AdmissionCheck", "", one, (*checks, "admissionChecks", index), "name")
    labels = ("spec", "namespaceSelector", "matchLabels")
    yield from named("Namespace", "", mapping(data, *labels), labels, _CLUSTER_NAME)


def _cohort(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    yield from named("Cohort", "", mapping(data, "spec"), ("spec",), "parentName")
    yield from _flavors(mapping(data, "spec"), ("spec",))


def _flavors(spec: Mapping[str, Json], at: Pointer) -> Iterator[Reference]:
    for index, group in items(spec, "resourceGroups"):
        for number, one in items(group, "flavors"):
            yield from named("ResourceFlavor", "", one, (*at, "resourceGroups", index, "flavors", number), "name")


def _config_map(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    """What a run names that a ConfigMap holds, at the text of it."""
    text = mapping(data, "data").get(_RUN)
    try:
        run = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return  # somebody else's file of that name
    if isinstance(run, dict) and isinstance(run.get("kind"), str) and isinstance(run.get("apiVersion"), str):
        for found, _ in references({**run, "metadata": {**mapping(run, "metadata"), "namespace": namespace}}):
            yield found, ("data", _RUN)


def _external_secret(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    spec = mapping(data, "spec")
    yield from _store(spec, "secretStoreRef", namespace, ("spec",))
    for field, inner in (("data", "sourceRef"), ("dataFrom", "sourceRef")):
        for index, one in items(spec, field):
            yield from _store(mapping(one, inner), "storeRef", namespace, ("spec", field, index, inner))


def _store(value: Mapping[str, Json], field: str, namespace: str, at: Pointer) -> Iterator[Reference]:
    stated = mapping(value, field)
    yield from named(stated.get("kind") or "SecretStore", namespace, stated, (*at, field), "name")


def _inference_service(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    """Its runtime, in the namespace or for the cluster; else some runtime must pick the model's format by itself."""
    at = ("spec", "predictor", "model")
    model = mapping(data, *at)
    if "runtime" in model:
        yield from named("ServingRuntime", namespace, model, at, "runtime")
    elif model:
        yield from named(MODEL_FORMAT, namespace, mapping(model, "modelFormat"), (*at, "modelFormat"), "name")


def _ingress(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    spec = mapping(data, "spec")
    yield from named("IngressClass", "", spec, ("spec",), "ingressClassName")
    yield from _backend(mapping(spec, "defaultBackend"), namespace, ("spec", "defaultBackend"))
    for index, one in items(spec, "tls"):
        yield from named("Secret", namespace, one, ("spec", "tls", index), "secretName")
    for index, rule in items(spec, "rules"):
        for number, path in items(mapping(rule, "http"), "paths"):
            here = ("spec", "rules", index, "http", "paths", number, "backend")
            yield from _backend(mapping(path, "backend"), namespace, here)


def _backend(backend: Mapping[str, Json], namespace: str, at: Pointer) -> Iterator[Reference]:
    service = mapping(backend, "service")
    port = mapping(service, "port")
    for found, pointer in named("Service", namespace, service, (*at, "service"), "name"):
        yield found, pointer
        for field in port.keys() & {"name", "number"}:
            yield found._replace(key=str(port[field])), (*at, "service", "port", field)


def _issuer(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    yield from named(
        "Secret", namespace or CERTIFICATES_NAMESPACE, mapping(data, "spec", "ca"), ("spec", "ca"), "secretName"
    )


def _multikueue_cluster(data: Mapping[str, Json], _: str) -> Iterator[Reference]:
    """The kubeconfig, under the key `kubeconfig` of a Secret in Kueue's namespace (Kueue, "Setup a MultiKueue")."""
    at = ("spec", "clusterSource", "kubeConfig")
    stated = mapping(data, *at)
    if stated.get("locationType", "Secret") == "Secret":
        for found, pointer in named("Secret", KUEUE_NAMESPACE, stated, at, "location"):
            yield found._replace(key="kubeconfig"), pointer


def _multikueue_config(data: Mapping[str, Json], _: str) -> Iterator[Reference]:
    names = mapping(data, "spec").get("clusters")
    for index, name in enumerate(names if isinstance(names, list) else ()):
        yield Target("MultiKueueCluster", "", str(name)), ("spec", "clusters", index)


def _node_pool(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    at = ("spec", "template", "spec", "nodeClassRef")
    stated = mapping(data, *at)
    yield from named(stated.get("kind") or "EC2NodeClass", namespace, stated, at, "name")


def _role_binding(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    role = mapping(data, "roleRef")
    yield from named(role.get("kind") or "", namespace, role, ("roleRef",), "name")
    for index, one in items(data, "subjects"):
        if one.get("kind") == "ServiceAccount":
            where = str(one.get("namespace") or namespace)
            yield from named("ServiceAccount", where, one, ("subjects", index), "name")


def _scaler(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    scaled = mapping(data, "spec", "scaleTargetRef")
    yield from named(scaled.get("kind") or "Deployment", namespace, scaled, ("spec", "scaleTargetRef"), "name")


def _service_account(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    for field in ("imagePullSecrets", "secrets"):
        for index, one in items(data, field):
            yield from named("Secret", namespace, one, (field, index), "name")


def _secret(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    """The account of a token (type kubernetes.io/service-account-token)."""
    yield from named(
        "ServiceAccount", namespace, mapping(data, "metadata", "annotations"), ("metadata", "annotations"), _ACCOUNT
    )


def _monitor(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    for field in ("endpoints", "podMetricsEndpoints"):
        for index, one in items(mapping(data, "spec"), field):
            yield from _selectors(one, namespace, ("spec", field, index))


def _stateful_set(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    yield from named("Service", namespace, mapping(data, "spec"), ("spec",), "serviceName")
    for index, one in items(mapping(data, "spec"), "volumeClaimTemplates"):
        here = ("spec", "volumeClaimTemplates", index, "spec")
        yield from named("StorageClass", "", mapping(one, "spec"), here, "storageClassName")


def _train_job(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    stated = mapping(data, "spec", "runtimeRef")
    yield from named(stated.get("kind") or "ClusterTrainingRuntime", namespace, stated, ("spec", "runtimeRef"), "name")


def _volume(data: Mapping[str, Json], _: str) -> Iterator[Reference]:
    """The claim that a volume is kept for. Its class may be a mere word that claim and volume share."""
    claim = mapping(data, "spec", "claimRef")
    where = str(claim.get("namespace") or "")
    yield from named("PersistentVolumeClaim", where, claim, ("spec", "claimRef"), "name")


def _volume_claim(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    spec = mapping(data, "spec")
    if spec.get("volumeName"):
        yield from named("PersistentVolume", "", spec, ("spec",), "volumeName")
    else:
        yield from named("StorageClass", "", spec, ("spec",), "storageClassName")


def _in_spec(kind: str, *path: str) -> Callable[[Mapping[str, Json], str], Iterator[Reference]]:
    """A kind that names one object in one field."""
    above: tuple[str, ...] = path[:-1]

    def found(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
        yield from named(kind, namespace, mapping(data, *above), above, path[-1])

    return found


def _claim_template(data: Mapping[str, Json], namespace: str) -> Iterator[Reference]:
    at: tuple[str, ...] = ("spec", "spec") if data["kind"] == "ResourceClaimTemplate" else ("spec",)
    for index, one in items(mapping(data, *at, "devices"), "requests"):
        here: Pointer = (*at, "devices", "requests", index, "exactly")
        yield from named("DeviceClass", "", mapping(one, "exactly"), here, "deviceClassName")


_OF_KIND: Mapping[str, Callable[[Mapping[str, Json], str], Iterator[Reference]]] = {
    "AdmissionCheck": _admission_check,
    "AlertmanagerConfig": _alertmanager_config,
    "Certificate": _certificate,
    "ClusterIssuer": _issuer,
    "ClusterQueue": _cluster_queue,
    "ClusterRoleBinding": _role_binding,
    "Cohort": _cohort,
    "ConfigMap": _config_map,
    "ExternalSecret": _external_secret,
    "HorizontalPodAutoscaler": _scaler,
    "InferenceService": _inference_service,
    "Ingress": _ingress,
    "Issuer": _issuer,
    "LocalQueue": _in_spec("ClusterQueue", "spec", "clusterQueue"),
    "MultiKueueCluster": _multikueue_cluster,
    "MultiKueueConfig": _multikueue_config,
    "NodePool": _node_pool,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _volume_claim,
    "PodIdentityAssociation": _account_of_identity,
    "PodMonitor": _monitor,
    "ResourceClaim": _claim_template,
    "ResourceClaimTemplate": _claim_template,
    "ResourceFlavor": _in_spec("Topology", "spec", "topologyName"),
    "RoleBinding": _role_binding,
    "ScaledObject": _scaler,
    "Secret": _secret,
    "ServiceAccount": _service_account,
    "ServiceMonitor": _monitor,
    "StatefulSet": _stateful_set,
    "TrainJob": _train_job,
    "VolumeSnapshot": _in_spec("VolumeSnapshotClass", "spec", "volumeSnapshotClassName"),
}
"""What each kind names beside its pods; kinds that are not here name nothing."""

_WITH_PODS = KUBERNETES | {
    "ClusterServingRuntime",
    "ClusterTrainingRuntime",
    "ClusterWorkflowTemplate",
    "CronWorkflow",
    "InferenceService",
    "JobSet",
    "RayCluster",
    "RayJob",
    "RayService",
    "ServingRuntime",
    "TrainJob",
    "TrainingRuntime",
    "Workflow",
    "WorkflowTemplate",
}
