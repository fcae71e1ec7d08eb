"""Shared by tables and top-level packages: database, encryption, settings, files, logs, time."""
