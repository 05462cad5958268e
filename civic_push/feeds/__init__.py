"""Announcements for those who prefer to pull: Atom, JSON Feed, iCalendar. `entries` are the
values; each format is one function from a Feed to bytes."""
