"""`python -m infra.stack.s3_part FOLDER PORT`: the S3 server as a process of its own, which ends when it is asked to or it breaks."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from infra.stack.swift import SwiftError, SwiftServer


def main(folder: Path, port: int) -> int:
    """Run until SIGTERM or Ctrl-C. Returns 0 when asked to end, 1 when the server could not start or ended by itself."""
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    try:
        server = SwiftServer(folder, port=port).start()
    except SwiftError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - its log
        return 1
    print(f"S3 at {server.endpoint_url}", flush=True)  # noqa: T201
    try:
        while not asked.wait(0.5):
            if not server.running:
                print("a Swift server ended; see the logs beside its data", file=sys.stderr, flush=True)  # noqa: T201
                return 1
        return 0
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
