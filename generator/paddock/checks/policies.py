"""The platform's own policies (environments/policies): can be read, hold on their tests, and are kept by specs and
rendered objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paddock.analysis import policies
from paddock.analysis.policies import Compiled, Verdict
from paddock.diagnostics import Note, Place, Problem, Severity
from paddock.model import Cluster, Environment, Fleet, Json, Policy, Spec, Team
from paddock.render import ObjectRef
from paddock.schema import Fault

IDS = (
    "cel-syntax",
    "policy-error",
    "policy-matches-nothing",
    "policy-test-failed",
    "policy-violated",
    "policy-without-test",
)
OBJECT_IDS = ("policy-error", "policy-violated")
OUTPUT_IDS = ("policy-matches-nothing",)


def check(fleet: Fleet) -> Iterator[Problem]:
    """The policies themselves, then each spec that one of them is about."""
    for policy in fleet.policies.values():
        one, found = policies.compiled(policy), own_problems(policy, fleet)
        yield from found
        if not any(problem.severity is Severity.ERROR for problem in found):
            for spec, around in _specs(policy, fleet):
                for verdict in policies.verdicts(one, around) or ():
                    yield _violation(policy, spec, verdict)


def own_problems(policy: Policy, fleet: Fleet) -> list[Problem]:
    """What is wrong with a policy itself, whatever there is that it is about."""
    one = policies.compiled(policy)
    found = [*_unreadable(one), *_names(policy, fleet)]
    return found if one.unreadable else [*found, *_tests(one)]


def _unreadable(one: Compiled) -> Iterator[Problem]:
    for fault in one.unreadable:
        at = one.policy.place(*fault.pointer)
        yield Problem(
            id="cel-syntax",
            message=f'an expression of policy "{one.policy.name}" cannot be used: {fault.why.message}',
            place=Place(path=at.path, pointer=at.pointer, inside=(fault.why.line, fault.why.column)),
            help=f"write CEL as Kubernetes speaks it, over {', '.join(policies.NAMES)}; see docs/guides/policies.md",
        )


def _names(policy: Policy, fleet: Fleet) -> Iterator[Problem]:
    environments = fleet.environments.values()
    known = {
        "environments": set(fleet.environments) | {name for kind, _, name in fleet.unread if kind == "Environment"},
        "clusters": {one.name for one in fleet.clusters()}
        | {name for kind, _, name in fleet.unread if kind == "Cluster"},
        "teams": {name for one in environments for name in one.teams}
        | {name for kind, _, name in fleet.unread if kind == "Team"},
    }
    for field, legal in known.items():
        for index, name in enumerate(policy.data["matchConstraints"].get(field, ())):
            if name not in legal:
                yield Problem(
                    id="policy-matches-nothing",
                    message=f'policy "{policy.name}" is about the {field[:-1]} "{name}", which does not exist',
                    place=policy.place("matchConstraints", field, index),
                    help=f"legal: {', '.join(sorted(legal))}",
                )


def _tests(one: Compiled) -> Iterator[Problem]:
    for outcome in policies.outcomes(one):
        if outcome.problem:
            yield Problem(
                id="policy-test-failed",
                message=f'test "{outcome.name}" of policy "{one.policy.name}" fails: {outcome.problem}',
                place=one.policy.place("tests", outcome.index, "expect"),
                help="mend the expression; where the policy is right, the test",
            )
    expected = {test["expect"] for test in one.policy.data["tests"]}
    for missing, what in (("fail", "is violated"), ("pass", "is kept")):
        if missing not in expected:
            yield Problem(
                id="policy-without-test",
                message=f'policy "{one.policy.name}" has no test in which it {what}',
                place=one.policy.place("tests", key=True),
                severity=Severity.WARNING,
                help=f"add a test with expect: {missing}",
            )


def _specs(policy: Policy, fleet: Fleet) -> Iterator[tuple[Spec, dict[str, Json]]]:
    """The specs that a policy is about, with what its expressions see."""
    for environment in fleet.environments.values():
        for kind, spec, cluster, team in _in_environment(environment):
            if kind in policy.specs and policy.matches(environment.name, _name(cluster), _name(team)):
                metadata = {"name": spec.name} | ({"team": team.name} if kind == "Workload" and team else {})
                object = {"kind": kind, "metadata": metadata, "spec": spec.data}
                yield spec, policies.variables(object, environment, cluster, team)


def _name(spec: Spec | None) -> str | None:
    return None if spec is None else spec.name


def _in_environment(environment: Environment) -> Iterator[tuple[str, Spec, Cluster | None, Team | None]]:
    yield "Environment", environment, None, None
    for cluster in environment.clusters.values():
        yield "Cluster", cluster, cluster, None
    for team in environment.teams.values():
        yield "Team", team, None, team
    for workload in environment.workloads.values():
        if workload.team in environment.teams:
            yield "Workload", workload, None, environment.teams[workload.team]


def _violation(policy: Policy, spec: Spec, verdict: Verdict) -> Problem:
    steps = verdict.pointer[1:] if verdict.pointer[:1] == ("spec",) else ()
    place = spec.place(*steps) if steps else spec.name_place()
    if verdict.error:
        return _undecided(policy, verdict, Note(message="asked of this spec", place=place))
    return Problem(
        id="policy-violated",
        message=f'policy "{policy.name}": {verdict.message}',
        place=place,
        severity=Severity(policy.data["severity"]),
        related=(_why(policy, verdict),),
        help=policy.data["fix"],
    )


def _undecided(policy: Policy, verdict: Verdict, *related: Note) -> Problem:
    return Problem(
        id="policy-error",
        message=f'an expression of policy "{policy.name}" fails: {verdict.error}',
        place=policy.place(*verdict.at),
        related=related,
        help=_ERROR_HELP,
    )


_ERROR_HELP = "ask first whether a field is there: has(object.spec.x), object.?spec.?x.orValue(…); and add a test of it"


def _why(policy: Policy, verdict: Verdict) -> Note:
    return Note(message=f"why: {policy.data['why']}", place=policy.place(*verdict.at))


def check_object(ref: ObjectRef, data: Mapping[str, Json], fleet: Fleet) -> Iterator[Fault]:
    """The policies that are about a rendered object."""
    for one in _by_kind(fleet.policies).get(ref.kind, ()):
        environment = fleet.environments[ref.environment]
        team = environment.teams.get(ref.namespace)
        cluster = next((some for some in fleet.clusters() if some.identity == ref.cluster), None)
        if one.policy.matches(ref.environment, _name(cluster), _name(team)):
            around = policies.variables(data, environment, cluster, team)
            for verdict in policies.verdicts(one, around) or ():
                yield _fault(one.policy, verdict)


def _fault(policy: Policy, verdict: Verdict) -> Fault:
    message = verdict.message or f"an expression fails: {verdict.error}"
    return Fault(
        id="policy-error" if verdict.error else "policy-violated",
        message=f'policy "{policy.name}": {message}',
        pointer=verdict.pointer,
        severity=Severity.ERROR if verdict.error else Severity(policy.data["severity"]),
        help=_ERROR_HELP if verdict.error else policy.data["fix"],
        related=(_why(policy, verdict),),
    )


_kept: list[tuple[Mapping[str, Policy], dict[str, list[Compiled]]]] = []
"""The policies of the last fleet by the kinds of objects they are about: looked up for every object of a run."""


def _by_kind(stated: Mapping[str, Policy]) -> dict[str, list[Compiled]]:
    if not _kept or _kept[0][0] is not stated:
        found: dict[str, list[Compiled]] = {}
        for policy in stated.values():
            for kind in policy.objects:
                found.setdefault(kind, []).append(policies.compiled(policy))
        _kept[:] = [(stated, found)]
    return _kept[0][1]


def check_output(
    objects: Sequence[ObjectRef], trees: Mapping[str, Mapping[str, str]], fleet: Fleet
) -> Iterator[Problem]:
    """Kinds of objects that a policy is about and that nothing renders: it would never be asked."""
    if trees.keys() != fleet.environments.keys():
        return
    kinds = {ref.kind for ref in objects}
    for policy in fleet.policies.values():
        for index, kind in enumerate(policy.objects):
            if kind not in kinds:
                yield Problem(
                    id="policy-matches-nothing",
                    message=f'policy "{policy.name}" is about {kind} objects, and none is rendered',
                    place=policy.place("matchConstraints", "objects", index),
                    severity=Severity.WARNING,
                    help="write the kind as in the rendered object, or take the policy away",
                )
