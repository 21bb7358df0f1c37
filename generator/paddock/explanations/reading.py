"""Findings about reading files."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://yaml.org/spec/1.2.2/"

EXPLANATIONS = {
    "ambiguous-scalar": explain(
        "A plain value such as yes, 012, 1e3 or 12:30 that YAML 1.1 and YAML 1.2 readers understand differently.",
        "Argo CD, Helm and kubectl read YAML 1.1, editors and this tool YAML 1.2: the same file would mean two things.",
        'Quote it for text ("yes"), or write true, false or a plain decimal number.',
    ),
    "duplicate-key": explain(
        "A key that stands twice in one map.",
        "Most readers keep the last one silently, so the first line is a lie.",
        "Remove one of them.",
    ),
    "empty-file": explain(
        "A spec file without a document.",
        "It says nothing, yet its name says that something exists.",
        "Write a spec, or delete the file.",
    ),
    "file-too-large": explain(
        "A file larger than is read.",
        "What it renders could not be stored in etcd.",
        "Split it, or move large content to a bucket or an image.",
    ),
    "key-not-string": explain(
        "A map key that is a number, a bool, null, a list or a map.",
        "Kubernetes objects have string keys only.",
        "Quote the key.",
    ),
    "multiple-documents": explain(
        "More than one YAML document in a spec file.",
        "A file is one object: its path says which.",
        "Move each document into a file of its own.",
    ),
    "not-utf8": explain(
        "A byte that is not UTF-8.",
        "YAML and Kubernetes are UTF-8; other encodings would be guessed.",
        "Save the file as UTF-8.",
    ),
    "nul-character": explain(
        "A string with a NUL character.", "No argument, environment variable or file name can carry it.", "Remove it."
    ),
    "unreadable-file": explain(
        "A file that cannot be read, or a symbolic link.",
        "A link could lead out of the repository.",
        "Put the file itself there, with read permission.",
    ),
    "yaml-alias": explain(
        "An anchor or an alias.",
        "A few aliases can stand for billions of values, and a change in one place changes others unseen.",
        "Repeat the value, or use an overlay.",
    ),
    "yaml-syntax": explain(
        "Text that is not YAML.", "Nothing in the file can be understood.", "Mend the line; indent with spaces."
    ),
    "yaml-tag": explain(
        "A tag such as !!python/object.", "Tags make readers do things; specs are plain data.", "Remove the tag."
    ),
    "yaml-too-deep": explain(
        "Nesting deeper than any spec needs.", "Such files exist to exhaust readers.", "Flatten it."
    ),
}
