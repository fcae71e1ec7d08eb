"""Documents the city hands over: typeset, then signed."""
