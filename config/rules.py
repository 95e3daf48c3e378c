"""Rules for single values. Each returns the value, or raises ValueError saying what it must be."""

from __future__ import annotations

import re

from config.regions import REGIONS


def account_id(value: object) -> object:
    if isinstance(value, int):
        raise ValueError(
            'must be text, because a number loses leading zeros: write "…" around its 12 digits'
        )
    if not isinstance(value, str) or not re.fullmatch("[0-9]{12}", value):
        raise ValueError('must be 12 digits in quotes, such as "111111111111"')
    return value


def region(value: object) -> object:
    if not isinstance(value, str) or value not in REGIONS:
        raise ValueError("must be an AWS region that has Glue, such as eu-central-1")
    return value


def project(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        raise ValueError("must be lower-case words joined by -, such as glue-etl-pipeline")
    return value


def repository(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)+", value, re.ASCII):
        raise ValueError("must be owner/name of a repository, such as example-org/data-platform")
    return value


def branch(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", value, re.ASCII):
        raise ValueError("must be the name of one branch, such as main")
    return value


def connection_arn(value: object) -> object:
    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    services = "(codeconnections|codestar-connections)"
    arn = rf"arn:aws[a-z-]*:{services}:[a-z0-9-]+:[0-9]{{12}}:connection/{uuid}"
    if not isinstance(value, str) or not re.fullmatch(arn, value):
        raise ValueError(
            "must be the ARN of a CodeConnections connection, such as arn:aws:codeconnections:"
            "eu-central-1:111111111111:connection/01234567-89ab-cdef-0123-456789abcdef"
        )
    return value


def readers_group(value: object) -> object:
    words = "[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*"
    if not isinstance(value, str) or not re.fullmatch(words, value) or len(value) > 20:
        raise ValueError(
            f"names a group of readers {value!r}, expected 1 to 20 characters: lower-case words "
            "joined by -, such as analysts-eu"
        )
    return value
