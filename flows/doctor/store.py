"""The store and, where it is in S3, its server: writable, with which credentials, and by what clock."""

from __future__ import annotations

import uuid
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from flows.doctor.finding import Finding, bad, doubtful, good
from infra.settings import Settings
from infra.store.contract import NotFound
from infra.store.store import open_store

KEY = "doctor"
SKEW = 60.0
"""Seconds of difference that are harmless; S3 refuses requests 15 minutes off."""
REFUSED = 900.0
CONDITION_FAILED = 412


def writable(settings: Settings) -> Finding:
    """Writes, reads and deletes a small object of its own."""
    backend = open_store(settings.store_url, settings.s3_endpoint_url, create=not in_s3(settings)).backend
    key, body = f"{KEY}/{uuid.uuid4().hex}", b"written by pentimento doctor"
    backend.put(key, body)
    try:
        if backend.get(key) != body:
            return bad(
                "store", f"{settings.store_url} gives back other bytes than it was given", "use another store"
            )
    finally:
        backend.delete(key)
    try:
        backend.get(key)
    except NotFound:
        return good("store", f"{settings.store_url} can be written, read and deleted from")
    return doubtful(
        "store", f"{settings.store_url} still shows what was deleted", "allow s3:DeleteObject; gc needs it"
    )


def conditional(settings: Settings) -> Finding:
    """Whether S3 refuses to write over an object when told to. Nothing relies on it: two writers of one key are harmless."""
    if not in_s3(settings):
        return good("conditional put", "the store is a folder: files are put in place in one step")
    client, bucket, prefix = _client(settings)
    key = f"{prefix}{KEY}/{uuid.uuid4().hex}"
    client.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")
    try:
        client.put_object(Bucket=bucket, Key=key, Body=b"2", IfNoneMatch="*")
    except client.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != CONDITION_FAILED:
            raise
        return good("conditional put", "the second writer of a key is refused")
    finally:
        client.delete_object(Bucket=bucket, Key=key)
    return good("conditional put", "not kept by this server; nothing here relies on it")


def credentials(settings: Settings) -> Finding:
    """Where boto3 finds credentials. Says the kind of place, never what is in it."""
    if not in_s3(settings):
        return good("S3 credentials", "not needed: the store is a folder")
    import boto3  # type: ignore[import-untyped]

    holder = boto3.Session().get_credentials()
    if holder is None:
        cure = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or run where a role is given"
        return bad("S3 credentials", "boto3 finds none", cure)
    return good("S3 credentials", f"found by boto3: {holder.method}")


def clock(settings: Settings) -> Finding:
    """This machine's clock against the S3 server's: signed requests hold for 15 minutes."""
    if not in_s3(settings):
        return good("clock", "not compared: the store is a folder")
    from datetime import UTC, datetime

    client, bucket, prefix = _client(settings)
    answer = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}{KEY}/", MaxKeys=1)
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    if not said:
        return doubtful("clock", "the S3 server does not say its time", "compare the clocks by hand")
    skew = (datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds()
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the S3 server"
    if abs(skew) > REFUSED:
        return bad("clock", text, "set the clock: timedatectl set-ntp true")
    return doubtful("clock", text, "timedatectl set-ntp true") if abs(skew) > SKEW else good("clock", text)


def in_s3(settings: Settings) -> bool:
    """Whether the store is a bucket."""
    return settings.store_url.lower().startswith("s3://")


def _client(settings: Settings) -> tuple[Any, str, str]:
    """The client that the store itself uses, the bucket, and the prefix of keys with its slash."""
    parts = urlsplit(settings.store_url)
    backend: Any = open_store(settings.store_url, settings.s3_endpoint_url).backend
    prefix = parts.path.strip("/")
    return backend._client(), parts.netloc, f"{prefix}/" if prefix else ""
