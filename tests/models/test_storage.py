"""Files are kept whole, under their own paths only."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from models.infrastructure.storage import Storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files lie; made with the first of them."""
    return tmp_path / "some files"


@pytest.fixture(params=["file", "memory"])
def storage(request: pytest.FixtureRequest, folder: Path) -> Storage:
    """A store on the disk, and one that is none (as a bucket)."""
    on_disk = request.param == "file"
    return Storage(f"file://{folder}" if on_disk else f"memory://{folder.name}")


def test_what_is_written_can_be_read(storage: Storage) -> None:
    storage.write("permits/2026/IUMK-1.pdf", b"one")
    storage.write("permits/2026/IUMK-1.pdf", b"another")
    assert storage.read("permits/2026/IUMK-1.pdf") == b"another"
    assert storage.exists("permits/2026/IUMK-1.pdf")


def test_what_is_not_there_is_said_to_be_missing(storage: Storage) -> None:
    assert not storage.exists("photos/none.jpg")
    with pytest.raises(FileNotFoundError):
        storage.read("photos/none.jpg")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    storage.write("portraits/1.jpg", b"one")
    storage.write("portraits/2.jpg", b"two")
    for _ in range(2):
        storage.delete("portraits/1.jpg")
        assert not storage.exists("portraits/1.jpg")
    assert storage.read("portraits/2.jpg") == b"two"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../secret", "photos/../../secret"])
def test_no_path_leads_out_of_the_store(storage: Storage, path: str) -> None:
    with pytest.raises(ValueError, match="no path under the file store"):
        storage.write(path, b"x")


def test_a_write_that_fails_leaves_nothing_behind(folder: Path) -> None:
    storage = Storage(f"file://{folder}")
    storage.write("a/b", b"whole")
    with pytest.raises(TypeError):
        storage.write("a/b", "not bytes")  # type: ignore[arg-type]
    assert storage.read("a/b") == b"whole"
    assert [file.name for file in (folder / "a").iterdir()] == ["b"]


def test_readers_see_one_version_or_the_other(folder: Path) -> None:
    storage = Storage(f"file://{folder}")
    versions = {bytes([n]) * 200_000 for n in range(4)}
    storage.write("one", next(iter(versions)))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for version in versions:
                storage.write("one", version)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert {storage.read("one") for _ in range(200)} <= versions
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o027, 0o077])
@pytest.mark.parametrize("path", ["a.jpg", "attachments/ab/abc.jpg", "permits/2026/IUMK-1.pdf"])
def test_nobody_else_may_look_at_the_files(folder: Path, mask: int, path: str) -> None:
    before = os.umask(mask)
    try:
        storage = Storage(f"file://{folder}")
        storage.write(path, b"one")
        storage.write(path, b"another")
    finally:
        os.umask(before)
    rights = {found.stat().st_mode & 0o777 for found in folder.rglob("*") if found.is_dir()}
    assert (folder / path).stat().st_mode & 0o777 == 0o600
    assert rights | {folder.stat().st_mode & 0o777} == {0o700}
    assert storage.open_to_others() is None


@pytest.mark.parametrize("rights", [0o755, 0o750, 0o711, 0o701, 0o777])
def test_a_folder_that_others_may_look_into_is_named(folder: Path, rights: int) -> None:
    folder.mkdir()
    folder.chmod(rights)
    assert Storage(f"file://{folder}").open_to_others() == folder


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), ValueError("x"), KeyError("x"), TimeoutError(), OSError("x")]
)
def test_a_bucket_that_fails_in_its_own_way_is_away(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage("memory://bucket")

    def fail(*_: object, **__: object) -> None:
        raise error

    for call in ("pipe_file", "cat_file", "isfile", "rm_file"):
        monkeypatch.setattr(storage._system, call, fail)
    for use in (
        lambda: storage.write("a/b", b"x"),
        lambda: storage.read("a/b"),
        lambda: storage.exists("a/b"),
        lambda: storage.delete("a/b"),
    ):
        with pytest.raises(OSError):  # which one is the store's own matter
            use()
