"""`make fuzz`: runs random files through the engine until the time is up. See docs/fuzzing.md."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from fuzz.session import Session
from fuzz.stage import stage

_FOLDER = Path(__file__).resolve().parent.parent / "build" / "fuzz"
_LARGEST_SEED = 10**9


def main() -> int:
    options = _options()
    seed = options.seed or str(random.SystemRandom().randrange(_LARGEST_SEED))
    print(f"Fuzzing for {options.seconds} s: make fuzz SEED={seed}", flush=True)
    with stage(in_spark=options.spark) as made:
        session = Session(
            stage=made,
            seed=seed,
            folder=_FOLDER / seed,
            seconds=options.seconds,
        )
        first, last = (options.case, options.case) if options.case is not None else (0, None)
        session.run(first, last)
    print(f"\n{session.cases} cases, {session.files} files of seed {seed}")
    for (wrong, form), times in session.told.most_common():
        print(f"  {times:4d} × {wrong}{f' ({form})' if form else ''}")
    if not session.told:
        print("  nothing is wrong")
        return 0
    print(f"Again: make fuzz SEED={seed}. The files are in {session.folder}")
    if options.sure and not session.sure:
        print("All of it in files that can be read in more than one way: no failure here")
        return 0
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default="", help="any text; the same files for the same one")
    parser.add_argument("--case", type=int, help="only this case of the seed")
    parser.add_argument("--spark", action="store_true", help="run tasks in Spark, not here")
    parser.add_argument(
        "--sure", action="store_true", help="fail for files alone that can be read in one way only"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
