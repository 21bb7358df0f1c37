"""The Pod Security Standards, control by control: what the levels baseline and restricted refuse of a pod.
Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and the versioned policies behind it,
k8s.io/pod-security-admission/policy. Namespaces of ours pin no version: the cluster's own decides. What user
namespaces relax (`hostUsers: false`) is not asked for, because it depends on a feature gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.analysis.api_lifetimes import Version, minor
from paddock.analysis.pod_templates import PodTemplate
from paddock.diagnostics import Pointer

Json = Any
Found = Iterator[tuple[Pointer, str]]
"""Where in the pod something stands or is absent, and what is wrong with it."""

BASELINE = "baseline"
RESTRICTED = "restricted"

CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
        *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
"""Capabilities that a container may add: what a container runtime gives by default."""
SYSCTLS: tuple[tuple[Version, tuple[str, ...]], ...] = (
    (
        (1, 0),
        (
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ping_group_range",
            "net.ipv4.tcp_syncookies",
        ),
    ),
    ((1, 27), ("net.ipv4.ip_local_reserved_ports",)),
    (
        (1, 29),
        (
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_keepalive_time",
        ),
    ),
    ((1, 32), ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")),
)
"""Sysctls that are safe, with the version since which they are."""
SELINUX_TYPES: tuple[tuple[Version, tuple[str, ...]], ...] = (
    ((1, 0), ("", "container_t", "container_init_t", "container_kvm_t")),
    ((1, 31), ("container_engine_t",)),
)
VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
        *("image", "persistentVolumeClaim", "projected", "secret"),
    )
)
"""Volumes that the level restricted allows; an image is read-only, and newer versions let it pass."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROFILES = ("Localhost", "RuntimeDefault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A pod as the controls look at it: its containers with their places, and the security contexts of the pod and of
    each container as (where, whose, what)."""

    spec: Mapping[str, Json]
    annotations: Mapping[str, str]
    numbered: tuple[tuple[Pointer, Mapping[str, Json]], ...]
    contexts: tuple[tuple[Pointer, str, Mapping[str, Json]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control under its name in the standards. `whole` ones ask for a field: they need the complete pod."""

    name: str
    level: str
    found: Callable[[Seen, Version], Found]
    since: Version = (1, 0)
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What a level refuses. `pointer` is where it stands in the object, or the node around what is absent; it ends in a
    name that stands for nothing else, so that no `type` or `name` of a spec is taken for it."""

    control: str
    level: str
    what: str
    pointer: Pointer


def violations(pod: PodTemplate, level: str, kubernetes: str) -> Iterator[Violation]:
    """What a level of Pod Security refuses of a pod on a version of Kubernetes; nothing for `privileged`."""
    if level not in (BASELINE, RESTRICTED):
        return
    version, seen = minor(kubernetes), _seen(pod)
    for control in CONTROLS:
        if control.level == RESTRICTED and level == BASELINE:
            continue
        if version < control.since or (control.whole and not pod.complete):
            continue
        for steps, what in control.found(seen, version):
            yield Violation(control=control.name, level=control.level, what=what, pointer=pod.pointer(*steps))


def host_paths(pod: PodTemplate) -> Iterator[tuple[Pointer, str]]:
    """The paths of the host that a pod mounts, with where they stand in the object."""
    for index, volume in enumerate(pod.spec.get("volumes") or ()):
        if volume.get("hostPath") is not None:
            yield pod.pointer("volumes", index, "hostPath"), str((volume["hostPath"] or {}).get("path", ""))


def is_below(path: str, allowed: list[str]) -> bool:
    """Whether a path is one of some, each without a slash at its end, or lies below one.

    Kubernetes refuses `..` in the path of a host.
    """
    parts = [one for one in path.split("/") if one]
    return any(parts[: each.count("/")] == each.split("/")[1:] for each in allowed)


def _seen(pod: PodTemplate) -> Seen:
    numbered = tuple(pod.numbered())
    own = [((*at, "securityContext"), _container(one), one.get("securityContext") or {}) for at, one in numbered]
    whole: tuple[Pointer, str, Mapping[str, Json]] = (
        ("securityContext",),
        "the pod",
        pod.spec.get("securityContext") or {},
    )
    return Seen(spec=pod.spec, annotations=pod.annotations, numbered=numbered, contexts=(whole, *own))


def _container(one: Mapping[str, Json]) -> str:
    name = one.get("name")
    return f'container "{name}"' if name else "the container"


def _is_windows(pod: Seen) -> bool:
    return bool((pod.spec.get("os") or {}).get("name") == "windows")


def _host_process(pod: Seen, _: Version) -> Found:
    for at, who, context in pod.contexts:
        if (context.get("windowsOptions") or {}).get("hostProcess"):
            yield (*at, "windowsOptions", "hostProcess"), f"{who} is a process of the host"


def _host_namespaces(pod: Seen, _: Version) -> Found:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name):
            yield (name,), f"{name} is true"


def _privileged(pod: Seen, _: Version) -> Found:
    for at, one in pod.numbered:
        if (one.get("securityContext") or {}).get("privileged"):
            yield (*at, "securityContext", "privileged"), f"{_container(one)} is privileged"


def _added(pod: Seen) -> Iterator[tuple[Pointer, Mapping[str, Json], str]]:
    for at, one in pod.numbered:
        capabilities = (one.get("securityContext") or {}).get("capabilities") or {}
        for index, name in enumerate(capabilities.get("add") or ()):
            yield (*at, "securityContext", "capabilities", "add", index), one, name


def _capabilities(pod: Seen, _: Version) -> Found:
    for at, one, name in _added(pod):
        if name not in CAPABILITIES:
            yield at, f"{_container(one)} adds the capability {name}"


def _host_paths(pod: Seen, _: Version) -> Found:
    for index, volume in enumerate(pod.spec.get("volumes") or ()):
        if volume.get("hostPath") is not None:
            path = (volume["hostPath"] or {}).get("path", "")
            yield ("volumes", index, "hostPath"), f'volume "{volume["name"]}" is the path {path} of the host'


def _host_ports(pod: Seen, _: Version) -> Found:
    for at, one in pod.numbered:
        for index, port in enumerate(one.get("ports") or ()):
            if port.get("hostPort"):
                what = f"{_container(one)} has the port {port['hostPort']} of the host"
                yield (*at, "ports", index, "hostPort"), what


def _host_of_probes(pod: Seen, _: Version) -> Found:
    for at, one in pod.numbered:
        lifecycle = one.get("lifecycle") or {}
        actions: list[tuple[Pointer, Json]] = [((name,), one.get(name)) for name in _PROBES]
        actions += [(("lifecycle", name), lifecycle.get(name)) for name in ("postStart", "preStop")]
        for steps, action in actions:
            for kind in ("httpGet", "tcpSocket"):
                if ((action or {}).get(kind) or {}).get("host"):
                    yield (*at, *steps, kind), f"{steps[-1]} of {_container(one)} names a host"


def _app_armor(pod: Seen, _: Version) -> Found:
    for name, stated in pod.annotations.items():
        if name.startswith(_APP_ARMOR) and stated not in ("", "runtime/default") and stated[:10] != "localhost/":
            what = f'container "{name.removeprefix(_APP_ARMOR)}" has the AppArmor profile {stated}'
            yield ("annotations", name), what
    for at, who, context in pod.contexts:
        profile = (context.get("appArmorProfile") or {}).get("type")
        if profile is not None and profile not in _PROFILES:
            yield (*at, "appArmorProfile"), f"{who} has the AppArmor profile {profile}"


def _se_linux(pod: Seen, version: Version) -> Found:
    types = [name for since, names in SELINUX_TYPES if version >= since for name in names]
    for at, who, context in pod.contexts:
        options = context.get("seLinuxOptions") or {}
        if options.get("type", "") not in types:
            yield (*at, "seLinuxOptions"), f"{who} has the SELinux type {options['type']}"
        for name in ("user", "role"):
            if options.get(name):
                yield (*at, "seLinuxOptions"), f"{who} sets the SELinux {name}"


def _proc_mount(pod: Seen, _: Version) -> Found:
    for at, one in pod.numbered:
        stated = (one.get("securityContext") or {}).get("procMount")
        if stated not in (None, "Default"):
            yield (*at, "securityContext", "procMount"), f"{_container(one)} has procMount {stated}"


def _seccomp(pod: Seen, _: Version) -> Found:
    for at, who, context in pod.contexts:
        profile = (context.get("seccompProfile") or {}).get("type")
        if profile is not None and profile not in _PROFILES:
            yield (*at, "seccompProfile"), f"{who} has the seccomp profile {profile}"


def _sysctls(pod: Seen, version: Version) -> Found:
    safe = {name for since, names in SYSCTLS if version >= since for name in names}
    for index, one in enumerate((pod.spec.get("securityContext") or {}).get("sysctls") or ()):
        if one["name"] not in safe:
            yield ("securityContext", "sysctls", index), f"it sets the sysctl {one['name']}"


def _volume_types(pod: Seen, _: Version) -> Found:
    for index, volume in enumerate(pod.spec.get("volumes") or ()):
        for kind in sorted(volume.keys() - VOLUMES - {"name"}):
            if kind != "hostPath" and volume[kind] is not None:  # a hostPath is refused by baseline already
                yield ("volumes", index, kind), f'volume "{volume["name"]}" is of the type {kind}'


def _escalation(pod: Seen, _: Version) -> Found:
    if _is_windows(pod):
        return
    for at, one in pod.numbered:
        if (one.get("securityContext") or {}).get("allowPrivilegeEscalation") is not False:
            yield _nearest(at, one, "allowPrivilegeEscalation"), f"{_container(one)} may gain privileges"


def _non_root(pod: Seen, _: Version) -> Found:
    stated = (pod.spec.get("securityContext") or {}).get("runAsNonRoot")
    own = [(at, one, (one.get("securityContext") or {}).get("runAsNonRoot")) for at, one in pod.numbered]
    if stated is False:
        yield ("securityContext", "runAsNonRoot"), "the pod has runAsNonRoot: false"
    for at, one, value in own:
        if value is False or (value is None and stated is None):
            yield _nearest(at, one, "runAsNonRoot"), f"{_container(one)} does not say runAsNonRoot: true"


def _root_user(pod: Seen, _: Version) -> Found:
    for at, who, context in pod.contexts:
        if context.get("runAsUser") == 0:
            yield (*at, "runAsUser"), f"{who} runs as the user 0"


def _seccomp_stated(pod: Seen, _: Version) -> Found:
    if _is_windows(pod) or "type" in ((pod.spec.get("securityContext") or {}).get("seccompProfile") or {}):
        return
    for at, one in pod.numbered:
        if "type" not in ((one.get("securityContext") or {}).get("seccompProfile") or {}):
            yield _nearest(at, one, "seccompProfile"), f"{_container(one)} has no seccomp profile"


def _dropped(pod: Seen, _: Version) -> Found:
    if _is_windows(pod):
        return
    for at, one in pod.numbered:
        capabilities = (one.get("securityContext") or {}).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            yield _nearest(at, one, "capabilities"), f"{_container(one)} does not drop the capability ALL"


def _added_restricted(pod: Seen, _: Version) -> Found:
    if _is_windows(pod):
        return
    for at, one, name in _added(pod):
        if name != "NET_BIND_SERVICE" and name in CAPABILITIES:  # others are refused by baseline already
            yield at, f"{_container(one)} adds the capability {name}"


def _nearest(at: Pointer, one: Mapping[str, Json], name: str) -> Pointer:
    """A field of a container's security context where it is stated, else the nearest node around it."""
    context = one.get("securityContext")
    if not isinstance(context, Mapping):
        return at
    return (*at, "securityContext", name) if name in context else (*at, "securityContext")


CONTROLS = (
    Control(name="HostProcess", level=BASELINE, found=_host_process),
    Control(name="Host Namespaces", level=BASELINE, found=_host_namespaces),
    Control(name="Privileged Containers", level=BASELINE, found=_privileged),
    Control(name="Capabilities", level=BASELINE, found=_capabilities),
    Control(name="HostPath Volumes", level=BASELINE, found=_host_paths),
    Control(name="Host Ports", level=BASELINE, found=_host_ports),
    Control(name="Host Probes / Lifecycle Hooks", level=BASELINE, found=_host_of_probes, since=(1, 34)),
    Control(name="AppArmor", level=BASELINE, found=_app_armor),
    Control(name="SELinux", level=BASELINE, found=_se_linux),
    Control(name="/proc Mount Type", level=BASELINE, found=_proc_mount),
    Control(name="Seccomp", level=BASELINE, found=_seccomp, since=(1, 19)),
    Control(name="Sysctls", level=BASELINE, found=_sysctls),
    Control(name="Volume Types", level=RESTRICTED, found=_volume_types),
    Control(name="Privilege Escalation", level=RESTRICTED, found=_escalation, since=(1, 8), whole=True),
    Control(name="Running as Non-root", level=RESTRICTED, found=_non_root, whole=True),
    Control(name="Running as Non-root user", level=RESTRICTED, found=_root_user, since=(1, 23)),
    Control(name="Seccomp", level=RESTRICTED, found=_seccomp_stated, since=(1, 19), whole=True),
    Control(name="Capabilities", level=RESTRICTED, found=_dropped, since=(1, 22), whole=True),
    Control(name="Capabilities", level=RESTRICTED, found=_added_restricted, since=(1, 22)),
)
