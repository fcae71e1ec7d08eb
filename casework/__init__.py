"""The acts of the office: each exists once, for chat, jobs and commands alike."""
