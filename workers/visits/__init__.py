"""Visits: windows are opened to owners, and officers are asked to come."""
