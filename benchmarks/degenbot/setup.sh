#!/usr/bin/env bash
# Makes .venv-degenbot with the locked dependencies of the comparison. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.venv-degenbot
lock=benchmarks/degenbot/requirements.txt
stamp=$venv/.stamp
key=$(sha256sum "$lock" | cut -d' ' -f1)

[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && exit
printf '==> making %s\n' "$venv"
rm -rf "$venv"
.venv/bin/python -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --no-deps --no-compile -r "$lock"
printf '%s' "$key" >"$stamp.new" && mv "$stamp.new" "$stamp"
