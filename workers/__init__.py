"""Background work: verification, visits, documents and periodic tasks."""
