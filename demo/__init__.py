"""The demo: three phones on a page, its own servers, and a story that can play automatically."""
