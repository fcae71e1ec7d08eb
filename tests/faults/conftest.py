"""A stage for all tests here, made anew when a test has left it in disorder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.stage import Stage


class Stages:
    """Gives the stage, and a new one when the old one was not left in order."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._run = ExitStack()
        self._stage: Stage | None = None

    def get(self) -> Stage:
        if self._stage is None or not self._stage.balanced:
            self.close()
            self._stage = self._run.enter_context(Stage(self._folders.mktemp("stage")))
        return self._stage

    def close(self) -> None:
        self._stage = None
        self._run.close()


@pytest.fixture(scope="session")
def _stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    stages = Stages(tmp_path_factory)
    yield stages
    stages.close()


@pytest.fixture
def stage(_stages: Stages) -> Stage:
    """The product with its servers, one process that serves, and nothing wrong yet."""
    stage = _stages.get()
    stage.calm()
    return stage
