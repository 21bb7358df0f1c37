"""Images that rendered objects and Helm values pull, read from their texts: parsing all of them would cost seconds."""

from __future__ import annotations

import re
from collections.abc import Collection

from paddock import mirrors

# An image of a container, wherever it stands in an object; a repository in Helm values, where it names its registry.
_IMAGE = re.compile(
    r"""^[ -]*"?(?:image|[a-z][A-Za-z]*Image)"?: +["']?([^\s"'{}\[\]]+[/:][^\s"'{}\[\]]+)["']?$""", re.M
)
_REPOSITORY = re.compile(
    r"""^[ -]*"?(?:repository|registry)"?: +["']?([a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[:/][^\s"']*)?)["']?$""", re.M
)
# Some charts call the repository of an image its name; so are many other things, but not those of a public registry.
_NAME = re.compile(r"""^[ -]*name: +["']?([a-z0-9-]+(?:\.[a-z0-9-]+)+/[^\s"']+)["']?$""", re.MULTILINE)


def in_text(path: str, text: str, registries: Collection[str]) -> list[str]:
    """Images in a file of a tree, with repeats. In Helm values also repositories, and names in public `registries`."""
    if not path.startswith("clusters/"):
        return []
    found: list[str] = _IMAGE.findall(text)
    if not path.endswith("/values.yaml"):
        return found
    names = [one for one in _NAME.findall(text) if mirrors.registry(one) in registries]
    return [*found, *_REPOSITORY.findall(text), *names]


def repository(image: str) -> str:
    """An image without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
