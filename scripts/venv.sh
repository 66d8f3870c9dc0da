#!/bin/sh
# venv.sh FOLDER: a virtual environment with the Python that scripts/python.sh finds, for building a
# module in. An environment that works is kept; one whose Python has gone is made anew.
set -eu

here=$(dirname "$0")
if ! "$1/bin/python" -m pip --version >/dev/null 2>&1; then
    PYTHON=$("$here/python.sh")
    export PYTHON
    "$here/need.sh" venv
    "$PYTHON" -m venv --clear "$1"
fi
PYTHON=$1/bin/python "$here/need.sh" compiler headers
