#!/bin/sh
# Make the virtual environment with the first Python that is new enough; say in one sentence what to do if there is none.
set -eu
venv=$1
[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        if "$candidate" -m venv "$venv" >/dev/null 2>&1; then
            exit 0
        fi
        echo "Python's venv module is missing. Install it (Debian and Ubuntu: apt install python3-venv) and run the same command again." >&2
        exit 1
    fi
done
echo "Python 3.11 or later is needed and was not found. Install it from https://www.python.org/downloads/ or with your system's packages, and run the same command again." >&2
exit 1
