"""One run of a manifest in a process of its own; prints the process's peak of resident memory as JSON.

Called as `python -m flows.bench.memory.leg MANIFEST OUT`. Prefect's server is a process of its own, and not in the figure."""

from __future__ import annotations

import json
import resource
import sys

from flows.catalog import run_catalog


def main(manifest: str, out: str) -> None:
    """Run, and print `{"rss_mb": …, "done": …}`."""
    result = run_catalog(manifest, out, shard_size=64)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"\n{json.dumps({'rss_mb': peak, 'counts': result['counts']})}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
