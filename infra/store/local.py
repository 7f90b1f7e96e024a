"""A store in a folder: one file a key, written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.store.contract import Entry, Forbidden, NotFound, StoreError, Unavailable
from infra.store.filesystem import flush_filesystem
from infra.store.keys import TEMPORARY, allowed, checked, checked_prefix, shown
from infra.store.together import Writes

HALF_WRITTEN = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{24}")
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
        self._write(key, data, flushed=True)

    def soon(self) -> Writes:
        """Puts that are written whole, but flushed all together."""
        return _Unflushed(self)

    def _write(self, key: str, data: bytes, *, flushed: bool) -> None:
        path = self._place(key)
        temporary = f"{path.rpartition('/')[0]}/{TEMPORARY}{secrets.token_hex(12)}"
        with _faults("write", key):
            try:
                try:
                    _write_new(temporary, data, flushed=flushed)
                except FileNotFoundError:
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    _write_new(temporary, data, flushed=flushed)
                os.replace(temporary, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        path = self._place(key)
        try:
            with _faults("read", key), open(path, "rb", buffering=0) as file:
                return file.readall()
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

    def entries(self, prefix: str) -> Iterator[Entry]:
        """As `keys`, with sizes and ages; a file that goes meanwhile is passed over."""
        yield from (entry for key in self.keys(prefix) if (entry := self.entry(key)))

    def entry(self, key: str) -> Entry | None:
        """The file's size and when it was last written; None when no file has this key."""
        with _faults("look up", key):
            return _entry_of(self._place(key), key)

    def delete_older(self, key: str, than: float) -> bool:
        """Put the file aside, look at it there, and bring it back when it is not older: no writer can come between."""
        path = self._path(key)
        aside = path.parent / f"{TEMPORARY}{secrets.token_hex(12)}"
        with _faults("delete", key):
            try:
                if path.stat().st_mtime >= than:
                    return False
                os.rename(path, aside)
            except (FileNotFoundError, NotADirectoryError):
                return False
            older = aside.stat().st_mtime < than
            if not older:
                with suppress(FileExistsError):
                    os.link(aside, path)
            aside.unlink()
        return older

    def unfinished(self) -> Iterator[Entry]:
        """Temporary files below the root, by their path."""
        for folder, _, names in os.walk(self.root):
            for name in sorted(name for name in names if HALF_WRITTEN.fullmatch(name)):
                path = Path(folder, name)
                if entry := _entry_of(path, str(path.relative_to(self.root))):
                    yield entry

    def drop_unfinished(self, entry: Entry) -> None:
        """Raises Forbidden for what is not the name of a temporary file."""
        folder, _, name = entry.key.rpartition("/")
        if not HALF_WRITTEN.fullmatch(name):
            raise Forbidden(f"{shown(entry.key)} is no temporary file")
        with _faults("delete", entry.key):
            ((self._path(folder) if folder else self.root) / name).unlink(missing_ok=True)

    def url(self, key: str) -> str:
        """The file's absolute path."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        return Path(self._place(key))

    def _place(self, key: str) -> str:
        path = f"{self._below}{checked(key)}"
        with _faults("find", key):
            out = self._has_link(path) and not os.path.realpath(path).startswith(self._below)
        if out:
            raise Forbidden(f"key {shown(key)} is not allowed: a symbolic link leads out of {self.root}")
        return path

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


def _entry_of(path: str | Path, key: str) -> Entry | None:
    """None where no file is."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Entry(key, found.st_size, found.st_mtime) if stat.S_ISREG(found.st_mode) else None


class _Unflushed:
    """Writes that appear whole at once, and last from `settle` on: a process that dies loses none, a power cut may."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self._unflushed = False

    def put(self, key: str, data: bytes, media_type: str) -> None:
        self._backend._write(key, data, flushed=False)
        self._unflushed = True

    def settle(self) -> None:
        if self._unflushed:
            with _faults("flush", ""):
                flush_filesystem(str(self._backend.root))
        self._unflushed = False


def _write_new(path: str, data: bytes, *, flushed: bool) -> None:
    with open(path, "xb") as file:
        file.write(data)
        if flushed:
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
