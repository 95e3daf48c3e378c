"""`make faults`: breaks runs of real Spark and counts every row. See docs/faults.md."""

from __future__ import annotations

import argparse
import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import describe_machine
from faults.playing import FAULTS, Outcome, Session, chosen_faults
from faults.report import as_markdown
from faults.stage import staged
from operations.progress import Progress

_BUILD = Path(__file__).resolve().parent.parent / "build"
_LARGEST_SEED = 10**9


def main() -> int:
    options = _options()
    if options.list:
        print("\n".join(fault.name for fault in FAULTS))
        return 0
    seed = options.seed or str(random.SystemRandom().randrange(_LARGEST_SEED))
    try:
        faults = chosen_faults(options.only)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Faults of seed {seed}: make faults SEED={seed}", flush=True)
    progress = Progress()
    outcomes: list[Outcome] = []
    with staged(_BUILD / "faults", progress=progress) as stage:
        for outcome in Session(stage, seed, progress.say).run(faults, options.times):
            outcomes.append(outcome)
            _tell(outcome, seed)
            _write(outcomes, seed)
    return int(any(outcome.wrong for outcome in outcomes))


def _tell(outcome: Outcome, seed: str) -> None:
    sums = outcome.sums
    print(
        f"{outcome.fault} {outcome.turn}: {sums.objects} objects, {sums.rows_in} rows, "
        f"{sums.published} published, {sums.quarantined} quarantined, {sums.refused} refused, "
        f"{sums.lost} lost, {sums.doubled} doubled; {outcome.seconds:.0f} s; "
        f"{'; '.join(outcome.notes)}",
        flush=True,
    )
    for text in outcome.wrong:
        print(f"  WRONG: {text}")
    if outcome.wrong:
        print(
            f"  again: make faults SEED={seed} ONLY='{outcome.fault}' TIMES={outcome.turn}",
            flush=True,
        )


def _write(outcomes: list[Outcome], seed: str) -> None:
    """Write the table after each fault: a session that is ended early leaves what it has."""
    date = datetime.now(UTC).date().isoformat()
    text = as_markdown(outcomes, seed=seed, date=date, machine=describe_machine())
    (_BUILD / "faults.md").write_text(f"{text}\n", encoding="utf-8")
    content = {"seed": seed, "date": date, "outcomes": [one.to_json() for one in outcomes]}
    (_BUILD / "faults.json").write_text(json.dumps(content, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", default="", help="any text; the same points for the same one")
    parser.add_argument("--only", default="", help="starts of faults' names, with commas")
    parser.add_argument("--times", type=int, default=1, help="how often each fault is played")
    parser.add_argument("--list", action="store_true", help="list the faults' names")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
