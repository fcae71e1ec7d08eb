"""Visits: invites owners to choose a window, and offers visits to officers."""
