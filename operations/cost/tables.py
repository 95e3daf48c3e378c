"""What the ledgers' tables cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from operations.cost import usage
from operations.cost.charges import Charge, Resource, Service, Situation, Unpriced


def table(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield requests, storage and backup of a table. Raises Unpriced for provisioned capacity."""
    mode = resource.properties.get("BillingMode")
    if mode != "PAY_PER_REQUEST":
        raise Unpriced(
            f"expected {resource.id} to be billed by request, got {mode}: price its capacity in "
            "operations/cost/tables.py"
        )
    prices = situation.prices.dynamodb
    used = _use_of(resource, situation)

    def charge(what: str, quantity: float, price: float, *, fixed: bool = False) -> Charge:
        return Charge(
            service=Service.DYNAMODB,
            resource=resource.id,
            what=what,
            quantity=quantity,
            price=price,
            fixed=fixed,
        )

    yield charge("writes for ticks", used.fixed_writes / 1e6, prices.million_writes, fixed=True)
    yield charge("reads for ticks", used.fixed_reads / 1e6, prices.million_reads, fixed=True)
    yield charge("writes", used.writes / 1e6, prices.million_writes)
    yield charge("reads", used.reads / 1e6, prices.million_reads)
    yield charge("GB", used.gb, prices.gb_month)
    backup = resource.properties.get("PointInTimeRecoverySpecification", {})
    if backup.get("PointInTimeRecoveryEnabled"):
        yield charge("GB of backup", used.gb, prices.backup_gb_month)


@dataclass(frozen=True, kw_only=True)
class TableUse:
    """Requests of a month, and what is stored."""

    writes: float = 0.0
    reads: float = 0.0
    fixed_writes: float = 0.0
    fixed_reads: float = 0.0
    gb: float = 0.0


def _use_of(resource: Resource, situation: Situation) -> TableUse:
    names = situation.environment.names
    uploads, runs = situation.uploads, situation.all_runs
    calls = usage.Events()
    for function in situation.of_type("AWS::Lambda::Function"):
        calls += usage.invocations_of(function, situation)
    months = situation.workload.months_kept
    by_name = {
        names.objects_table: TableUse(
            writes=usage.WRITES_OF_AN_UPLOAD * uploads,
            reads=usage.READS_OF_AN_UPLOAD * uploads,
            fixed_reads=usage.READS_OF_AN_INVOCATION * calls.fixed,
            gb=uploads * months * usage.BYTES_OF_A_LEDGER_ENTRY / 1e9,
        ),
        names.loads_table: TableUse(
            writes=usage.WRITES_OF_A_RUN * runs,
            reads=usage.READS_OF_AN_INVOCATION * calls.variable,
            fixed_reads=usage.READS_OF_AN_INVOCATION * calls.fixed,
            gb=runs * months * usage.BYTES_OF_A_LEDGER_ENTRY / 1e9,
        ),
        names.runs_table: TableUse(
            writes=usage.WRITES_OF_A_RUN * runs,
            reads=runs,
            gb=runs * months * usage.BYTES_OF_A_LEDGER_ENTRY / 1e9,
        ),
        names.state_table: TableUse(
            writes=usage.WRITES_OF_AN_INVOCATION * calls.variable + usage.tables_in_runs(situation),
            fixed_writes=usage.WRITES_OF_AN_INVOCATION * calls.fixed,
            gb=situation.workload.datasets * usage.BYTES_OF_A_LEDGER_ENTRY / 1e9,
        ),
    }
    name = resource.properties.get("TableName")
    if name not in by_name:
        raise Unpriced(
            f"expected {resource.id} to be one of {', '.join(by_name)}, got {name}: say in "
            "operations/cost/tables.py how it is used"
        )
    return by_name[name]
