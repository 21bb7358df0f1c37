"""Fleet to .github/CODEOWNERS: teams own their workloads' specs, the platform team owns everything else.

The last matching line wins, so the platform's line stands first. GitHub reads the file of the base branch.
"""

from __future__ import annotations

from paddock.errors import Fatal
from paddock.layout import ENVIRONMENTS
from paddock.model import Fleet

PATH = ".github/CODEOWNERS"
MAX_BYTES = 3_000_000
"""GitHub ignores a file of 3 MB or more without a word (argocd.md 7.2)."""
_HEADER = """\
# Written by `paddock codeowners` from the specs; edits are lost. The last line that matches a path decides.
# Quota, budgets, exceptions, clusters, templates, schemas and workflows are the platform team's.
"""


def text(fleet: Fleet) -> str:
    """The whole file. Fatal if GitHub would not read it."""
    owners = {"*": list(fleet.platform.data["owners"]), **_workloads(fleet)}
    width = max(len(path) for path in owners)
    content = _HEADER + "\n" + "".join(f"{path:<{width}} {' '.join(who)}\n" for path, who in owners.items())
    if len(content.encode()) >= MAX_BYTES:
        raise Fatal(
            f"{PATH} would have {len(content.encode()):,} bytes; GitHub reads less than {MAX_BYTES:,}",
            help="name one GitHub team as the owner of each team",
        )
    return content


def _workloads(fleet: Fleet) -> dict[str, list[str]]:
    """Owners by folder: a base spec counts in every environment, so whoever owns the team in one of them owns it."""
    names = sorted({name for environment in fleet.environments.values() for name in environment.teams})
    owners: dict[str, list[str]] = {}
    for name in names:
        by_environment = {
            one.name: list(one.teams[name].data["owners"]) for one in fleet.environments.values() if name in one.teams
        }
        owners[_folder("base", name)] = list(dict.fromkeys(who for some in by_environment.values() for who in some))
        owners |= {_folder(environment, name): some for environment, some in by_environment.items()}
    return owners


def _folder(environment: str, team: str) -> str:
    return f"/{ENVIRONMENTS}/{environment}/workloads/{team}/"
