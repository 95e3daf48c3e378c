"""Profiles for tests."""

from __future__ import annotations

from quality_report.figures import (
    Bin,
    ColumnProfile,
    Distinct,
    Kind,
    Lengths,
    Profile,
    Quantile,
    TopValue,
)


def rich_profile() -> Profile:
    heights = [
        12,
        88,
        240,
        510,
        620,
        590,
        480,
        390,
        300,
        240,
        190,
        150,
        120,
        95,
        70,
        54,
        30,
        8,
        0,
        3,
    ]
    amounts = tuple(Bin(str(n * 50), str(n * 50 + 50), rows) for n, rows in enumerate(heights))
    days = tuple(Bin(f"2026-10-{n + 1:02d}", f"2026-10-{n + 1:02d}", 60 + n * 7) for n in range(20))
    return Profile(
        rows=4312,
        sample=200_000,
        columns=(
            ColumnProfile(
                name="order_id",
                type="string",
                kind=Kind.TEXT,
                nulls=0,
                distinct=Distinct(4312, exact=True),
                unique=True,
                minimum="A-00001",
                maximum="A-04312",
                lengths=Lengths(7, 7.0, 7),
                looked_at=4312,
                top=tuple(TopValue(f"A-{n:05d}", 1) for n in range(1, 26)),
            ),
            ColumnProfile(
                name="country",
                type="string",
                kind=Kind.TEXT,
                nulls=0,
                blank=9,
                distinct=Distinct(6, exact=True),
                minimum="  ",
                maximum="XX",
                lengths=Lengths(2, 2.0, 2),
                looked_at=4312,
                top=tuple(
                    TopValue(value, rows)
                    for value, rows in [
                        ("DE", 2480),
                        ("FR", 1100),
                        ("AT", 410),
                        ("CH", 238),
                        ("XX", 75),
                        ("  ", 9),
                    ]
                ),
            ),
            ColumnProfile(
                name="customer_email",
                type="string",
                kind=Kind.TEXT,
                nulls=217,
                distinct=Distinct(3100, exact=True),
                minimum="aaron@example.org",
                maximum="zoe@example.org",
                lengths=Lengths(9, 21.4, 64),
                looked_at=4095,
                top=(TopValue("unknown@example.org", 402), TopValue("shop@example.org", 77)),
            ),
            ColumnProfile(
                name="amount",
                type="decimal(12,2)",
                kind=Kind.DECIMAL,
                nulls=0,
                distinct=Distinct(2910, exact=True),
                minimum="0.99",
                maximum="998.40",
                mean=231.4183,
                deviation=140.03,
                quantiles=tuple(
                    Quantile(share, value)
                    for share, value in [(0.05, "60.00"), (0.5, "199.90"), (0.95, "612.00")]
                ),
                looked_at=4312,
                bins=amounts,
                top=(TopValue("19.99", 130),),
            ),
            ColumnProfile(
                name="created_at",
                type="timestamp",
                kind=Kind.TIMESTAMP,
                nulls=3,
                distinct=Distinct(4290, exact=True),
                minimum="2026-10-01 00:00:03.25",
                maximum="2026-10-20 23:59:58",
                quantiles=(Quantile(0.5, "2026-10-12 13:10:00.5"),),
                looked_at=4309,
                bins=days,
            ),
            ColumnProfile(
                name="is_gift",
                type="boolean",
                kind=Kind.BOOLEAN,
                nulls=1200,
                distinct=Distinct(2, exact=True),
                minimum="false",
                maximum="true",
                looked_at=3112,
                top=(TopValue("false", 2900), TopValue("true", 212)),
            ),
            ColumnProfile(
                name="legacy_code",
                type="string",
                kind=Kind.TEXT,
                nulls=4312,
                distinct=Distinct(0, exact=True),
            ),
            ColumnProfile(name="lines", type="array<struct<sku:string>>", kind=Kind.OTHER, nulls=0),
        ),
    )
