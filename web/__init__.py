"""The pages: demo phones, identity form, public check of permits, privacy."""
