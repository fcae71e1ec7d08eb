"""Reference data: the areas of Jakarta and the types of business. Sources: README.md here."""
