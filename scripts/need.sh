#!/bin/sh
# need.sh TOOL...: make sure that tools which only the system can give are there. Root on Debian
# gets what is missing installed; anybody else gets the line to type, and exit status 1.
# Tools: make, compiler, venv, headers (of $PYTHON), node, chromium, redis.
set -eu

PYTHON=${PYTHON:-python3}
HAS_HEADERS='import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'

has() { command -v "$1" >/dev/null 2>&1; }

has_compiler() {
    # C++20 as this project uses it; `c++` is what CMake takes when CXX is not set.
    echo '#include <span>
    #include <concepts>
    int main() { std::span<int> none; return int(none.size()); }' |
        ${CXX:-c++} -std=c++20 -x c++ -fsyntax-only - >/dev/null 2>&1
}

has_chromium() {
    [ -n "${CHROMIUM:-}" ] && return 0
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        has "$name" && return 0
    done
    [ -d "/Applications/Chromium.app" ] || [ -d "/Applications/Google Chrome.app" ]
}

is_there() {
    case $1 in
    make) has make ;;
    compiler) has_compiler ;;
    venv) "$PYTHON" -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
    headers) "$PYTHON" -c "$HAS_HEADERS" >/dev/null 2>&1 ;;
    node) has node && has npm ;;
    chromium) has_chromium ;;
    redis) has redis-server ;;
    *) echo "need.sh: unknown tool $1" >&2; exit 2 ;;
    esac
}

debian_packages() {
    case $1 in
    make) echo make ;;
    compiler) echo g++ ;;
    # A venv module belongs to its interpreter: python3.11 wants python3.11-venv.
    venv) "$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])' ;;
    headers) "$PYTHON" -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])' ;;
    node) echo nodejs npm ;;
    chromium) echo chromium ;;
    redis) echo redis-server ;;
    esac
}

brew_line() {
    case $1 in
    make | compiler) echo "xcode-select --install" ;;
    venv | headers) echo "brew install python" ;;
    node) echo "brew install node" ;;
    chromium) echo "brew install --cask chromium" ;;
    redis) echo "brew install redis" ;;
    esac
}

missing=
for tool in "$@"; do
    is_there "$tool" || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0

if has apt-get; then
    packages=
    for tool in $missing; do
        packages="$packages $(debian_packages "$tool")"
    done
    if [ "$(id -u)" = 0 ]; then
        echo "Installing$packages"
        # Old lists name packages that mirrors no longer carry, hence the update.
        apt-get update -qq
        # shellcheck disable=SC2086 # one word for each package
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages
        for tool in $missing; do
            is_there "$tool" || { echo "Still no $tool after installing$packages" >&2; exit 1; }
        done
        exit 0
    fi
    echo "Missing:$missing. Install with:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y$packages" >&2
elif has brew || [ "$(uname)" = Darwin ]; then
    echo "Missing:$missing. Install with:" >&2
    for tool in $missing; do
        echo "    $(brew_line "$tool")" >&2
    done
else
    echo "Missing:$missing. Install them with your system's package manager." >&2
fi
exit 1
