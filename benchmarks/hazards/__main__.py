"""`python -m benchmarks.hazards`: write docs/csv-hazards.md from what both readers do."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyspark

from benchmarks.contenders.local_spark import local_session
from benchmarks.hazards.files import HAZARDS
from benchmarks.hazards.observing import Observer, errors_into
from benchmarks.hazards.rendering import Compared, as_markdown
from benchmarks.measuring import ROOT

_CORES = 2


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        log = folder / "log"
        with errors_into(log):
            compared = _compared(folder, log)
    out.write_text(as_markdown(compared, spark_version=pyspark.__version__), encoding="utf-8")
    print(f"{len(compared)} hazards: {out.relative_to(ROOT)}")


def _compared(folder: Path, log: Path) -> list[Compared]:
    spark = local_session(cores=_CORES, scratch=str(folder / "scratch"))
    spark.sparkContext.setLogLevel("WARN")
    observer = Observer(spark, folder=folder / "files", log=log)
    compared = []
    for position, hazard in enumerate(HAZARDS):
        name = f"hazard_{position:02d}"
        print(hazard.name, flush=True)
        compared.append(
            Compared(hazard, observer.plain_spark(hazard, name), observer.this_reader(hazard, name))
        )
    spark.stop()
    return compared


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT / "docs" / "csv-hazards.md")
