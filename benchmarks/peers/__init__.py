"""The same conversation in two other libraries, written as their documentation shows."""
