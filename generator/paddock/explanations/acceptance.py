"""Explanations of findings about acceptances: comments, exceptions and the baseline."""

from __future__ import annotations

from paddock.explanations.explanation import Explanation, explain

SOURCE = "docs/guides/accepting-findings.md"

EXPLANATIONS: dict[str, Explanation] = {
    "exception-not-allowed": explain(
        "An exception for a finding that does not exist or that nobody can accept.",
        "Either it accepts nothing, or what would be rendered would be wrong.",
        "Correct the id, or mend what it finds.",
    ),
    "expired-exception": explain(
        "An exception whose last day is over.",
        "It accepts nothing any more; what it accepted is reported again.",
        "Mend what it accepted and remove it, or have it approved anew with another date.",
    ),
    "malformed-suppression": explain(
        "A comment that begins with allow: and is not a suppression.",
        "Whoever wrote it believes that it accepts something.",
        "Write # allow: <id> -- <reason>, or with a last day: # allow: <id> until 2027-01-31 -- <reason>.",
    ),
    "self-approved-exception": explain(
        "An exception for a team's file that names a group of this team as its approver.",
        "Security, quota and budget are decided by somebody else than who asks.",
        "Let a group of the platform team decide.",
    ),
    "stale-baseline": explain(
        "An entry of environments/baseline.yaml whose finding is gone.",
        "It would accept the same fault when it comes back.",
        "Run paddock baseline and commit the shorter file.",
    ),
    "suppression-not-allowed": explain(
        "A comment that would accept a finding of security, quota or budget, or one that nobody can accept.",
        "A team cannot approve itself.",
        "Ask the platform team for an exception in environments/exceptions.yaml, or mend what it finds.",
    ),
    "unknown-approver": explain(
        "An exception whose approver is not an identity group of the platform.",
        "Nobody can be asked why it was accepted.",
        "Name a group of spec.identityGroups in environments/platform.yaml.",
    ),
    "unused-exception": explain(
        "An exception that accepts nothing.",
        "It would accept the next fault of its kind unseen.",
        "Remove it, or correct its finding, path or field.",
    ),
    "unused-suppression": explain(
        "A comment that accepts a finding which is not there, or whose last day is over.",
        "It would accept the next fault of this line unseen.",
        "Remove the comment.",
    ),
}
