"""Each control of the Pod Security Standards, on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.analysis import pod_security, pod_templates
from paddock.analysis.pod_security import BASELINE, RESTRICTED

Json = Any

SAFE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def deployment(pod: Json = None, context: Json = None, container: Json = None) -> Json:
    """A Deployment that restricted allows, with something else in its pod or its container."""
    one = {"name": "c", "image": "x:1", "securityContext": SAFE if context is None else context, **(container or {})}
    template = {"spec": {"securityContext": POD, "containers": [one], **(pod or {})}}
    return {"kind": "Deployment", "metadata": {"name": "n", "namespace": "ns"}, "spec": {"template": template}}


def controls(data: Json, level: str, version: str = "1.34") -> list[str]:
    """The controls that a level holds against an object, each once."""
    pods = pod_templates.pods(data)
    return list(dict.fromkeys(one.control for pod in pods for one in pod_security.violations(pod, level, version)))


def with_context(**fields: Json) -> Json:
    return deployment(context={**SAFE, **fields})


def with_pod(**fields: Json) -> Json:
    return deployment(pod={"securityContext": {**POD, **fields}})


def probe(kind: str, **target: Json) -> Json:
    return deployment(container={"readinessProbe": {kind: {"port": 80, **target}}})


def added(*names: str) -> Json:
    return with_context(capabilities={"drop": ["ALL"], "add": list(names)})


def volume(**source: Json) -> Json:
    return deployment(pod={"volumes": [{"name": "v", **source}]})


def annotated(profile: str) -> Json:
    data = deployment()
    key = "container.apparmor.security.beta.kubernetes.io/c"
    data["spec"]["template"]["metadata"] = {"annotations": {key: profile, "example.com/other": "unconfined"}}
    return data


BASELINE_FAULTS = [
    ("HostProcess", with_context(windowsOptions={"hostProcess": True})),
    ("HostProcess", with_pod(windowsOptions={"hostProcess": True})),
    ("Host Namespaces", deployment(pod={"hostNetwork": True})),
    ("Host Namespaces", deployment(pod={"hostPID": True})),
    ("Host Namespaces", deployment(pod={"hostIPC": True})),
    ("Privileged Containers", with_context(privileged=True)),
    ("Capabilities", added("SYS_ADMIN")),
    ("Capabilities", added("CHOWN", "IPC_LOCK")),
    ("HostPath Volumes", volume(hostPath={"path": "/"})),
    ("Host Ports", deployment(container={"ports": [{"containerPort": 80, "hostPort": 80}]})),
    ("Host Probes / Lifecycle Hooks", probe("httpGet", host="127.0.0.1")),
    ("Host Probes / Lifecycle Hooks", probe("tcpSocket", host="localhost")),
    (
        "Host Probes / Lifecycle Hooks",
        deployment(container={"lifecycle": {"preStop": {"httpGet": {"port": 80, "host": "10.0.0.1"}}}}),
    ),
    ("AppArmor", with_context(appArmorProfile={"type": "Unconfined"})),
    ("AppArmor", annotated("unconfined")),
    ("SELinux", with_context(seLinuxOptions={"type": "spc_t"})),
    ("SELinux", with_pod(seLinuxOptions={"user": "system_u"})),
    ("SELinux", with_pod(seLinuxOptions={"role": "system_r"})),
    ("/proc Mount Type", with_context(procMount="Unmasked")),
    ("Seccomp", with_context(seccompProfile={"type": "Unconfined"})),
    ("Sysctls", with_pod(sysctls=[{"name": "kernel.msgmax", "value": "1"}])),
]
RESTRICTED_FAULTS = [
    ("Volume Types", volume(nfs={"server": "s", "path": "/"})),
    ("Privilege Escalation", deployment(context={"capabilities": {"drop": ["ALL"]}})),
    ("Privilege Escalation", with_context(allowPrivilegeEscalation=True)),
    ("Running as Non-root", deployment(pod={"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}})),
    ("Running as Non-root", with_pod(runAsNonRoot=False)),
    ("Running as Non-root", with_context(runAsNonRoot=False)),
    # What the pod says wrong, no container corrects.
    ("Running as Non-root", deployment({"securityContext": {**POD, "runAsNonRoot": False}}, {**SAFE, **POD})),
    ("Running as Non-root user", with_context(runAsUser=0)),
    ("Running as Non-root user", with_pod(runAsUser=0)),
    ("Seccomp", deployment(pod={"securityContext": {"runAsNonRoot": True}})),
    ("Capabilities", deployment(context={"allowPrivilegeEscalation": False})),
    ("Capabilities", with_context(capabilities={"drop": ["NET_RAW"]})),
    ("Capabilities", added("CHOWN")),
]
LEGAL = [
    deployment(),
    deployment(pod={"hostNetwork": False, "hostPID": False, "hostIPC": False}),
    with_context(privileged=False, procMount="Default", runAsUser=1, appArmorProfile={"type": "RuntimeDefault"}),
    with_context(appArmorProfile={"type": "Localhost", "localhostProfile": "x"}, windowsOptions={"hostProcess": False}),
    with_context(seccompProfile={"type": "Localhost", "localhostProfile": "x"}),
    with_context(seLinuxOptions={"level": "s0:c1", "type": "container_t"}),
    added("NET_BIND_SERVICE"),
    annotated("runtime/default"),
    annotated("localhost/mine"),
    deployment(container={"ports": [{"containerPort": 80, "hostPort": 0}]}),
    probe("httpGet", path="/ready"),
    probe("httpGet", host=""),
    with_pod(sysctls=[{"name": "net.ipv4.tcp_rmem", "value": "1"}]),
    *(volume(**{kind: {}}) for kind in sorted(pod_security.VOLUMES)),
    # The pod does not say it, each container does.
    deployment(pod={"securityContext": {}}, context={**SAFE, **POD}),
]


@pytest.mark.parametrize(("control", "data"), BASELINE_FAULTS)
def test_what_baseline_refuses_restricted_refuses_too(control: str, data: Json) -> None:
    assert controls(data, BASELINE) == [control]
    assert control in controls(data, RESTRICTED)
    assert controls(data, "privileged") == []


@pytest.mark.parametrize(("control", "data"), RESTRICTED_FAULTS)
def test_what_restricted_alone_refuses(control: str, data: Json) -> None:
    assert controls(data, RESTRICTED) == [control]
    assert controls(data, BASELINE) == []


@pytest.mark.parametrize("data", LEGAL)
def test_what_restricted_lets_pass(data: Json) -> None:
    assert controls(data, RESTRICTED) == []


def test_each_control_has_both_sides() -> None:
    shown = {(BASELINE, name) for name, _ in BASELINE_FAULTS} | {(RESTRICTED, name) for name, _ in RESTRICTED_FAULTS}
    assert {(one.level, one.name) for one in pod_security.CONTROLS} == shown


@pytest.mark.parametrize(
    ("since", "data"),
    [
        ("1.27", with_pod(sysctls=[{"name": "net.ipv4.ip_local_reserved_ports", "value": "1"}])),
        ("1.29", with_pod(sysctls=[{"name": "net.ipv4.tcp_keepalive_time", "value": "1"}])),
        ("1.31", with_pod(seLinuxOptions={"type": "container_engine_t"})),
        ("1.32", with_pod(sysctls=[{"name": "net.ipv4.tcp_wmem", "value": "1"}])),
    ],
)
def test_what_newer_versions_let_pass(since: str, data: Json) -> None:
    before = f"1.{int(since.partition('.')[2]) - 1}"
    assert len(controls(data, BASELINE, before)) == 1
    assert controls(data, BASELINE, since) == []


def test_hosts_of_probes_are_refused_from_1_34_on() -> None:
    data = probe("httpGet", host="127.0.0.1")
    assert controls(data, BASELINE, "1.33") == []
    assert controls(data, BASELINE, "1.34") == ["Host Probes / Lifecycle Hooks"]


def test_windows_pods_need_neither_seccomp_nor_capabilities() -> None:
    data = deployment(pod={"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}, context={})
    assert controls(data, RESTRICTED) == []


def test_init_and_ephemeral_containers_count() -> None:
    for field in ("initContainers", "ephemeralContainers"):
        data = deployment(pod={field: [{"name": "i", "securityContext": {**SAFE, "privileged": True}}]})
        assert controls(data, BASELINE) == ["Privileged Containers"]


def pointers(data: Json, level: str) -> list[tuple[Any, ...]]:
    return [one.pointer for pod in pod_templates.pods(data) for one in pod_security.violations(pod, level, "1.34")]


def test_where_it_stands_in_the_object() -> None:
    spec = ("spec", "template", "spec")
    assert pointers(deployment(pod={"hostPID": True}), BASELINE) == [(*spec, "hostPID")]
    (annotation,) = pointers(annotated("unconfined"), BASELINE)
    assert annotation[:4] == ("spec", "template", "metadata", "annotations")
    at = (*spec, "containers", 0, "securityContext")
    assert pointers(added("SYS_ADMIN"), BASELINE) == [(*at, "capabilities", "add", 0)]
    assert pointers(deployment(context={"capabilities": {"drop": ["ALL"]}}), RESTRICTED) == [at]


def test_what_another_object_adds_to_is_not_asked_for_what_it_lacks() -> None:
    service = {
        "kind": "InferenceService",
        "metadata": {"name": "n", "namespace": "ns"},
        "spec": {"predictor": {"model": {"securityContext": {"privileged": True}}}},
    }
    assert controls(service, RESTRICTED) == ["Privileged Containers"]
    assert pointers(service, BASELINE) == [("spec", "predictor", "model", "securityContext", "privileged")]


def test_steps_of_a_workflow_have_the_security_context_of_the_workflow() -> None:
    step = {"name": "s", "container": {"name": "main", "image": "x:1", "securityContext": SAFE}}
    spec = {"securityContext": {**POD, "runAsUser": 0}, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    data = {
        "kind": "WorkflowTemplate",
        "metadata": {"name": "n", "namespace": "ns"},
        "spec": {**spec, "templates": [step]},
    }
    assert sorted(pointers(data, RESTRICTED)) == [
        ("spec", "securityContext", "runAsUser"),
        ("spec", "volumes", 0, "hostPath"),
    ]
    step["securityContext"] = POD
    assert pointers({**data}, RESTRICTED) == [("spec", "volumes", 0, "hostPath")]


@pytest.mark.parametrize(
    ("path", "below"),
    [("/var/log", True), ("/var/log/", True), ("/var/log/pods", True), ("/var/logs", False), ("/var", False), ("/", 0)],
)
def test_paths_of_a_host(path: str, below: bool) -> None:
    assert pod_security.is_below(path, ["/mnt/x", "/var/log"]) == below
    assert not pod_security.is_below(path, [])
