"""Addresses that no source may be at, whatever its file says."""

from __future__ import annotations

import ipaddress

NEVER = tuple(
    map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "0.0.0.0/32"))
)
"""Of the machine itself: there an instance's credentials are handed out."""
