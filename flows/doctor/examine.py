"""All checks, in the order in which one would look."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flows.doctor import engines, machine, packages, servers, store
from flows.doctor.finding import Check, Finding, found
from infra.settings import Settings

REACH = "check PENTIMENTO_STORE, PENTIMENTO_S3_ENDPOINT_URL and the credentials; `pentimento stack status` for a local one"


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding a check, as each is made. Leaves nothing behind but, in a folder store, its empty folders."""
    for name, check, cure in _checks(settings):
        yield found(name, check, cure)


def _checks(settings: Settings) -> list[tuple[str, Check, str]]:
    """Name, check, and the cure when the check itself breaks."""
    return [
        ("python", packages.python, packages.INSTALL),
        ("lock", packages.locked, packages.INSTALL),
        ("packages together", packages.together, packages.INSTALL),
        ("cards and weights", engines.cards, "correct the card, or PENTIMENTO_CARDS"),
        ("policy", partial(engines.policy, settings.policy), "correct the file, or PENTIMENTO_POLICY"),
        ("text reader", engines.reader, "pip install --force-reinstall rapidocr onnxruntime"),
        ("disk", partial(machine.disk, settings.home), "look at PENTIMENTO_HOME"),
        ("memory", partial(machine.memory, settings), ""),
        ("threads", partial(machine.threads, settings), ""),
        ("tracking spool", partial(machine.spool, settings.home), "look at PENTIMENTO_HOME/spool"),
        (
            "S3 credentials",
            partial(store.credentials, settings),
            "look at the profile that AWS_PROFILE names",
        ),
        ("store", partial(store.writable, settings), REACH),
        ("conditional put", partial(store.conditional, settings), REACH),
        ("clock", partial(store.clock, settings), REACH),
        ("mlflow", partial(servers.mlflow, settings), "correct PENTIMENTO_TRACKING_URI"),
        ("prefect", servers.prefect, "correct PREFECT_API_URL; `pentimento stack status` for a local one"),
        ("deployments", servers.ready, "pentimento stack deploy"),
    ]
