"""Growth: what a year of a whole city in the database does to turns and to every periodic query."""
