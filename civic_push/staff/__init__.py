"""Who works at the desk, how they come in, what they may do, and the trail of what they did.

models       Staff, roles, keys, sessions; the trail's table
roles        who may do what, and the limits of an Ortsteilredaktion
accounts     making, finding, changing and closing accounts
invitations  an account without keys, and a letter with the link that sets it up
security     sign-in: Flask-Security-Too on our tables
passwords    what makes one good enough
codes        the second factor: codes from an app, recovery codes
passkeys     WebAuthn
oidc         the town's identity provider
sessions     browsers that are signed in
trail        the audit trail: append-only, each entry sealed to the one before
commands     `civic-push staff …`, `verify-audit`
"""
