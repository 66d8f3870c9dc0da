#!/bin/sh
# test-version.sh PYTHON whole|semantics JOBS LAYERS: build the module for this Python and run the Python
# tests on it, so many at once, or those alone that look at how handlers are run and values are converted.
# LAYERS is the build of another Python's module: what knows no Python is taken from there. Empty: it is
# compiled once more.
set -eu

version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $2 in
whole) tests=tests/python ;;
semantics) tests=$(printf 'tests/python/test_%s.py ' runner handlers threads json_value json_module) ;;
*) echo "test-version.sh: whole or semantics, not $2" >&2; exit 2 ;;
esac
folder=build/versions/$version
printf '\n-- Python %s\n' "$version"
PYTHON=$1 scripts/venv.sh "$folder"
"$folder/bin/python" -m pip --disable-pip-version-check --quiet install -r requirements-versions.txt
# Always: the build's folder stays, and its tool finds what has changed.
PATH=$PWD/$folder/bin:$PATH SKBUILD_BUILD_DIR=$folder/cmake \
    "$folder/bin/python" -m pip --disable-pip-version-check --quiet install \
    --no-build-isolation --no-deps --config-settings="cmake.define.SIO_NATIVE_LAYERS=$4" .
# shellcheck disable=SC2086 # one word for each file
"$folder/bin/python" -m pytest -q -p no:cacheprovider --numprocesses "$3" $tests
