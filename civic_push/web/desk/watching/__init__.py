"""What becomes of an announcement's deliveries.

deliveries    an announcement as residents see it, and its deliveries
live          numbers that move by themselves; holding deliveries back
report        charts, tables and CSV
charts        where lines and bars lie
report_words  why something did not arrive
again         sending to those who did not get it
"""
