"""The engine: computes the next session and the effects from a session, an event and facts."""
