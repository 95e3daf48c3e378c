"""Cases at random: the same for the same seed and number, on every machine."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fuzz.kinds import Kind
from fuzz.names import names
from fuzz.programs import Case, Column, Dataset, File, Format, Odd, Oddity, Part
from fuzz.stories import Scale, Scales, story
from fuzz.styles import styled, with_damage, with_oddities

_FORMATS = (
    (Format.CSV,) * 10
    + (Format.JSON_LINES,) * 4
    + (Format.JSON_LIST, Format.JSON_DOCUMENTS)
    + (Format.PARQUET,) * 3
    + (Format.ORC,) * 2
    + (Format.AVRO,) * 2
)
_TAGS = 20
"""Number of column numbers that each dataset has for itself."""


def make_case(seed: str, number: int) -> Case:
    random = Random(f"{seed}/{number}")  # noqa: S311 - chance, not secrets
    scale = _scale(number)
    count = random.randint(1, scale.value.datasets)
    made = [_dataset(random, scale, place) for place in range(count)]
    if scale is Scales.PIECES and random.random() < 0.3:
        made[0] = _with_an_overlong_record(made[0])
    return Case(datasets=(*made, neighbour(count)))


def _scale(number: int) -> Scales:
    """Return a scale: half of the cases are around sample sizes; few are large, but come early."""
    if number % 40 == 9:
        return Scales.PIECES
    if number % 12 == 5:
        return Scales.BATCHES
    if number % 6 == 2:
        return Scales.MEBIBYTE
    return Scales.SAMPLES if number % 2 else Scales.SMALL


def neighbour(place: int) -> Dataset:
    """Return two files that nobody could misread. Whatever comes with them, they are published."""
    columns = (
        Column(name="id", tag=_TAGS * place + 1, parts=(Part(0, Kind.INTEGER),)),
        Column(name="name", tag=_TAGS * place + 2, parts=(Part(0, Kind.WORD),)),
    )
    files = tuple(
        File(name=f"f{n}.{form.value}", number=n, format=form, columns=columns, rows=30)
        for n, form in enumerate((Format.CSV, Format.JSON_LINES))
    )
    return Dataset(name="neighbour", files=files)


def _dataset(random: Random, scale: Scales, place: int) -> Dataset:
    forms = [random.choice(_FORMATS) for _ in range(2)]
    width = random.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 7))
    known = names(random, width, ascii_words=Format.AVRO in forms)
    tags = {name: _TAGS * place + 1 + number for number, name in enumerate(known)}
    count = random.choice((1, 1, 2, 2, 3))
    files = tuple(
        _file(random, scale.value, number, random.choice(forms), tags)
        for number in range(min(count, scale.value.files))
    )
    return Dataset(name=f"set{place}", files=files)


def _file(random: Random, scale: Scale, number: int, form: Format, tags: dict[str, int]) -> File:
    rows = random.choice(scale.rows)
    file = File(
        name=f"f{number}.{form.value}",
        number=number,
        format=form,
        columns=(),
        rows=rows,
        wave=int(number > 0 and random.random() < 0.4),
        by_day=random.random() < 0.5,
    )
    file = replace(file, columns=_columns(random, file, tags, random.choice(scale.pads)))
    file = with_oddities(random, styled(random, file))
    return with_damage(random, file) if random.random() < 0.08 else file


def _columns(random: Random, file: File, tags: dict[str, int], pad: int) -> tuple[Column, ...]:
    """Return all names in the first file; later ones have them in another order, or lack some."""
    chosen = list(tags)
    if file.number:
        random.shuffle(chosen)
        chosen = chosen[: random.randint(1, len(chosen))]
    first, *rest = (
        Column(name=name, tag=tags[name], parts=story(random, file.format, file.rows), pad=pad)
        for name in chosen
    )
    if pad and rest:
        # One column of text makes the file as large as the case wants it.
        first = replace(first, parts=(Part(0, Kind.WORD),))
    if rest and file.format is Format.CSV and all(map(_starts_blank, (first, *rest))):
        first = replace(first, parts=first.parts[1:])
    return (first, *rest)


def _starts_blank(made: Column) -> bool:
    return made.parts[0].kind is Kind.BLANK


def _with_an_overlong_record(dataset: Dataset) -> Dataset:
    first, *rest = dataset.files
    if first.format is not Format.CSV or len(first.columns) < 2:
        return dataset
    odd = replace(first, odd=(Odd(first.rows // 2, Oddity.OVERLONG),), damage=None)
    return replace(dataset, files=(odd, *rest))
