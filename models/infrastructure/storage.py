"""The file store: photos and documents under one address, on a disk or in a bucket."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

FILE, FOLDER = 0o600, 0o700  # rights on a disk


class Storage:
    """Files by their path under `url` (file:// or s3://); a file is there whole, or not at all.

    Nothing is connected before the first file is read or written; safe to share between threads.
    On a disk nobody else may read the files: people's photos are not encrypted.
    """

    def __init__(self, url: str) -> None:
        self._system, self._root = url_to_fs(url)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, in place of an earlier one.

        Raises:
            OSError: the store is away or full.
        """
        full = self._full(path)
        if isinstance(self._system, LocalFileSystem):
            _replace(Path(full), content)
        else:  # an object is put as a whole
            with _away():
                self._system.pipe_file(full, content)

    def read(self, path: str) -> bytes:
        """Give a file's content.

        Raises:
            FileNotFoundError: there is none.
            OSError: the store is away.
        """
        full = self._full(path)
        if isinstance(self._system, LocalFileSystem):
            return Path(full).read_bytes()
        with _away():
            content: bytes = self._system.cat_file(full)
        return content

    def exists(self, path: str) -> bool:
        """Whether there is such a file.

        Raises:
            OSError: the store is away.
        """
        full = self._full(path)
        with _away():
            return bool(self._system.isfile(full))

    def open_to_others(self) -> Path | None:
        """The store's folder on a disk if others on this machine may look into it."""
        folder = Path(self._root)
        local = isinstance(self._system, LocalFileSystem) and folder.is_dir()
        return folder if local and folder.stat().st_mode & 0o077 else None

    def _full(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/"):
            raise ValueError(f"{path!r} is no path under the file store")
        return f"{self._root.rstrip('/')}/{'/'.join(parts)}"


@contextmanager
def _away() -> Iterator[None]:
    """Translate errors of a bucket's client into the OSError that they mean."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"the file store failed: {type(error).__name__}") from error


def _replace(file: Path, content: bytes) -> None:
    """Write beside the file, and put it in its place once it is safe on the disk."""
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
    """Make a folder, and those above it, for us alone; one that is there keeps its rights."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(FOLDER, exist_ok=True)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)
