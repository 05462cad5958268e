"""What we read elsewhere.

models    Source, Item
checking  when a source is read, and what follows
storing   new entries into items and announcements, once each
changes   known items that their source now words otherwise
grouping  items about the same thing
adding    a new source, read once and silently
rules     which neighbourhoods a text names; an entry as a draft
tray      what waits for an editor, and what becomes of it
wording   what went wrong, for editors
commands  add-source, check-source, sources
"""
