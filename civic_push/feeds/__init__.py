"""Announcements for those who prefer to pull. Each format is one function from a Feed to bytes.

entries    announcements as values that know no format
atom       Atom, in pages, with places
json_feed  JSON Feed
calendar   iCalendar
"""
