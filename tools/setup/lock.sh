#!/usr/bin/env bash
# Resolves pyproject.toml into the lock files, with hashes and without naming a registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v uv >/dev/null 2>&1 || { echo "lock: uv is not installed. Install it: pip install uv" >&2; exit 2; }
options=(-q --no-emit-index-url --generate-hashes --universal --python-version 3.11 --no-header)
uv pip compile "${options[@]}" pyproject.toml -o requirements/runtime.txt
uv pip compile "${options[@]}" --group dev pyproject.toml -o requirements/dev.txt
uv pip compile "${options[@]}" --group pyproject.toml:node -o requirements/node.txt
