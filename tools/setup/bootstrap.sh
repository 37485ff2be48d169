#!/usr/bin/env bash
# Makes .venv with the locked dependencies and fetches the chain binary and the contracts. Safe to repeat and to interrupt:
# each stage is done once per version of its lock file.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.venv
stamps=$venv/.stamps

say() { printf '==> %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 2; }

find_python() {
  local candidate
  for candidate in python3.11 python3.12 python3.13 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "no Python 3.11, 3.12 or 3.13 found. Install one, for example: apt-get install python3"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

make_venv() {
  local python
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Python's venv module is missing; installing python3-venv"
    { as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv; } >/dev/null 2>&1 ||
      fail "Python's venv module is missing. Install it: apt-get install python3-venv"
  fi
  say "making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
}

once() { # once NAME KEY COMMAND...: runs COMMAND unless NAME was done for this KEY
  local stamp=$stamps/$1 key=$2
  shift 2
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && return
  "$@"
  mkdir -p "$stamps"
  printf '%s' "$key" >"$stamp.new" && mv "$stamp.new" "$stamp"
}

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

# The lock files are complete, so pip resolves nothing; modules are compiled when first imported.
install_locked() {
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --no-deps --no-compile -r "$1"
}

install_dependencies() {
  say "installing the locked dependencies"
  install_locked requirements/dev.txt
}

install_node() {
  say "no Node.js with npm on this machine; installing one into $venv"
  install_locked requirements/node.txt
}

install_project() {
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
}

fetch_chain() {
  say "fetching the chain binary, the contracts and their compilers, and compiling"
  "$venv/bin/tallyio" devnet install
}

# Beside the contracts: it takes about as long, and the first searcher would wait for it otherwise. Should the set-up fail
# meanwhile it goes on to its end: all that it does is fill a cache.
warm_kernels() {
  say "compiling the hot path's kernels"
  nice "$venv/bin/tallyio" warmup --json >/dev/null 2>&1
}

"$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
once dependencies "$(digest requirements/dev.txt)" install_dependencies
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
  once node "$(digest requirements/node.txt)" install_node
once project "$(digest pyproject.toml)" install_project
once kernels "$(find src/tallyio/hot_path -name '*.py' | LC_ALL=C sort | xargs cat | digest -)" warm_kernels &
kernels=$!
once chain "$(digest src/tallyio/devnet/packages.lock.json)" fetch_chain
wait "$kernels" || say "the kernels were not compiled now; that happens when they are first used"
