"""Writing an announcement: the form, and all that helps with it."""
