"""The demo: three phones on a page, servers of its own, and a story that plays by itself."""
