#!/bin/sh
# Installs PostgreSQL and MariaDB, or MySQL, for the tests of their connector. Where that cannot be
# done, says what to install: these tests are then skipped.
set -eu

search="$PATH:/usr/sbin"
for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -d "$folder" ] && search="$search:$folder"
done

# Prints the Debian packages of the servers that are not there.
missing() {
    PATH=$search command -v postgres >/dev/null || echo postgresql
    PATH=$search command -v mariadbd >/dev/null || PATH=$search command -v mysqld >/dev/null || echo mariadb-server
}

wanted=$(missing | tr '\n' ' ')
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $wanted" >&2
    apt-get update -qq >&2 || true
    # shellcheck disable=SC2086 - several names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null || true
    wanted=$(missing | tr '\n' ' ')
fi

if [ -n "$wanted" ]; then
    echo "Tests of databases are skipped without servers. Debian: apt install $wanted; macOS: brew install postgresql mariadb" >&2
fi
