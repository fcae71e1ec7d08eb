"""The database: tables, their queries, and the lifecycles of cases and visits."""
