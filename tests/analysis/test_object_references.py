"""Every field by which a kind names another, by hand; and what is no reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from paddock import source
from paddock.analysis import inner_names, object_links, object_references
from paddock.analysis.object_links import Offer
from repositories import reference_result

Json = Any

POD = """
serviceAccountName: account
priorityClassName: high
runtimeClassName: kata
imagePullSecrets: [{name: pull}]
resourceClaims:
- {name: one, resourceClaimTemplateName: template}
- {name: two, resourceClaimName: claim}
volumes:
- {name: a, configMap: {name: files, items: [{key: file, path: file}]}}
- {name: b, secret: {secretName: login}}
- {name: c, secret: {secretName: perhaps, optional: true}}
- {name: d, persistentVolumeClaim: {claimName: data}}
- name: e
  projected:
    sources:
    - {secret: {name: token, items: [{key: id, path: id}]}}
    - {configMap: {name: roots, optional: true}}
    - {serviceAccountToken: {path: token}}
- {name: f, emptyDir: {}}
initContainers:
- {name: wait, envFrom: [{secretRef: {name: all}}, {configMapRef: {name: maybe, optional: true}}]}
containers:
- name: main
  env:
  - {name: A, value: plain}
  - {name: B, valueFrom: {secretKeyRef: {name: login, key: password}}}
  - {name: C, valueFrom: {configMapKeyRef: {name: files, key: level}}}
  - {name: D, valueFrom: {secretKeyRef: {name: login, key: later, optional: true}}}
  - {name: E, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
"""
OF_POD = {
    "ConfigMap ns/files",
    "ConfigMap ns/files file",
    "ConfigMap ns/files level",
    "PersistentVolumeClaim ns/data",
    "PriorityClass high",
    "ResourceClaim ns/claim",
    "ResourceClaimTemplate ns/template",
    "RuntimeClass kata",
    "Secret ns/all",
    "Secret ns/login",
    "Secret ns/login password",
    "Secret ns/pull",
    "Secret ns/token",
    "Secret ns/token id",
    "ServiceAccount ns/account",
}
# Where a pod's spec stands in each kind that has one.
BEARERS = {
    "CronJob": "{spec: {jobTemplate: {spec: {template: {spec: POD}}}}}",
    "DaemonSet": "{spec: {template: {spec: POD}}}",
    "Deployment": "{spec: {template: {spec: POD}}}",
    "InferenceService": "{spec: {predictor: POD}}",
    "Job": "{spec: {template: {spec: POD}}}",
    "JobSet": "{spec: {replicatedJobs: [{template: {spec: {template: {spec: POD}}}}]}}",
    "Pod": "{spec: POD}",
    "RayCluster": "{spec: {workerGroupSpecs: [{template: {spec: POD}}]}}",
    "RayJob": "{spec: {rayClusterSpec: {headGroupSpec: {template: {spec: POD}}}}}",
    "RayService": "{spec: {rayClusterConfig: {headGroupSpec: {template: {spec: POD}}}}}",
    "ServingRuntime": "{spec: POD}",
    "StatefulSet": "{spec: {template: {spec: POD}}}",
    "TrainingRuntime": "{spec: {template: {spec: {replicatedJobs: [{template: {spec: {template: {spec: POD}}}}]}}}}",
}
CASES = {
    "AdmissionCheck": ("{spec: {parameters: {kind: MultiKueueConfig, name: x}}}", {"MultiKueueConfig x"}),
    "AlertmanagerConfig": (
        "{spec: {receivers: [{name: r, slackConfigs: [{apiURL: {name: s, key: k}, channel: c}]}]}}",
        {"Secret ns/s k"},
    ),
    "Application, which has checks of its own": ("{spec: {project: p, destination: {name: c}}}", set()),
    "Certificate": ("{spec: {secretName: written, issuerRef: {kind: ClusterIssuer, name: x}}}", {"ClusterIssuer x"}),
    "Certificate of a foreign issuer": ("{spec: {issuerRef: {group: awspca.example.com, kind: X, name: x}}}", set()),
    "Certificate without kind": ("{spec: {issuerRef: {name: x}}}", {"Issuer ns/x"}),
    "ClusterQueue": (
        "{spec: {cohortName: c, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: team}}, "
        "admissionChecksStrategy: {admissionChecks: [{name: a}]}, resourceGroups: [{flavors: [{name: f}]}]}}",
        {"AdmissionCheck a", "Cohort c", "Namespace team", "ResourceFlavor f"},
    ),
    "ClusterRoleBinding": (
        "{roleRef: {kind: ClusterRole, name: r}, subjects: [{kind: ServiceAccount, name: a, namespace: other}, "
        "{kind: Group, name: g}]}",
        {"ClusterRole r", "ServiceAccount other/a"},
    ),
    "Cohort": ("{spec: {parentName: p, resourceGroups: [{flavors: [{name: f}]}]}}", {"Cohort p", "ResourceFlavor f"}),
    "CronWorkflow": ("{spec: {workflowSpec: {workflowTemplateRef: {name: w}}}}", {"WorkflowTemplate ns/w"}),
    "ExternalSecret": ("{spec: {secretStoreRef: {kind: ClusterSecretStore, name: x}}}", {"ClusterSecretStore x"}),
    "ExternalSecret of a namespace": ("{spec: {secretStoreRef: {name: x}}}", {"SecretStore ns/x"}),
    "HorizontalPodAutoscaler": ("{spec: {scaleTargetRef: {kind: Deployment, name: x}}}", {"Deployment ns/x"}),
    "InferenceService by format": (
        "{spec: {predictor: {model: {modelFormat: {name: onnx}}}}}",
        {"model format ns/onnx"},
    ),
    "InferenceService by runtime": (
        "{spec: {predictor: {model: {runtime: r, modelFormat: {name: onnx}}}}}",
        {"ServingRuntime ns/r"},
    ),
    "Ingress": (
        "{spec: {ingressClassName: alb, tls: [{secretName: t}], "
        "defaultBackend: {service: {name: d, port: {number: 80}}}, "
        "rules: [{http: {paths: [{backend: {service: {name: s, port: {name: http}}}}]}}]}}",
        {"IngressClass alb", "Secret ns/t", "Service ns/d", "Service ns/d 80", "Service ns/s", "Service ns/s http"},
    ),
    "Issuer": ("{spec: {ca: {secretName: s}}}", {"Secret ns/s"}),
    "Job of a queue": (
        "{metadata: {labels: {kueue.x-k8s.io/queue-name: q, kueue.x-k8s.io/priority-class: p}}}",
        {"LocalQueue ns/q", "WorkloadPriorityClass p"},
    ),
    "LocalQueue": ("{spec: {clusterQueue: q}}", {"ClusterQueue q"}),
    "MultiKueueCluster": ("{spec: {clusterSource: {kubeConfig: {location: s}}}}", {"Secret kueue-system/s kubeconfig"}),
    "MultiKueueCluster by path": ("{spec: {clusterSource: {kubeConfig: {location: /f, locationType: Path}}}}", set()),
    "MultiKueueConfig": ("{spec: {clusters: [a, b]}}", {"MultiKueueCluster a", "MultiKueueCluster b"}),
    "NodePool": ("{spec: {template: {spec: {nodeClassRef: {kind: EC2NodeClass, name: x}}}}}", {"EC2NodeClass x"}),
    "PersistentVolume": (
        "{spec: {storageClassName: word, claimRef: {name: c, namespace: other}}}",
        {"PersistentVolumeClaim other/c"},
    ),
    "PersistentVolumeClaim": ("{spec: {storageClassName: gp3}}", {"StorageClass gp3"}),
    "PersistentVolumeClaim of a volume": ("{spec: {storageClassName: word, volumeName: v}}", {"PersistentVolume v"}),
    "PersistentVolumeClaim without class": ('{spec: {storageClassName: ""}}', set()),
    "ResourceClaimTemplate": (
        "{spec: {spec: {devices: {requests: [{exactly: {deviceClassName: gpu.nvidia.com}}]}}}}",
        {"DeviceClass gpu.nvidia.com"},
    ),
    "ResourceFlavor": ("{spec: {topologyName: t}}", {"Topology t"}),
    "RoleBinding": ("{roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: u}]}", {"Role ns/r"}),
    "ScaledObject": ("{spec: {scaleTargetRef: {name: x}}}", {"Deployment ns/x"}),
    "Secret of a token": (
        "{metadata: {annotations: {kubernetes.io/service-account.name: a}}}",
        {"ServiceAccount ns/a"},
    ),
    "ServiceAccount": ("{imagePullSecrets: [{name: s}]}", {"Secret ns/s"}),
    "ServiceMonitor": (
        "{spec: {endpoints: [{basicAuth: {password: {name: s, key: k}}, "
        "tlsConfig: {ca: {configMap: {name: m, key: c}}}}]}}",
        {"ConfigMap ns/m c", "Secret ns/s k"},
    ),
    "StatefulSet": (
        "{spec: {serviceName: s, volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: gp3}}]}}",
        {"Service ns/s", "StorageClass gp3"},
    ),
    "TrainJob": (
        "{spec: {runtimeRef: {name: r}, trainer: {env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}}",
        {"ClusterTrainingRuntime r", "Secret ns/s k"},
    ),
    "VolumeSnapshot": ("{spec: {volumeSnapshotClassName: x}}", {"VolumeSnapshotClass x"}),
    "WorkflowTemplate": (
        "{spec: {serviceAccountName: a, podPriorityClassName: p, "
        "volumes: [{name: d, persistentVolumeClaim: {claimName: c}}], "
        "templates: [{name: t, metadata: {labels: {kueue.x-k8s.io/queue-name: q}}, container: {envFrom: "
        "[{secretRef: {name: s}}]}}, "
        "{name: u, dag: {tasks: [{name: v, templateRef: {name: w, clusterScope: true}}]}}]}}",
        {
            "ClusterWorkflowTemplate w",
            "LocalQueue ns/q",
            "PersistentVolumeClaim ns/c",
            "PriorityClass p",
            "Secret ns/s",
            "ServiceAccount ns/a",
        },
    ),
}


def parsed(kind: str, text: str, api_version: str = "v1", namespace: str | None = "ns") -> dict[str, Json]:
    data, problems = source.parse(text.encode(), "x")
    assert not problems, problems
    place = {"namespace": namespace} if namespace else {}
    metadata = {"name": "x", **place, **data.get("metadata", {})}
    return {"apiVersion": api_version, "kind": kind.split()[0], **data, "metadata": metadata}


def named(data: Json) -> set[str]:
    """`<kind> [<namespace>/]<name> [<key>]` of each reference; every place given holds what is named."""
    found = set()
    for (kind, namespace, name, key), pointer in object_references.references(data):
        value = data
        for step in pointer:
            value = value[step]
        assert value in (name, key) or str(value) == key, pointer
        found.add(" ".join(filter(None, (kind, f"{namespace}/{name}" if namespace else name, key))))
    return found


@pytest.mark.parametrize("kind", BEARERS)
def test_pods(kind: str) -> None:
    text = BEARERS[kind].replace("POD", "{}")
    data = parsed(kind, text)
    pod, _ = source.parse(POD.encode(), "x")

    def fill(value: Json) -> Json:
        if value == {}:
            return pod
        if isinstance(value, list):
            return [fill(item) for item in value]
        return {key: fill(item) for key, item in value.items()} if isinstance(value, dict) else value

    assert named({**data, "spec": fill(data["spec"])}) == OF_POD


@pytest.mark.parametrize("kind", CASES)
def test_kinds(kind: str) -> None:
    text, expected = CASES[kind]
    assert named(parsed(kind, text)) == expected


def test_a_runtime_of_the_cluster_names_only_what_is_of_the_cluster() -> None:
    pod, _ = source.parse(POD.encode(), "x")
    data = parsed("ClusterServingRuntime", "{}", namespace=None)
    assert named({**data, "spec": pod}) == {"PriorityClass high", "RuntimeClass kata"}


def test_references_of_ack() -> None:
    """By the field's name: the kind is not said. An own namespace is the default."""
    text = (
        "{spec: {clusterRef: {from: {name: c}}, roleRef: {from: {name: r, namespace: other}}, policyRefs: "
        "[{from: {name: p}}], unknownRef: {from: {name: u}}}}"
    )
    found = named(parsed("Nodegroup", text, "eks.services.k8s.aws/v1alpha1"))
    assert found == {"ACK Cluster ns/c", "ACK Role other/r", "ACK Policy ns/p"}
    text = "{spec: {namespace: team, serviceAccount: a}}"
    assert named(parsed("PodIdentityAssociation", text, "eks.services.k8s.aws/v1alpha1")) == {"ServiceAccount team/a"}


def test_a_run_in_a_config_map() -> None:
    run = '{"apiVersion": "v1", "kind": "TrainJob", "metadata": {}, "spec": {"runtimeRef": {"name": "r"}}}'
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "ns"}}
    found = list(object_references.references({**data, "data": {"trainjob.json": run}}))
    assert [(target.kind, target.name, pointer) for target, pointer in found] == [
        ("ClusterTrainingRuntime", "r", ("data", "trainjob.json"))
    ]
    for text in ("", "no JSON", "[]", "{}", '{"kind": 1, "apiVersion": "v1"}'):
        assert not list(object_references.references({**data, "data": {"trainjob.json": text}}))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("Certificate", "{spec: {secretName: s}}", [("Secret", "s", ("ca.crt", "tls.crt", "tls.key"))]),
        ("ConfigMap", "{data: {a: x}, binaryData: {b: eA==}}", [("ConfigMap", "x", ("a", "b"))]),
        ("ExternalSecret", "{spec: {data: [{secretKey: a}]}}", [("Secret", "x", ("a",))]),
        ("ExternalSecret", "{spec: {target: {name: s}, dataFrom: [{extract: {key: k}}]}}", [("Secret", "s", None)]),
        ("ExternalSecret", "{spec: {target: {creationPolicy: None}, data: [{secretKey: a}]}}", []),
        (
            "ExternalSecret",
            "{spec: {target: {creationPolicy: Merge, name: s}, data: [{secretKey: a}]}}",
            [("keys of a Secret", "s", ("a",))],
        ),
        (
            "ExternalSecret",
            "{spec: {target: {template: {data: {url: x}}}, data: [{secretKey: a}]}}",
            [("Secret", "x", ("url",))],
        ),
        (
            "ExternalSecret",
            "{spec: {target: {template: {data: {url: x}, mergePolicy: Merge}}, data: [{secretKey: a}]}}",
            [("Secret", "x", ("url", "a"))],
        ),
        ("Secret", "{type: kubernetes.io/service-account-token}", [("Secret", "x", ("ca.crt", "namespace", "token"))]),
        ("Service", "{spec: {ports: [{name: http, port: 80}, {port: 81}]}}", [("Service", "x", ("http", "80", "81"))]),
    ],
)
def test_offers(kind: str, text: str, expected: list[tuple[str, str, tuple[str, ...] | None]]) -> None:
    text = text.replace("creationPolicy: None", 'creationPolicy: "None"')
    offers = object_links.of(parsed(kind, text)).offers
    assert offers == tuple(Offer(kind, "ns", name, keys) for kind, name, keys in expected)


def test_inner_names() -> None:
    pod = (
        "{spec: {template: {spec: {volumes: [{name: a}], resourceClaims: [{name: r}], containers: [{name: c, ports: "
        "[{name: http, containerPort: 80}], volumeMounts: [{name: a}, {name: b}], resources: {claims: [{name: s}]}, "
        "livenessProbe: {httpGet: {port: http}}, readinessProbe: {tcpSocket: {port: grpc}}, "
        "startupProbe: {httpGet: {port: 81}}}]}}}}"
    )
    found = inner_names.missing(parsed("Deployment", pod))
    assert {(one.what, one.name) for one in found} == {
        ("volume", "b"),
        ("resource claim", "s"),
        ("container port", "grpc"),
    }
    claims = pod.replace("{template", "{volumeClaimTemplates: [{metadata: {name: b}}], template")
    assert "volume" not in {one.what for one in inner_names.missing(parsed("StatefulSet", claims))}
    workflow = (
        "{spec: {entrypoint: main, onExit: end, volumes: [{name: v}], templates: [{name: main, dag: {tasks: "
        "[{name: a, template: step}, {name: b, template: gone}]}}, "
        "{name: step, container: {volumeMounts: [{name: v}]}}]}}"
    )
    found = inner_names.missing(parsed("WorkflowTemplate", workflow))
    assert {(one.what, one.name) for one in found} == {("template", "end"), ("template", "gone")}


ODD: list[Json] = [None, "", "text", 1, [], [None], ["x"], {}, {"x": None}, [{}]]


def nodes(value: Json, pointer: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if pointer and pointer[0] not in ("apiVersion", "kind") and pointer not in (("metadata",), ("metadata", "name")):
        yield pointer
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(item, (*pointer, key))


def test_odd_objects_stop_nothing() -> None:
    """Schemas of other repositories may allow what ours do not: links of an object are found or not, no more."""
    result = reference_result()
    samples = {ref.kind: ref for refs in result.objects.values() for ref in refs}
    assert len(samples) > 50
    for ref in samples.values():
        data, _ = source.parse(result.trees[ref.environment][ref.path].encode(), ref.path)
        for pointer in [*nodes(data)][:120]:
            parent = data
            for step in pointer[:-1]:
                parent = parent[step]
            kept = parent[pointer[-1]]
            for odd in ODD:
                parent[pointer[-1]] = odd
                object_links.of(data)
                list(inner_names.missing(data))
            parent[pointer[-1]] = kept
