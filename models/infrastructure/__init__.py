"""Everything that tables and rooms rest on: database, encryption, settings, files, logs, time."""
