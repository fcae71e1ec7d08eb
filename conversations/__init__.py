"""The conversation: what is asked, how words are read, and what follows; pure, without I/O."""
