"""The engine: from a session, an event and the facts to the next session and what follows."""
