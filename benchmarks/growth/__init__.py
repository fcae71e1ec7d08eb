"""Growth: costs of turns and of all queries on a database with a year of the whole city."""
