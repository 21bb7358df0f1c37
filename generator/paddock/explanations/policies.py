"""Findings of the platform's own policies."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "docs/guides/policies.md"

EXPLANATIONS = {
    "cel-syntax": explain(
        "An expression of a policy that is not CEL, or that reads what is not there: a name, a function, a type.",
        "The policy could not be asked, so everything would pass.",
        "Mend it at the column that the finding names; docs/guides/policies.md lists what expressions see and call.",
    ),
    "policy-error": explain(
        "An expression of a policy that fails on a spec or an object, often because a field is not there.",
        "Whether the policy is kept cannot be said; in the cluster such a request would be refused.",
        "Ask for the field first, with has() or .?field.orValue(), and add a test without it.",
    ),
    "policy-matches-nothing": explain(
        "A policy about an environment, cluster or team that does not exist, or about kinds of objects that nothing "
        "renders.",
        "It is never asked, and nobody notices.",
        "Mend the name, or take the policy away.",
    ),
    "policy-test-failed": explain(
        "A test of a policy that goes otherwise than expected.",
        "The policy does not say what its author meant: it would refuse what is right, or let pass what is wrong.",
        "Mend the expression; where the policy is right, the test.",
    ),
    "policy-violated": explain(
        "A spec or a rendered object that breaks a policy of this repository (environments/policies).",
        "The finding says why the platform asks for it.",
        "Do what the finding's help says, or talk to the owners of the policy.",
    ),
    "policy-without-test": explain(
        "A policy without a test in which it is kept, or without one in which it is violated.",
        "An expression that is always true, or always false, would go unnoticed.",
        "Add a test with expect: fail, or expect: pass.",
    ),
}
