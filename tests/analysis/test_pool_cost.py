"""The bill of a pool: by hand for each kind of pool, and that nothing is counted twice or lost."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from paddock.analysis.money import Span
from paddock.analysis.pool_cost import Demand, Supply, bill


def span(*values: int) -> Span:
    return Span(minimum=Fraction(values[0]), expected=Fraction(values[1]), maximum=Fraction(values[2]))


def supply(
    *, fixed: int = 0, dollars: int = 0, launches: bool = True, most: Span | None = None, utilization: int = 80
) -> Supply:
    return Supply(
        fixed_nodes=Fraction(fixed),
        fixed_dollars=Fraction(dollars),
        launches=launches,
        most=most,
        utilization=Fraction(utilization, 100),
    )


def demand(nodes: Span, *, price: int = 100, whole: bool = False) -> Demand:
    return Demand(nodes=nodes, dollars=nodes * price, whole=whole)


def test_nodes_that_come_and_go() -> None:
    """Two nodes' worth at $100 a month on nodes that are 80% full: $200 are used and $250 are paid. At least: nodes
    without a gap. At most: the limits."""
    found = bill(supply(most=span(900, 900, 1000)), [demand(span(1, 2, 3))])
    assert found.parts == (span(100, 200, 300),)
    assert found.paid == span(100, 250, 1000)


def test_whole_nodes_lose_no_room() -> None:
    found = bill(supply(most=span(900, 900, 900)), [demand(span(1, 2, 3), whole=True)])
    assert found.paid.expected == 200


def test_reserved_nodes_are_paid_used_or_not() -> None:
    """Four reserved nodes at $50. One is used, then three, then six: two of them are launched at $100."""
    found = bill(supply(fixed=4, dollars=200, most=span(400, 400, 400)), [demand(span(1, 3, 6), whole=True)])
    assert found.parts == (span(50, 150, 200 + 200),)
    assert found.paid == span(200, 200, 600)


def test_two_owners_share_what_is_reserved() -> None:
    """Two nodes at $50 and demands of one and three: each has half of its demand there and half at $100."""
    found = bill(
        supply(fixed=2, dollars=100, most=span(1000, 1000, 1000)),
        [demand(span(1, 1, 1), whole=True), demand(span(3, 3, 3), whole=True)],
    )
    assert [one.expected for one in found.parts] == [75, 225]
    assert found.paid.expected == 300


def test_a_static_pool_has_no_more_than_it_has() -> None:
    """Two nodes at $60; in the maximum eight are wanted. What was expected stays, the rise is cut."""
    found = bill(
        supply(fixed=2, dollars=120, launches=False),
        [demand(span(0, 1, 4), whole=True), demand(span(0, 0, 4), whole=True)],
    )
    assert found.paid == span(120, 120, 120)
    assert sum((one.maximum for one in found.parts), Fraction(0)) == 120
    assert found.parts[0].expected == 60


def test_limits_cut_what_is_expected_too() -> None:
    """Ten nodes are wanted and four allowed: Kueue lets the rest wait."""
    found = bill(supply(most=span(400, 400, 400)), [demand(span(10, 10, 10)), demand(span(10, 10, 10))])
    assert found.paid == span(400, 400, 400)
    assert [one.expected for one in found.parts] == [200, 200]


def test_without_limits_the_maximum_is_what_is_wanted() -> None:
    found = bill(supply(most=None), [demand(span(1, 1, 4))])
    assert found.paid.maximum == 500


def test_nothing_of_nothing() -> None:
    assert bill(supply(most=span(0, 0, 70)), []).paid == span(0, 0, 70)


_numbers = st.fractions(min_value=0, max_value=1000, max_denominator=64)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    low, mid, high = sorted(draw(st.tuples(_numbers, _numbers, _numbers)))
    return Span(minimum=low, expected=mid, maximum=high)


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    nodes, price = draw(spans()), draw(spans())
    return Demand(nodes=nodes, dollars=nodes * price, whole=draw(st.booleans()))


@st.composite
def supplies(draw: st.DrawFn) -> Supply:
    fixed = Fraction(draw(st.integers(0, 20)))
    launches = draw(st.booleans())
    return Supply(
        fixed_nodes=fixed,
        fixed_dollars=fixed * draw(_numbers),
        launches=launches,
        most=draw(st.none() | spans()) if launches else None,
        utilization=Fraction(draw(st.integers(1, 100)), 100),
    )


@given(supplies(), st.lists(demands(), max_size=6))
def test_parts_never_exceed_what_is_paid_and_nothing_falls(supply: Supply, wanted: list[Demand]) -> None:
    found = bill(supply, wanted)
    assert len(found.parts) == len(wanted)
    for case in range(3):
        assert 0 <= sum((one[case] for one in found.parts), Fraction(0)) <= found.paid[case]
        assert found.paid[case] >= supply.fixed_dollars
    for one in found.parts:
        assert 0 <= one.minimum <= one.expected <= one.maximum
