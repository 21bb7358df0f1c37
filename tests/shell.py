"""Runs the package's shell scripts against a fake kubectl that writes down what it was asked."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "generator" / "paddock" / "data"
Result = subprocess.CompletedProcess[str]

_KUBECTL = """#!/bin/sh
verb=$1 kind=${{2%%.*}} name=
case $kind in --*) kind= ;; *) case $3 in --*) ;; *) name=$3 ;; esac ;; esac
case "$verb $kind" in
"get trainjobs") echo get >>"{log}"; {on_get_trainjobs} ;;
"get configmaps") {on_get_configmap} ;;
*) echo "$verb${{name:+ $name}}" >>"{log}"; {otherwise} ;;
esac
"""


def run(
    script: str,
    folder: Path,
    environment: Mapping[str, str],
    *,
    on_get_trainjobs: str,
    on_get_configmap: str = "exit 1",
    otherwise: str = ":",
) -> Result:
    """A script with a kubectl of these answers (shell text; `$name` is the object asked for) in PATH."""
    kubectl = folder / "kubectl"
    text = _KUBECTL.format(
        log=folder / "log", on_get_trainjobs=on_get_trainjobs, on_get_configmap=on_get_configmap, otherwise=otherwise
    )
    kubectl.write_text(text)
    kubectl.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(SCRIPTS / script)],
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def calls(folder: Path) -> list[str]:
    """What kubectl was asked, in order: the verb and, for what changes something, the name. Markers are not listed."""
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []
