"""What observing costs: off, against the bare pipeline call with no observing code; and on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.attention.sampling import generator
from model_registry.engines.observing import Watch, observing

Seconds = NDArray[np.float64]
_PROMPT: Final = "grey marble in front of a beige plaster wall"
_SHORT: Final = (128, 2)
"""Side, px, and steps of the shortest sensible call: what is constant a call weighs most in it."""
_USUAL: Final = (256, 20)
_SPEAK: Final = 0.25
_RESAMPLES: Final = 1000


def measure(repeats: int = 60, quick: bool = False) -> dict[str, Any]:
    """On the embedded generator; see `measure_on`. Raises what the pool raises where its weights are missing."""
    with generator() as engine:
        return measure_on(engine, repeats, quick)


def measure_on(engine: Any, repeats: int = 60, quick: bool = False) -> dict[str, Any]:
    """Calls in the order bare, off, off, bare and off, bare, bare, off in turn, so that neither a drift of the machine nor
    a place in the order favours one, `repeats` times. CPU time of the process: others on the machine can only lengthen it,
    by what they take of its caches, which is why the quarter of the calls that were shortest speak.

    `off_overhead`: the code path present, nobody watching, over the bare call, less 1; `off_interval`: its 95 % interval, a
    bootstrap over rounds. `on_overhead`, `on_interval`: watched at the usual settings, at the usual size and steps, over
    unwatched, in a few rounds. quick: half of the rounds. The pictures made are compared: RuntimeError where they differ."""
    rounds = max(repeats // 2 if quick else repeats, 2)
    bare, off = _bare(engine, _SHORT), _off(engine, _SHORT)
    off_spent = _spent(bare, off, rounds)
    plain, on = _off(engine, _USUAL), _on(engine, _USUAL)
    on_spent = _spent(plain, on, max(rounds // 20, 2))
    found: dict[str, Any] = {"rounds": rounds}
    for name, spent in (("off", off_spent), ("on", on_spent)):
        found[f"{name}_overhead"] = _overhead(spent)
        found[f"{name}_interval"] = _interval(spent)
        found[f"{name}_seconds"] = float(np.median(spent[:, 1]))
    return found


def _bare(engine: Any, how: tuple[int, int]) -> Callable[[], Any]:
    """The pipeline call itself, as the model makes it, without the code that observes."""
    import torch

    from model_registry.engines.diffusion_schedulers import fresh_scheduler
    from model_registry.engines.diffusion_windows import windowed

    model = engine._model
    sampling = model.read({"steps": how[1]})
    size = {"height": how[0], "width": how[0]}

    def call() -> Any:
        pipe = model._pipe_for(size)
        own, pipe.scheduler = pipe.scheduler, fresh_scheduler(pipe.scheduler, sampling)
        try:
            drawn = torch.Generator("cpu").manual_seed(1)
            arguments = model._arguments(pipe, _PROMPT, sampling, size)
            with windowed(pipe, 0):
                made = pipe(**arguments, generator=drawn, output_type="np").images[0]
        finally:
            pipe.scheduler = own
        return np.asarray(made, np.float32)

    return call


def _off(engine: Any, how: tuple[int, int]) -> Callable[[], Any]:
    """The model's own call, nobody watching."""
    model = engine._model
    sampling = model.read({"steps": how[1]})
    size = {"height": how[0], "width": how[0]}
    return lambda: model._call(_PROMPT, sampling, 1, size, 0)


def _on(engine: Any, how: tuple[int, int]) -> Callable[[], Any]:
    plain = _off(engine, how)

    def call() -> Any:
        with observing(Watch()):
            return plain()

    return call


def _spent(first: Callable[[], Any], second: Callable[[], Any], rounds: int) -> Seconds:
    """rounds×2×2: two calls of the first and two of the second in each; both are called once before."""
    if first().tobytes() != second().tobytes():
        raise RuntimeError("what was timed did not make the same picture")
    spent = np.empty((rounds, 2, 2))
    for n in range(rounds):
        outer = n % 2
        calls = (first, second)
        spent[n, outer, 0] = _timed(calls[outer])
        spent[n, 1 - outer] = [_timed(calls[1 - outer]), _timed(calls[1 - outer])]
        spent[n, outer, 1] = _timed(calls[outer])
    return spent


def _timed(call: Callable[[], Any]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


def _overhead(spent: Seconds) -> float:
    """rounds×2×2 to the second's quartile over the first's, less 1."""
    first, second = np.quantile(spent.swapaxes(0, 1).reshape(2, -1), _SPEAK, axis=1)
    return float(second / first - 1)


def _interval(spent: Seconds) -> list[float]:
    chosen = np.random.default_rng(1).integers(len(spent), size=(_RESAMPLES, len(spent)))
    low, high = np.quantile([_overhead(spent[rows]) for rows in chosen], (0.025, 0.975))
    return [float(low), float(high)]
