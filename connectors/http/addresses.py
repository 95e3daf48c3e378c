"""Which addresses a source may be at, decided when a connection is made.

A name is resolved here, once, and the connection goes to the very address that was checked: what
DNS says a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.errors import AddressRefused
from wires.addresses import NEVER

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Addresses:
    """Public addresses, and those of networks that the source's file names."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @classmethod
    def with_networks(cls, networks: Iterable[str]) -> Addresses:
        return cls(tuple(ipaddress.ip_network(network) for network in networks))

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Return a connection to one of a host's addresses.

        Raises AddressRefused if any of them is not allowed, OSError if none can be reached.
        """
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, place in places:
            self.check(host, str(place[0]))
        failure: OSError | None = None
        for *_, place in places:
            try:
                return socket.create_connection((str(place[0]), port), timeout)
            except OSError as error:
                failure = error
        raise failure or OSError(f"{host} has no address")

    def check(self, host: str, address: str) -> None:
        """Raises AddressRefused for an address that is not allowed."""
        found = _meant(ipaddress.ip_address(address.partition("%")[0]))
        if any(found in network for network in NEVER):
            raise AddressRefused(f"{host} is at {address}, which no source may be at")
        is_public = found.is_global and not found.is_multicast
        if not is_public and not any(found in network for network in self.networks):
            raise AddressRefused(
                f"{host} is at {address}, which is no public address: a source in a network of "
                "yours names it in api.networks"
            )


def _meant(address: _Address) -> _Address:
    """Return the address of version 4 that one of version 6 stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    return inner or address
