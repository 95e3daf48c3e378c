"""One corrupt object of each format among a thousand that are whole."""

from __future__ import annotations

from dataclasses import replace

from faults.making import Made, made, rows_of
from faults.scene import Fault, Scene

_WHOLE = 1000
_LAYERED = "data/incoming/2026/01/15"
_KINDS = ("csv", "json", "parquet", "orc", "avro")
_REFUSED_BY_NAME = "xlsx"
"""Excel's files are none that the platform takes: they are refused, with a reason."""


def corrupt(scene: Scene) -> None:
    """Send a thousand files and one corrupt one of each format, by both routes."""
    folder = f"{_LAYERED}/{scene.dataset}"
    whole = [
        made(
            f"{folder}/{number:04d}.{_KINDS[number % len(_KINDS)]}",
            rows_of(f"{scene.name}-{number}", 3, account=number),
        )
        for number in range(_WHOLE)
    ]
    broken = [_damaged(scene, f"{folder}/broken.{kind}") for kind in (*_KINDS, "csv.gz")]
    excel = Made(
        key=f"{folder}/broken.{_REFUSED_BY_NAME}",
        content=b"PK\x03\x04" + scene.dice.randbytes(2000),
        good=frozenset({f"{scene.name}-excel-00000"}),
        is_broken=True,
    )
    files = [*whole, *broken, excel]
    scene.dice.shuffle(files)
    scene.send(*files)
    scene.settle()
    ends = {
        entry["key"].rpartition("/")[2]: entry["status"]
        for entry in scene.stage.entries(scene.sent)
        if "broken" in entry["key"]
    }
    scene.after = ", ".join(f"{name.partition('.')[2]} {end}" for name, end in sorted(ends.items()))
    scene.notes.append(f"{_WHOLE} whole files, {len(broken) + 1} corrupt ones")


def _damaged(scene: Scene, key: str) -> Made:
    """Return a file of which bytes in the middle are others, so that it cannot be read whole."""
    whole = made(key, rows_of(f"{scene.name}-broken-{key.rpartition('.')[2]}", 400))
    content = bytearray(whole.content)
    if key.endswith((".csv", ".json")):
        # Text has no checksum: what cannot be any text is what tells that it is damaged.
        content = bytearray(scene.dice.randbytes(len(content)))
    else:
        start = len(content) // 3
        content[start : start + 64] = scene.dice.randbytes(64)
        content = content[: -len(content) // 4]
    return replace(whole, content=bytes(content), is_broken=True)


CORRUPTION = (
    Fault(
        name="corrupt/one of each format",
        family="corrupt",
        play=corrupt,
        alerts=("Upload refused",) * (len(_KINDS) + 2),
        once=True,
    ),
)
