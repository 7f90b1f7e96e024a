"""Time of a whole edit against the bare reading of the same picture, re-reading told apart."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from flows.bench.text.case import Case
from flows.bench.text.ours import Bench
from model_registry.engines import wrap
from model_registry.engines.contract import Engine, Params, TextLine, TextReader
from model_registry.pool import EnginePool
from tasks.steps.detect import detect
from tasks.steps.item import finish
from tasks.steps.source import full_raster, read_source
from tasks.workshop import Workshop

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds of one picture, once."""

    picture: str
    whole: float
    """Reading the file to the file in place, re-reading included."""
    reread: float
    bare: float
    """rapidocr as it comes on the decoded picture, on one thread as the pipeline's reader is."""
    threads: float
    """The same on all threads."""
    reader: float
    """The pipeline's own reader and settings, and nothing else."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage, as the picture's result tells them; re-reading is part of `verification`."""


def turns(bench: Bench, cases: Sequence[Case], repeats: int, tell: Callable[[str], None]) -> list[Turn]:
    """Every picture `repeats` times, in the order A-B-B-A; a first time that is not counted loads the engines."""
    found = []
    _turn(bench, cases[0], 0)
    for n in range(repeats):
        tell(f"time: round {n + 1} of {repeats}")
        found += [_turn(bench, case, n + 1) for case in cases]
    return found


def _turn(bench: Bench, case: Case, n: int) -> Turn:
    stages: dict[str, float] = {}
    steps: list[Callable[[], tuple[float, ...]]] = [
        lambda: _whole(bench, case, n, stages), lambda: (_library(case.edited, 1),),
        lambda: (_library(case.edited, -1),), lambda: (_reader_alone(bench, case),),
    ]  # fmt: skip
    done = [step() for step in (steps if n % 2 else steps[::-1])]
    (whole, reread), (bare,), (threads,), (reader,) = done if n % 2 else done[::-1]
    return Turn(case.id, whole, reread, bare, threads, reader, stages)


def _whole(bench: Bench, case: Case, n: int, stages: dict[str, float]) -> tuple[float, float]:
    """Seconds of everything, and of the re-reading in it; from a store that knows nothing. Fills in `stages`."""
    own = Bench(bench.folder / f"time-{n}")
    own.folder.mkdir(exist_ok=True)
    shop, job = Timed(own.shop().spec), own.job(case.id, case.data, case.suffix)
    begun = time.perf_counter()
    source = read_source(shop, job)
    detect(shop, source)
    first = shop.reading[0]
    result = finish(shop, job)
    whole = time.perf_counter() - begun
    shutil.rmtree(own.folder)
    for stage in result.stages:
        stages[stage.stage] = stages.get(stage.stage, 0.0) + stage.seconds
    return whole, shop.reading[0] - first


def _reader_alone(bench: Bench, case: Case) -> float:
    shop, job = bench.shop("bare"), bench.job(case.id, case.data, case.suffix)
    source = read_source(shop, job)
    stage, levels = source.plan.stage("detection"), full_raster(shop, source).pixels
    assert stage is not None
    choice = stage.engines[0]
    with shop.pool.lease(choice.id) as engine:
        begun = time.perf_counter()
        wrap.read_text(
            shop.registry.get(choice.id), engine, cast(NDArray[np.uint8], levels), dict(choice.params)
        )
        return time.perf_counter() - begun


def _library(picture: NDArray[np.uint8], threads: int) -> float:
    read = _reader(threads)
    begun = time.perf_counter()
    read(np.ascontiguousarray(picture[..., ::-1]))
    return time.perf_counter() - begun


@lru_cache(maxsize=2)
def _reader(threads: int) -> Any:
    """rapidocr at its own settings; threads: -1 for as many as there are cores."""
    from rapidocr import RapidOCR

    own = "EngineConfig.onnxruntime"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            f"{own}.intra_op_num_threads": threads,
            f"{own}.inter_op_num_threads": threads,
        }
    )


@dataclass(frozen=True)
class Timed(Workshop):
    """A workshop whose readers count the seconds they read."""

    @cached_property
    def reading(self) -> list[float]:
        """One figure: seconds read so far."""
        return [0.0]

    @cached_property
    def pool(self) -> EnginePool:
        """The process's pool, its readers in a stopwatch."""
        return cast(EnginePool, _TimedPool(super().pool, self.reading))


class _TimedPool:
    def __init__(self, pool: EnginePool, total: list[float]) -> None:
        self._pool, self._total = pool, total

    @contextmanager
    def lease(self, engine_id: str) -> Iterator[Engine]:
        with self._pool.lease(engine_id) as engine:
            yield cast(Engine, _TimedReader(engine, self._total)) if hasattr(engine, "read") else engine


class _TimedReader:
    def __init__(self, reader: Engine, total: list[float]) -> None:
        self._reader, self._total = cast(TextReader, reader), total

    def read(self, image: NDArray[np.uint8], *, params: Params) -> tuple[TextLine, ...]:
        begun = time.perf_counter()
        try:
            return self._reader.read(image, params=params)
        finally:
            self._total[0] += time.perf_counter() - begun


def figures(found: Sequence[Turn]) -> dict[str, Any]:
    """Medians of the ratios, each with a 95 % bootstrap interval; and the median seconds."""
    ratios = {
        "time_ratio": [(t.whole - t.reread) / t.bare for t in found],
        "reread_ratio": [t.reread / t.bare for t in found],
        "time_ratio_all_threads": [(t.whole - t.reread) / t.threads for t in found],
        "time_ratio_own_reader": [(t.whole - t.reread) / t.reader for t in found],
    }
    made: dict[str, Any] = {}
    for name, values in ratios.items():
        made[name] = float(np.median(values))
        made[f"{name}_95"] = interval(values)
    made["seconds_whole"] = float(np.median([t.whole for t in found]))
    made["seconds_bare"] = float(np.median([t.bare for t in found]))
    names = dict.fromkeys(name for t in found for name in t.stages)
    made["stage_ratios"] = {
        name: float(np.median([t.stages.get(name, 0.0) / t.bare for t in found])) for name in names
    }
    return made


def interval(values: Sequence[float]) -> list[float]:
    """95 % of the medians of samples drawn anew from the values, with a fixed seed."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(np.asarray(values), (_DRAWS, len(values)))
    return [float(v) for v in np.quantile(np.median(drawn, axis=1), (0.025, 0.975))]
