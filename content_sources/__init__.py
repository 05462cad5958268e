"""Ways in: fetch is the one door to the network; one file a kind of source."""
