"""Other programs: those that speak to us, and those we speak to.

models    their tables
clients   of the API: what they may do, their tokens
answers   how long answers to an Idempotency-Key are kept
webhooks  who wants to be told, and what there is to tell
calling   telling them: signed, tried again, public addresses only
commands  `civic-push client …`
"""
