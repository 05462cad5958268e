"""Demo mode: embedded parts, demo data, readable inboxes. Never in production."""
