"""Alembic's entry point: runs migrations, and generates them from the models."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

import models
from models.base import Base

for module in iter_modules(models.__path__, "models."):
    if not module.ispkg:
        import_module(module.name)  # a table is in the metadata once its module is imported


def render(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Render our own types as their database types: a migration must not change with our code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
