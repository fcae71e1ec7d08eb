"""Documents the city hands over: typeset and stored."""
