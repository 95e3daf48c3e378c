"""Damage that is what it says, and what may be demanded of a file that has it."""

from __future__ import annotations

import io
from dataclasses import replace

import fastavro
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from fuzz.kinds import Kind
from fuzz.programs import Damage, File, Format, Harm
from fuzz.truth import Duty
from fuzz.writing import write
from tests.fuzz.fixed import column, file


def harmed(form: Format, harm: Harm, where: float = 0.5, rows: int = 40) -> File:
    made = file(form, column("id", 1, Kind.INTEGER), column("name", 2, Kind.WORD), rows=rows)
    return replace(made, damage=Damage(harm, where))


@pytest.mark.parametrize("rows", [1, 8, 500, 1001])
def test_indices_that_lie_say_two_rows_more_than_there_are(rows: int) -> None:
    parquet, orc_file, avro = (
        io.BytesIO(write(harmed(form, Harm.LIES, rows=rows)).body)
        for form in (Format.PARQUET, Format.ORC, Format.AVRO)
    )
    assert pq.read_metadata(parquet).num_rows == rows + 2
    assert orc.ORCFile(orc_file).nrows == rows + 2
    first = next(iter(fastavro.block_reader(avro)))
    assert first.num_records >= min(rows, 500) + 2


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.7, 0.99])
def test_a_byte_that_is_flipped_in_parquet_is_one_that_a_sum_covers(where: float) -> None:
    written = write(harmed(Format.PARQUET, Harm.FLIPPED, where, rows=200))
    assert written.duty is Duty.HONEST
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(io.BytesIO(written.body), page_checksum_verification=True)


def test_of_plain_text_that_is_cut_off_the_rows_before_the_cut_are_demanded() -> None:
    written = write(harmed(Format.CSV, Harm.CUT_OFF))
    assert 3 <= len(written.records) < 40
    assert written.duty is Duty.HONEST
    assert written.records[-1].end <= len(written.body)
    assert written.inventions == 1


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("harm", list(Harm))
def test_no_harmed_file_must_be_published(form: Format, harm: Harm) -> None:
    whole = write(replace(harmed(form, harm), damage=None))
    written = write(harmed(form, harm))
    if written.body != whole.body:
        assert written.duty is not Duty.FULL
