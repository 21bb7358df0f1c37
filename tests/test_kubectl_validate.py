"""kubectl-validate over everything that is rendered: the CRDs themselves, with the CEL rules that no JSON Schema holds.

It needs Go (the program is built from tools/go.mod) and PADDOCK_UPSTREAM, a folder with the CRDs in `crds/<project>/`.
A CRD is the same for every Kubernetes version. Kubernetes' own kinds are checked against 1.30, the newest version that
kubectl-validate 0.0.4 embeds; the clusters run newer ones, whose kinds and fields it would refuse: see EXCEPTIONS.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from cel_cases import BROKEN as BROKEN_RULES
from cel_cases import LEGAL, changed
from paddock import object_rules
from repositories import reference_result, run, small
from samples import SAMPLES, changed_sample, sample
from test_kubernetes_schemas import SCHEMAS, mutations

Json = Any

PROGRAM = "kubectl-validate"
EMBEDDED = "1.30"
TIMEOUT = 300.0
"""Seconds; 1,900 objects take 12."""

# Kinds that the program cannot judge, as (apiVersion, kind), with the reason; one that no object has any more fails.
_ABSENT = "its CRD is not in PADDOCK_UPSTREAM; the source stands in our schema"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("eventbridge.services.k8s.aws/v1alpha1", "Rule"): _ABSENT,
    ("resource.k8s.io/v1", "ResourceClaimTemplate"): "of Kubernetes itself, from 1.34 on: newer than what is embedded",
    ("services.k8s.aws/v1alpha1", "IAMRoleSelector"): _ABSENT,
    ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass"): _ABSENT,
    ("sqs.services.k8s.aws/v1alpha1", "Queue"): _ABSENT,
}

# Sample of tests/kubernetes, place, the value put there (... deletes), and words of the CEL rule that refuses it.
BROKEN: list[tuple[str, str, Json, str]] = [
    (
        "nodepool",
        "spec/template/spec/requirements/0/key",
        "kubernetes.io/hostname",
        '"kubernetes.io/hostname" is restricted',
    ),
    ("nodepool", "spec/template/spec/requirements/0/key", "karpenter.sh/weight", 'domain "karpenter.sh" is restricted'),
    ("nodepool", "spec/template/spec/requirements/0/key", "karpenter.k8s.aws/gpus", 'domain "karpenter.k8s.aws"'),
    ("nodepool", "spec/template/spec/requirements/0/values", [], "operator 'In' must have a value"),
    ("nodepool", "spec/template/spec/requirements/0/minValues", 3, "'minValues' must have at least that many"),
    ("nodepool", "spec/template/spec/requirements/2/values", ["-1"], "single positive integer value"),
    (
        "nodepool",
        "spec/template/metadata/labels",
        {"karpenter.sh/nodepool": "h100"},
        '"karpenter.sh/nodepool" is restricted',
    ),
    ("nodepool", "spec/template/spec/nodeClassRef/name", "", "name may not be empty"),
    ("nodepool", "spec/disruption/budgets/0/duration", ..., "'schedule' must be set with 'duration'"),
    ("nodepool", "spec/replicas", 3, "static NodePools"),
    ("nodeoverlay", "spec/price", "1.0", "cannot set both"),
    ("nodeoverlay", "spec/capacity/cpu", "4", "invalid resource restricted"),
    ("nodeoverlay", "spec/requirements/0/values", [], "operator 'In' must have a value"),
    ("nodeoverlay", "spec/requirements/2/values", ["-1"], "single positive integer value"),
    ("ec2nodeclass", "spec/amiSelectorTerms/0", {"alias": "al2023@v20260714"}, "other amiSelectorTerms"),
    ("ec2nodeclass", "spec/amiSelectorTerms", [{"alias": "ubuntu@latest"}], "family is not supported"),
    ("ec2nodeclass", "spec/amiSelectorTerms/1/name", "x", "'id' is mutually exclusive"),
    ("ec2nodeclass", "spec/blockDeviceMappings/1/rootVolume", True, "only one blockDeviceMappings with rootVolume"),
    ("ec2nodeclass", "spec/blockDeviceMappings/1/ebs", {"volumeType": "gp3"}, "snapshotID or volumeSize"),
    ("ec2nodeclass", "spec/kubelet/evictionHard", {"cpu.available": "5%"}, "valid keys for evictionHard"),
    ("clusterqueue", "spec/cohortName", ..., "borrowingLimit must be nil when cohort is empty"),
    ("clusterqueue", "spec/preemption/reclaimWithinCohort", "Never", "reclaimWithinCohort=Never"),
    ("clusterqueue", "spec/flavorFungibility/whenCanBorrow", "MayStopSearch", "preference can only be set when"),
    ("clusterqueue", "spec/resourceGroups/0/coveredResources", ["cpu", "memory"], "same number of resources"),
    ("multikueuecluster", "spec/clusterSource/clusterProfileRef", {"name": "train-fra"}, "exactly one of"),
    ("multikueueconfig", "spec/clusters", ["train-fra", "train-fra"], "must be unique"),
    ("resourceflavor", "spec/nodeLabels", ..., "at least one nodeLabel is required"),
    ("topology", "spec/levels/0/nodeLabel", "kubernetes.io/hostname", "must be unique"),
    ("topology", "spec/levels", [{"nodeLabel": "kubernetes.io/hostname"}, {"nodeLabel": "x"}], "at the lowest level"),
    ("trainingruntime", "spec/mlPolicy/jax", {}, "Only one of"),
    ("trainingruntime", "spec/mlPolicy/torch/envInjection/targets/0/containerNames", ["node"], "main node container"),
    ("trainjob", "metadata/name", "1-bev", "RFC 1035"),
    ("trainjob", "spec/managedBy", "someone", "ManagedBy"),
]


@pytest.fixture(scope="module")
def program() -> str:
    """The program; the test is skipped where it was not built."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if beside.is_file() else shutil.which(PROGRAM)
    if found is None:
        pytest.skip(f"{PROGRAM} is not installed: it is built where Go is")
    return found


@pytest.fixture(scope="module")
def crds() -> Path:
    """The folder of the CRDs."""
    folder = os.environ.get("PADDOCK_UPSTREAM")
    if not folder:
        pytest.skip("PADDOCK_UPSTREAM does not name the folder of the CRDs")
    return Path(folder) / "crds"


def verdicts(program: str, crds: Path, folder: Path) -> dict[str, str]:
    """What is wrong with each file of a folder by its name; nothing for one that is accepted. It asks no cluster."""
    command = [program, str(folder), "--version", EMBEDDED, "--output", "json"]
    for project in sorted(one for one in crds.iterdir() if one.is_dir()):
        command += ["--local-crds", str(project)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TIMEOUT, env={"HOME": str(folder)}
    )
    assert done.stdout, done.stderr
    answer: Mapping[str, Json] = json.loads(done.stdout)
    found = {Path(name).name: " ".join(map(reason, statuses)) for name, statuses in answer.items()}
    assert (done.returncode == 0) == (not any(found.values()))
    return found


def reason(status: Json) -> str:
    return "" if status.get("status") == "Success" else str(status["message"])


@pytest.fixture(scope="module")
def judged(program: str, crds: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, str]]:
    """What the program says of the objects of each test, by their names: one run, since it reads every CRD first."""
    tests = {
        "rendered": named(distinct(rendered())),
        "samples": {path.name: path.read_text(encoding="utf-8") for path in SAMPLES.iterdir()},
        "broken": named(changed_sample(kind, place, value) for kind, place, value, _ in BROKEN),
        "compared": named(one for _, _, one in compared(crds, ruled())),
    }
    folder = tmp_path_factory.mktemp("objects")
    for test, texts in tests.items():
        for name, text in texts.items():
            (folder / f"{test}.{name}").write_text(text, encoding="utf-8")
    found = verdicts(program, crds, folder)
    judged: dict[str, dict[str, str]] = {test: {} for test in tests}
    for name, why in found.items():
        test, _, rest = name.partition(".")
        judged[test][rest] = why
    assert {test: found.keys() for test, found in judged.items()} == {test: one.keys() for test, one in tests.items()}
    return judged


def named(objects: Iterable[Json]) -> dict[str, str]:
    """The text of each object by the name of its file, in order."""
    return {f"{number}-{one['kind']}.yaml": json.dumps(one) for number, one in enumerate(objects)}


def distinct(objects: Iterable[Json]) -> list[Json]:
    """One of the objects that differ in their namespace alone, which no rule reads; kinds without a verdict are
    left out."""
    found: dict[str, Json] = {}
    for one in objects:
        if (one["apiVersion"], one["kind"]) not in EXCEPTIONS:
            found.setdefault(json.dumps({**one, "metadata": {**one["metadata"], "namespace": ""}}), one)
    return list(found.values())


@cache
def rendered() -> list[Json]:
    """Every object of the reference platform and of the small repository."""
    results = [reference_result(), run(small())]
    return [
        yaml.load(result.trees[environment][ref.path], yaml.CSafeLoader)
        for result in results
        for environment, refs in result.objects.items()
        for ref in refs
    ]


def custom(one: Json) -> bool:
    """Whether an object's group is none of Kubernetes' own; theirs have no dot or end in .k8s.io, x-k8s.io apart."""
    group = one["apiVersion"].rpartition("/")[0]
    return "." in group and (not group.endswith(".k8s.io") or group.endswith(".x-k8s.io"))


def test_every_rendered_object_is_accepted(judged: Mapping[str, dict[str, str]]) -> None:
    every = rendered()
    assert EXCEPTIONS.keys() <= {(one["apiVersion"], one["kind"]) for one in every}, "an exception of nothing"
    objects = distinct(every)
    found = judged["rendered"]
    assert {name: why for name, why in found.items() if why} == {}
    assert found.keys() == named(objects).keys(), "every object has been seen"
    assert sum(map(custom, every)) > 800
    assert len({one["kind"] for one in objects if custom(one)}) > 20


def test_the_samples_are_accepted(judged: Mapping[str, dict[str, str]]) -> None:
    found = judged["samples"]
    # Kubernetes' own kinds have no sample.
    unknown = {path.name for path in SAMPLES.iterdir()} & {f"{kind.lower()}.yaml" for _, kind in EXCEPTIONS}
    assert {name for name, why in found.items() if why} == unknown
    assert found.keys() == {path.name for path in SAMPLES.iterdir()}


def test_what_breaks_a_cel_rule_is_refused(judged: Mapping[str, dict[str, str]]) -> None:
    """The oracle is alive: each of these objects is refused, and by the rule that it breaks."""
    found = judged["broken"]
    names = named(changed_sample(kind, place, value) for kind, place, value, _ in BROKEN)
    assert [
        (kind, place, found[name])
        for name, (kind, place, _, words) in zip(names, BROKEN, strict=True)
        if words not in found[name]
    ] == []


# Their verdict and ours, on objects with one change each

# What the API server refuses by a rule that is neither CEL nor in a JSON Schema: equal keys in a list of maps.
NOT_A_RULE = "Duplicate value"
LARGEST = 2
"""Objects that grew beyond this factor say nothing more, and cost seconds."""


@cache
def ruled() -> dict[str, object_rules.Node]:
    """The plans of the kinds that have rules in CEL and a sample."""
    plans = {
        path.stem.split("_")[0]: object_rules.plan(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(SCHEMAS.glob("*/*.json"))
    }
    return {kind: node for kind, node in plans.items() if node is not None}


def places(node: object_rules.Node, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where rules stand; [] is any item."""
    if node.rules and above:
        yield above
    for name, inner in node.properties.items():
        yield from places(inner, (*above, name))
    for inner, step in ((node.items, "[]"), (node.others, "{}")):
        if inner is not None:
            yield from places(inner, (*above, step))


def is_read(place: str, rules: set[tuple[str, ...]]) -> bool:
    """Whether a change stands at a rule or shortly below it."""
    steps = place.split(" ")[0].strip("/").split("/")
    path = tuple("[]" if step.isdigit() else step for step in steps)
    return any(path[: len(one)] == one and len(path) <= len(one) + 2 for one in rules)


def structural(crds: Path, kind: str) -> jsonschema_rs.Draft202012Validator:
    """The CRD's schema of a sample's kind, without its rules."""
    one = sample(SAMPLES / f"{kind}.yaml")
    group, version = one["apiVersion"].split("/")
    text = (crds.parent / "crd-schemas" / group / f"{kind}_{version}.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text))


def compared(crds: Path, plans: Mapping[str, object_rules.Node]) -> list[tuple[str, str, Json]]:
    """Objects that only a rule can refuse: every case, and single changes of samples that their schemas allow."""
    schemas = {kind: structural(crds, kind) for kind in plans}
    found = [(kind, str(changes), changed(kind, changes)) for kind, changes, *_ in BROKEN_RULES]
    found += [(kind, str(changes), changed(kind, changes)) for kind, changes in LEGAL]
    for kind, node in plans.items():
        document, rules = sample(SAMPLES / f"{kind}.yaml"), set(places(node))
        size = len(json.dumps(document)) * LARGEST
        for place, one in mutations(document):
            if is_read(place, rules) and schemas[kind].is_valid(one) and len(json.dumps(one)) < size:
                found.append((kind, place, copy.deepcopy(one)))
    return [one for one in found if schemas[one[0]].is_valid(one[2])]


def test_rules_give_the_verdicts_of_the_api_server(judged: Mapping[str, dict[str, str]], crds: Path) -> None:
    plans = ruled()
    objects = compared(crds, plans)
    names = named(one for _, _, one in objects)
    differing, refused = [], 0
    for name, (kind, place, one) in zip(names, objects, strict=True):
        why = judged["compared"][name]
        ours = [fault.message for fault in object_rules.faults(plans[kind], one)]
        refused += bool(why and ours)
        if bool(why) != bool(ours) and NOT_A_RULE not in why:
            differing.append((kind, place, why[:300], ours))
    assert differing == []
    assert len(objects) > 500
    assert refused > 150
