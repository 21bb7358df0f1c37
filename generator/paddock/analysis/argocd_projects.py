"""What an AppProject permits, decided as Argo CD decides it. Data in, answers out; the words are the checks'.

The source is argo-cd, pkg/apis/application/v1alpha1/app_project_types.go (methods named below) and types.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.analysis.argocd_patterns import file_match, glob, repository

Json = Any
Project = Mapping[str, Json]
"""The `spec` of an AppProject."""

_CORE_CLUSTER_KINDS = {
    "": ("ComponentStatus", "Namespace", "Node", "PersistentVolume"),
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "apiregistration.k8s.io": ("APIService",),
    "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
    "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
    "networking.k8s.io": ("IngressClass", "IPAddress", "ServiceCIDR"),
    "node.k8s.io": ("RuntimeClass",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
    "resource.k8s.io": ("DeviceClass", "DeviceTaintRule", "ResourceSlice"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
}
_CUSTOM_CLUSTER_KINDS = {
    "argoproj.io": ("ClusterAnalysisTemplate", "ClusterWorkflowTemplate"),
    "cert-manager.io": ("ClusterIssuer",),
    "external-secrets.io": ("ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"),
    "karpenter.k8s.aws": ("EC2NodeClass",),
    "karpenter.sh": ("NodeClaim", "NodeOverlay", "NodePool"),
    "kueue.x-k8s.io": (
        "AdmissionCheck",
        "ClusterQueue",
        "Cohort",
        "MultiKueueCluster",
        "MultiKueueConfig",
        "ProvisioningRequestConfig",
        "ResourceFlavor",
        "Topology",
        "WorkloadPriorityClass",
    ),
    "kyverno.io": ("ClusterCleanupPolicy", "ClusterPolicy", "GlobalContextEntry"),
    "nvidia.com": ("ClusterPolicy", "GPUCluster", "NVIDIADriver"),
    "policies.kyverno.io": (
        "DeletingPolicy",
        "GeneratingPolicy",
        "ImageValidatingPolicy",
        "MutatingPolicy",
        "ValidatingPolicy",
    ),
    "services.k8s.aws": ("IAMRoleSelector",),
    "serving.kserve.io": (
        "ClusterServingRuntime",
        "ClusterStorageContainer",
        "LocalModelCache",
        "LocalModelNode",
        "LocalModelNodeGroup",
    ),
    "snapshot.storage.k8s.io": ("VolumeSnapshotClass", "VolumeSnapshotContent"),
    "trainer.kubeflow.org": ("ClusterTrainingRuntime",),
}
CLUSTER_KINDS = frozenset(
    (group, kind)
    for table in (_CORE_CLUSTER_KINDS, _CUSTOM_CLUSTER_KINDS)
    for group, kinds in table.items()
    for kind in kinds
)
"""Kinds without a namespace: the Kubernetes API reference, and the scope of the custom kinds' CRDs."""
BUILT_IN_GROUPS = frozenset(
    {"", "apps", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "coordination.k8s.io"}
    | {"discovery.k8s.io", "events.k8s.io", "policy", "storagemigration.k8s.io"}
    | _CORE_CLUSTER_KINDS.keys()
)
"""API groups of Kubernetes itself; every other group comes by a CRD or an aggregated API."""
KEPT_DATA = frozenset(
    {("", "Namespace"), ("", "PersistentVolumeClaim"), ("apiextensions.k8s.io", "CustomResourceDefinition")}
)
"""Kinds whose replacement loses what is in them (argo-cd#18245)."""

_ROLE_ACTIONS = {"get", "create", "update", "delete", "sync", "override", "rollback", "*"}
_PATTERNS_OF_ACTIONS = re.compile(r"(action|update|delete)/.*")


def is_namespaced(group: str, kind: str, namespace: str) -> bool:
    """Whether a kind lies in namespaces; one that we do not know does where the object says so."""
    known = group in BUILT_IN_GROUPS or group in _CUSTOM_CLUSTER_KINDS
    return (group, kind) not in CLUSTER_KINDS and (known or namespace != "")


def source_permitted(project: Project, url: str) -> bool:
    """IsSourcePermitted: any entry matches, and no entry with `!` refuses; `*` does not cross `/`."""
    found = False
    wanted = repository(url)
    for stated in project.get("sourceRepos") or ():
        if stated.startswith("!"):
            if glob(repository(stated[1:]), wanted, "/"):
                return False
            found = True  # what a negation does not refuse, it allows (argo-cd#21264)
        elif stated == "*" or glob(repository(stated), wanted, "/"):
            found = True
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A registered cluster as projects know it: by its name and by the URL of its API server."""

    name: str
    server: str


def destination_permitted(project: Project, target: Target, namespace: str) -> bool:
    """isDestinationMatched: an entry whose name or server matches, and whose namespace does; no separators."""
    found = False
    for entry in project.get("destinations") or ():
        name, server, inside = (str(entry.get(key) or "") for key in ("name", "server", "namespace"))
        by_name = bool(target.name) and _negatable(name, target.name)
        by_server = bool(target.server) and _negatable(server, target.server)
        by_namespace = _negatable(inside, namespace)
        if (by_name or by_server) and by_namespace:
            found = True
            continue
        refused = not by_name and name.startswith("!")
        refused |= not by_server and server.startswith("!") and by_namespace
        refused |= not by_namespace and inside.startswith("!") and by_server
        if refused:
            return False
    return found


def kind_permitted(project: Project, group: str, kind: str, name: str, *, namespaced: bool) -> bool:
    """IsGroupKindNamePermitted: of namespaced kinds an absent whitelist allows all, of cluster-scoped ones none."""
    if namespaced:
        allowed = project.get("namespaceResourceWhitelist")
        refused = project.get("namespaceResourceBlacklist") or ()
        return (allowed is None or _listed(allowed, group, kind)) and not _listed(refused, group, kind)
    allowed, refused = (project.get(f"clusterResource{one}") or () for one in ("Whitelist", "Blacklist"))
    return _listed(allowed, group, kind, name) and not _listed(refused, group, kind, name)


def namespace_permitted(project: Project, namespace: str, *, control: str) -> bool:
    """IsAppNamespacePermitted: Applications lie in Argo CD's own namespace, or in one of sourceNamespaces."""
    return namespace in ("", control) or any(
        source_namespace(one, namespace) for one in project.get("sourceNamespaces") or ()
    )


def source_namespace(entry: str, namespace: str) -> bool:
    """Whether an entry of sourceNamespaces names a namespace: between slashes it is a regular expression."""
    if len(entry) > 1 and entry.startswith("/") and entry.endswith("/"):
        try:
            if re.search(entry[1:-1], namespace):
                return True
        except re.error:
            pass  # Argo CD takes one that does not compile for a no, and then tries it as a glob
    return glob(entry, namespace)


def policy_fault(project: str, role: str, policy: str) -> str:
    """What Argo CD refuses a role's policy for, and with it the whole project: subject, action, object; else empty.

    validatePolicy in types.go; that it has six parts and a known resource is in the schema of AppProject.
    """
    parts = [one.strip() for one in policy.split(",")]
    if len(parts) != 6:
        return "parts"
    if parts[1] != f"proj:{project}:{role}":
        return "subject"
    if parts[3] not in _ROLE_ACTIONS and not _PATTERNS_OF_ACTIONS.search(parts[3]):
        return "action"
    return "" if re.fullmatch(rf"{re.escape(project)}(/[*\w.-]+)?/[*\w.-]+", parts[4]) else "object"


def grant(policy: str) -> tuple[str, str]:
    """Resource and action that a policy allows; empty where it denies."""
    parts = [one.strip() for one in policy.split(",")]
    return (parts[2], parts[3]) if len(parts) == 6 and parts[5] == "allow" else ("", "")


def wide_repository(entry: str) -> bool:
    """Whether an entry of sourceRepos reaches repositories of others: a pattern outside the last steps of a path, or
    behind a name without a slash (`org*` is `org-of-somebody-else` too)."""
    scheme, _, rest = entry.rpartition("://")
    host, _, path = rest.replace(":", "/", 1).partition("/") if not scheme else rest.partition("/")
    steps = path.split("/")
    if any(char in host or char in steps[0] for char in "*?[{"):
        return True
    return any(one.strip("*?") and any(char in one for char in "*?[{") for one in steps[1:-1])


def _negatable(pattern: str, text: str) -> bool:
    if pattern.startswith("!"):
        return not glob(pattern[1:], text)
    return pattern == "*" or glob(pattern, text)


def _listed(entries: Sequence[Mapping[str, Json]], group: str, kind: str, name: str | None = None) -> bool:
    for one in entries:
        if not (file_match(one["kind"], kind) and file_match(one["group"], group)):
            continue
        if name is None or not one.get("name") or file_match(one["name"], name):
            return True
    return False
