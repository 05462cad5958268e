"""How what the town says is written out, for pages, messages, feeds and prints alike.

markdown      Markdown as safe HTML, and as plain text
sentences     where German sentences end
when_and_where    times and places as people read them
addresses     an announcement's page, and the short address that leads there
"""
