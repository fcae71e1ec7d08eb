"""The command `izin`: one module a command, imported when the command is chosen."""
