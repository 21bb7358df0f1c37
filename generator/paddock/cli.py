"""The command tree and the error boundary. A verb's module is imported on use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock import __version__, process
from paddock import cli_options as options
from paddock.errors import FATAL, INTERRUPTED, OK, USAGE, Fatal

if TYPE_CHECKING:
    from datetime import datetime

    from paddock.commands.session import Session


def _session(
    root: Path | None,
    environments: tuple[str, ...] = (),
    format_: str | None = "text",
    color: str = "auto",
    jobs: int | None = None,
    as_of: datetime | None = None,
) -> Session:
    from paddock import layout
    from paddock.commands.session import Session

    chosen = format_ or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    colored = color == "always" or (color == "auto" and not os.environ.get("NO_COLOR") and sys.stdout.isatty())
    return Session(
        root=layout.find_root(Path.cwd()) if root is None else _with_environments(root),
        environments=environments,
        format=chosen,
        color=colored,
        jobs=jobs,
        as_of=as_of.date().isoformat() if as_of else None,
    )


def _with_environments(root: Path) -> Path:
    from paddock import layout

    if not (root / layout.ENVIRONMENTS).is_dir():
        raise Fatal(f"{root} holds no folder {layout.ENVIRONMENTS}/", help="name the top of the repository", code=USAGE)
    return root


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="paddock", message="%(prog)s %(version)s")
def cli() -> None:
    """Paddock turns specs of teams, workloads, clusters and environments into a validated GitOps repository.

    \b
    Typical day:
      paddock validate                 what is wrong, at which line, and what to do
      paddock render                   write the trees to rendered/<environment>/
      paddock publish                  show what would be committed to deploy/<environment>
      paddock publish --push           do it
      paddock explain gpu-does-not-fit what a finding means
      paddock cost                     what it costs, and how much of each budget that is
      paddock quota                    what teams ask for against what they were given
      paddock whatif --pool prod-train-iad/h100=-2
                                       who would wait for whom after a change

    Exit codes: 0 clean, 1 problems found, 2 usage, 3 fatal or bug, 130 interrupted.
    """


@cli.command()
@options.common
@options.engine
@click.argument("specs", nargs=-1, metavar="[SPEC]...", type=click.Path(path_type=Path))
def validate(specs: tuple[Path, ...], engine: str, **common: Any) -> int:
    """Validate specs, templates and every object they render; write nothing.

    With SPEC only findings that touch these files are printed, though everything is checked: a team's quota can break
    another team's workload.
    """
    from paddock.commands import validate as verb

    return verb.run(_session(**common), specs=specs, engine=engine)


@cli.command()
@options.root
@options.environments
@click.option("--team", metavar="NAME", help="Only this team.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "csv")),
    default="text",
    show_default=True,
    help="text: a table. json and csv: for other programs.",
)
def quota(root: Path | None, environments: tuple[str, ...], team: str | None, form: str) -> int:
    """Show what each team asks for against its ResourceQuota and its quota in each flavor of Kueue.

    \b
    steady  what is there when nobody does anything: least replicas, and each run that the tree or a schedule starts
    peak    the most there may be at once: greatest replicas while a new version rolls out, runs that overlap
    ratio   peak in units of the limit; above 1 not all of it can be had at once, which is legal: Kueue queues runs
    """
    from paddock.commands import quota as verb

    return verb.run(_session(root, environments, form), team=team)


@cli.command()
@options.common
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the trees go. Default: rendered/ in the repository.",
)
@options.engine
@click.option("--overwrite", is_flag=True, help="Also overwrite files that were edited by hand.")
def render(output: Path | None, engine: str, overwrite: bool, **common: Any) -> int:
    """Render and validate every environment and write the trees.

    Nothing is written if there is any error. Only files that changed are rewritten; a second run writes none. A run
    that was interrupted leaves whole files and a mark; the next render ends it.
    """
    from paddock import layout
    from paddock.commands import render as verb

    session = _session(**common)
    return verb.run(session, output=output or session.root / layout.RENDERED, engine=engine, overwrite=overwrite)


@cli.command()
@options.common
@click.option(
    "--source", default="HEAD", show_default=True, metavar="COMMIT", help="The commit whose specs are rendered."
)
@click.option(
    "--remote",
    default="origin",
    show_default=True,
    metavar="NAME_OR_URL",
    help="The git remote that holds the deploy branches.",
)
@click.option("--push", is_flag=True, help="Commit and push; without it only the plan is shown.")
@click.option(
    "--tombstone",
    metavar="REASON",
    help="Announce in environment.yaml, with this reason, all that would vanish; commit that, then publish.",
)
def publish(source: str, remote: str, push: bool, tombstone: str | None, **common: Any) -> int:
    """Render a commit and commit each environment's tree to deploy/<environment> of a remote.

    The work tree and the index stay as they are. Nothing changed means no commit; an older commit never reverts a newer
    one; a remote that moved meanwhile is looked at again. Removing a team, cluster, component or workload wants a
    tombstone (spec.removed in environment.yaml).
    """
    from paddock.commands import publish as verb

    return verb.run(_session(**common), source=source, remote=remote, push=push, tombstone=tombstone)


@cli.command()
@options.common
def baseline(**common: Any) -> int:
    """Accept what is wrong with this repository today, so that only new findings count.

    For a repository that begins to use paddock: findings that somebody may accept go to environments/baseline.yaml, and
    validate, render and publish leave them out. Findings that make the output wrong have to be mended first. Run it
    again when something was mended: the file becomes shorter.
    """
    from paddock.commands import baseline as verb

    return verb.run(_session(**common))


@cli.command()
@click.argument("id", metavar="ID", required=False)
def explain(id: str | None) -> int:
    """What a finding means, why it matters and how to mend it. Without ID: all ids."""
    from paddock.commands import explain as verb

    return verb.run(id)


@cli.group()
def policy() -> None:
    """The platform's own policies in CEL (environments/policies)."""


@policy.command("test")
@options.common
@click.argument("names", nargs=-1, metavar="[POLICY]...")
def policy_test(names: tuple[str, ...], **common: Any) -> int:
    """Run the tests of policies and show each; with POLICY only those. `validate` runs them as well."""
    from paddock.commands import policy as verb

    return verb.run(_session(**common), names=names)


@cli.command()
@options.root
@click.option(
    "--cluster", metavar="NAME", help="What runs on this cluster: <environment>-<name>. Default: the catalogue."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "mermaid", "dot")),
    default="text",
    show_default=True,
    help="text: a tree by sync wave. mermaid: for a Markdown page. dot: for Graphviz.",
)
def graph(root: Path | None, cluster: str | None, form: str) -> int:
    """Draw what components require, conflict with and own.

    \b
      paddock graph                               the catalogue, in the order of the first sync
      paddock graph --cluster prod-train-iad      what runs on one cluster
      paddock graph --format dot | dot -Tsvg      a picture
    """
    from paddock.commands import graph as verb

    return verb.run(_session(root), cluster=cluster, form=form)


@cli.command()
@options.root
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the file is not up to date.")
def codeowners(root: Path | None, check: bool) -> int:
    """Write .github/CODEOWNERS from the team specs."""
    from paddock.commands import codeowners as verb

    return verb.run(_session(root), check=check)


@cli.command()
@options.root
@options.environments
@click.option("--team", "teams", multiple=True, metavar="NAME", help="Only this team; may be given more than once.")
@click.option(
    "--by",
    type=click.Choice(("workload", "team", "pool", "cluster", "environment")),
    default="team",
    show_default=True,
    help="What the cost is put down to.",
)
@click.option("--hourly", is_flag=True, help="US dollars an hour instead of a month of 730 hours.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "csv")),
    default="text",
    show_default=True,
    help="json: schemas/output/cost.schema.json, exact to a millionth of a dollar. csv: for a spreadsheet.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day on which extended support and capacity blocks are judged. Default: the day of the commit.",
)
def cost(
    root: Path | None,
    environments: tuple[str, ...],
    teams: tuple[str, ...],
    by: str,
    hourly: bool,
    form: str,
    as_of: datetime | None,
) -> int:
    """Estimate what environments cost, from prices and the assumptions in the specs; nothing is rendered.

    \b
    minimum   fewest replicas and runs, nodes packed without a gap, the cheapest price
    expected  what the specs assume, nodes as full as their pool says
    maximum   every replica and run, every pool as large as its limits allow

    (idle) is paid and used by nobody: reserved nodes between runs, gaps on shared nodes, in the maximum the room up to
    the limits. What has no price or no assumption is listed as not counted; it is never zero.

    \b
      paddock cost                                    teams of every environment, beside their budgets
      paddock cost --by pool -e prod                  which pools the money goes to
      paddock cost --by workload --team perception    what each run and endpoint of a team costs
      paddock cost --format csv > costs.csv           for a spreadsheet
    """
    from paddock.commands import cost as verb

    session = _session(root, environments, as_of=as_of)
    return verb.run(session, by=by, teams=teams, form=form, hourly=hourly)


@cli.command()
@click.option(
    "--size", type=click.Choice(("S", "M", "L")), default="S", show_default=True, help="1,050, 3,900 or 18,750 objects."
)
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Processes that render.")
@click.option(
    "--kubeconform/--no-kubeconform", "compare", default=True, help="Also time kubeconform alone on the same output."
)
def bench(size: str, jobs: int | None, compare: bool) -> int:
    """Generate a fleet of a size, render it cold and print the time of each phase, memory and objects a second."""
    from paddock.commands import bench as verb

    return verb.run(size=size, jobs=jobs, compare=compare)


@cli.command()
@options.root
@options.environments
@click.option(
    "--cluster", "clusters", multiple=True, metavar="NAME", help="Only this cluster: train-iad or prod-train-iad."
)
@click.option(
    "--pool",
    "pools",
    multiple=True,
    metavar="CLUSTER/POOL=±N",
    help="So many nodes more or less, or N of them. The limits of the pool follow.",
)
@click.option(
    "--team",
    "teams",
    multiple=True,
    metavar="TEAM.FLAVOR=±N",
    help="So many GPUs of nominal quota; CPUs, memory and the like in proportion. TEAM.FLAVOR@CLUSTER for one cluster.",
)
@click.option(
    "--workload", "workloads", multiple=True, metavar="TEAM/NAME=±N", help="So many nodes of a run more or less."
)
@click.option("--without", multiple=True, metavar="TEAM/NAME", help="As if nobody ran this workload.")
@click.option(
    "--order",
    metavar="NAME,NAME…",
    default="",
    help="Runs that arrive first, in this order. The others, without it all: by priority, then by team and name.",
)
@click.option("--fail-on-waiting", is_flag=True, help="Exit 1 if a run that is admitted now would wait.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="text: a Markdown table of what stands otherwise. json: every run, with stable keys.",
)
def whatif(root: Path | None, environments: tuple[str, ...], **wanted: Any) -> int:
    """Replay Kueue's admission over the specs: who would run, who waits for whom, before and after a change.

    Each workload with a queue has one run that arrives once, and nobody ends: the busiest hour. Nothing is written,
    and no cluster is asked. Names without an environment hold in every one that has them.

    \b
      paddock whatif                                          who is admitted, as the specs are
      paddock whatif -e prod --pool train-iad/h100=-2         two nodes of a reservation are gone
      paddock whatif --pool prod-train-iad/h200=10            ten nodes, whatever there are
      paddock whatif -e prod --team perception.h100=+64       more quota for one team: who pays for it?
      paddock whatif -e prod --workload perception/bev-train=8 --without planner-rl
      paddock whatif -e prod --order hard-mining,bev-train    the small one came first
    """
    from paddock.commands import whatif as verb
    from paddock.whatif.changes import Wishes

    wishes = Wishes(**{name: wanted[name] for name in ("pools", "teams", "workloads", "without")})
    return verb.run(
        _session(root, environments),
        verb.Options(
            wishes=wishes,
            clusters=wanted["clusters"],
            order=tuple(name.strip() for name in wanted["order"].split(",") if name.strip()),
            json=wanted["form"] == "json",
            fail_on_waiting=wanted["fail_on_waiting"],
        ),
    )


@cli.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> int:
    """Print a completion script: eval "$(paddock completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "paddock", "_PADDOCK_COMPLETE").source())
    return OK


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; the exit code. Every error ends here: none leaves as a bare traceback."""
    _prepare()
    try:
        code = cli.main(args=arguments, prog_name="paddock", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return OK
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except Fatal as error:
        click.echo(f"paddock: {error.message}" + (f"\n  help: {error.help}" if error.help else ""), err=True)
        return error.code
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("paddock: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        return _bug(error)


def _prepare() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    process.clean_environment()  # a hook's GIT_DIR must not lead us into another repository


def _bug(error: Exception) -> int:
    import platform
    import traceback

    click.echo("paddock met a bug; please report the lines below.\n", err=True)
    click.echo(f"paddock {__version__}, Python {platform.python_version()}, {platform.system()}", err=True)
    click.echo(f"arguments: {sys.argv[1:]}", err=True)
    click.echo("".join(traceback.format_exception(error)), err=True)
    return FATAL
