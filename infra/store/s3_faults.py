"""What botocore raises, as the store's faults. Messages name key, endpoint and code; never anything secret."""

from __future__ import annotations

from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
from botocore import exceptions as boto  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from infra.store.contract import Damaged, Forbidden, NotFound, StoreError, Unavailable

MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NotFound"})
TRY_AGAIN = frozenset(
    {
        "BadDigest",  # the bytes were damaged on the way
        "XAmzContentSHA256Mismatch",
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
NO_ANSWER = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    ResponseParserError,
    OSError,
)
NO_CREDENTIALS = (
    boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError,
    boto.TokenRetrievalError, boto.SSOError,
)  # fmt: skip
EXPECTED = (boto.BotoCoreError, boto.ClientError, Boto3Error, OSError)
"""What a call may raise that `translated` knows how to name."""


def translated(error: Exception, action: str, bucket: str, endpoint: str) -> StoreError:
    """The store's fault for a fault of botocore. `action` reads as `read 'key'`; the error's own text is left out,
    because it may quote the request."""
    where = f"cannot {action} in bucket {bucket} at {endpoint or 'AWS'}"
    if isinstance(error, boto.ClientError):
        return _refused(error, where)
    if isinstance(error, boto.FlexibleChecksumError):
        return Damaged(
            f"{where}: the bytes do not match the checksum the server keeps ({type(error).__name__})"
        )
    if isinstance(error, NO_CREDENTIALS):
        return Forbidden(f"{where}: no usable credentials ({type(error).__name__}). Cure: {CREDENTIALS_CURE}")
    if isinstance(error, NO_ANSWER):
        return Unavailable(f"{where}: no answer ({type(error).__name__})")
    return Forbidden(f"{where}: {type(error).__name__}")


CREDENTIALS_CURE = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile that may read and write the bucket"
)


def code_of(error: boto.ClientError) -> str:
    """The server's word for the fault, such as `NoSuchKey`; a bare status where there was no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: boto.ClientError) -> int:
    """HTTP status, 0 when there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _refused(error: boto.ClientError, where: str) -> StoreError:
    code, status = code_of(error), status_of(error)
    said = f"{where}: {code or 'refused'} (HTTP {status})"
    if code == "NoSuchBucket":
        return Forbidden(f"{said}. Cure: create the bucket, or open the store with create=True")
    if code in MISSING:
        return NotFound(said)
    if code in TRY_AGAIN or status == 429 or (status >= 500 and status != 501):
        return Unavailable(said)
    if status in (401, 403):
        return Forbidden(f"{said}. Cure: {CREDENTIALS_CURE}")
    return Forbidden(said)
