"""The file store: photos and documents under one URL, on a disk or in a bucket."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

FILE, FOLDER = 0o600, 0o700  # permissions on a disk


class Storage:
    """Files by their path under `url` (file:// or s3://); writes are atomic.

    Connects when the first file is read or written. Thread-safe. On a disk only this user may read
    the files: people's photos are not encrypted.
    """

    def __init__(self, url: str) -> None:
        self._system, self._root = url_to_fs(url)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, replacing an earlier one.

        Raises:
            OSError: the store is unavailable or full.
        """
        full = self._full(path)
        if isinstance(self._system, LocalFileSystem):
            _replace(Path(full), content)
        else:  # an object store's put is atomic
            with _as_os_error():
                self._system.pipe_file(full, content)

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the store is unavailable.
        """
        full = self._full(path)
        if isinstance(self._system, LocalFileSystem):
            return Path(full).read_bytes()
        with _as_os_error():
            content: bytes = self._system.cat_file(full)
        return content

    def exists(self, path: str) -> bool:
        """Whether there is such a file.

        Raises:
            OSError: the store is unavailable.
        """
        full = self._full(path)
        with _as_os_error():
            return bool(self._system.isfile(full))

    def delete(self, path: str) -> None:
        """Delete a file; idempotent.

        Raises:
            OSError: the store is unavailable.
        """
        full = self._full(path)
        with suppress(FileNotFoundError), _as_os_error():
            self._system.rm_file(full)

    def open_to_others(self) -> Path | None:
        """Return the store's folder on a disk if other users of this machine have access to it."""
        folder = Path(self._root)
        local = isinstance(self._system, LocalFileSystem) and folder.is_dir()
        return folder if local and folder.stat().st_mode & 0o077 else None

    def _full(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/"):
            raise ValueError(f"{path!r} is no path under the file store")
        return f"{self._root.rstrip('/')}/{'/'.join(parts)}"


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Translate errors of a bucket's client into OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"the file store failed: {type(error).__name__}") from error


def _replace(file: Path, content: bytes) -> None:
    """Write a temporary file beside `file`, fsync it, and rename it."""
    _make(file.parent)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb", opener=_for_us_alone) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _make(folder: Path) -> None:
    """Create a folder and its parents for this user only; existing ones keep their permissions."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(FOLDER, exist_ok=True)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)
