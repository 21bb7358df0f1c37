"""Findings about templates and components."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/adding-a-component.md"

EXPLANATIONS = {
    "argo-cd-beside-capability": explain(
        "The argo-cd component where Argo CD is the EKS capability.",
        "Two Argo CDs would fight over the same Applications.",
        "Disable the component.",
    ),
    "component-conflict": explain(
        "Two components that cannot run together.", "They would fight over the same objects.", "Disable one."
    ),
    "component-cycle": explain(
        "Components that require each other in a circle.",
        "None of them could be first, so their sync waves are undefined.",
        "Remove one of the requirements.",
    ),
    "contradictory-requirement": explain(
        "A component that conflicts with itself, or with one that it requires or that requires it.",
        "One of them could run nowhere.",
        "Remove the conflict or the requirement.",
    ),
    "incompatible-versions": explain(
        "Chart pins of two components that run together and do not work together.",
        "The older one lacks what the newer one reads or writes: runs stay suspended, and nothing says why.",
        "Pin both to versions that belong together.",
    ),
    "incomplete-component": explain(
        "A component folder without component.yaml or one of its schemas.",
        "Its settings and values could not be validated.",
        "Add the file.",
    ),
    "invalid-object": explain(
        "A rendered object that the schema of its kind refuses.",
        "The API server would refuse it, or drop the field silently.",
        "Mend the spec line; where it is right, the template.",
    ),
    "invalid-values": explain(
        "Helm values that the chart's schema refuses.",
        "43 of 47 charts ignore a wrong key silently.",
        "Mend the setting; where it is right, the template.",
    ),
    "missing-fsx-network": explain(
        "The FSx driver on a cluster whose network names no subnet or security groups for file systems.",
        "Its StorageClasses could not create a volume.",
        "Add network.fsxSubnetId and network.fsxSecurityGroupIds, or disable the component.",
    ),
    "missing-object-schema": explain(
        "An object of a kind without a schema for the cluster's Kubernetes version.",
        "It cannot be validated, or that version does not serve it.",
        "Add the schema, or use a served API version.",
    ),
    "missing-requirement": explain(
        "A component without one that it requires.",
        "It would never become healthy.",
        "Enable the other, or disable this one.",
    ),
    "not-a-kubernetes-object": explain(
        "A resource template whose output is not an object.",
        "Argo CD would skip it silently.",
        "Render apiVersion, kind and metadata.name.",
    ),
    "not-deterministic": explain(
        "Helm values with which a chart renders something else each time.",
        "Argo CD would never find it in sync, or rotate a key or certificate at every sync.",
        "Give the value that the component's `deterministic` names, in the setting or the template.",
    ),
    "shadowed-file": explain(
        "A template or schema that differs from the one of the same name that ships with paddock.",
        "An upgrade of paddock would change nothing, silently.",
        "Rename it, or write replaces: true into its component.yaml.",
    ),
    "template-error": explain(
        "An expression that failed.",
        "The template and its view-model disagree.",
        "Mend the expression; compute in the view-model.",
    ),
    "template-output-not-yaml": explain(
        "A template whose output is not strict YAML.",
        "It would be committed and fail in Argo CD.",
        "Mend the template.",
    ),
    "template-syntax": explain(
        "A template that Jinja cannot read.", "Nothing of its kind can be rendered.", "Mend the line."
    ),
    "template-undefined": explain(
        "A variable that the view-model does not give.",
        "The template and its view-model disagree.",
        "Correct the name.",
    ),
    "template-unsafe-place": explain(
        "An expression or tag at a place where a value could break out of its scalar.",
        "A spec could then write any YAML.",
        "Let the expression fill the whole value; a tag stands alone on its line.",
    ),
    "two-crd-owners": explain(
        "A CRD that two components install.", "They overwrite each other for ever.", "Let one install it."
    ),
    "unknown-requirement": explain(
        "A component.yaml that requires or conflicts with a component that does not exist.",
        "The component could run nowhere, or would run beside what it must not meet.",
        "Correct the name; components are folders of templates/components/.",
    ),
    "unrepresentable-value": explain(
        "A value that YAML or Kubernetes cannot carry unchanged.",
        "It would arrive as something else.",
        "Change the value; the message says what is wrong.",
    ),
    "workload-needs-component": explain(
        "A workload type whose controller does not run on the cluster.",
        "Its objects could not even be created.",
        "Enable the component, or run it elsewhere.",
    ),
}
