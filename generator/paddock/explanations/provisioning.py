"""Findings about how clusters are made."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://docs.aws.amazon.com/eks/latest/userguide/"

EXPLANATIONS = {
    "capability-without-sign-in": explain(
        "Argo CD as the EKS capability on a hub that Terraform makes, without IAM Identity Center.",
        "The capability has no other sign-in, so AWS would not make it and nothing would ever be synced.",
        "Name the instance and the groups in argoCD.identityCenter, or set argoCD.mode: selfManaged.",
    ),
    "capacity-block-shape": explain(
        "A node group of a capacity block without reservation, or with several types or zones.",
        "A capacity block is one instance type in one zone; EKS refuses anything else.",
        "State the reservation, one type and one zone.",
    ),
    "capacity-block-ended": explain(
        "A node pool of a capacity block that is over.",
        "No node will come of it, so whatever waits for one waits for ever.",
        "Remove the pool, or name the block that follows.",
    ),
    "claim-not-group-id": explain(
        "An identity group of the Argo CD capability whose claim is not the id of a group in IAM Identity Center.",
        "The capability compares ids, so its people could not sign in.",
        "Write the id that `aws identitystore list-groups` prints as the group's claim.",
    ),
    "cluster-without-nodes": explain(
        "A cluster that is made without a managed node group.",
        "Karpenter makes nodes, but has to run on one that it did not make.",
        "Add a node group of two or three small nodes.",
    ),
    "group-without-role": explain(
        "An identity group with access to a cluster, but without an IAM role.",
        "EKS admits IAM principals, not groups of an identity provider: nobody would get in.",
        "Add the role to the group in platform.yaml.",
    ),
    "hub-not-by-terraform": explain(
        "A hub that ACK is to make.",
        "ACK and Argo CD run on the hub: what they stand on must be there before them.",
        "Set eks.provisioner of the hub to terraform, or to existing.",
    ),
    "incomplete-provisioning": explain(
        "A fact that is missing of a cluster that exists, or that ACK or Terraform are to make.",
        "Who makes the cluster could not begin, or would begin in the wrong place.",
        "Write the field that the finding names, or change eks.provisioner.",
    ),
    "kubernetes-out-of-support": explain(
        "A cluster with a Kubernetes version that EKS does not even support at the higher price any more.",
        "EKS has upgraded it: what is rendered for the stated version may be refused by the real one.",
        "Write the version that `aws eks describe-cluster` says, and upgrade in time.",
    ),
    "kubernetes-upgraded-by-eks": explain(
        "A cluster of support type STANDARD after standard support of its Kubernetes version ended.",
        "EKS upgrades it by itself, at a time nobody chose.",
        "Upgrade it, or write eks.supportType: EXTENDED and pay for the months that it takes.",
    ),
    "sizes-reversed": explain(
        "A node group whose largest size is below its smallest.",
        "EKS refuses it.",
        "Write maxSize of at least minSize.",
    ),
    "unsupported-by-provider": explain(
        "A setting that the chosen version of Terraform's AWS provider has no argument for.",
        "The stack would be applied without it, and nobody would notice.",
        "Choose a newer provider in platform.yaml, or leave the setting out.",
    ),
    "vpc-outside-hub": explain(
        "A VPC to be made for a cluster that is not the hub, or not made by Terraform.",
        "Only the bootstrap stack of the hub makes a network; other clusters live in networks that exist.",
        "Name the VPC and its private subnets.",
    ),
    "wildcard-permission": explain(
        "A right to every action of a service, or to pass on or assume roles, on every resource.",
        "Whoever takes over one pod would have the whole account.",
        "Name the actions and the ARNs that are needed.",
    ),
    "zone-without-subnet": explain(
        "A node group in a zone where the cluster has no subnet.",
        "EKS would refuse the group.",
        "Use a zone of network.subnetIds, or add its subnet there.",
    ),
}
