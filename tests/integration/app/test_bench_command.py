"""``tallyio bench`` and ``warmup`` as a user starts them."""

import msgspec
import pytest

from tallyio.app.bench.goals import GOALS

ROW = {"name", "p50_ns", "p99_ns", "goal_ns", "reference", "ratio", "samples"}


@pytest.mark.nightly
def test_every_row_of_the_table_is_given_with_machine_versions_and_seed(commands, tmp_path) -> None:
    """A few samples each: the figures mean little, the form is that of a real run, and the history takes it."""
    kept = tmp_path / "history.json"
    words = ("--samples", "20", "--seed", "5", "--record", "--history", kept)
    told = commands.run("bench", *words, "--json", timeout_s=1200).json()
    rows = {row["name"]: row for row in told["rows"]}
    assert set(GOALS) <= set(rows)
    assert all(set(row) >= ROW for row in told["rows"])
    assert told["failed"] == []
    assert told["seed"] == 5
    assert told["machine"]["cpu"]
    assert told["versions"]["numba"]
    for row in told["rows"]:
        assert row["samples"] > 0 or row["note"], "measured, or it says why not"
        if row["p50_ns"] is not None:
            assert 0 <= row["p50_ns"] <= row["p99_ns"]
    [entry] = msgspec.json.decode(kept.read_bytes())
    assert set(entry["rows"]) == {name for name, row in rows.items() if row["samples"]}
    assert "| row |" in kept.with_suffix(".md").read_text()


def test_the_table_for_people(commands) -> None:
    ended = commands.run("bench", "--samples", "1", "--only", "start.*")
    assert ended.code == 0, ended.err
    for part in ("start.warm", "p50 ≤ 2 s", "a process that imports Numba alone", "goals missed:"):
        assert part in ended.out


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("--only", "no.such.row"), 2, ("no row is called no.such.row", "v2.quote")),
        (("--samples", "0"), 2, ("--samples: found 0", "expected 1 to")),
        (("--core", "4000"), 4, ("there is no core 4000",)),
    ],
)
def test_what_cannot_be_done_is_refused(commands, words, code, parts) -> None:
    commands.run("bench", *words).refused(code, *parts)


@pytest.mark.nightly
def test_every_kernel_is_compared_with_its_twin(commands) -> None:
    told = commands.run("bench", "--check", "--samples", "50", "--seed", "3", "--json", timeout_s=1200).json()
    assert (told["ok"], told["mismatches"], told["samples"], told["seed"]) == (True, 0, 50, 3)
    assert told["compared"] == sum(kernel["compared"] for kernel in told["kernels"]) >= 50 * len(told["kernels"]) > 0
    names = {kernel["name"] for kernel in told["kernels"]}
    assert {"v3.swap_step", "uint256.mul_div"} <= names


def test_without_a_compiler_there_is_nothing_to_measure(commands, monkeypatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    commands.run("bench", "--only", "start.warm").refused(2, "NUMBA_DISABLE_JIT is set")


@pytest.mark.nightly
def test_kernels_are_compiled_once(commands, monkeypatch, tmp_path) -> None:
    """The second call finds in the cache what the first one compiled."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = commands.run("warmup", "--json", timeout_s=1200).json()
    second = commands.run("warmup", "--json").json()
    assert first["compiled"] > 0
    assert (second["compiled"], second["cached"] > 0) == (0, True)
    assert first["folder"] == second["folder"]
    assert first["folder"].startswith(str(tmp_path))
    assert {part["part"] for part in second["parts"]} >= {"cpu", "detector"}
    kernel = second["parts"][0]["kernels"][0]
    assert kernel["signatures"]
