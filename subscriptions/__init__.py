"""Who asked for what, with whose consent. Plain SQLAlchemy; functions take a Session
and never commit.

base      the declarative base and column types
models    Neighbourhood, Topic, Subscriber, Contact, Subscription, Consent
seals     addresses encrypted at rest, found by keyed hash
tokens    signed links and codes
timing    when a delivery is due: frequency, quiet hours, urgency
matching  the SELECT that says who gets an announcement
signup    asking, confirming
codes     what confirms: only the newest holds, and few guesses
knocking  how often an address is written to, and codes are guessed for it
leaving   ending one contact or all of them; how long proofs stay
uniting   what a confirmation brings about: two subscribers become one, an old contact ends
vanishing  what becomes of sign-ups that nobody confirms
preferences  reading and changing choices
streets   the Ortsteil that people mean: by name, alias or street
spelling  one spelling for what is written in two ways
"""
