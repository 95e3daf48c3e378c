"""What a health check has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from operations.errors import CheckFailed
from operations.health.standing import Course, Standing
from wires.routes import Route
from wires.run_ledger import HEALTH


@dataclass(frozen=True, kw_only=True)
class RouteHealth:
    """How one route was found."""

    route: Route
    key: str
    """Of the upload."""
    seconds: int
    """From the upload until the table was compared, or until the check gave up."""
    standing: Standing

    @property
    def is_healthy(self) -> bool:
        return self.standing.course is Course.WELL

    def line(self) -> str:
        stands = self.standing
        if self.is_healthy:
            return f"{self.route}: healthy after {self.seconds} s, {stands.said}"
        still = " still" if stands.course is Course.GOES_ON else ""
        return (
            f"{self.route}: {self.key}{still} {stands.said} (step {stands.step}, after "
            f"{self.seconds} s). Look at {stands.look_at}."
        )

    def told(self) -> dict[str, Any]:
        return {
            "failed": int(not self.is_healthy),
            "seconds": self.seconds,
            "key": self.key,
            **{name: str(value) for name, value in asdict(self.standing).items()},
        }


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """How all routes were found."""

    environment: str
    at: str
    """When the check began, ISO 8601."""
    routes: Sequence[RouteHealth]
    leftovers: Sequence[str] = ()
    """Datasets of older checks, of which something was removed."""

    @property
    def is_healthy(self) -> bool:
        return all(one.is_healthy for one in self.routes)

    def lines(self) -> Iterator[str]:
        yield from (one.line() for one in self.routes)
        for dataset in self.leftovers:
            yield f"removed what an older check has left of {dataset}"

    def to_json(self) -> Mapping[str, Any]:
        return {
            "environment": self.environment,
            "at": self.at,
            "is_healthy": self.is_healthy,
            "routes": {one.route.value: one.told() for one in self.routes},
            "leftovers": list(self.leftovers),
        }

    def facts(self) -> Mapping[str, Any]:
        """Return facts for the run ledger, from which the trigger makes metrics."""
        told = {one.route.value: one.told() for one in self.routes}
        return {HEALTH: told, "leftovers": list(self.leftovers)}

    def demand_health(self) -> None:
        """Raise CheckFailed, with what is wrong with each route, unless all are healthy."""
        wrong = [one.line() for one in self.routes if not one.is_healthy]
        if wrong:
            raise CheckFailed(f"{self.environment} is not healthy. {' '.join(wrong)}")
