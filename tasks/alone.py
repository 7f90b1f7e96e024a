"""One picture's part of a step in a process of its own: told on stdin, its results go to the store as ever."""

from __future__ import annotations

import json
import logging
import sys

from tasks.job import JobSpec
from tasks.shards import one_picture
from tasks.workshop import WorkshopSpec, workshop

log = logging.getLogger("pentimento")


def main() -> None:
    """Whatever the picture raises is raised again by the step itself: only the end of the process tells something."""
    told = json.loads(sys.stdin.buffer.read())
    spec, job = WorkshopSpec.model_validate(told["spec"]), JobSpec.model_validate(told["job"])
    try:
        one_picture(workshop(spec), job, told["stage"])
    except Exception as error:
        log.info("%s alone: %s", job.id, error)


if __name__ == "__main__":
    main()
