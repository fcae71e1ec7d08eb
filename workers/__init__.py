"""Work outside the chat: verification, visits, documents and the clocks."""
