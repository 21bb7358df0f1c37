"""The examples of findings that `paddock explain` and docs/reference/checks.md show, as the cases print them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from repositories import ROOT

FINDINGS = ROOT / "tests" / "findings"
DATA = ROOT / "generator" / "paddock" / "data" / "findings.json"
_ONE = re.compile(r"^(error|warning)\[([a-z0-9-]+)\]: .*?(?=\n\n)", re.MULTILINE | re.DOTALL)
_ISSUE = re.compile(r"(?:[\w.-]+/[\w.-]+)?#[0-9]+")


def text() -> str:
    """data/findings.json as the cases and docs/rules.md are now."""
    printed = {path.parent.name: path.read_text() for path in sorted(FINDINGS.glob("*/expected.txt"))}
    found: dict[str, dict[str, object]] = {}
    severities: dict[str, set[str]] = {}
    for case in sorted(printed, key=lambda name: ("--" in name, name)):
        for match in _ONE.finditer(printed[case] + "\n\n"):
            severities.setdefault(match[2], set()).add(match[1])
            if match[2] == case.split("--")[0] and match[2] not in found:
                found[match[2]] = {"text": match[0], "issues": _issues(match[2])}
    for id, one in found.items():
        one["severities"] = sorted(severities[id])
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _issues(id: str) -> list[str]:
    """Issues of the rows of docs/rules.md that this finding holds; a number alone is Argo CD's."""
    rows = [line for line in Path(ROOT / "docs/rules.md").read_text().splitlines() if f"`finding:{id}`" in line]
    return sorted({issue for row in rows for issue in _ISSUE.findall(row.split(" | ")[1]) if "/" in issue})
