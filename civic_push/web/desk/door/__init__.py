"""Coming in: sign-in, identity provider, invitation, one's own account."""
