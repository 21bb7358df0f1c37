"""The table of prices of services: every row has a known name, its unit, a source and a date."""

from __future__ import annotations

import csv
import json
import re

from paddock.service_prices import SKUS, TABLE, service_prices
from repositories import ROOT


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_every_price_names_its_page_and_day() -> None:
    for row in rows():
        assert row["source"].startswith("https://"), row
        assert re.fullmatch(r"20[0-9]{2}-[01][0-9](-[0-3][0-9])?( \(read\))?", row["as_of"]), row
        assert row["unit"] == SKUS.get(row["sku"], "hour"), row
        assert row["sku"] in SKUS or row["sku"].startswith("db."), row


def test_rows_are_sorted_and_no_price_is_stated_twice() -> None:
    keys = [(row["sku"], row["region"]) for row in rows()]
    assert keys == sorted(set(keys))
    assert list(service_prices()) == keys
    assert all(one.usd > 0 for one in service_prices().values())


def test_the_platform_may_state_what_the_table_could() -> None:
    """prices.regions.<region>.services of the schema has the same names."""
    schema = json.loads((ROOT / "schemas" / "specs" / "platform.schema.json").read_text())
    region = schema["properties"]["spec"]["properties"]["prices"]["properties"]["regions"]["additionalProperties"]
    assert region["properties"]["services"]["propertyNames"]["enum"] == list(SKUS)
