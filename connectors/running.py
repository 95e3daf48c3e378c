"""One run in an account: the parts of a fetch, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.fetch import Fetch
from connectors.kinds import connector_for
from connectors.landing import Place
from connectors.order import Order, order_for
from connectors.report import FetchReport
from connectors.secrets import in_secrets_manager, without_secrets
from wires.job_arguments import FetchDefaults
from wires.lease import Leases
from wires.source_ledger import SourceLedger
from wires.sources import Source

_NOTHING = "-"


def order_of(source: Source, settings: FetchDefaults) -> Order:
    """Return what the arguments of a run ask for. Raises OrderError if it cannot be had."""
    since, until = ("" if text == _NOTHING else text for text in (settings.since, settings.until))
    return order_for(source, since=since, until=until, limit=settings.limit, again=settings.again)


def fetch_in_account(
    source: Source,
    order: Order,
    settings: FetchDefaults,
    session: Any,
    *,
    say: Callable[[str], Any],
) -> FetchReport:
    """Fetch a source and land it. No error that comes out has anything of the secret."""
    secrets = in_secrets_manager(session.client("secretsmanager"), source.secret)
    state = session.resource("dynamodb").Table(settings.state_table)
    fetch = Fetch(
        source=source,
        connector=connector_for(source, secrets, say=say),
        ledger=SourceLedger(state, source.name),
        leases=Leases(state),
        place=Place(
            s3=session.client("s3"),
            raw_bucket=settings.raw_bucket,
            assets_bucket=settings.assets_bucket,
        ),
        say=say,
    )
    with without_secrets(secrets):
        return fetch.run(order)
