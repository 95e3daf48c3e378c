"""Addresses are checked when a connection is made, whatever DNS says."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import AddressRefused
from connectors.http.addresses import Addresses

PUBLIC = "93.184.215.14"
Resolve = Callable[..., list[Any]]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - it is refused
        "::1",
        "fd12::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:0a00:0001::1",
        "198.18.0.1",
        "240.0.0.1",
        "224.0.0.1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        Addresses().check("api.example.com", address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_a_metadata_service_is_refused_even_where_a_network_has_it(address: str) -> None:
    everywhere = Addresses.with_networks(["0.0.0.0/0", "::/0"])
    with pytest.raises(AddressRefused, match="no source may be at"):
        everywhere.check("api.example.com", address)


def test_public_addresses_and_networks_of_the_file_are_allowed() -> None:
    for address in (PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"):
        Addresses().check("api.example.com", address)
    Addresses.with_networks(["10.0.0.0/8"]).check("api.internal", "10.1.2.3")


def resolving(*answers: list[str]) -> tuple[Resolve, list[str]]:
    """A resolver that says something else each time that it is asked."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        kind = socket.SOCK_STREAM
        return [(socket.AF_INET, kind, 6, "", (one, port)) for one in addresses]

    return resolve, asked


def test_the_connection_goes_to_the_very_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS that changes its mind between check and connection has nobody to tell it to."""
    resolve, asked = resolving([PUBLIC], ["169.254.169.254"])
    reached: list[Any] = []

    def connect(place: Any, timeout: float | None) -> Any:
        reached.append((place, timeout))
        raise OSError("nobody is there")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OSError, match="nobody is there"):
        Addresses().connect("api.example.com", 443, 5.0)
    assert asked == ["api.example.com"]
    assert reached == [((PUBLIC, 443), 5.0)]


def test_a_name_with_one_bad_address_among_good_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve, _ = resolving([PUBLIC, "10.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        Addresses().connect("api.example.com", 443, 5.0)
