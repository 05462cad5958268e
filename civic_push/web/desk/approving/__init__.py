"""Letting an announcement out.

approval       the page before it leaves: publish, schedule, submit, approve, send back
sending        the same for whatever kind: when, who may, what is said
putting_aside  drafts put aside, and restored
"""
