"""The hazardous files: small, named, and with their contents by the rules of RFC 4180."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A file, or several of one folder, that a reader can trip over."""

    name: str
    sentence: str
    """Description of the contents and their purpose."""
    files: Mapping[str, bytes]
    records: int
    """Lines or records that are neither header nor blank; a malformed one ends with its line."""
    values: tuple[str, ...] = ()
    """Some texts of the file that have to be in the output or in what is put aside."""
    asked: str = ""
    """The only file that is read; "" means all there are."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options that plain Spark gets beside `header` and `inferSchema`."""


CONTROL = Hazard(
    name="No hazard",
    sentence="What the others are to be compared with.",
    files={"plain.csv": b"id,name,price\n1,Ada,1.50\n2,Ben,20.00\n"},
    records=2,
)

_MULTI_LINE = {"multiLine": "true"}
_OPEN_QUOTE = b'id,name\n1,Ada\n2,"Ben\n3,Cleo\n4,Dora\n5,Emil\n6,Fay\n'
_COLUMNS = 20_000
_LONG = 4_000_000
_PEOPLE = "id,name,city\n1,José,München\n2,Zoë,Łódź\n"

_QUOTES = (
    Hazard(
        name="Doubled quotes",
        sentence="Quotes inside a quoted field are doubled, as RFC 4180 says.",
        files={"said.csv": b'id,said,by\n1,"""No"", she said, ""never""",Ada\n2,yes,Ben\n'},
        values=('"No", she said, "never"', "Ada"),
        records=2,
    ),
    Hazard(
        name="Backslash before quotes",
        sentence="The other way to write quotes inside a quoted field.",
        files={"said.csv": b'id,said,by\n1,"\\"No\\", she said, \\"never\\"",Ada\n2,yes,Ben\n'},
        records=2,
    ),
    Hazard(
        name="Backslash at the end of a quoted field",
        sentence="A Windows path; by RFC 4180 a backslash is a letter like others.",
        files={"paths.csv": b'id,path,owner\n1,"C:\\data\\",Ada\n2,"D:\\",Ben\n3,E,Cleo\n'},
        values=("C:\\data\\", "Ada", "D:\\", "Ben"),
        records=3,
    ),
    Hazard(
        name="Quoted line ends, no `multiLine`",
        sentence="An address of two lines, read with the options that most jobs have.",
        files={"addresses.csv": b'id,address\n1,"Main St 1\nBoston"\n2,"Elm St 2\nDenver"\n'},
        values=("Main St 1\nBoston", "Elm St 2\nDenver"),
        records=2,
    ),
    Hazard(
        name="Unclosed quote",
        sentence="One quote too many in the second of six records.",
        files={"people.csv": _OPEN_QUOTE},
        values=("Cleo", "Dora", "Emil", "Fay"),
        records=6,
    ),
    Hazard(
        name="Unclosed quote, `multiLine`",
        sentence="The same file, read with the option that quoted line ends need.",
        files={"people.csv": _OPEN_QUOTE},
        values=("Cleo", "Dora", "Emil", "Fay"),
        records=6,
        options=_MULTI_LINE,
    ),
    Hazard(
        name="Text after a closing quote",
        sentence="Somebody has put quotes around a part of the field.",
        files={"people.csv": b'id,name,city\n1,"Ada" Lovelace,London\n2,Ben,Bath\n'},
        values=('"Ada" Lovelace',),
        records=2,
    ),
    Hazard(
        name="Quoted empty and empty",
        sentence='`""` is a text of no letters, nothing at all is no value.',
        files={"notes.csv": b'id,note\n1,""\n2,\n3,x\n'},
        values=("", "x"),
        records=3,
    ),
)

_SHAPES = (
    Hazard(
        name="Too few fields",
        sentence="A record that was cut off.",
        files={"people.csv": b"id,name,city\n1,Ada,London\n2,Ben\n3,Cleo,Cairo\n"},
        records=3,
    ),
    Hazard(
        name="Too many fields",
        sentence="A comma that should have been in quotes.",
        files={"people.csv": b"id,name,city\n1,Ada,London\n2,Ben,Bath,UK\n3,Cleo,Cairo\n"},
        values=("UK",),
        records=3,
    ),
    Hazard(
        name="Header repeated inside",
        sentence="Two exports, one behind the other in one file.",
        files={"sales.csv": b"id,amount\n1,10\n2,20\nid,amount\n3,30\n4,40\n"},
        values=("amount",),
        records=5,
    ),
    Hazard(
        name="Lines before the header",
        sentence="Title and date of a report, then the table.",
        files={
            "report.csv": b"Sales report\nMade on 2026-01-31\n\n"
            b"id,item,amount\n1,lamp,10\n2,chair,20\n3,table,30\n"
        },
        values=("lamp", "chair", "table"),
        records=5,
    ),
    Hazard(
        name="Blank lines",
        sentence="Between records and at the end.",
        files={"people.csv": b"id,name\n1,Ada\n\n2,Ben\n\n\n"},
        records=2,
    ),
    Hazard(
        name="Semicolons",
        sentence="What a spreadsheet writes where the comma is the decimal point.",
        files={"prices.csv": b"id;item;price\n1;lamp;10,50\n2;chair;20,00\n"},
        values=("lamp", "10,50"),
        records=2,
    ),
    Hazard(
        name="CR as line end",
        sentence="Old Macintosh files, and some machines' exports.",
        files={"people.csv": b"id,name\r1,Ada\r2,Ben\r3,Cleo\r"},
        values=("Ada", "Ben", "Cleo"),
        records=3,
    ),
    Hazard(
        name="Mixed line ends",
        sentence="LF and CRLF in one file.",
        files={"people.csv": b"id,name\n1,Ada\r\n2,Ben\n3,Cleo\r\n"},
        values=("Ada", "Ben", "Cleo"),
        records=3,
    ),
    Hazard(
        name="A carriage return inside a value",
        sentence="Not in quotes, in a file whose lines end with LF.",
        files={"notes.csv": b"id,note\n1,first\rsecond\n2,x\n"},
        records=2,
    ),
    Hazard(
        name="A quote inside an unquoted field",
        sentence="Five inches.",
        files={"items.csv": b'id,item,price\n1,5" pipe,2.50\n2,lamp,3.50\n'},
        records=2,
    ),
    Hazard(
        name="Separators inside values",
        sentence="Semicolons, decimal commas, and one record with a field too many.",
        files={"prices.csv": b"id;price\n1;1,5\n2;2,5\n3;x;3,5\n"},
        values=("1,5", "2,5"),
        records=3,
    ),
    Hazard(
        name="No header",
        sentence="And a first row in which one cell is missing.",
        files={"values.csv": b"1,n/a\n2,3\n3,4\n"},
        values=("n/a",),
        records=3,
    ),
    Hazard(
        name="Header and nothing else",
        sentence="An export of a day on which nothing happened.",
        files={"empty.csv": b"id,name\n"},
        records=0,
    ),
    Hazard(
        name="Empty file",
        sentence="No byte at all.",
        files={"empty.csv": b""},
        records=0,
    ),
    Hazard(
        name="20,000 columns",
        sentence="A table that was turned on its side.",
        files={
            "wide.csv": (
                ",".join(f"c{i}" for i in range(_COLUMNS))
                + "\n"
                + ",".join(str(i) for i in range(_COLUMNS))
                + "\n"
            ).encode()
        },
        records=1,
    ),
    Hazard(
        name="A field of 4 MB",
        sentence="An attachment that found its way into a text column.",
        files={"long.csv": b"id,text\n1," + b"x" * _LONG + b"\n2,short\n"},
        records=2,
    ),
)

_VALUES = (
    Hazard(
        name="Numbers that are none",
        sentence="A postal code, a size, an article and a telephone number.",
        files={"codes.csv": b"zip,size,article,phone\n02134,12d,1e5,+4930\n10115,10f,2e3,+4989\n"},
        values=("02134", "12d", "1e5", "+4930"),
        records=2,
    ),
    Hazard(
        name="More digits than a double has",
        sentence="An account number and a rate, both exact.",
        files={"rates.csv": b"account,rate\n12345678901234567,0.12345678901234567891\n"},
        values=("12345678901234567", "0.12345678901234567891"),
        records=1,
    ),
    Hazard(
        name="`NaN` among numbers",
        sentence="Written by a tool that has no nulls.",
        files={"values.csv": b"id,value\n1,1.50\n2,NaN\n3,2.50\n"},
        records=3,
    ),
    Hazard(
        name="One bad date",
        sentence="30 February among dates.",
        files={"days.csv": b"id,due\n1,2024-02-28\n2,2024-02-30\n3,2024-03-01\n"},
        values=("2024-02-28", "2024-02-30"),
        records=3,
    ),
    Hazard(
        name="One bad date, declared as date",
        sentence="The same file, with the schema given instead of inferred.",
        files={"days.csv": b"id,due\n1,2024-02-28\n2,2024-02-30\n3,2024-03-01\n"},
        values=("2024-02-28", "2024-02-30"),
        records=3,
        options={"schema": "id int, due date"},
    ),
)

_NAMES = (
    Hazard(
        name="The same header twice",
        sentence="Two columns that are both called `amount`.",
        files={"sales.csv": b"id,amount,amount\n1,10,11\n2,20,22\n"},
        values=("10", "11"),
        records=2,
    ),
    Hazard(
        name="Headers that differ in case",
        sentence="`id` and `ID`.",
        files={"people.csv": b"id,ID,name\n1,100,Ada\n2,200,Ben\n"},
        values=("1", "100"),
        records=2,
    ),
    Hazard(
        name="Other column order",
        sentence="Two files of one folder with the same columns in different order.",
        files={
            "a.csv": b"id,name,city\n1,Ada,London\n2,Ben,Bath\n",
            "b.csv": b"city,id,name\nCairo,3,Cleo\nDelft,4,Dora\n",
        },
        values=("Ada", "Cleo"),
        records=4,
    ),
    Hazard(
        name="Brackets in the name",
        sentence="`data[1].csv` is asked for; `data1.csv` lies beside it.",
        files={"data[1].csv": b"id,name\n1,right\n", "data1.csv": b"id,name\n9,wrong\n"},
        asked="data[1].csv",
        values=("right",),
        records=1,
    ),
    Hazard(
        name="Name with `_` in front",
        sentence="A file among others; Spark takes such names for its own.",
        files={"_x.csv": b"id,name\n1,Ada\n", "y.csv": b"id,name\n2,Ben\n"},
        values=("Ada", "Ben"),
        records=2,
    ),
    Hazard(
        name="Name with `.` in front",
        sentence="The same with a point, and nothing else there.",
        files={".x.csv": b"id,name\n1,Ada\n"},
        values=("Ada",),
        records=1,
    ),
)

_BYTES = (
    Hazard(
        name="Upper-case extension",
        sentence="`X.CSV.GZ`, gzip as its name says.",
        files={"X.CSV.GZ": gzip.compress(b"id,name\n1,Ada\n2,Ben\n", mtime=0)},
        values=("Ada", "Ben"),
        records=2,
    ),
    Hazard(
        name="gzip without its extension",
        sentence="`people.csv`, which is gzip.",
        files={"people.csv": gzip.compress(b"id,name\n1,Ada\n2,Ben\n", mtime=0)},
        values=("Ada", "Ben"),
        records=2,
    ),
    Hazard(
        name="UTF-8 with byte order mark",
        sentence="What a spreadsheet saves as “CSV UTF-8”.",
        files={"people.csv": b"\xef\xbb\xbf" + _PEOPLE.encode()},
        values=("José", "Łódź"),
        records=2,
    ),
    Hazard(
        name="UTF-16",
        sentence="What a spreadsheet saves as “Unicode text”, with commas.",
        files={"people.csv": b"\xff\xfe" + _PEOPLE.encode("utf-16-le")},
        values=("José", "Łódź"),
        records=2,
    ),
    Hazard(
        name="Windows-1252",
        sentence="What a spreadsheet saves as “CSV” in western Europe.",
        files={"people.csv": "id,name,city\n1,José,München\n2,Zoë,Málaga\n".encode("cp1252")},
        values=("José", "Málaga"),
        records=2,
    ),
    Hazard(
        name="Windows-1251",
        sentence="What a spreadsheet saves as “CSV” in Russia.",
        files={"people.csv": "id,name,city\n1,Иван,Казань\n2,Юлия,Москва\n".encode("cp1251")},
        values=("Иван", "Москва"),
        records=2,
    ),
    Hazard(
        name="One row in another encoding",
        sentence="Windows-1252, and a row that was added in UTF-8.",
        files={
            "people.csv": "id,name,city\n1,José,München\n2,Zoë,Málaga\n".encode("cp1252")
            + "3,Cléo,Zürich\n".encode()
        },
        values=("José", "Málaga", "Cléo"),
        records=3,
    ),
    Hazard(
        name="One broken character",
        sentence="UTF-8 with a record in which a byte is damaged.",
        files={"people.csv": _PEOPLE.encode() + b"3,Cl\xffeo,Z\xc3\xbcrich\n"},
        values=("José", "Łódź", "Cl\\xffeo"),
        records=3,
    ),
    Hazard(
        name="NUL bytes",
        sentence="In a value, as some exports of databases have them.",
        files={"people.csv": b"id,name\n1,A\x00da\n2,Ben\n"},
        values=("A\x00da",),
        records=2,
    ),
)

HAZARDS = (CONTROL, *_QUOTES, *_SHAPES, *_VALUES, *_NAMES, *_BYTES)
