"""The rerun flow: one region or one picture of an ended run again, otherwise; everything else comes from the store."""

from __future__ import annotations

import logging
from typing import Any, Literal

from prefect import flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.report import sheet_again
from flows.rerun_request import rerun_request
from flows.rerun_wish import Wish
from flows.reruns import link
from flows.run import execute
from infra.settings import Settings
from infra.store.contract import Unavailable
from tasks.workshop import workshop

log = logging.getLogger("pentimento")


@flow(name="rerun", flow_run_name="rerun {picture} of {run_id}", log_prints=False, persist_result=False)
def rerun_picture(
    run_id: str, picture: str = "", region: int = 0, engines: dict[str, str] | None = None,
    params: dict[str, dict[str, str | int | float | bool]] | None = None, seed: int | None = None,
    tier: Literal["", "preview", "final"] = "", out: str = "", by: str = "", track: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Make one region (or, with region 0, the whole picture) of an ended run again, with other engines, parameters, seed or tier.

    picture: its id; may be left out where the run has one. engines, params: by stage, laid over what the picture was made
    with. tier: empty for the same. out: a file or folder; otherwise the result goes beside the old one, under a name of its own.
    by: who asks, default the login name. Returns the new run's result as JSON; it names its parent. Raises BadRequest."""
    settings = Settings()
    wish = Wish(run_id, picture, region, engines or {}, params or {}, seed, tier, out, by, track)
    request = rerun_request(settings, wish)
    result = execute(request)
    shop = workshop(request.spec)
    try:
        link(shop.store, result)
    except Unavailable as error:
        log.warning(
            "%s is not linked from the run that it is of; run it again to mend it: %s", result.run_id, error
        )
    else:
        assert result.rerun
        for run in {result.rerun.parent, result.rerun.origin}:
            sheet_again(shop, run)
    return result.model_dump(mode="json")


def run_rerun(wish: Wish) -> dict[str, Any]:
    """Run the flow on this machine; its result as JSON."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)
    result: dict[str, Any] = rerun_picture.with_options(task_runner=runner)(
        wish.run_id, wish.picture, wish.region, dict(wish.engines), {s: dict(p) for s, p in wish.params.items()},
        wish.seed, wish.tier, wish.out, wish.by, wish.track,
    )  # fmt: skip
    return result
