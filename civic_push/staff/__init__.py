"""Editors: models, sign-in."""
