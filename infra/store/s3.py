"""A store in a bucket of S3, or of any server that speaks it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from infra.store.contract import Entry, Forbidden, NotFound
from infra.store.keys import allowed, checked, checked_prefix, shown
from infra.store.s3_faults import EXPECTED, code_of, status_of, translated
from infra.store.s3_soon import PooledWrites
from infra.store.together import Writes

MULTIPART_BYTES = 8 * 2**20
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
NO_REGION = "us-east-1"
"""Signed for where no region is configured; servers other than AWS take it, and AWS redirects."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

T = TypeVar("T")


class S3Backend:
    """Keys below `prefix` in `bucket`. Credentials come from boto3's own chain, never from here.

    One client, made at the first call and shared by threads (clients are thread-safe, sessions are not);
    a pickled backend makes its own where it arrives. Writes up to 8 MiB are one request that carries its SHA-256,
    larger ones are multipart. `attempts` bounds the tries of one call: standard mode waits at most 1 + 2 + 4 s
    between four of them.
    """

    def __init__(
        self, bucket: str, prefix: str = "", endpoint_url: str = "", *, attempts: int = 4, threads: int = 32
    ) -> None:
        """Raises Forbidden for a bucket, prefix or endpoint that cannot be one. Opens no connection."""
        if not BUCKET.fullmatch(bucket):
            raise Forbidden(f"{shown(bucket.rpartition('@')[2])} is not a bucket's name")
        self.bucket = bucket
        self.prefix = checked_prefix(prefix.strip("/"))
        self.endpoint_url = _checked_endpoint(endpoint_url)
        self._attempts = attempts
        self._threads = threads
        self._lock = threading.Lock()
        self._made: Any = None

    def put(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Replaces; readers see the old bytes or the new, never a mixture."""
        full = self._full(key)
        if len(data) > MULTIPART_BYTES:
            self._call(f"write {shown(key)}", lambda client: self._put_parts(client, full, data, media_type))
            return
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        self._call(
            f"write {shown(key)}",
            lambda client: client.put_object(
                Bucket=self.bucket, Key=full, Body=data, ContentType=media_type, ChecksumSHA256=checksum
            ),
        )

    def soon(self) -> Writes:
        """Puts that are sent by a few threads at once."""
        return PooledWrites(self.put)

    def get(self, key: str) -> bytes:
        """Raises NotFound; Damaged where the server keeps a checksum that the bytes do not match."""
        full = self._full(key)
        return self._call(f"read {shown(key)}", lambda client: self._read(client, full))

    def exists(self, key: str) -> bool:
        """Whether an object has this key; also False while the bucket is missing (a HEAD does not say which)."""
        full = self._full(key)
        try:
            self._call(
                f"look up {shown(key)}", lambda client: client.head_object(Bucket=self.bucket, Key=full)
            )
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """A missing key is no error."""
        full = self._full(key)
        try:
            self._call(
                f"delete {shown(key)}", lambda client: client.delete_object(Bucket=self.bucket, Key=full)
            )
        except NotFound:
            return

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in the order of their UTF-8 bytes, a page of 1,000 at a time.

        What other programs keep there under names that are no keys here (`../x`) is passed over.
        """
        yield from (entry.key for entry in self.entries(prefix))

    def entries(self, prefix: str) -> Iterator[Entry]:
        """As `keys`, with sizes and ages: a listing has both."""
        wanted = self._base + checked_prefix(prefix)
        token: dict[str, str] = {}
        while True:
            page = self._page(wanted, token)
            found = (
                Entry(
                    str(item["Key"]).removeprefix(self._base),
                    int(item["Size"]),
                    item["LastModified"].timestamp(),
                )
                for item in page.get("Contents", ())
            )
            yield from (entry for entry in found if allowed(entry.key))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def entry(self, key: str) -> Entry | None:
        """The object's size and when it was last written; None when no object has this key."""
        full = self._full(key)
        try:
            head = self._call(
                f"look up {shown(key)}",
                lambda client: dict(client.head_object(Bucket=self.bucket, Key=full)),
            )
        except NotFound:
            return None
        return Entry(key, int(head["ContentLength"]), head["LastModified"].timestamp())

    def delete_older(self, key: str, than: float) -> bool:
        """Look, then delete: a write between the two requests is lost."""
        found = self.entry(key)
        if found is None or found.modified >= than:
            return False
        self.delete(key)
        return True

    def unfinished(self) -> Iterator[Entry]:
        """Multipart uploads below the prefix that were never completed; `key` holds the upload's id after a newline."""
        marks: dict[str, str] = {}
        while True:
            page = self._uploads(marks)
            for one in page.get("Uploads", ()):
                key = str(one["Key"]).removeprefix(self._base)
                yield Entry(f"{key}\n{one['UploadId']}", 0, one["Initiated"].timestamp())
            if not page.get("IsTruncated"):
                return
            marks = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def drop_unfinished(self, entry: Entry) -> None:
        """Raises Forbidden for what no upload can be named."""
        key, _, upload = entry.key.partition("\n")
        full = self._full(key)
        try:
            self._call(
                f"give up {shown(key)}",
                lambda client: client.abort_multipart_upload(Bucket=self.bucket, Key=full, UploadId=upload),
            )
        except NotFound:
            return

    def url(self, key: str) -> str:
        """`s3://bucket/prefix/key`."""
        return f"s3://{self.bucket}/{self._full(key)}"

    def create_bucket(self) -> None:
        """Make the bucket where it is missing. Raises Forbidden when the name belongs to somebody else."""
        self._call("create", self._create)

    def _create(self, client: Any) -> None:
        region = client.meta.region_name
        place = {} if region in (None, NO_REGION, "aws-global") else {"LocationConstraint": region}
        try:
            client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if status_of(error) != 404:
                raise
            try:
                extra = {"CreateBucketConfiguration": place} if place else {}
                client.create_bucket(Bucket=self.bucket, **extra)
            except ClientError as lost_race:
                if code_of(lost_race) != "BucketAlreadyOwnedByYou":
                    raise

    def _put_parts(self, client: Any, full: str, data: bytes, media_type: str) -> None:
        parts = TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES)
        client.upload_fileobj(
            io.BytesIO(data), self.bucket, full, ExtraArgs={"ContentType": media_type}, Config=parts
        )

    def _uploads(self, marks: dict[str, str]) -> dict[str, Any]:
        def listed(client: Any) -> dict[str, Any]:
            return dict(client.list_multipart_uploads(Bucket=self.bucket, Prefix=self._base, **marks))

        return self._call("list uploads", listed)

    def _page(self, wanted: str, token: dict[str, str]) -> dict[str, Any]:
        def listed(client: Any) -> dict[str, Any]:
            return dict(client.list_objects_v2(Bucket=self.bucket, Prefix=wanted, **token))

        return self._call(f"list {shown(wanted)}", listed)

    def _read(self, client: Any, full: str) -> bytes:
        body = client.get_object(Bucket=self.bucket, Key=full)["Body"]
        with body:
            return bytes(body.read())

    @property
    def _base(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{checked(key)}" if self.prefix else checked(key)

    def _call(self, action: str, work: Callable[[Any], T]) -> T:
        try:
            return work(self._client())
        except (*EXPECTED, ValueError) as error:
            raise translated(error, action, self.bucket, self.endpoint_url) from error

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = _new_client(self.endpoint_url, self._attempts, self._threads)
            return self._made

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.bucket, self.prefix, self.endpoint_url, self._attempts, self._threads)


def _rebuild(bucket: str, prefix: str, endpoint_url: str, attempts: int, threads: int) -> S3Backend:
    return S3Backend(bucket, prefix, endpoint_url, attempts=attempts, threads=threads)


def _checked_endpoint(url: str) -> str:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise Forbidden(
            "an S3 endpoint must not hold a user or password. Cure: set AWS_ACCESS_KEY_ID and its secret"
        )
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise Forbidden(
            f"{shown(url.rpartition('@')[2])} is not an S3 endpoint. Cure: write it as http://host:port"
        )
    return url.rstrip("/")


def _new_client(endpoint_url: str, attempts: int, threads: int) -> Any:
    session = boto3.Session()
    # A proxy from the environment cannot reach this machine's own loopback.
    local = urlsplit(endpoint_url).hostname in LOOPBACK
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=threads,
        connect_timeout=5,
        read_timeout=60,
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        proxies={} if local else None,
    )
    return session.client(
        "s3",
        endpoint_url=endpoint_url or None,
        region_name=session.region_name or (NO_REGION if endpoint_url else None),
        config=config,
    )
