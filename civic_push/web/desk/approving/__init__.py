"""Letting an announcement out: approval, schedule, putting aside."""
