"""A store in a folder: one file a key, written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.store.contract import Forbidden, NotFound, StoreError, Unavailable
from infra.store.keys import TEMPORARY, allowed, checked, checked_prefix, shown

PERMANENT = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG,
     errno.ELOOP, errno.ENOTEMPTY}
)  # fmt: skip


class LocalBackend:
    """Keys below `root`, which is made at the first write. Safe for any number of threads and processes.

    Unlike in S3 a key cannot be the beginning of another (`a` and `a/b`): the second write raises Forbidden.
    Symbolic links are followed only where they end below the root. The media type is not kept.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._below = f"{str(self.root).rstrip('/')}/"

    def put(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Write to a temporary file beside the place, flush it to the disk, and rename it into the place.

        The rename itself is not flushed: after a power cut the key may be missing, which is noticed, but its
        bytes are never half there.
        """
        path = self._path(key)
        temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(12)}"
        with _faults("write", key):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_flushed(temporary, data)
                os.replace(temporary, path)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        path = self._path(key)
        try:
            with _faults("read", key):
                return path.read_bytes()
        except Forbidden as error:
            # A folder of that name, or a file where the key wants a folder: there is no such key.
            if isinstance(error.__cause__, IsADirectoryError | NotADirectoryError):
                raise NotFound(f"no object has the key {shown(key)} in {self.root}") from None
            raise

    def exists(self, key: str) -> bool:
        """Whether a file has this key."""
        with _faults("look up", key):
            return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """A missing key is no error. Folders stay, because another writer may be about to use them."""
        path = self._path(key)
        with _faults("delete", key), suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            path.unlink()

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, in the order of their UTF-8 bytes, as S3 lists them.

        Links, temporary files and names that are no keys are passed over.
        """
        folder = checked_prefix(prefix).rpartition("/")[0]
        start = self._path(folder) if folder else self.root
        yield from _walk(start, f"{folder}/" if folder else "", prefix)

    def url(self, key: str) -> str:
        """The file's absolute path."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        path = f"{self._below}{checked(key)}"
        with _faults("find", key):
            out = self._has_link(path) and not os.path.realpath(path).startswith(self._below)
        if out:
            raise Forbidden(f"key {shown(key)} is not allowed: a symbolic link leads out of {self.root}")
        return Path(path)

    def _has_link(self, path: str) -> bool:
        """Whether anything between the root and the end of `path` is a symbolic link: they are rare, and following is slow."""
        end = len(self._below) - 1
        while end != len(path):
            end = path.find("/", end + 1)
            end = len(path) if end < 0 else end
            try:
                if stat.S_ISLNK(os.lstat(path[:end]).st_mode):
                    return True
            except (FileNotFoundError, NotADirectoryError):
                return False
        return False


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _walk(folder: Path, base: str, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _translated("list", prefix, error) from error
    # A folder sorts as `name/`, so that its keys come where the byte order of whole keys wants them.
    named = sorted((f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name, e) for e in entries)
    for name, entry in named:
        key = base + name
        if name.endswith("/"):
            if key.startswith(prefix) or prefix.startswith(key):
                yield from _walk(Path(entry.path), key, prefix)
        elif key.startswith(prefix) and allowed(key) and entry.is_file(follow_symlinks=False):
            yield key


@contextmanager
def _faults(action: str, key: str) -> Iterator[None]:
    """Turn what the file system says into the store's faults."""
    try:
        yield
    except OSError as error:
        raise _translated(action, key, error) from error


def _translated(action: str, key: str, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return NotFound(f"no object has the key {shown(key)}")
    kind = Forbidden if error.errno in PERMANENT else Unavailable
    return kind(f"cannot {action} {shown(key)}: {error.strerror or type(error).__name__}")
