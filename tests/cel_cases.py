"""Objects that break the rules of their APIs: the sample of a kind with changes, and the rule that refuses it.

Each rule has a case here (tests/test_object_rules.py sees to that); `LEGAL` holds neighbours that no rule refuses.
"""

from __future__ import annotations

from typing import Any

from samples import SAMPLES, put, sample

Json = Any

_ALIAS = {"spec/amiSelectorTerms": [{"alias": "al2023@v20260714"}]}
_LABELS = "spec/template/metadata/labels"
_REQUIREMENTS = "spec/template/spec/requirements"
_FLAVOR = {"name": "h100", "resources": [{"name": "cpu", "nominalQuota": 1}]}
_ARTIFACT = {"name": "a", "path": "/a", "s3": {"key": "a"}, "raw": {"data": "a"}}
_TASKS = "spec/templates/0/dag/tasks/1"
_JOBS = "spec/template/spec"


def _family(alias: str) -> dict[str, Json]:
    return {"spec/amiSelectorTerms": [{"alias": alias}], "spec/amiFamily": "Nothing"}


def _requirement(operator: str, values: list[str], **more: Json) -> list[Json]:
    return [{"key": "node.kubernetes.io/instance-type", "operator": operator, "values": values, **more}]


# Kind, what is put where (... deletes), the place of the rule, and words of our message for it.
BROKEN: list[tuple[str, dict[str, Json], str, str]] = [
    ("workflowtemplate", {"spec/templates/1/script": {}}, "spec/templates", "a template is of one kind"),
    ("workflowtemplate", {"spec/templates/0/timeout": "1h"}, "spec/templates", "a timeout stands on"),
    (
        "workflowtemplate",
        {"spec/templates/0/activeDeadlineSeconds": 60},
        "spec/templates",
        "activeDeadlineSeconds stands",
    ),
    ("workflowtemplate", {f"{_TASKS}/depends": "plan"}, _TASKS, "depends or dependencies, not both"),
    (
        "workflowtemplate",
        {f"{_TASKS}/depends": "plan", f"{_TASKS}/dependencies": ..., f"{_TASKS}/continueOn": {"failed": True}},
        _TASKS,
        "no continueOn",
    ),
    ("workflowtemplate", {f"{_TASKS}/name": "2-score"}, _TASKS, "does not begin with a digit"),
    (
        "workflowtemplate",
        {f"{_TASKS}/arguments/artifacts/0": _ARTIFACT},
        f"{_TASKS}/arguments/artifacts/0",
        "from one place",
    ),
    (
        "workflowtemplate",
        {"spec/templates/1/outputs/artifacts/0": _ARTIFACT},
        "spec/templates/1/outputs/artifacts/0",
        "from one place",
    ),
    (
        "workflowtemplate",
        {"spec/templates/2/inputs/artifacts/0": _ARTIFACT},
        "spec/templates/2/inputs/artifacts/0",
        "from one place",
    ),
    ("ec2nodeclass", {"spec/role": "node"}, "spec", "a role or an instanceProfile"),
    ("ec2nodeclass", _family("al2@v1"), "spec", "alias al2 is"),
    ("ec2nodeclass", _family("al2023@v1"), "spec", "alias al2023 is"),
    ("ec2nodeclass", _family("bottlerocket@v1"), "spec", "alias bottlerocket is"),
    ("ec2nodeclass", _family("windows2019@latest"), "spec", "alias windows2019 is"),
    ("ec2nodeclass", _family("windows2022@latest"), "spec", "alias windows2022 is"),
    ("ec2nodeclass", _family("windows2025@latest"), "spec", "alias windows2025 is"),
    ("ec2nodeclass", {"spec/amiFamily": ...}, "spec", "without an alias"),
    ("ec2nodeclass", {"spec/role": "", "spec/instanceProfile": ...}, "spec/role", "not empty"),
    ("ec2nodeclass", {"spec/instanceProfile": ""}, "spec/instanceProfile", "not empty"),
    ("ec2nodeclass", {"spec/amiSelectorTerms/0": {"owner": "amazon"}}, "spec/amiSelectorTerms", "each term selects by"),
    ("ec2nodeclass", {"spec/amiSelectorTerms/1/name": "x"}, "spec/amiSelectorTerms", "an id has nothing beside it"),
    (
        "ec2nodeclass",
        {"spec/amiSelectorTerms": [{"alias": "al2023@v1", "name": "x"}]},
        "spec/amiSelectorTerms",
        "an alias has nothing",
    ),
    ("ec2nodeclass", {"spec/amiSelectorTerms/2": {"alias": "al2023@v1"}}, "spec/amiSelectorTerms", "the only term"),
    (
        "ec2nodeclass",
        {"spec/amiSelectorTerms": [{"alias": "al2023"}]},
        "spec/amiSelectorTerms/0/alias",
        "<family>@<version>",
    ),
    (
        "ec2nodeclass",
        {"spec/amiSelectorTerms": [{"alias": "ubuntu@v1"}]},
        "spec/amiSelectorTerms/0/alias",
        "the family of an alias",
    ),
    (
        "ec2nodeclass",
        {"spec/amiSelectorTerms": [{"alias": "windows2022@v1"}], "spec/amiFamily": ...},
        "spec/amiSelectorTerms/0/alias",
        "Windows has the version latest",
    ),
    (
        "ec2nodeclass",
        {"spec/amiSelectorTerms/0/tags": {"release": ""}},
        "spec/amiSelectorTerms/0/tags",
        "nor the value of a tag",
    ),
    ("ec2nodeclass", {"spec/subnetSelectorTerms": []}, "spec/subnetSelectorTerms", "not empty"),
    ("ec2nodeclass", {"spec/subnetSelectorTerms/0": {}}, "spec/subnetSelectorTerms", "each term selects by"),
    (
        "ec2nodeclass",
        {"spec/subnetSelectorTerms": [{"id": "subnet-0123456789abcdef0", "tags": {"a": "b"}}]},
        "spec/subnetSelectorTerms",
        "an id has nothing beside it",
    ),
    (
        "ec2nodeclass",
        {"spec/subnetSelectorTerms/0/tags": {"": "a"}},
        "spec/subnetSelectorTerms/0/tags",
        "neither the key",
    ),
    ("ec2nodeclass", {"spec/securityGroupSelectorTerms": []}, "spec/securityGroupSelectorTerms", "not empty"),
    (
        "ec2nodeclass",
        {"spec/securityGroupSelectorTerms/0": {}},
        "spec/securityGroupSelectorTerms",
        "each term selects by",
    ),
    (
        "ec2nodeclass",
        {"spec/securityGroupSelectorTerms": [{"id": "sg-0123456789abcdef0", "name": "a"}]},
        "spec/securityGroupSelectorTerms",
        "an id has nothing beside it",
    ),
    (
        "ec2nodeclass",
        {"spec/securityGroupSelectorTerms": [{"name": "a", "tags": {"a": "b"}}]},
        "spec/securityGroupSelectorTerms",
        "a name has nothing beside it",
    ),
    (
        "ec2nodeclass",
        {"spec/securityGroupSelectorTerms/0/tags": {"a": ""}},
        "spec/securityGroupSelectorTerms/0/tags",
        "neither",
    ),
    (
        "ec2nodeclass",
        {"spec/capacityReservationSelectorTerms/0": {}},
        "spec/capacityReservationSelectorTerms",
        "each term",
    ),
    (
        "ec2nodeclass",
        {"spec/capacityReservationSelectorTerms": [{"id": "cr-0123456789abcdef0", "ownerID": "123456789012"}]},
        "spec/capacityReservationSelectorTerms",
        "an id has nothing beside it",
    ),
    (
        "ec2nodeclass",
        {"spec/capacityReservationSelectorTerms/1/tags": {"a": ""}},
        "spec/capacityReservationSelectorTerms/1/tags",
        "neither",
    ),
    ("ec2nodeclass", {"spec/placementGroupSelector": {}}, "spec/placementGroupSelector", "by name or id"),
    (
        "ec2nodeclass",
        {"spec/placementGroupSelector/id": "pg-0123456789abcdef0"},
        "spec/placementGroupSelector",
        "not both",
    ),
    ("ec2nodeclass", {"spec/blockDeviceMappings/1/rootVolume": True}, "spec/blockDeviceMappings", "the root volume"),
    (
        "ec2nodeclass",
        {"spec/blockDeviceMappings/0/ebs/volumeSize": ...},
        "spec/blockDeviceMappings/0/ebs",
        "a snapshotID or a volumeSize",
    ),
    (
        "ec2nodeclass",
        {"spec/blockDeviceMappings/0/ebs/volumeInitializationRate": 300},
        "spec/blockDeviceMappings/0/ebs",
        "needs a snapshotID",
    ),
    (
        "ec2nodeclass",
        {"spec/networkInterfaces/0/interfaceType": "efa-only"},
        "spec/networkInterfaces",
        "one of networkInterfaces",
    ),
    ("ec2nodeclass", {"spec/networkInterfaces/1/deviceIndex": 0}, "spec/networkInterfaces", "no two interfaces"),
    ("ec2nodeclass", {"spec/kubelet/imageGCLowThresholdPercent": 85}, "spec/kubelet", "images are collected"),
    (
        "ec2nodeclass",
        {"spec/kubelet/evictionSoft": {"memory.available": "10%", "nodefs.available": "10%"}},
        "spec/kubelet",
        "has its evictionSoftGracePeriod",
    ),
    ("ec2nodeclass", {"spec/kubelet/evictionSoft": ...}, "spec/kubelet", "stands in evictionSoft"),
    ("ec2nodeclass", {"spec/kubelet/kubeReserved": {"gpu": "1"}}, "spec/kubelet/kubeReserved", "can be reserved"),
    ("ec2nodeclass", {"spec/kubelet/kubeReserved": {"cpu": "-1"}}, "spec/kubelet/kubeReserved", "not negative"),
    ("ec2nodeclass", {"spec/kubelet/systemReserved": {"gpu": "1"}}, "spec/kubelet/systemReserved", "can be reserved"),
    ("ec2nodeclass", {"spec/kubelet/systemReserved": {"cpu": "-1"}}, "spec/kubelet/systemReserved", "not negative"),
    (
        "ec2nodeclass",
        {"spec/kubelet/evictionHard": {"cpu.available": "5%"}},
        "spec/kubelet/evictionHard",
        "its signals are",
    ),
    (
        "ec2nodeclass",
        {"spec/kubelet/evictionSoft": {"cpu.available": "5%"}},
        "spec/kubelet/evictionSoft",
        "its signals are",
    ),
    (
        "ec2nodeclass",
        {"spec/kubelet/evictionSoftGracePeriod": {"cpu.available": "5m"}},
        "spec/kubelet/evictionSoftGracePeriod",
        "its signals are",
    ),
    ("ec2nodeclass", {"spec/tags": {"": "a"}}, "spec/tags", "the key of a tag"),
    ("ec2nodeclass", {"spec/tags": {"eks:eks-cluster-name": "a"}}, "spec/tags", "eks:eks-cluster-name itself"),
    (
        "ec2nodeclass",
        {"spec/tags": {"kubernetes.io/cluster/a": "owned"}},
        "spec/tags",
        "kubernetes.io/cluster/… itself",
    ),
    ("ec2nodeclass", {"spec/tags": {"karpenter.sh/nodepool": "a"}}, "spec/tags", "karpenter.sh/nodepool itself"),
    ("ec2nodeclass", {"spec/tags": {"karpenter.sh/nodeclaim": "a"}}, "spec/tags", "karpenter.sh/nodeclaim itself"),
    ("ec2nodeclass", {"spec/tags": {"karpenter.k8s.aws/ec2nodeclass": "a"}}, "spec/tags", "ec2nodeclass itself"),
    ("ec2nodeclass", {"spec/connectionTracking": {}}, "spec/connectionTracking", "at least one of"),
    ("nodeoverlay", {"spec/price": "1.0"}, "spec", "a price or a priceAdjustment"),
    ("nodeoverlay", {"spec/capacity/cpu": "4"}, "spec/capacity", "an overlay cannot add them"),
    ("nodeoverlay", {"spec/requirements/0/values": []}, "spec/requirements", "with In has"),
    ("nodeoverlay", {"spec/requirements/3/values": []}, "spec/requirements", "with NotIn has"),
    ("nodeoverlay", {"spec/requirements/2/values": ["-1"]}, "spec/requirements", "with Gt, Lt, Gte or Lte"),
    (
        "nodeoverlay",
        {"spec/requirements/0/key": "karpenter.sh/weight"},
        "spec/requirements/0/key",
        "labels karpenter.sh/…",
    ),
    (
        "nodeoverlay",
        {"spec/requirements/0/key": "kubernetes.io/hostname"},
        "spec/requirements/0/key",
        "the name of a node",
    ),
    (
        "nodeoverlay",
        {"spec/requirements/0/key": "karpenter.k8s.aws/gpus"},
        "spec/requirements/0/key",
        "that Karpenter knows",
    ),
    ("nodepool", {"spec/replicas": 3, "spec/weight": ...}, "spec", "no limits but nodes"),
    ("nodepool", {"spec/replicas": 3, "spec/limits": ...}, "spec", "no weight"),
    ("nodepool", {_LABELS: {"karpenter.sh/weight": "1"}}, _LABELS, "of labels karpenter.sh/…"),
    ("nodepool", {_LABELS: {"karpenter.sh/nodepool": "h100"}}, _LABELS, "karpenter.sh/nodepool itself"),
    ("nodepool", {_LABELS: {"kubernetes.io/hostname": "a"}}, _LABELS, "the name of a node"),
    ("nodepool", {_LABELS: {"karpenter.k8s.aws/gpus": "8"}}, _LABELS, "that Karpenter knows"),
    ("nodepool", {"spec/template/spec/nodeClassRef/group": ""}, "spec/template/spec/nodeClassRef/group", "not empty"),
    ("nodepool", {"spec/template/spec/nodeClassRef/kind": ""}, "spec/template/spec/nodeClassRef/kind", "not empty"),
    ("nodepool", {"spec/template/spec/nodeClassRef/name": ""}, "spec/template/spec/nodeClassRef/name", "not empty"),
    ("nodepool", {_REQUIREMENTS: _requirement("In", [])}, _REQUIREMENTS, "with In has"),
    ("nodepool", {_REQUIREMENTS: _requirement("Gt", ["-1"])}, _REQUIREMENTS, "with Gt, Lt, Gte or Lte"),
    ("nodepool", {_REQUIREMENTS: _requirement("In", ["a", "b"], minValues=3)}, _REQUIREMENTS, "with minValues"),
    ("nodepool", {f"{_REQUIREMENTS}/0/key": "karpenter.sh/weight"}, f"{_REQUIREMENTS}/0/key", "labels karpenter.sh/…"),
    ("nodepool", {f"{_REQUIREMENTS}/0/key": "karpenter.sh/nodepool"}, f"{_REQUIREMENTS}/0/key", "nodepool itself"),
    ("nodepool", {f"{_REQUIREMENTS}/0/key": "kubernetes.io/hostname"}, f"{_REQUIREMENTS}/0/key", "the name of a node"),
    (
        "nodepool",
        {f"{_REQUIREMENTS}/0/key": "karpenter.k8s.aws/gpus"},
        f"{_REQUIREMENTS}/0/key",
        "that Karpenter knows",
    ),
    (
        "nodepool",
        {"spec/disruption/budgets/0/duration": ...},
        "spec/disruption/budgets",
        "schedule and duration together",
    ),
    ("clusterqueue", {"spec/cohortName": ...}, "spec", "nobody to borrow from"),
    (
        "clusterqueue",
        {"spec/resourceGroups/0/coveredResources": ["cpu"]},
        "spec/resourceGroups/0",
        "each flavor has a quota",
    ),
    ("clusterqueue", {"spec/flavorFungibility/whenCanBorrow": ...}, "spec/flavorFungibility", "preference needs"),
    ("clusterqueue", {"spec/preemption/reclaimWithinCohort": ...}, "spec/preemption", "reclaims within its cohort"),
    (
        "cohort",
        {"spec/resourceGroups/0/flavors/0": {**_FLAVOR, "resources": []}},
        "spec/resourceGroups/0",
        "each flavor",
    ),
    (
        "multikueuecluster",
        {"spec/clusterSource/clusterProfileRef": {"name": "train-fra"}},
        "spec/clusterSource",
        "by kubeConfig or by clusterProfileRef",
    ),
    ("multikueueconfig", {"spec/clusters": ["train-fra", "train-fra"]}, "spec/clusters", "stands in the list twice"),
    ("resourceflavor", {"spec/nodeLabels": {}}, "spec", "at least one of nodeLabels"),
    ("resourceflavor", {"spec/nodeLabels": ...}, "spec", "at least one of nodeLabels"),
    ("resourceflavor", {"spec/nodeTaints/0/effect": "Never"}, "spec/nodeTaints", "the effect of a taint"),
    ("resourceflavor", {"spec/tolerations/1/key": ...}, "spec/tolerations", "a toleration without a key"),
    ("resourceflavor", {"spec/tolerations/1/effect": "NoSchedule"}, "spec/tolerations", "with tolerationSeconds"),
    ("resourceflavor", {"spec/tolerations/1/operator": "Lt"}, "spec/tolerations", "the operator of a toleration"),
    ("resourceflavor", {"spec/tolerations/0/value": "a"}, "spec/tolerations", "operator Exists has no value"),
    ("resourceflavor", {"spec/tolerations/0/effect": "Never"}, "spec/tolerations", "the effect of a toleration"),
    ("topology", {"spec/levels": [{"nodeLabel": "a"}, {"nodeLabel": "a"}]}, "spec/levels", "stands in the list twice"),
    (
        "topology",
        {"spec/levels": [{"nodeLabel": "kubernetes.io/hostname"}, {"nodeLabel": "a"}]},
        "spec/levels",
        "the lowest level",
    ),
    (
        "alertmanagerconfig",
        {"spec/receivers/2/snsConfigs/0/sigv4": {"region": "us-east-1", "externalId": "a"}},
        "spec/receivers/2/snsConfigs/0/sigv4",
        "needs a roleArn",
    ),
    *(
        case
        for kind in ("clustertrainingruntime", "trainingruntime")
        for case in (
            (kind, {"spec/mlPolicy/jax": {}, "spec/mlPolicy/torch": {}}, "spec/mlPolicy", "one policy"),
            (
                kind,
                {
                    "spec/mlPolicy": {
                        "torch": {"envInjection": {"targets": [{"jobName": "node", "containerNames": ["node"]}]}}
                    }
                },
                "spec/mlPolicy/torch/envInjection/targets/0/containerNames",
                "PET_*",
            ),
            (
                kind,
                {"spec/mlPolicy": {"flux": {"numProcPerNode": 0}}},
                "spec/mlPolicy/flux/numProcPerNode",
                "at least 1",
            ),
            (
                kind,
                {
                    f"{_JOBS}/startupPolicy": {"startupPolicyOrder": "InOrder"},
                    f"{_JOBS}/replicatedJobs/1/dependsOn": [{"name": "dataset-initializer", "status": "Complete"}],
                },
                _JOBS,
                "startupPolicy InOrder and dependsOn",
            ),
        )
    ),
    ("trainjob", {"metadata/name": "1-bev"}, "", "a DNS label of RFC 1035"),
    ("trainjob", {"metadata/name": "a" * 64}, "", "at most 63 characters"),
    (
        "trainjob",
        {"spec/initializer/dataset/storageUri": "/data"},
        "spec/initializer/dataset/storageUri",
        "<scheme>://",
    ),
    ("trainjob", {"spec/initializer/model/storageUri": "s3://"}, "spec/initializer/model/storageUri", "<scheme>://"),
    ("trainjob", {"spec/managedBy": "someone"}, "spec/managedBy", "managedBy is"),
]

# The nearest legal neighbours of those, and what makes the rest of the rules say yes.
LEGAL: list[tuple[str, dict[str, Json]]] = [
    ("workflowtemplate", {f"{_TASKS}/depends": "plan", f"{_TASKS}/dependencies": ...}),
    ("workflowtemplate", {"spec/templates/1/timeout": "1h"}),
    ("ec2nodeclass", {"spec/role": "node", "spec/instanceProfile": ...}),
    ("ec2nodeclass", _ALIAS),
    ("ec2nodeclass", {**_ALIAS, "spec/amiFamily": ...}),
    ("ec2nodeclass", {**_ALIAS, "spec/amiFamily": "Custom"}),
    ("ec2nodeclass", {"spec/amiSelectorTerms": [{"alias": "windows2025@latest"}], "spec/amiFamily": "Windows2025"}),
    ("ec2nodeclass", {"spec/kubelet/imageGCLowThresholdPercent": 84}),
    ("ec2nodeclass", {"spec/kubelet/evictionSoft": ..., "spec/kubelet/evictionSoftGracePeriod": ...}),
    ("ec2nodeclass", {"spec/subnetSelectorTerms/0": {"id": "subnet-0123456789abcdef1", "tags": {"a": "b"}}}),
    ("nodeoverlay", {"spec/price": "1.0", "spec/priceAdjustment": ...}),
    ("nodeoverlay", {"spec/requirements/2/values": ["0"]}),
    ("nodepool", {"spec/replicas": 3, "spec/weight": ..., "spec/limits": {"nodes": "4"}}),
    ("nodepool", {_REQUIREMENTS: _requirement("In", ["a", "b"], minValues=2)}),
    ("nodepool", {"spec/disruption/budgets/0/duration": ..., "spec/disruption/budgets/0/schedule": ...}),
    ("clusterqueue", {"spec/flavorFungibility": ..., "spec/preemption": ...}),
    ("clusterqueue", {"spec/flavorFungibility/whenCanPreempt": ...}),
    ("clusterqueue", {"spec/preemption/borrowWithinCohort": ..., "spec/preemption/reclaimWithinCohort": ...}),
    (
        "clusterqueue",
        {"spec/preemption/borrowWithinCohort/policy": ..., "spec/preemption/reclaimWithinCohort": "Never"},
    ),
    ("multikueuecluster", {"spec/clusterSource": {"clusterProfileRef": {"name": "train-fra"}}}),
    ("resourceflavor", {"spec/nodeLabels": ..., "spec/topologyName": ...}),
    ("resourceflavor", {"spec/tolerations/0": {"operator": "Exists"}}),
    ("topology", {"spec/levels": [{"nodeLabel": "a"}]}),
    (
        "trainingruntime",
        {f"{_JOBS}/startupPolicy": {"startupPolicyOrder": "InOrder"}, f"{_JOBS}/replicatedJobs/1/dependsOn": ...},
    ),
    ("trainingruntime", {"spec/mlPolicy": {"flux": {"numProcPerNode": 1}}}),
    ("trainingruntime", {"spec/mlPolicy": {"flux": {}}}),
    ("clustertrainingruntime", {"spec/mlPolicy": {"flux": {"numProcPerNode": 8}}}),
    (
        "clustertrainingruntime",
        {
            "spec/mlPolicy": {
                "torch": {"envInjection": {"targets": [{"jobName": "node", "containerNames": ["metrics"]}]}}
            }
        },
    ),
    ("trainjob", {"metadata/name": "a" * 63}),
    ("trainjob", {"spec/initializer/dataset/storageUri": ""}),
    ("trainjob", {"spec/managedBy": ...}),
]


def changed(kind: str, changes: dict[str, Json]) -> Json:
    """The sample of a kind with all changes."""
    document = sample(SAMPLES / f"{kind}.yaml")
    for place, value in changes.items():
        put(document, place, value)
    return document
