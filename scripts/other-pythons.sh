#!/bin/sh
# Print the Pythons from 3.10 to 3.14 that are here, one a line behind what to test on it: `whole` for
# the oldest and the newest, whose differences are the greatest, `semantics` for those between. Left
# out is the version of the Python given, which has its tests elsewhere. They are looked for on PATH
# and among pyenv's.
set -eu

tested=$("$1" -c 'import sys; print("3.%d" % sys.version_info[1])')
for version in 3.10 3.11 3.12 3.13 3.14; do
    [ "$version" = "$tested" ] && continue
    for python in "$(command -v "python$version" || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/"python$version"; do
        if [ -n "$python" ] && "$python" -c '' >/dev/null 2>&1; then
            echo "$python"
            break
        fi
    done
done | sed '1s/^/whole /; t; $s/^/whole /; t; s/^/semantics /'
