"""Where logs go and for how long, from specs alone."""

from __future__ import annotations

from paddock import load, logs
from paddock.model import Fleet
from repositories import gathered, reference


def fleet() -> Fleet:
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


def test_a_team_s_retention_goes_before_the_environment_s() -> None:
    prod = fleet().environments["prod"]
    assert logs.retention(prod, None) == 90
    assert logs.retention(prod, prod.teams["perception"]) == 90
    assert logs.retention(prod, prod.teams["validation"]) == 3653
    assert logs.retention(prod, prod.teams["mapping"]) is None, "on hold"
    assert logs.retention(fleet().environments["dev"], None) == 30


def test_senders_of_an_opensearch_and_their_teams() -> None:
    prod = fleet().environments["prod"]
    serving = prod.clusters["serve-fra"]
    assert [one.name for one in logs.senders(prod, serving)] == ["serve-fra"]
    assert logs.teams(prod, serving) == prod.teams_on("serve-fra")
    assert logs.senders(prod, prod.clusters["train-iad"]) == []
    assert logs.teams(prod, prod.clusters["train-iad"]) == []


def test_a_cluster_without_fluent_bit_has_no_sinks() -> None:
    cluster = fleet().environments["prod"].clusters["serve-fra"]
    assert logs.sinks(cluster).keys() == {"cloudWatch", "openSearch"}
    bare = type(cluster)(
        name=cluster.name,
        data=cluster.data,
        origin=cluster.origin,
        environment=cluster.environment,
        account_id=cluster.account_id,
        region=cluster.region,
        node_pools=cluster.node_pools,
    )
    assert logs.sinks(bare) == {}
