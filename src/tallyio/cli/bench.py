"""``tallyio bench`` and ``warmup``: the compiled kernels, timed and made ready."""

from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import Json, emit

Flag = Parameter(negative="")


def bench(
    *,
    seed: Annotated[int, Parameter(help="Seed of every input that is random.")] = 1,
    samples: Annotated[int, Parameter(help="How many timings a row rests on; with --check, inputs a kernel.")] = 5_000,
    only: Annotated[
        tuple[str, ...], Parameter(consume_multiple=True, negative="", help="Rows by name or pattern: 'update.*'.")
    ] = (),
    core: Annotated[int, Parameter(help="The core to measure on; -1 has one chosen.")] = -1,
    degenbot: Annotated[str, Parameter(help="Virtual environment with degenbot; else .venv-degenbot.")] = "",
    check: Annotated[bool, Flag, Parameter(help="Instead compare every kernel with its plain twin.")] = False,
    record: Annotated[bool, Flag, Parameter(help="Append the run to the history.")] = False,
    history: Annotated[str, Parameter(help="The history's file.")] = "benchmarks/history.json",
    require_goals: Annotated[bool, Flag, Parameter(help="Exit code 1 where a goal is missed.")] = False,
    json: Json = False,
) -> int:
    """Time the hot path on this machine, each row beside its goal and a reference measured in the same run."""
    from tallyio.app.bench.options import BenchOptions

    options = BenchOptions(
        seed=seed,
        samples=samples,
        core=core,
        only=only,
        degenbot=degenbot,
        record=record,
        history=history,
        require_goals=require_goals,
    )
    if check:
        return _check(options.samples, options.seed, json)
    from tallyio.app.bench.command import bench as measure

    result = measure(options, quiet=json)
    if json:
        emit(result, json)
    return 0 if result["ok"] else 1


def _check(samples: int, seed: int, as_json: bool) -> int:
    from tallyio.cli.progress import bar

    with bar("comparing") as progress:
        from tallyio.app.bench.check import check_kernels

        result = check_kernels(samples, seed, progress)
    if not as_json:
        for one in result.pop("kernels"):
            print(f"{one['name']:<32} {one['compared']:>12,} compared {one['mismatches']:>8,} differ  {one['first']}")
    emit(result, as_json)
    return 0 if result["ok"] else 1


def warmup(*, json: Json = False) -> None:
    """Compile every kernel of the hot path into the cache, so that the searcher starts at once."""
    from tallyio.cli.progress import bar

    with bar("compiling kernels") as progress:
        from tallyio.app.warmup import warm_all

        result = warm_all(progress)
    if not json:
        result = {key: value for key, value in result.items() if key != "parts"}
    emit(result, json)
