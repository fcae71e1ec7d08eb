"""The acts of the office, shared by chat, jobs and commands."""
