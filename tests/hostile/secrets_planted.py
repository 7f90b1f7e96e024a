"""Words that nobody may find again, where credentials are looked for, and everything that a command leaves behind."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAXQ7LEAKACCESSKEY",
    "AWS_SECRET_ACCESS_KEY": "xq7Leak/Secret+Key/0123456789abcdefghijk",
    "AWS_SESSION_TOKEN": "xq7LeakSessionToken//FwoGZXIvYXdzEXAMPLE==",
    "PREFECT_API_KEY": "pnu_xq7LeakPrefectKey0123456789",
    "MLFLOW_TRACKING_TOKEN": "",
    "MLFLOW_TRACKING_PASSWORD": "xq7LeakMlflowPassword",
    "HF_TOKEN": "hf_xq7LeakHuggingFace",
}
USER, WORD = "xq7leakuser", "xq7LeakUrlWord"
NOWHERE = f"http://{USER}:{WORD}@127.0.0.1:9"
"""A server that nobody runs, with a password in its address."""
WORDS = tuple(
    form.encode()
    for word in (*filter(None, SECRETS.values()), USER, WORD)
    for form in {
        word, quote(word, safe=""), quote(word), base64.b64encode(f"{USER}:{WORD}".encode()).decode(),
    }
)  # fmt: skip
_COMMAND = "import sys; from flows.cli import main; sys.exit(main())"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of a person whose every secret is set, with homes of its own below `folder`."""
    plain = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("AWS_", "PREFECT_", "PENTIMENTO_", "MLFLOW_", "HF_"))
    }
    (folder / "tmp").mkdir(exist_ok=True)
    return {
        **plain, **SECRETS, "PENTIMENTO_HOME": str(folder / "home"), "PREFECT_HOME": str(folder / "prefect"), "HOME": str(folder / "own"),
        "TMPDIR": str(folder / "tmp"), "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "OMP_NUM_THREADS": "1",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_TRACKING_USERNAME": "somebody",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300", **more,
    }  # fmt: skip


def said(folder: Path, env: dict[str, str], *words: str) -> tuple[int, bytes]:
    """Exit code, and stdout and stderr, of a `pentimento` command, which are kept below `folder` too."""
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *words],
        env=env,
        cwd=folder,
        capture_output=True,
        timeout=500,
        check=False,
    )
    text = done.stdout + done.stderr
    with (folder / "said.txt").open("ab") as file:
        file.write(text)
    return done.returncode, text


def found(folder: Path) -> list[str]:
    """Every file below `folder` that holds one of the words, and which: logs, records, artifacts, sheets, databases, output."""
    finds = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            finds += [
                f"{path.relative_to(folder)}: {word.decode()}"
                for word in WORDS
                if word in data or word in str(path).encode()
            ]
    return finds
