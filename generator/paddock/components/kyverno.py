"""Kyverno's policies in CEL, of what analysis.admission says for the cluster, and its alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from paddock.analysis import admission
from paddock.analysis.admission import Rule
from paddock.analysis.pod_templates import QUEUE
from paddock.components import alerting
from paddock.devices import GPU, MIG
from paddock.model import Cluster, Fleet, Json

_CONTAINERS = (
    "object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([])"
)
_CONTROLLERS = ["cronjobs", "daemonsets", "deployments", "jobs", "statefulsets"]
# A resource of each kind of job that carries Kueue's label: (API group, plural).
_JOBS = {
    "Job": ("batch", "jobs"),
    "JobSet": ("jobset.x-k8s.io", "jobsets"),
    "RayCluster": ("ray.io", "rayclusters"),
    "RayJob": ("ray.io", "rayjobs"),
    "TrainJob": ("trainer.kubeflow.org", "trainjobs"),
}
# Where the pods of a job stand in it; a TrainJob's stand in its runtime.
_RAY = "[{0}.headGroupSpec.template.spec] + {0}.?workerGroupSpecs.orValue([]).map(g, g.template.spec)"
_SPECS = {
    "Job": "[object.spec.template.spec]",
    "JobSet": "object.spec.replicatedJobs.map(j, j.template.spec.template.spec)",
    "RayCluster": _RAY.format("object.spec"),
    "RayJob": f"(has(object.spec.rayClusterSpec) ? {_RAY.format('object.spec.rayClusterSpec')} : [])",
}
_DENIED = 'sum(increase(kyverno_admission_requests_total{request_allowed="false"}[15m])) by (resource_kind) > 20'
_SLOW = "histogram_quantile(0.95, sum by (le) (rate(kyverno_admission_review_duration_seconds_bucket[10m]))) > 5"


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`policies` (kind, name, title, description and spec of each), `scanned` (rights to read) and `ruleGroups`."""
    found = admission.rules(fleet, cluster, settings)
    return {
        "policies": [policy for rule in found.values() for policy in policies(rule, fleet)],
        "scanned": _scanned(found.get(admission.QUEUE_NAME)),
        "ruleGroups": [alerting.group("kyverno", _alerts(), fleet)],
    }


def _scanned(queues: Rule | None) -> list[Json]:
    """Rights to read the jobs that a policy speaks of: without them Kyverno calls the policy not ready for reports
    (kyverno v1.19.1, pkg/controllers/policystatus). Kinds of Kubernetes itself are the chart's."""
    resources = sorted(_JOBS[kind] for kind in queues.values) if queues else []
    return [
        {"apiGroups": [group], "resources": [plural], "verbs": ["get", "list", "watch"]}
        for group, plural in resources
        if group != "batch"
    ]


def policies(rule: Rule, fleet: Fleet) -> Iterable[Json]:
    """The objects of a rule: one ValidatingPolicy, or an ImageValidatingPolicy for each signer."""
    if rule.name == admission.SIGNED_IMAGES:
        signers = fleet.platform.data["admission"]["signers"]
        return [_signed(rule, name, signers[name]) for name in rule.values]
    return [_POLICIES[rule.name](rule, fleet.platform.data["labelDomain"])]


def text(value: str | tuple[str, ...]) -> str:
    """A string or a list of strings as CEL has it; JSON's strings are CEL's as long as they are ASCII."""
    return json.dumps(value)


def _allowed_registries(rule: Rule, domain: str) -> Json:
    fits = "variables.registries.exists(r, c.image.startsWith(r))"
    return _policy(
        rule,
        "Images come from allowed registries",
        "Whoever can name any image runs any program. The registries are spec.admission.registries of the platform.",
        variables={"containers": _CONTAINERS, "registries": text(tuple(f"{one}/" for one in rule.values))},
        validations=[
            (f"variables.containers.all(c, {fits})", _failing(fits, "is from no allowed registry")),
        ],
    )


def _image_digests(rule: Rule, domain: str) -> Json:
    fits = 'c.image.contains("@sha256:")'
    return _policy(
        rule,
        "Images are named by digest",
        "A tag can be moved to another image after review; a digest cannot.",
        variables={"containers": _CONTAINERS},
        validations=[(f"variables.containers.all(c, {fits})", _failing(fits, "has no digest"))],
    )


def _host_access(rule: Rule, domain: str) -> Json:
    spec = "object.spec"
    checks = {
        "The pod shares a namespace of its host.": " && ".join(
            f"!{spec}.?{name}.orValue(false)" for name in ("hostNetwork", "hostPID", "hostIPC")
        ),
        "The pod has a hostPath volume.": f"{spec}.?volumes.orValue([]).all(v, !has(v.hostPath))",
        "A container is privileged.": "variables.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
        "A container has a hostPort.": "variables.containers.all(c, c.?ports.orValue([])"
        ".all(p, p.?hostPort.orValue(0) == 0))",
    }
    # Namespaces of components that need their host say so (see namespaces.py); those of EKS have no label team.
    selector = [
        {"key": "team", "operator": "Exists"},
        {"key": f"{domain}/host-access", "operator": "NotIn", "values": ["allowed"]},
    ]
    return _policy(
        rule,
        "Pods keep away from their host",
        "Pod Security's level privileged, which EFA needs, allows all of this; teams need none of it.",
        variables={"containers": _CONTAINERS},
        validations=[(expression, text(message)) for message, expression in checks.items()],
        selector=selector,
    )


def _required_labels(rule: Rule, domain: str) -> Json:
    missing = 'variables.required.filter(l, object.metadata.?labels[?l].orValue("") == "")'
    return _policy(
        rule,
        "Pods carry the labels that costs are counted by",
        "The labels are spec.admission.requiredLabels of the platform.",
        variables={"required": text(rule.values), "missing": missing},
        validations=[("size(variables.missing) == 0", '"the pod lacks labels: " + variables.missing.join(", ")')],
    )


def _queue_name(rule: Rule, domain: str) -> Json:
    """Jobs that another job made are admitted with it; a Pod without a controller would pass by every queue."""
    specs = [f"object.kind == {text(kind)} ? {_SPECS[kind]}" for kind in rule.values if kind in _SPECS]
    gpu = (
        # Claims of devices are of GPUs, as Kueue counts them too.
        "s.?resourceClaims.orValue([]).size() > 0 || "
        "(s.?containers.orValue([]) + s.?initContainers.orValue([])).exists(c, "
        "[c.?resources.?limits.orValue({}), c.?resources.?requests.orValue({})].exists(m, "
        f"m.exists(k, k == {text(GPU)} || k.startsWith({text(MIG)}))))"
    )
    owned = f"variables.owners.exists(k, k in {text(rule.values)})"
    return _policy(
        rule,
        "Jobs that ask for GPUs wait in a queue",
        "Without the label Kueue does not see them, and they take GPUs that it has promised to others (kueue#931).",
        resources=[_resource("", "pods"), *(_resource(*_JOBS[kind]) for kind in rule.values)],
        operations=["CREATE"],
        controllers=[],
        variables={
            "owners": "object.metadata.?ownerReferences.orValue([])"
            ".filter(o, o.?controller.orValue(false)).map(o, o.kind)",
            "specs": " : ".join(['object.kind == "Pod" ? [object.spec]', *(f"({one}" for one in specs), "[]"])
            + ")" * len(specs),
            "gpu": f'object.kind == "TrainJob" || variables.specs.exists(s, {gpu})',
            "owned": f'object.kind == "Pod" ? size(variables.owners) > 0 : {owned}',
        },
        validations=[
            (
                f'!variables.gpu || variables.owned || object.metadata.?labels[?{text(QUEUE)}].orValue("") != ""',
                f'object.kind + " asks for GPUs without the label {QUEUE}"',
            )
        ],
    )


_POLICIES = {
    admission.ALLOWED_REGISTRIES: _allowed_registries,
    admission.HOST_ACCESS: _host_access,
    admission.IMAGE_DIGESTS: _image_digests,
    admission.QUEUE_NAME: _queue_name,
    admission.REQUIRED_LABELS: _required_labels,
}


def _failing(fits: str, what: str) -> str:
    """A message that names the first image which does not fit."""
    return f'"image " + variables.containers.filter(c, !({fits}))[0].image + {text(f" {what}")}'


def _policy(
    rule: Rule,
    title: str,
    description: str,
    *,
    variables: Mapping[str, str],
    validations: list[tuple[str, str]],
    resources: list[Json] | None = None,
    operations: list[str] | None = None,
    controllers: list[str] | None = None,
    selector: list[Json] | None = None,
) -> Json:
    """A ValidatingPolicy (policies.kyverno.io/v1; ClusterPolicy is deprecated since Kyverno 1.17). Defaults of its
    CRD are written out, so that Argo CD sees no difference."""
    rules = resources if resources is not None else [_resource("", "pods")]
    spec = {
        **_common(rule),
        "autogen": {"podControllers": {"controllers": _CONTROLLERS if controllers is None else controllers}},
        "evaluation": {"admission": {"enabled": True}, "background": {"enabled": True}},
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": selector or _TEAMS},
            "resourceRules": [{**one, "operations": operations or ["CREATE", "UPDATE"]} for one in rules],
        },
        "variables": [{"name": name, "expression": expression} for name, expression in variables.items()],
        "validations": [
            {"expression": expression, "messageExpression": message} for expression, message in validations
        ],
    }
    return {"kind": "ValidatingPolicy", "name": rule.name, "title": title, "description": description, "spec": spec}


def _signed(rule: Rule, name: str, signer: Mapping[str, Json]) -> Json:
    """An ImageValidatingPolicy of one signer. Images keep the names they have: a digest that Kyverno wrote into a
    Deployment would be a difference for Argo CD."""
    fields = ("containers", "initContainers", "ephemeralContainers")
    spec = {
        **_common(rule),
        "autogen": {"podControllers": {"controllers": _CONTROLLERS}},
        "evaluation": {"admission": {"enabled": True}, "background": {"enabled": False}},
        "webhookConfiguration": {"timeoutSeconds": 30},
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": _TEAMS},
            "resourceRules": [{**_resource("", "pods"), "operations": ["CREATE", "UPDATE"]}],
        },
        "matchImageReferences": [{"glob": glob} for glob in sorted(signer["images"])],
        "credentials": {"allowInsecureRegistry": False, "providers": ["amazon"]},
        "validationConfigurations": {"mutateDigest": False, "required": True, "verifyDigest": False},
        "attestors": [{"name": "signer", "cosign": _cosign(signer)}],
        "validations": [
            {
                "expression": f"images.{one}.map(i, verifyImageSignatures(i, [attestors.signer])).all(e, e > 0)",
                "message": f"An image is not signed by {name}.",
            }
            for one in fields
        ],
    }
    return {
        "kind": "ImageValidatingPolicy",
        "name": f"{rule.name}-{name}",
        "title": f"Images carry the signature of {name}",
        "description": "The signers are spec.admission.signers of the platform.",
        "spec": spec,
    }


def _cosign(signer: Mapping[str, Json]) -> Json:
    if "keyless" in signer:
        stated = signer["keyless"]
        wild = "*" in stated["subject"]
        subject = {"subjectRegExp": _pattern(stated["subject"])} if wild else {"subject": stated["subject"]}
        return {"keyless": {"identities": [{"issuer": stated["issuer"], **subject}]}}
    key = signer["key"]
    return {"key": {"kms": key} if key.startswith("awskms:") else {"data": key}}


def _pattern(subject: str) -> str:
    """A regular expression (RE2) of a subject with `*`."""
    special = set("\\.+?()[]{}|^$")
    return "^" + "".join(".*" if one == "*" else f"\\{one}" if one in special else one for one in subject) + "$"


_TEAMS: list[Json] = [
    {"key": "team", "operator": "Exists"},
    {"key": "team", "operator": "NotIn", "values": ["platform"]},
]


def _common(rule: Rule) -> dict[str, Json]:
    """Enforced policies fail closed; one that only reports must not stop anything."""
    return {
        "failurePolicy": "Fail" if rule.enforced else "Ignore",
        "validationActions": ["Deny"] if rule.enforced else ["Audit", "Warn"],
    }


def _resource(group: str, plural: str) -> Json:
    return {"apiGroups": [group], "apiVersions": ["*" if group else "v1"], "resources": [plural]}


def _alerts() -> list[alerting.Alert]:
    return [
        alerting.controller_down(
            "KyvernoDown", namespace="kyverno", job="kyverno-svc-metrics", what="Kyverno's admission controller"
        ),
        alerting.Alert(
            name="KyvernoSlow",
            expr=_SLOW,
            wait="10m",
            severity="warning",
            summary="The slowest 5 % of admission reviews take over {{ $value | humanizeDuration }}; webhooks give up "
            "after 10 s.",
        ),
        alerting.Alert(
            name="KyvernoRefusesMuch",
            expr=_DENIED,
            severity="warning",
            summary="{{ $value }} requests for {{ $labels.resource_kind }} were refused within 15 minutes.",
        ),
    ]
