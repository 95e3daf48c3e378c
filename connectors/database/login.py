"""Where a database is and who asks, out of the source's file and its secret."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import botocore

from connectors.errors import SecretError
from connectors.secrets import Secret
from wires.database_sources import DatabaseSource, Engine, Tls

PUBLIC_AUTHORITIES = Path(botocore.__file__).with_name("cacert.pem")
"""Those that boto3 trusts, the same on every machine; the secret's `ca` takes their place."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Login:
    """All that a connection needs. It shows nothing of it, however it is printed."""

    host: str
    port: int
    name: str
    username: str
    password: str
    tls: Tls
    authority: str = ""
    """PEM; "" for the public ones."""
    certificate: str = ""
    private_key: str = ""

    @property
    def place(self) -> str:
        """The database, as people are told of it."""
        return f"the database {self.name} at {self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """Certificates in files, for libraries that take nothing else."""

    authority: Path
    certificate: Path | None = None
    private_key: Path | None = None


def login_of(source: DatabaseSource, secret: Secret) -> Login:
    """Join file and secret; the file has the last word on the place.

    Raises SecretError for what neither says.
    """
    return Login(
        host=source.host or _host(source, secret),
        port=source.port or _port(secret) or source.engine.port,
        name=source.name or secret.value("dbname"),
        username=secret.value("username"),
        password=secret.value("password"),
        tls=source.tls,
        authority=secret.optional("ca"),
        certificate=secret.optional("certificate"),
        private_key=secret.optional("private_key"),
    )


def _host(source: DatabaseSource, secret: Secret) -> str:
    """Return the secret's host; some other databases are a file, and have none."""
    is_other = source.engine is Engine.OTHER
    return secret.optional("host") if is_other else secret.value("host")


def _port(secret: Secret) -> int:
    text = secret.optional("port")
    if text and not text.isdigit():
        raise SecretError(f"expected the port in the secret {secret.name} to be a whole number")
    return int(text or 0)


@contextmanager
def tls_files(login: Login) -> Iterator[TlsFiles]:
    """Write the certificates to files that only this user can read, for as long as needed."""
    with tempfile.TemporaryDirectory(prefix="tls-") as name:
        folder = Path(name)
        yield TlsFiles(
            authority=_written(folder / "ca.pem", login.authority) or PUBLIC_AUTHORITIES,
            certificate=_written(folder / "certificate.pem", login.certificate),
            private_key=_written(folder / "private_key.pem", login.private_key),
        )


def _written(path: Path, text: str) -> Path | None:
    if not text:
        return None
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
    return path


def tls_context(login: Login, files: TlsFiles) -> ssl.SSLContext | None:
    """Return what demands of a connection what the source's file says; None without TLS."""
    if login.tls is Tls.OFF:
        return None
    context = ssl.create_default_context(cafile=str(files.authority))
    context.check_hostname = login.tls is Tls.VERIFY_FULL
    if login.tls is Tls.REQUIRE:
        context.verify_mode = ssl.CERT_NONE
    if files.certificate:
        context.load_cert_chain(files.certificate, files.private_key)
    return context
