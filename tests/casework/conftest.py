"""The city of the workers' tests, with its database."""

from __future__ import annotations

from tests.workers.conftest import city as city
from tests.workers.conftest import ring as ring
from tests.workers.conftest import storage as storage
from tests.workers.conftest import tx as tx
