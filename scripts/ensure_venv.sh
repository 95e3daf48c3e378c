#!/bin/sh
# Makes the virtual environment $1 with a Python that is new enough, unless it is there.
set -eu

venv=$1
wanted='import sys; sys.exit(sys.version_info < (3, 11))'

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c "$wanted" 2>/dev/null; then
    exit 0
fi

for candidate in python3.13 python3.12 python3.11 python3; do
    # A name on the path may be a shim without a Python behind it, so it is tried.
    if "$candidate" -c "$wanted" 2>/dev/null; then
        python=$candidate
        break
    fi
done

if [ -z "${python:-}" ]; then
    echo "Python 3.11 or later is needed. Debian: apt install python3 python3-venv; macOS: brew install python@3.13" >&2
    exit 1
fi

# Debian leaves venv's pip out of the python3 package.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv"
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    else
        echo "Python's venv module is not complete. Debian: apt install python3-venv" >&2
        exit 1
    fi
fi

echo "Python environment with $("$python" --version)"
"$python" -m venv --clear "$venv"
