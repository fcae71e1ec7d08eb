"""Telegram: the Bot API over HTTP, its updates and its keyboards."""
