"""Real database servers on loopback, in folders of their own, which end with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from tests.connectors.test_tls import certificate_of

PASSWORD = "-".join(("marked", "password", "4711"))  # so that this file has not the text itself
USER, NAME = "reader", "shop"
_SECONDS_TO_START = 60


class NoServer(Exception):
    """This machine lacks a server's programs."""


@dataclass(kw_only=True)
class Server:
    """A running server."""

    engine: str
    port: int
    folder: Path
    authority: str
    """PEM of what has signed its certificate."""
    admin: Callable[[], Any]
    """Makes a connection that may do everything, and that commits each statement."""
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def secret(self) -> Mapping[str, str | int]:
        return {
            "username": USER,
            "password": PASSWORD,
            "host": "localhost",
            "port": self.port,
            "dbname": NAME,
            "ca": self.authority,
        }

    def run(self, *statements: str) -> None:
        with closing(self.admin()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(self.admin()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def _program(name: str, *others: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    paths = [str(folder) for folder in folders]
    for prefix in ("/opt/homebrew/opt", "/usr/local/opt"):
        paths += [str(path) for path in Path(prefix).glob("postgresql@*/bin")]
    search = os.pathsep.join([os.environ.get("PATH", ""), *paths, "/usr/sbin"])
    for one in (name, *others):
        if found := shutil.which(one, path=search):
            return found
    raise NoServer(f"no {name}: run scripts/ensure_databases.sh")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _folder() -> Iterator[tuple[Path, list[str]]]:
    """A folder, and what a command begins with to run as its owner: no server runs as root."""
    with tempfile.TemporaryDirectory(prefix="db-", dir="/tmp") as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder, []
            return
        owner = pwd.getpwnam("nobody")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        # It ends with this process, however that ends.
        yield folder, [_program("setpriv"), *ids, "--pdeathsig=KILL"]


def _certificate(folder: Path) -> tuple[Path, Path, str]:
    """A certificate for localhost, its key, each in a file, and the certificate's text."""
    pem = certificate_of("localhost", folder).read_text()
    begin = pem.index("-----BEGIN EC PRIVATE KEY")
    files = folder / "server.crt", folder / "server.key"
    files[0].write_text(pem[:begin])
    files[1].write_text(pem[begin:])
    owner = folder.stat()
    for file in files:
        file.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(file, owner.st_uid, owner.st_gid)
    return *files, pem[:begin]


@contextmanager
def postgres_server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """PostgreSQL with TLS and a user that may read. Raises NoServer."""
    initdb, postgres = _program("initdb"), _program("postgres")
    with _folder() as (folder, as_owner):
        data, port = folder / "data", free_port()
        make = ["-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "--no-sync"]
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        make += ["-E", "UTF8", "--locale=C", "--pwfile", str(folder / "password")]
        _done([*as_owner, initdb, *make])
        certificate, key, authority = _certificate(folder)
        (folder / "password").unlink()
        options = {
            "port": str(port),
            "listen_addresses": "localhost",
            "unix_socket_directories": "",
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
            **(settings or {}),
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]

        def admin(name: str = "postgres") -> Any:
            # A password in a parameter would show in messages of failed tests.
            return psycopg.connect(
                host="localhost",
                port=port,
                user="postgres",
                password=PASSWORD,
                dbname=name,
                autocommit=True,
                connect_timeout=5,
            )

        with _running([*as_owner, postgres, "-D", str(data), *words], folder, admin) as process:
            with closing(admin()) as connection:
                connection.execute(f"CREATE DATABASE {NAME}")
                connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
                connection.execute(f"GRANT pg_read_all_data TO {USER}")
            yield Server(
                engine="postgresql",
                port=port,
                folder=folder,
                authority=authority,
                admin=lambda: admin(NAME),
                process=process,
            )


@contextmanager
def mysql_server() -> Iterator[Server]:
    """MariaDB, or MySQL, with TLS and a user that may read. Raises NoServer."""
    daemon = _program("mariadbd", "mysqld")
    with _folder() as (folder, as_owner):
        data, port = folder / "data", free_port()
        _done([*as_owner, *_mysql_maker(daemon), "--no-defaults", f"--datadir={data}"])
        certificate, key, authority = _certificate(folder)
        options = [
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
            f"--ssl-cert={certificate}",
            f"--ssl-key={key}",
        ]

        def admin(name: str | None = None) -> Any:
            return pymysql.connect(
                host="localhost",
                port=port,
                user="root",
                database=name,
                charset="utf8mb4",
                autocommit=True,
            )

        with _running([*as_owner, daemon, *options], folder, admin) as process:
            with closing(admin()) as connection, closing(connection.cursor()) as cursor:
                cursor.execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
                cursor.execute(f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'")
                cursor.execute(f"GRANT SELECT ON {NAME}.* TO {USER}@'%'")
            yield Server(
                engine="mysql",
                port=port,
                folder=folder,
                authority=authority,
                admin=lambda: admin(NAME),
                process=process,
            )


def _mysql_maker(daemon: str) -> list[str]:
    """What makes the server's own tables, with a root that needs no password at the socket."""
    if Path(daemon).name == "mysqld" and b"MariaDB" not in _done([daemon, "--version"]):
        return [daemon, "--initialize-insecure"]
    made = _program("mariadb-install-db", "mysql_install_db")
    return [made, "--auth-root-authentication-method=normal", "--skip-test-db"]


def _done(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False, cwd="/")
    if done.returncode:
        raise NoServer(f"{command}: {done.stdout.decode()[-500:]} {done.stderr.decode()[-500:]}")
    return done.stdout


@contextmanager
def _running(
    command: list[str], folder: Path, admin: Callable[[], Any]
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        try:
            _await(process, admin, folder)
            yield process
        finally:
            # Nobody needs what is in it any more.
            process.kill()
            process.wait(timeout=30)


def _await(process: subprocess.Popen[bytes], admin: Callable[[], Any], folder: Path) -> None:
    for _ in range(_SECONDS_TO_START * 20):
        try:
            admin().close()
        except (psycopg.Error, pymysql.err.MySQLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise NoServer((folder / "log").read_text(errors="replace")[-1000:])
