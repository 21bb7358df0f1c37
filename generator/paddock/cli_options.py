"""Options that several verbs of the command line have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("text", "github", "json", "sarif", "junit")
root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The repository. Default: the nearest folder upward that holds environments/.",
)
environments = click.option(
    "--environment",
    "-e",
    "environments",
    multiple=True,
    metavar="NAME",
    help="Only this environment; may be given more than once. Default: all.",
)
engine = click.option(
    "--engine",
    type=click.Choice(("embedded", "auto", "kubeconform")),
    default="embedded",
    show_default=True,
    help="embedded: the schemas in this process. kubeconform: kubeconform -strict as well, and its count must be ours. "
    "auto: kubeconform too where it is installed.",
)


def common(command: F) -> F:
    """Options that every verb has which runs the pipeline."""
    options = (
        root,
        environments,
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            help="How findings are printed. Default: github inside GitHub Actions, else text.",
        ),
        click.option(
            "--color",
            type=click.Choice(("auto", "always", "never")),
            default="auto",
            show_default=True,
            help="Colours of the text format; NO_COLOR switches them off.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            metavar="N",
            help="Processes that render. Default: by the size of the fleet. The output is the same.",
        ),
        click.option(
            "--as-of",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DATE",
            help="The day that checks of dates take for today, e.g. 2026-12-01. Default: the day of the commit, so "
            "that a verdict can be repeated; outside git these checks are left out.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
