#!/bin/sh
# test-version.sh PYTHON: build the module for this Python and run the Python tests on it.
set -eu

version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
folder=build/versions/$version
printf '\n-- Python %s\n' "$version"
PYTHON=$1 scripts/venv.sh "$folder"
"$folder/bin/python" -m pip --disable-pip-version-check --quiet install -r requirements-versions.txt
PATH=$PWD/$folder/bin:$PATH "$folder/bin/python" -m pip --disable-pip-version-check --quiet \
    install --no-build-isolation --no-deps .
"$folder/bin/python" -m pytest -q -p no:cacheprovider tests/python
