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
