"""Findings about what Argo CD would do with a tree: projects, Applications, and the order in which they are applied."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://argo-cd.readthedocs.io/en/stable/operator-manual/"

EXPLANATIONS = {
    "application-in-foreign-namespace": explain(
        "An Application in a namespace where its project may not have Applications.",
        "Argo CD does not look there, or refuses it: nothing of it is ever applied.",
        "Write it into Argo CD's own namespace.",
    ),
    "application-name-too-long": explain(
        "An Application whose name is no label, or no name of a Helm release.",
        "Labels hold 63 characters and releases 53; it could not be synced (argo-cd#13645, #4045).",
        "Shorten the name, or state helm.releaseName.",
    ),
    "applied-to-other-cluster": explain(
        "An Application that applies to one cluster what was rendered for another.",
        "Quotas, names and Kubernetes version are those of the other cluster.",
        "Set the destination to the cluster of the folder.",
    ),
    "argo-cd-namespace-open": explain(
        "A tenant's project whose destinations hold Argo CD's own namespace on the hub.",
        "Whoever writes there makes Applications and projects, and so is an administrator of every cluster.",
        "List the tenant's own namespaces.",
    ),
    "cascade-in-production": explain(
        "An Application of a production environment with a finalizer that deletes what it has applied.",
        "A slip of kubectl delete, or a rename, would delete everything that runs (argo-cd#10949).",
        "Leave the finalizer out; remove what shall go from the specs first.",
    ),
    "cluster-registered-twice": explain(
        "Two cluster Secrets with one name or one server.",
        "A destination by that name matches none; of two with one server each keeps its own state "
        "(argo-cd#7287, #9606, #15027).",
        "Register each cluster once.",
    ),
    "crd-after-consumer": explain(
        "An Application with custom objects that does not come after the component with their CRD.",
        "Its first sync fails as a whole, and after five retries nobody tries again (argocd.md 5.3).",
        "Give it a later wave, or the sync option SkipDryRunOnMissingResource=true.",
    ),
    "create-namespace-not-permitted": explain(
        "CreateNamespace=true in a project that does not allow that Namespace.",
        "Argo CD makes the Namespace under the project's rules, and fails (argo-cd#22869, #20233).",
        "Render the Namespace instead, or list it by name in the project.",
    ),
    "default-project-open": explain(
        "The project default, which Argo CD makes by itself, allows something.",
        "Every Application that names no project, or is made by hand, belongs to it.",
        "Leave it to the program, which locks it.",
    ),
    "destination-not-in-project": explain(
        "An Application whose cluster and namespace its project does not allow.",
        "Argo CD refuses the Application as a whole.",
        "Use another namespace, or another project.",
    ),
    "duplicate-list-key": explain(
        "A variable, port, volume or mount path that stands twice in its list.",
        "The server merges these lists by that key and refuses the object (argo-cd#25474, kubernetes#113482).",
        "Leave one of the two.",
    ),
    "duplicate-project-entry": explain(
        "A destination or role that stands twice in a project.",
        "Argo CD refuses the whole project for it, and with the project all of its Applications.",
        "Leave one of the two.",
    ),
    "force-without-replace": explain(
        "An object with Force=true but without Replace=true.",
        "Together with an apply on the server the sync fails (argo-cd#23226, #29624).",
        "Write both, which deletes the object and makes it anew, or neither.",
    ),
    "foreign-file-in-folder": explain(
        "A YAML or JSON file that is not a Kubernetes object, in a folder that an Application applies.",
        "Argo CD fails at it, or skips it without a word (argo-cd#21228, #4695).",
        "Apply a folder that holds objects only.",
    ),
    "generate-paths-too-narrow": explain(
        "manifest-generate-paths that leave out a file which the Application reads.",
        "A commit that changes that file alone is not seen: the cluster keeps what it had (argo-cd#24346, #17085).",
        "Name every folder of its sources and value files.",
    ),
    "hook-in-tree": explain(
        "An object that is a hook of Argo CD or Helm.",
        "Hooks run at a sync only: neither self-healing nor a change of the hook alone starts them (argo-cd#25475, "
        "#9830), and one Argo CD hook turns off the Helm hooks of an object.",
        "Render a plain object, with an earlier wave if it must come first.",
    ),
    "ignored-array-element": explain(
        "An Application ignores an element of a list in a custom resource.",
        "Argo CD takes the whole list from the cluster then, so that no change of it arrives (argo-cd#9678, #17694).",
        "Ignore the whole list knowingly, or the fields of one manager.",
    ),
    "ignored-required-field": explain(
        "An Application ignores a field without which the object is not valid.",
        "The comparison on the server takes it out first, and fails (argo-cd#24275).",
        "Ignore a field below it, or compare without the server.",
    ),
    "incomplete-claim-template": explain(
        "A claim template of a StatefulSet without apiVersion, kind or volumeMode.",
        "The API server fills them in and lets nobody change them: it is out of sync for ever (argo-cd#11143, #16707).",
        "Write all three.",
    ),
    "invalid-project-policy": explain(
        "A policy of a project's role that Argo CD does not take.",
        "It refuses the whole project for it, and with the project all of its Applications.",
        "Name the project and the role in the subject, and the project in the object.",
    ),
    "kind-not-in-project": explain(
        "An object of a kind that the project of its Application does not allow.",
        "The sync of the whole Application fails at it.",
        "List a cluster-scoped kind in clusterResources of the component; leave out what a team may not have.",
    ),
    "kind-without-crd": explain(
        "A custom object on a cluster where no component brings its CRD.",
        "It cannot be applied, and its Application stays out of sync.",
        "Enable the component that brings the CRD, and require it.",
    ),
    "namespace-managed-twice": explain(
        "An Application that has managedNamespaceMetadata for a Namespace that it also applies.",
        "The two overwrite each other's labels (argo-cd#16995, #15815).",
        "Write the labels into the Namespace.",
    ),
    "namespace-not-in-project": explain(
        "An object in a namespace that the project of its Application does not allow.",
        "The sync of the whole Application fails at it.",
        "Use a namespace of the project, or list it in extraNamespaces of the component.",
    ),
    "namespace-without-name": explain(
        "A project that may apply every Namespace.",
        "Any namespace could be labelled anew, or taken over (argo-cd#3553).",
        "List Namespaces by name.",
    ),
    "needs-server-side-apply": explain(
        "An object over 262,144 bytes in an Application that applies on the client.",
        "The client keeps a copy in an annotation, which may not be larger (argo-cd#820).",
        "Add ServerSideApply=true.",
    ),
    "object-in-two-applications": explain(
        "An object that two Applications apply.",
        "They overwrite each other's tracking, and it goes with whichever is deleted first (argo-cd#18166, #22607).",
        "Let each folder be applied by one Application.",
    ),
    "privileged-project-role": explain(
        "A role of a project that may do more than look and sync.",
        "exec is a shell in every pod; create, override and * deploy what nobody has reviewed.",
        "Allow get and sync; everything else is a change of this repository.",
    ),
    "replaced-with-its-data": explain(
        "A Namespace, claim or CRD that is replaced at a sync.",
        "It is deleted first: with the Namespace its objects, with the claim its data, with the CRD its resources "
        "(argo-cd#18245).",
        "Leave Replace=true and Force=true out.",
    ),
    "repository-pattern-too-wide": explain(
        "A pattern of sourceRepos that other owners' repositories match.",
        "Anybody who can register such a name could deploy into the project.",
        "Write each URL, or a pattern behind the owner and a slash.",
    ),
    "reserved-annotation": explain(
        "An annotation that Argo CD writes itself.",
        "The object is taken for another Application's, or an action starts again at every sync.",
        "Leave it out.",
    ),
    "source-folder-missing": explain(
        "An Application of a folder that is not in the tree.",
        "Argo CD finds no such path, and the Application stays unknown.",
        "Correct the path: it is counted from the root of the branch.",
    ),
    "source-namespace-missing": explain(
        "A project without Argo CD's namespace in sourceNamespaces, where Argo CD is the capability of EKS.",
        "The capability takes no Application of it.",
        "Add the namespace.",
    ),
    "source-namespace-open": explain(
        "A project that names Argo CD's own namespace in sourceNamespaces.",
        "The namespace is the administrators'; a project that claims it is one hole more.",
        "Leave it out.",
    ),
    "source-not-in-project": explain(
        "An Application that reads a repository which its project does not allow.",
        "Argo CD refuses the Application as a whole.",
        "Use a repository of the project.",
    ),
    "sync-wave-not-a-number": explain(
        "A sync wave that is not an integer.",
        "Argo CD takes it for 0 without a word, and the order is another.",
        "Write an integer in quotes.",
    ),
    "tenant-assumes-role": explain(
        "A ServiceAccount of a workload that names a role of AWS.",
        "A team could take any role that trusts the cluster's service accounts.",
        "Leave the annotation out: the platform associates roles.",
    ),
    "tenant-cluster-kind": explain(
        "A tenant's project that may apply a kind without a namespace.",
        "Roles, webhooks, CRDs and priorities of a cluster are every team's at once.",
        "Leave it to the platform's project.",
    ),
    "tenant-creates-applications": explain(
        "A tenant's project that may apply Argo CD's own kinds.",
        "An Application of its own in another project is everything that project may.",
        "List the kinds of argoproj.io that it needs by name.",
    ),
    "tenant-grants-roles": explain(
        "A tenant's project that may apply Role or RoleBinding.",
        "A team could bind itself to whatever role there is.",
        "Leave both out: the platform renders the roles of teams.",
    ),
    "tenant-makes-identities": explain(
        "A tenant's project on the hub that may apply roles, policies or pod identities of AWS.",
        "ACK makes them with the platform's rights, so that a team could give its pods any role (argocd.md 3.1).",
        "List the kinds that it needs; roles come from the platform.",
    ),
    "tenant-on-any-cluster": explain(
        "A tenant's project with a pattern for its clusters.",
        "It reaches the clusters of others, and those that come later.",
        "Name each cluster.",
    ),
    "two-spellings-of-repository": explain(
        "One repository that is written in two ways.",
        "Argo CD keeps two copies of it, and Applications of one commit see two (argo-cd#23564).",
        "Write it in one way everywhere.",
    ),
    "unknown-destination": explain(
        "An Application for a cluster that Argo CD does not know.",
        "It stays unknown until somebody registers that cluster.",
        "Correct the name, or give the cluster a spec.",
    ),
    "unknown-project": explain(
        "An Application of a project that does not exist.",
        "Argo CD refuses the Application.",
        "Name a project of the tree.",
    ),
    "unknown-sync-option": explain(
        "A sync option of an object that Argo CD does not know.",
        "It compares exact text and says nothing of what it does not know: the object would be pruned after all.",
        "Correct the spelling.",
    ),
    "values-file-missing": explain(
        "A values file that is not in the tree.",
        "Argo CD cannot render the chart, and nothing of it is applied (argo-cd#16024, #15528).",
        "Count the path from the root of the repository that the reference names.",
    ),
    "waves-without-health": explain(
        "Settings of Argo CD without a health check of Applications.",
        "Argo CD has had none of its own since 1.8, so that no wave waits for the one before (argo-cd#3781, #16870).",
        "Add resource.customizations.health.argoproj.io_Application.",
    ),
}
