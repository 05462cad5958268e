"""Coming in.

sign_in     password and code, passkey, recovery code
limits      on guessing
oidc        the town's identity provider
invitation  the page behind an invitation's link
account     one's own password, passkeys, codes and sessions
"""
