"""Certificates are verified for the name, though connections are made to checked addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.errors import SourceFailed
from tests.connectors.apis import api_at, connector_to, rows_from
from tests.connectors.servers import ApiServer, serving
from tests.connectors.sources import hourly_events

NETWORKS = ("127.0.0.0/8", "::1/128")


def certificate_of(name: str, folder: Path) -> Path:
    """A certificate that its own key has signed, and the key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    file.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, *plain))
    return file


@pytest.fixture(params=["localhost", "example.org"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A server whose certificate is trusted, for whatever name it has."""
    certificate = certificate_of(name, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(ApiServer(hourly_events(4)), certificate=certificate) as one:
        yield one


def test_the_name_of_the_certificate_is_that_of_the_host(server: ApiServer, name: str) -> None:
    api = api_at(server, url=f"https://localhost:{server.port}/rows", networks=NETWORKS)
    if name == "localhost":
        assert rows_from(connector_to(api)) == server.rows
        return
    with pytest.raises(SourceFailed, match="SSLError"):
        rows_from(connector_to(api))
    assert server.asked == []


@pytest.mark.parametrize("name", ["localhost"])
def test_a_certificate_that_nobody_trusts_is_refused(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    api = api_at(server, url=f"https://localhost:{server.port}/rows", networks=NETWORKS)
    with pytest.raises(SourceFailed, match="SSLError"):
        rows_from(connector_to(api))
