"""The database: tables, their queries, and the rules of what may follow what."""
