"""The file store: photos and documents under one address, on a disk or in a bucket."""

from __future__ import annotations

import os
import secrets
from pathlib import Path, PurePosixPath

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem


class Storage:
    """Files by their path under `url` (file:// or s3://); a file is there whole, or not at all.

    Nothing is connected before the first file is read or written; safe to share between threads.
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
        content: bytes = self._system.cat_file(full)
        return content

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return bool(self._system.isfile(self._full(path)))

    def _full(self, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/"):
            raise ValueError(f"{path!r} is no path under the file store")
        return f"{self._root.rstrip('/')}/{'/'.join(parts)}"


def _replace(file: Path, content: bytes) -> None:
    """Write beside the file, and put it in its place once it is safe on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
