"""Running the desk itself: topics, places, sources, channels, staff, programs."""
