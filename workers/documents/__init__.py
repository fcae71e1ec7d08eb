"""Documents that the city issues: typeset and stored."""
