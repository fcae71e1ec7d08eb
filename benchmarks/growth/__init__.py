"""Growth: what a year of a whole city in the record does to turns and to every periodic query."""
