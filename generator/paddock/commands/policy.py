"""`paddock policy test`: the tests of the platform's own policies, one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from paddock.analysis import policies
from paddock.checks.policies import own_problems
from paddock.commands.session import Session
from paddock.errors import OK, USAGE, Fatal
from paddock.inputs import gather
from paddock.load import load
from paddock.locating import locate
from paddock.model import Policy


def run(session: Session, *, names: Sequence[str]) -> int:
    """Try the tests; findings about the policies follow where there are any. An unknown policy is a usage error."""
    gathered, problems = gather(session.root)
    loaded = load(gathered, unread=frozenset(one.place.path for one in problems))
    known = loaded.fleet.policies if loaded.fleet else {}
    unread = [one for one in loaded.problems if one.place.path.startswith("environments/policies/")]
    for name in names:
        if name not in known and not any(one.place.path.endswith(f"/{name}.yaml") for one in unread):
            raise Fatal(f'there is no policy "{name}"', help=f"legal: {', '.join(known) or 'none'}", code=USAGE)
    chosen = [policy for name, policy in known.items() if not names or name in names]
    for policy in chosen if session.format == "text" else ():
        sys.stdout.write(_lines(policy))
    found = [one for one in unread if not names or one.place.path.split("/")[-1].removesuffix(".yaml") in names]
    if loaded.fleet is not None:
        found += [problem for policy in chosen for problem in own_problems(policy, loaded.fleet)]
    if found or session.format != "text":
        return session.report(locate(found, gathered), len(unread))
    tests = sum(len(one.data["tests"]) for one in chosen)
    sys.stdout.write(f"{tests} tests pass, of {len(chosen)} {'policy' if len(chosen) == 1 else 'policies'}\n")
    return OK


def _lines(policy: Policy) -> str:
    one = policies.compiled(policy)
    if one.unreadable:
        return f"{policy.name}: cannot be used\n"
    marks = {outcome.index: "FAILED" if outcome.problem else "ok" for outcome in policies.outcomes(one)}
    tests = policy.data["tests"]
    lines = [f"  {marks[index]:<6} {test['expect']}: {test['name']}\n" for index, test in enumerate(tests)]
    return "".join([f"{policy.name}\n", *lines])
