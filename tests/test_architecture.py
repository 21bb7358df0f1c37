"""The architecture of design section 5 as data: layers, one place that starts processes, one that prints and exits."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

from paddock import checks

PACKAGE = Path(__file__).parents[1] / "generator" / "paddock"

# Imports point to a smaller number only.
LAYERS: dict[str, int] = {
    "paddock": 0,
    "diagnostics": 0,
    "errors": 0,
    "kept": 0,
    "explanations": 2,
    "examples": 3,
    "explanations.explanation": 0,
    "explanations.*": 1,
    "layout": 1,
    "source": 1,
    "emit": 1,
    "names": 1,
    "overlay": 1,
    "provenance": 1,
    "process": 1,
    "arns": 0,
    "cron": 1,
    "dates": 0,
    "devices": 0,
    "wording": 0,
    "kubernetes_releases": 0,
    "tree": 1,
    "quantity": 2,
    "instances": 2,
    "service_prices": 2,
    "schema_words": 1,
    "schema": 2,
    "overlay_schema": 3,
    "git": 2,
    "inputs": 3,
    "model": 2,
    "images": 1,
    "hosts": 3,
    "mirrors": 3,
    "runners": 3,
    "taints": 3,
    "gpu_slices": 3,
    "tombstones": 2,
    "user_data": 1,
    "buckets": 3,
    "multikueue": 3,
    "backups": 4,
    "logs": 3,
    "tracking": 3,
    "notebooks": 3,
    "volumes": 4,
    "file_systems": 5,
    "storage_classes": 5,
    "templating": 2,
    "promql": 1,
    "report.outcome": 2,
    "report.table": 2,
    "report.json": 3,
    "report.text": 3,
    "report.github": 4,
    "report.junit": 4,
    "report.sarif": 4,
    "report.cost": 6,
    "report": 7,
    "cel_effort": 2,
    "cel_functions": 3,
    "cel": 4,
    "object_rules": 5,
    "kubernetes": 6,
    "determinism": 3,
    "locating": 4,
    "catalogue": 4,
    "daemons": 5,
    "documents": 2,
    "strays": 3,
    "requirements": 5,
    "graph": 6,
    "load": 6,
    "acceptance": 0,
    "suppressions": 3,
    "exceptions": 3,
    "baseline": 3,
    "verdict": 5,
    "analysis": 3,
    "analysis.admission": 5,
    "analysis.pulled_images": 4,
    "analysis.api_lifetimes": 4,
    "analysis.pod_security": 5,
    "analysis.rbac": 4,
    "analysis.iam_policies": 4,
    "analysis.secret_formats": 3,
    "analysis.allocatable": 4,
    "analysis.cost": 5,
    "analysis.cost_fleet": 10,
    "analysis.cost_pools": 9,
    "analysis.cost_services": 8,
    "analysis.cost_storage": 7,
    "analysis.cost_supply": 8,
    "analysis.money": 4,
    "analysis.pool_cost": 5,
    "analysis.prices": 5,
    "analysis.running": 6,
    "analysis.feasibility": 5,
    "analysis.fewest_nodes": 4,
    "analysis.ec2_quotas": 4,
    "analysis.flow": 3,
    "analysis.quota_ledger": 6,
    "analysis.quota_tree": 4,
    "analysis.schedules": 5,
    "analysis.kueue_objects": 5,
    "analysis.kueue_preemption": 6,
    "analysis.kueue_admission": 7,
    "analysis.inner_names": 5,
    "analysis.label_selection": 7,
    "analysis.object_links": 6,
    "analysis.object_names": 7,
    "analysis.object_references": 5,
    "analysis.pod_kinds": 3,
    "analysis.pod_references": 4,
    "analysis.argocd_differences": 3,
    "analysis.argocd_paths": 4,
    "analysis.argocd_patterns": 3,
    "analysis.argocd_projects": 4,
    "analysis.pod_templates": 4,
    "analysis.references": 3,
    "analysis.value_references": 4,
    "analysis.policies": 5,
    "components.context": 5,
    "components.interfaces": 5,
    "components.kueue_cohorts": 4,
    "components.kueue_multikueue": 5,
    "components.jupyterhub": 7,
    "components.mlflow_teams": 5,
    "components.network": 5,
    "components.alerting": 4,
    "components.gpu_nodes": 4,
    "components.gpu_rules": 5,
    "components.remote_secrets": 4,
    "components.workflow_access": 4,
    "components.panels": 4,
    "components.platform_rules": 5,
    "components.dashboard_argo_cd": 5,
    "components.dashboard_gpu_fleet": 5,
    "components.dashboard_gpu_network": 5,
    "components.dashboard_karpenter_capacity": 5,
    "components.dashboard_kserve_endpoints": 5,
    "components.dashboard_kueue_queues": 5,
    "components.dashboard_mlflow": 5,
    "components.dashboard_team": 5,
    "components.dashboard_team_usage": 5,
    "components.dashboard_training": 5,
    "components.alert_routing": 5,
    "components.grafana": 5,
    "components.fluent_bit_config": 4,
    "components.logging_rules": 5,
    "components.opensearch_access": 4,
    "components.opensearch_setup": 5,
    "components.*": 6,
    "components": 8,
    "workloads.companions": 4,
    "workloads.network": 4,
    "workloads.mounts": 5,
    "workloads.pods": 5,
    "workloads.runs": 6,
    "workloads.*": 7,
    "workloads": 8,
    "infrastructure.resource": 4,
    "infrastructure.iam": 5,
    "infrastructure.kms": 6,
    "infrastructure.logs": 5,
    "infrastructure.ecr": 5,
    "infrastructure.ec2": 5,
    "infrastructure.replication": 6,
    "infrastructure.fsx": 6,
    "infrastructure.vaults": 5,
    "infrastructure.s3": 7,
    "infrastructure.rds": 5,
    "infrastructure.events": 6,
    "infrastructure.eks": 6,
    "infrastructure.terraform": 5,
    "infrastructure.ack": 7,
    "infrastructure.control_plane": 7,
    "infrastructure.*": 8,
    "infrastructure.plan": 9,
    "infrastructure": 4,
    "whatif": 8,
    "whatif.nodes": 9,
    "whatif.queueing": 10,
    "whatif.changes": 11,
    "whatif.replay": 11,
    "whatif.words": 12,
    "whatif.report": 13,
    "team_access": 8,
    "demands": 8,
    "accounts": 9,
    "teams": 9,
    "namespaces": 6,
    "projects": 8,
    "applications": 9,
    "codeowners": 4,
    "units": 10,
    "render": 11,
    "kubeconform": 12,
    "removal": 3,
    "moves": 4,
    "upgrades": 4,
    "publish": 5,
    "reference": 6,
    "checks.fitting": 11,
    "checks.fitting_words": 12,
    "cluster_names": 12,
    "checks.workload_references": 12,
    "checks.whole_tree": 12,
    "checks.mirrored_sources": 13,
    "checks.policy_words": 12,
    "checks.quota_words": 12,
    "checks.gpu_fit": 13,
    "checks.*": 14,
    "checks": 15,
    "pipeline": 16,
    "fleets": 2,
    "commands.session": 17,
    "commands.verification": 18,
    "commands.*": 19,
    "commands": 19,
    "cli": 20,
    "cli_options": 19,
    "__main__": 21,
}
PRINTERS = {"cli", "__main__", "commands"}
CLICK = PRINTERS | {"cli_options"}
PROCESSES = {"process"}
GITPYTHON = {"git"}
CLOCK_AND_ENVIRONMENT = {"cli", "commands", "process"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent == PACKAGE / "data":
            continue  # scripts that are mounted into pods: texts to the package
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__") or "paddock"
        found[name] = path
    return found


MODULES = modules()


def layer(name: str) -> int:
    if name in LAYERS:
        return LAYERS[name]
    folder = name.rpartition(".")[0]
    if f"{folder}.*" in LAYERS:
        return LAYERS[f"{folder}.*"]
    pytest.fail(f"{name} has no layer: add it to the table")


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(MODULES[name].read_text())))


def imports(name: str) -> set[str]:
    found = set()
    for node in nodes(name):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "paddock":
            base = node.module.removeprefix("paddock").lstrip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                found.add(inner if inner in MODULES else base or "paddock")
        elif isinstance(node, ast.Import):
            found |= {one.name.removeprefix("paddock.") for one in node.names if one.name.startswith("paddock.")}
    return found - {name}


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_downward(name: str) -> None:
    upward = {one for one in imports(name) if one != "paddock" and layer(one) >= layer(name)}
    assert not upward, f"{name} (layer {layer(name)}) imports {sorted(upward)}"


def test_there_is_no_cycle() -> None:
    """Also not inside a function, where a layer might be passed unseen."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for one in sorted((imports(name) & MODULES.keys()) - {"paddock"}):
                visit(one, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def test_every_layer_is_a_module() -> None:
    stale = [name for name in LAYERS if not name.endswith("*") and name not in MODULES]
    assert not stale


def uses(name: str, wanted: set[str]) -> set[str]:
    """Dotted names that a module calls or imports, of those wanted."""
    found = set()
    for node in nodes(name):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(ast.unparse(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
    return found & wanted


@pytest.mark.parametrize("name", MODULES)
def test_one_place_for_each_effect(name: str) -> None:
    top = name.split(".")[0]
    if top not in PRINTERS:
        assert not uses(
            name, {"print", "sys.exit", "sys.stdout", "sys.stdout.write", "sys.stderr", "exit", "click.echo"}
        )
    if top not in CLICK:
        assert not uses(name, {"click"})
    if name not in PROCESSES:
        assert not uses(name, {"subprocess", "subprocess.run", "subprocess.Popen", "os.system", "os.popen", "os.execv"})
    if name not in GITPYTHON:
        assert not uses(name, {"git"})
    if top not in CLOCK_AND_ENVIRONMENT:
        assert not uses(
            name, {"time", "time.time", "datetime", "os.environ", "os.getenv", "random", "uuid", "secrets"} - {name}
        )
    assert not uses(name, {"pickle", "eval", "exec", "yaml.load", "__import__"})


def test_every_library_has_one_importing_module() -> None:
    owners = {
        "cel_expr_python": {"cel"},
        "jinja2": {"templating"},
        "jsonschema": {"schema"},
        "jsonschema_rs": {"schema"},
        "kubernetes_validate": {"kubernetes"},
        "ruamel.yaml": {"tombstones"},
        "yaml": {"source"},
    }
    for library, expected in owners.items():
        assert {name for name in MODULES if uses(name, {library})} == expected, library


def lines_of_code(name: str) -> int:
    """Lines of a module that are no comment, docstring or import, and not blank."""
    left_out: set[int] = set()
    for node in nodes(name):
        body = node.body if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) else []
        first = body[0] if body else None
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            left_out |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(MODULES[name].read_text().splitlines(), 1)
    return sum(1 for number, line in lines if number not in left_out and line.strip() and line.strip()[0] != "#")


def registered() -> set[str]:
    """The ids of every registry of checks."""
    registries = [value for key, value in vars(checks).items() if key.endswith("_CHECKS")]
    return {id for registry in registries for one in registry for id in one.ids}


def ids_of(name: str) -> set[str]:
    """The ids that a module of checks says it reports: none if it is a view, or words that others share."""
    stated = vars(sys.modules[f"paddock.{name}"]).items()
    return {id for key, value in stated if key == "IDS" or key.endswith("_IDS") for id in value}


CHECKS = [name for name in MODULES if name.startswith("checks.")]


def test_every_id_of_a_check_is_registered() -> None:
    assert {id for name in CHECKS for id in ids_of(name)} == registered()


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_short(name: str) -> None:
    """What makes it longer is computation, which belongs to analysis, or words that several share."""
    lines, ids = lines_of_code(name), ids_of(name)
    assert lines <= (85 * len(ids) if ids else 200), f"{name} has {lines} lines for {len(ids)} ids"


def test_checks_as_a_whole_are_short() -> None:
    """With the views and words that have no ids, and checks that report one id from several sides."""
    assert sum(map(lines_of_code, CHECKS)) <= 30 * len(registered())


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("analysis.")])
def test_analysis_is_pure(name: str) -> None:
    """Numbers and names in, values out: what is wrong, where it stands and how it is put is the checks'."""
    assert not uses(name, {f"paddock.diagnostics.{one}" for one in ("Diagnostic", "Note", "Place", "Problem")})
    assert "paddock.schema.Fault" not in uses(name, {"paddock.schema.Fault"})


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_in_a_few_lines_what_it_is(name: str) -> None:
    text = ast.get_docstring(ast.parse(MODULES[name].read_text())) or ""
    assert 1 <= sum(1 for line in text.splitlines() if line.strip()) <= 4
