"""What we read elsewhere.

models    Source, Item
checking  when a source is read, and what follows
storing   new entries into items and announcements, once each
adding    a new source, read once and silently
rules     which neighbourhoods a text names; an entry as a draft
wording   what went wrong, for editors
commands  add-source, check-source, sources
"""
