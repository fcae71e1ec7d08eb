"""Errors that end a command with one message instead of a traceback."""


class OperatorError(Exception):
    """A problem that an operator can fix; the message says what is wrong, and how to fix it."""
