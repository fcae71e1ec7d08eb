"""Conversations: questions, parsers, and the engine that decides each turn. Pure, without I/O."""
