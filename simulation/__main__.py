"""`make simulate`: days of the control plane under faults, until the number or the time is up."""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_LARGEST_SEED = 10**9
_HASHES = "PYTHONHASHSEED"


def main() -> int:
    if os.environ.get(_HASHES) != "0":
        # The order of sets is part of what a seed repeats.
        os.environ[_HASHES] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "simulation", *sys.argv[1:]])  # noqa: S606
    options = _options()
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    logging.disable(logging.CRITICAL)
    from simulation import border  # noqa: PLC0415 - it comes before the product

    border.install()
    from simulation.planting import plant  # noqa: PLC0415

    if options.plant:
        plant(options.plant)
    from simulation.session import Session  # noqa: PLC0415

    seed = options.base or str(random.SystemRandom().randrange(_LARGEST_SEED))
    session = Session(
        base=seed, folder=_ROOT / "build" / "simulation", shrinks=not options.as_it_is
    )
    session.ends_early = options.until_one_fails
    session.plays_twice = options.twice
    if options.seed:
        return session.replay(options.seed)
    return session.run(seeds=options.seeds, seconds=options.seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=0, help="how many days; 0: by the time")
    parser.add_argument("--seconds", type=float, default=60, help="if no number is given")
    parser.add_argument("--base", default="", help="any text, from which seeds are derived")
    parser.add_argument("--seed", default="", help="play one seed, and show what happens")
    parser.add_argument("--as-it-is", action="store_true", help="do not make a failure small")
    parser.add_argument("--until-one-fails", action="store_true", help="end with the first failure")
    parser.add_argument(
        "--twice",
        action="store_true",
        help="play each day twice: it must be the same, call by call",
    )
    parser.add_argument(
        "--plant", default="", help="have a defect of tests/simulation/planted.json"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
