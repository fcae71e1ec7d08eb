"""Errors that end a command with one message instead of a traceback."""


class OperatorError(Exception):
    """Something that an operator can mend; the message says what is wrong, and how to mend it."""
