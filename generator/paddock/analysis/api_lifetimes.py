"""Until when a version of an API is served: by the Kubernetes of a cluster, and by the operators whose kinds we write.
Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ for the versions that were in use; for the
others the API specifications of Kubernetes 1.25 to 1.37, where the first release without a version is the one that
removed it (tests compare both); for operators their CRDs (`served`, `deprecated`) and release notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Version = tuple[int, int]
"""Major and minor version of Kubernetes."""

HORIZON = 2
"""How many minor versions ahead of a cluster a removal is announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Kubernetes `removed` and all later ones do not serve the kinds in `api_version`."""

    api_version: str
    kinds: tuple[str, ...]
    removed: Version
    instead: str
    """The apiVersion to write instead; a sentence where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A version of an operator's API. `since` is what no longer serves it; empty while it is only deprecated."""

    group: str
    version: str
    instead: str
    since: str = ""
    note: str = ""
    kinds: tuple[str, ...] = ()
    """The kinds it is about; none stated: all of the group."""


def _removals(minor: int, *rows: tuple[str, str, str]) -> Iterator[Removal]:
    for api_version, kinds, instead in rows:
        yield Removal(api_version=api_version, kinds=tuple(kinds.split()), removed=(1, minor), instead=instead)


_RESOURCE = "ResourceClaim ResourceClaimTemplate"
_POLICY = "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding"
_ADMISSION = "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
_RBAC = "ClusterRole ClusterRoleBinding Role RoleBinding"
_FLOW = "FlowSchema PriorityLevelConfiguration"
_GONE = "there is no replacement"

REMOVALS = (
    *_removals(
        16,
        ("extensions/v1beta1", "DaemonSet Deployment ReplicaSet", "apps/v1"),
        ("extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1"),
        ("extensions/v1beta1", "PodSecurityPolicy", "the levels of Pod Security on namespaces take its place"),
        ("apps/v1beta1", "Deployment StatefulSet", "apps/v1"),
        ("apps/v1beta2", "DaemonSet Deployment ReplicaSet StatefulSet", "apps/v1"),
    ),
    *_removals(
        22,
        ("admissionregistration.k8s.io/v1beta1", _ADMISSION, "admissionregistration.k8s.io/v1"),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "apiextensions.k8s.io/v1"),
        ("apiregistration.k8s.io/v1beta1", "APIService", "apiregistration.k8s.io/v1"),
        ("authentication.k8s.io/v1beta1", "TokenReview", "authentication.k8s.io/v1"),
        (
            "authorization.k8s.io/v1beta1",
            "LocalSubjectAccessReview SelfSubjectAccessReview SubjectAccessReview",
            "authorization.k8s.io/v1",
        ),
        ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1"),
        ("coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1"),
        ("extensions/v1beta1", "Ingress", "networking.k8s.io/v1"),
        ("networking.k8s.io/v1beta1", "Ingress IngressClass", "networking.k8s.io/v1"),
        ("rbac.authorization.k8s.io/v1alpha1", _RBAC, "rbac.authorization.k8s.io/v1"),
        ("rbac.authorization.k8s.io/v1beta1", _RBAC, "rbac.authorization.k8s.io/v1"),
        ("scheduling.k8s.io/v1beta1", "PriorityClass", "scheduling.k8s.io/v1"),
        ("storage.k8s.io/v1beta1", "CSIDriver CSINode StorageClass VolumeAttachment", "storage.k8s.io/v1"),
    ),
    *_removals(
        25,
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2"),
        ("batch/v1beta1", "CronJob", "batch/v1"),
        ("discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1"),
        ("events.k8s.io/v1beta1", "Event", "events.k8s.io/v1"),
        ("node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1"),
        ("policy/v1beta1", "PodDisruptionBudget", "policy/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", "the levels of Pod Security on namespaces take its place"),
    ),
    *_removals(
        26,
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOW, "flowcontrol.apiserver.k8s.io/v1"),
    ),
    *_removals(
        27,
        ("resource.k8s.io/v1alpha1", f"PodScheduling ResourceClass {_RESOURCE}", "resource.k8s.io/v1"),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "storage.k8s.io/v1"),
    ),
    *_removals(
        29,
        ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOW, "flowcontrol.apiserver.k8s.io/v1"),
        ("networking.k8s.io/v1alpha1", "ClusterCIDR", _GONE),
    ),
    *_removals(
        31,
        ("networking.k8s.io/v1alpha1", "IPAddress ServiceCIDR", "networking.k8s.io/v1"),
        (
            "resource.k8s.io/v1alpha2",
            f"PodSchedulingContext ResourceClaimParameters ResourceClass ResourceClassParameters ResourceSlice "
            f"{_RESOURCE}",
            "resource.k8s.io/v1",
        ),
    ),
    *_removals(
        32,
        ("admissionregistration.k8s.io/v1alpha1", _POLICY, "admissionregistration.k8s.io/v1"),
        ("authentication.k8s.io/v1alpha1", "SelfSubjectReview", "authentication.k8s.io/v1"),
        ("coordination.k8s.io/v1alpha1", "LeaseCandidate", "coordination.k8s.io/v1beta1"),
        ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOW, "flowcontrol.apiserver.k8s.io/v1"),
        ("resource.k8s.io/v1alpha3", "PodSchedulingContext", _GONE),
    ),
    *_removals(33, ("authentication.k8s.io/v1beta1", "SelfSubjectReview", "authentication.k8s.io/v1")),
    *_removals(
        34,
        ("admissionregistration.k8s.io/v1beta1", _POLICY, "admissionregistration.k8s.io/v1"),
        ("resource.k8s.io/v1alpha3", f"DeviceClass ResourceSlice {_RESOURCE}", "resource.k8s.io/v1"),
    ),
    *_removals(
        35,
        ("certificates.k8s.io/v1alpha1", "PodCertificateRequest", "certificates.k8s.io/v1beta1"),
        ("storage.k8s.io/v1alpha1", "VolumeAttributesClass", "storage.k8s.io/v1"),
        ("storagemigration.k8s.io/v1alpha1", "StorageVersionMigration", "storagemigration.k8s.io/v1beta1"),
    ),
    *_removals(36, ("scheduling.k8s.io/v1alpha1", "Workload", "scheduling.k8s.io/v1alpha2")),
    *_removals(
        37,
        ("certificates.k8s.io/v1alpha1", "ClusterTrustBundle", "certificates.k8s.io/v1"),
        ("networking.k8s.io/v1beta1", "IPAddress ServiceCIDR", "networking.k8s.io/v1"),
        ("scheduling.k8s.io/v1alpha2", "PodGroup Workload", "scheduling.k8s.io/v1beta1"),
        ("storage.k8s.io/v1beta1", "VolumeAttributesClass", "storage.k8s.io/v1"),
    ),
)

SUPERSEDED = (
    # Karpenter's upgrade guide, "Upgrading to 1.1.0+": the v1beta1 APIs are gone, and with them the conversion.
    Superseded(group="karpenter.sh", version="v1alpha5", instead="karpenter.sh/v1", since="Karpenter 1.0"),
    Superseded(group="karpenter.sh", version="v1beta1", instead="karpenter.sh/v1", since="Karpenter 1.1"),
    Superseded(group="karpenter.k8s.aws", version="v1alpha1", instead="karpenter.k8s.aws/v1", since="Karpenter 1.0"),
    Superseded(group="karpenter.k8s.aws", version="v1beta1", instead="karpenter.k8s.aws/v1", since="Karpenter 1.1"),
    # The CRDs of External Secrets have served: false unless unsafeServeV1Beta1 is set (charts.md 3, external-secrets).
    Superseded(
        group="external-secrets.io",
        version="v1beta1",
        instead="external-secrets.io/v1",
        since="External Secrets 0.17",
        kinds=("ClusterExternalSecret", "ClusterSecretStore", "ExternalSecret", "SecretStore"),
    ),
    # `deprecated: true` in the CRDs of Kueue 0.19 and KubeRay 1.6, and gpu-platform.md 5.1.
    Superseded(group="kueue.x-k8s.io", version="v1beta1", instead="kueue.x-k8s.io/v1beta2"),
    Superseded(group="ray.io", version="v1alpha1", instead="ray.io/v1", note="KubeRay 1.9 removes it"),
    Superseded(group="policies.kyverno.io", version="v1alpha1", instead="policies.kyverno.io/v1"),
    Superseded(
        group="kyverno.io",
        version="v2beta1",
        instead="kyverno.io/v2",
        kinds=("CleanupPolicy", "ClusterCleanupPolicy", "PolicyException"),
    ),
    Superseded(group="kyverno.io", version="v2alpha1", instead="kyverno.io/v2", kinds=("GlobalContextEntry",)),
    # cert-manager's release notes: 1.6 stopped to serve all versions before v1.
    *(
        Superseded(group=group, version=version, instead=f"{group}/v1", since="cert-manager 1.6")
        for group in ("acme.cert-manager.io", "cert-manager.io")
        for version in ("v1alpha2", "v1alpha3", "v1beta1")
    ),
)

_REMOVALS = {(one.api_version, kind): one for one in REMOVALS for kind in one.kinds}
_SUPERSEDED = {(f"{one.group}/{one.version}", kind): one for one in SUPERSEDED for kind in one.kinds or ("",)}


def minor(version: str) -> Version:
    """The two numbers of a version such as 1.34."""
    major, _, rest = version.partition(".")
    return int(major), int(rest.partition(".")[0])


def removal(api_version: str, kind: str) -> Removal | None:
    """When Kubernetes stops to serve a kind in a version; None if no release is known that does."""
    return _REMOVALS.get((api_version, kind))


def superseded(api_version: str, kind: str) -> Superseded | None:
    """What took the place of a version of an operator's kind; None if it is current or unknown."""
    return _SUPERSEDED.get((api_version, kind)) or _SUPERSEDED.get((api_version, ""))


def is_removed(api_version: str, kind: str, kubernetes: str) -> bool:
    """Whether nothing on a cluster of a version of Kubernetes serves a kind any more."""
    core = removal(api_version, kind)
    if core is not None:
        return core.removed <= minor(kubernetes)
    operator = superseded(api_version, kind)
    return operator is not None and bool(operator.since)


def is_ending(api_version: str, kind: str, kubernetes: str) -> bool:
    """Whether it is still served there, but not after the next minor versions, or deprecated by its operator."""
    core = removal(api_version, kind)
    if core is not None:
        major, now = minor(kubernetes)
        return (major, now) < core.removed <= (major, now + HORIZON)
    operator = superseded(api_version, kind)
    return operator is not None and not operator.since
