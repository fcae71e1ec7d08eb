"""The command `izin`: one module per command, imported when the command is chosen."""
