"""One run in an account: the parts of a fetch, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from connectors.errors import ConnectorError, SourceFailed
from connectors.fetch import Fetch
from connectors.kinds import connector_for
from connectors.landing import Place
from connectors.order import Order, order_for
from connectors.report import FetchReport
from connectors.secrets import Secrets, in_secrets_manager
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


@contextmanager
def without_secrets(secrets: Secrets) -> Iterator[None]:
    """Let no error of the block through that shows a credential, whatever has made it.

    Glue keeps the error of a run, and shows it to people.
    """
    try:
        yield
    except Exception as error:
        if not any(secrets.is_in(str(one)) for one in _chain(error)):
            raise
        kind = type(error) if isinstance(error, ConnectorError) else SourceFailed
        raise kind(secrets.hidden_in(str(error))) from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that a traceback shows with it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
