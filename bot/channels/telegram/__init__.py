"""Telegram: the Bot API over HTTP, updates and keyboards."""
