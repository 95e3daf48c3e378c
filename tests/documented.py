"""Commands as the documentation has them, and what AWS's command line would make of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

_PROGRAMS = r"(?:python -m \w+|aws|make)"
_BLOCK = re.compile(rf"^(?: {{4}}|\t)(?:[A-Z_]+=\S+ )?({_PROGRAMS} .+)$")
_INLINE = re.compile(rf"`({_PROGRAMS}\s[^`]+)`")
_GLOBAL = {"profile", "region", "output", "query"}
_OF_PAGES = {"max_items", "page_size", "starting_token"}


@dataclass(frozen=True)
class Command:
    """A command, and the page that it stands on."""

    page: Path
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    def __str__(self) -> str:
        return f"{self.page.stem}: {self.text}"


def commands_in(*pages: Path) -> Iterator[Command]:
    """Yield those of blocks, and those in running text, each once for a page."""
    for page in pages:
        text = re.sub(r"\\\n\s*", "", page.read_text())
        found = [match[1] for line in text.splitlines() if (match := _BLOCK.match(line))]
        prose = "\n".join(line for line in text.splitlines() if not _BLOCK.match(line))
        found += [" ".join(one.split()) for one in _INLINE.findall(prose)]
        yield from (Command(page, one.strip()) for one in dict.fromkeys(found))


class WrongCommand(Exception):
    """AWS's command line would refuse it."""


@dataclass(frozen=True)
class AwsCall:
    """A call of AWS's API that a command makes."""

    service: str
    method: str
    """As boto3's clients call it."""
    parameters: Mapping[str, Any]


def aws_call(words: list[str]) -> AwsCall:
    """Return the call of `aws SERVICE OPERATION --parameter …`.

    Raises WrongCommand for a service, operation or parameter that botocore does not know, and for a
    parameter that is missing.
    """
    program, service, operation, *rest = words
    if program != "aws":
        raise WrongCommand(f"expected aws, got {program}")
    if (service, operation) == ("logs", "tail"):
        return _tail(rest)
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        raise WrongCommand(f"there is no service {service}")
    model = session.get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        raise WrongCommand(f"{service} has no operation {operation}")
    shape = model.operation_model(operations[operation]).input_shape
    members = {xform_name(name): (name, of) for name, of in shape.members.items()} if shape else {}
    parameters: dict[str, Any] = {}
    for name, values in _options(rest):
        if name not in _GLOBAL | _OF_PAGES:
            member, value = _parameter(name, values, members)
            parameters[member] = value
    missing = set(shape.required_members if shape else ()) - set(parameters)
    if missing:
        raise WrongCommand(f"{service} {operation} needs {', '.join(sorted(missing))}")
    return AwsCall(service, operation.replace("-", "_"), parameters)


def _options(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    name, values = "", list[str]()
    for word in words:
        if word.startswith("--"):
            if name:
                yield name, values
            name, values = word[2:].replace("-", "_"), []
        elif not name:
            raise WrongCommand(f"expected an option, got {word}")
        else:
            values.append(word)
    if name:
        yield name, values


def _parameter(
    name: str, values: list[str], members: Mapping[str, tuple[str, Any]]
) -> tuple[str, Any]:
    is_negative = name not in members and name.startswith("no_")
    positive = name.removeprefix("no_") if is_negative else name
    if positive not in members:
        raise WrongCommand(f"the operation has no --{name.replace('_', '-')}")
    member, kind = members[positive]
    return member, not is_negative if kind.type_name == "boolean" else _read(kind, values)


def _read(kind: Any, values: list[str]) -> Any:
    if kind.type_name == "list":
        return values
    if len(values) != 1:
        raise WrongCommand(f"expected one value, got {values}")
    (value,) = values
    if kind.type_name in ("integer", "long"):
        return int(value)
    if kind.type_name in ("map", "structure"):
        return json.loads(value)
    if getattr(kind, "enum", None) and value not in kind.enum:
        raise WrongCommand(f"expected one of {', '.join(kind.enum)}, got {value}")
    return value


def _tail(words: list[str]) -> AwsCall:
    """`aws logs tail` is the command line's own; this is the call behind it."""
    group, *rest = words
    known = {"since", "follow", "format", "filter_pattern", "log_stream_names"}
    options = dict(_options(rest))
    if unknown := set(options) - known - _GLOBAL:
        raise WrongCommand(f"logs tail has no {', '.join(sorted(unknown))}")
    if not re.fullmatch(r"\d+[smhdw]", options.get("since", ["1h"])[0]):
        raise WrongCommand(f"expected --since such as 1h, got {options['since']}")
    pattern = {"filterPattern": options["filter_pattern"][0]} if "filter_pattern" in options else {}
    return AwsCall("logs", "filter_log_events", {"logGroupName": group, **pattern})
