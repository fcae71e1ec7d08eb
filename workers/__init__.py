"""What runs away from the chat: verification, visits, documents and the clocks."""
