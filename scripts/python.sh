#!/bin/sh
# Print the Python to build with: $PYTHON when given, else the first of python3 and
# python3.13 ... python3.10 on PATH that is 3.10 or newer. Exit status 1 when there is none.
set -eu

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.10}; do
    if new_enough "$python"; then
        command -v "$python"
        exit 0
    fi
done

echo "Python 3.10 or newer is needed${PYTHON:+, and $PYTHON is not}. Install it with:" >&2
if [ "$(uname)" = Darwin ]; then
    echo "    brew install python" >&2
else
    echo "    sudo apt-get update && sudo apt-get install -y python3 python3-venv" >&2
fi
exit 1
