"""Texts from outside, shown so that they cannot look like something else."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text on one line, with escapes for what is not seen or turns the direction.

    Line ends, control characters, overrides of the reading direction, unpaired surrogates.
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
