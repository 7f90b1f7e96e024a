"""Each fault of botocore becomes the right fault of the store, and says nothing secret."""

from __future__ import annotations

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from moto import mock_aws

from infra.store.contract import Damaged, Forbidden, NotFound, StoreError, Unavailable
from infra.store.s3 import S3Backend
from infra.store.s3_faults import translated

SECRET = "a-secret-that-must-not-be-shown"

ANSWERS = [
    ("NoSuchKey", 404, NotFound), ("404", 404, NotFound), ("NoSuchBucket", 404, Forbidden),
    ("AccessDenied", 403, Forbidden), ("SignatureDoesNotMatch", 403, Forbidden), ("403", 403, Forbidden),
    ("InvalidAccessKeyId", 403, Forbidden), ("ExpiredToken", 400, Forbidden), ("InvalidBucketName", 400, Forbidden),
    ("NotImplemented", 501, Forbidden), ("PermanentRedirect", 301, Forbidden), ("", 418, Forbidden),
    ("SlowDown", 503, Unavailable), ("503", 503, Unavailable), ("InternalError", 500, Unavailable),
    ("TooManyRequestsException", 429, Unavailable), ("429", 429, Unavailable), ("RequestTimeout", 400, Unavailable),
    ("ConditionalRequestConflict", 409, Unavailable), ("BadDigest", 400, Unavailable),
]  # fmt: skip

FAULTS: list[tuple[Exception, type[StoreError]]] = [
    (boto.EndpointConnectionError(endpoint_url=f"http://{SECRET}@x"), Unavailable),
    (boto.ConnectTimeoutError(endpoint_url="http://x"), Unavailable),
    (boto.ReadTimeoutError(endpoint_url="http://x"), Unavailable),
    (boto.ConnectionClosedError(endpoint_url="http://x"), Unavailable),
    (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable),
    (ResponseParserError(SECRET), Unavailable),
    (ConnectionResetError(104, SECRET), Unavailable),
    (boto.FlexibleChecksumError(error_msg=SECRET), Damaged),
    (boto.NoCredentialsError(), Forbidden),
    (boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), Forbidden),
    (boto.SSLError(endpoint_url="https://x", error=SECRET), Unavailable),
    (boto.ParamValidationError(report=SECRET), Forbidden),
    (S3UploadFailedError(SECRET), Forbidden),
    (ValueError(SECRET), Forbidden),
]


@pytest.mark.parametrize(("code", "status", "kind"), ANSWERS)
def test_refusals(code: str, status: int, kind: type[StoreError]) -> None:
    response = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {"HTTPStatusCode": status}}
    fault = translated(boto.ClientError(response, "GetObject"), "read 'a/b'", "bucket", "http://host:1")
    assert type(fault) is kind
    assert all(word in str(fault) for word in ("'a/b'", "bucket", "http://host:1", str(status), code))
    assert SECRET not in str(fault)


@pytest.mark.parametrize(
    ("error", "kind"), FAULTS, ids=lambda value: getattr(value, "__name__", type(value).__name__)
)
def test_faults_on_the_way(error: Exception, kind: type[StoreError]) -> None:
    fault = translated(error, "read 'a/b'", "bucket", "")
    assert type(fault) is kind
    assert all(word in str(fault) for word in ("'a/b'", "bucket", "AWS", type(error).__name__))
    assert SECRET not in str(fault)


@mock_aws
def test_a_bucket_is_made_in_the_configured_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    S3Backend("in-frankfurt").create_bucket()
    place = boto3.client("s3", region_name="us-east-1").get_bucket_location(Bucket="in-frankfurt")
    assert place["LocationConstraint"] == "eu-central-1"


@mock_aws
def test_a_bucket_of_somebody_else_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = S3Backend("taken")
    refusal = {"Error": {"Code": "BucketAlreadyExists"}, "ResponseMetadata": {"HTTPStatusCode": 409}}

    def refuse(**_: object) -> None:
        raise boto.ClientError(refusal, "CreateBucket")

    monkeypatch.setattr(backend._client(), "create_bucket", refuse)
    with pytest.raises(Forbidden, match="BucketAlreadyExists"):
        backend.create_bucket()
