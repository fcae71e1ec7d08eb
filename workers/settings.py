"""The workers' settings: so far just what every process needs."""

from models.settings import Settings

__all__ = ["Settings"]
