"""Names in Helm values: the shapes of Kubernetes and the usual words of charts, and nothing else."""

from __future__ import annotations

from paddock import source
from paddock.analysis import value_references

VALUES = """
priorityClassName: high
ingress: {ingressClassName: alb, tls: [{secretName: made-by-an-ingress-shim}]}
persistence: {storageClassName: gp3, existingClaim: data}
auth: {existingSecret: login}
database:
  existingSecret: {name: db, usernameKey: user, passwordKey: ""}
sso: {clientSecret: {name: sso, key: secret}}
envFrom: [{secretRef: {name: all}}, {configMapRef: {name: perhaps, optional: true}}]
envFromSecrets: [{name: one}, {name: other, optional: true}]
extraSecretNamesForEnvFrom: [session]
extraVolumes:
- {name: a, secret: {secretName: files}}
- {name: b, configMap: {name: settings}}
- {name: c, secret: {secretName: perhaps, optional: true}}
secretMounts: [{name: tls, secretName: certificate, path: /tls}]
config: {username: plain, secret: text, configMap: true, client_secret: "$__env{X}"}
custom: [{kubespawner_override: {environment: {A: {valueFrom: {secretKeyRef: {name: of-a-team, key: k}}}}}}]
"""


def test_names() -> None:
    data, problems = source.parse(VALUES.encode(), "x")
    assert not problems
    found = list(value_references.references(data, "ns"))
    for (_, _, name, key), pointer in found:
        value = data
        for step in pointer:
            value = value[step]
        assert value in (name, key)
    assert {" ".join(filter(None, target)) for target, _ in found} == {
        "ConfigMap ns settings",
        "IngressClass alb",
        "PersistentVolumeClaim ns data",
        "PriorityClass high",
        "Secret ns all",
        "Secret ns certificate",
        "Secret ns db",
        "Secret ns db user",
        "Secret ns files",
        "Secret ns login",
        "Secret ns one",
        "Secret ns session",
        "Secret ns sso secret",
        "StorageClass gp3",
    }


def test_odd_values_stop_nothing() -> None:
    for odd in (None, "", 1, [], [None], ["x"], {}, {"x": None}, [{}], [[1]]):
        for key in ("secret", "configMap", "existingSecret", "secretMounts", "envFromSecrets", "priorityClassName"):
            list(value_references.references({key: odd, "below": {key: odd}}, "ns"))
