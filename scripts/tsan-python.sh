#!/bin/sh
# tsan-python.sh PYTHON BUILD TEST...: run Python tests on the module of a build for ThreadSanitizer.
# The interpreter is not built for it: the sanitizer's library is loaded before it, follows the locks
# of both, and reports what the module does. Any report makes the exit status 66.
set -eu

python=$1
build=$2
shift 2
overlay=$build/python
rm -rf "$overlay"
mkdir -p "$overlay"
cp -R src/python/sio_native "$overlay"
cp "$build"/src/cpp/bindings/_core.*.so "$overlay/sio_native"

runtime=$("${CXX:-c++}" -print-file-name=libtsan.so)
env LD_PRELOAD="$runtime" TSAN_OPTIONS="exitcode=66 ${TSAN_OPTIONS:-}" PYTHONPATH="$overlay" \
    "$python" -m pytest -q -p no:cacheprovider "$@"
