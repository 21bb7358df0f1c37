"""Who may accept what: on one page, so that a reviewer of security sees it change."""

from __future__ import annotations

from paddock import verdict
from paddock.acceptance import COMMENT, EXCEPTION
from paddock.examples import examples
from paddock.explanations import EXPLANATIONS

# Warnings that can always be mended at once, so that nobody has to accept them.
MENDED = {"estimate-reversed"}


def test_every_id_exists_and_is_accepted_in_one_way() -> None:
    assert EXPLANATIONS.keys() >= COMMENT | EXCEPTION
    assert not COMMENT & EXCEPTION


def test_every_warning_can_be_accepted() -> None:
    """What is legal may be meant: a warning that nobody can silence is one that everybody learns to overlook."""
    warnings = {id for id, example in examples().items() if "warning" in example.severities}
    assert warnings - COMMENT - EXCEPTION - set(verdict.IDS) == MENDED


def test_acceptances_are_not_accepted_themselves() -> None:
    assert not set(verdict.IDS) & (COMMENT | EXCEPTION)
