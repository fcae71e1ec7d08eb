"""The pages: identity form, public check of documents, privacy, metrics."""
