"""One blueprint a visitor."""
