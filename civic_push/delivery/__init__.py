"""Who gets what, when, and what became of it.

models         the ledger: one row for each message and inbox
fan_out        job: from an announcement to deliveries
drain          job: from due deliveries to outcomes, in batches
ledger         claiming and recording, set-wise
envelopes      from a claimed delivery to what a channel takes
compose, digests, notices  the words
transactional  confirmations and links
rate, pauses, budget  when a channel must wait
sweep          what the clock does, so that nothing is lost
report         what the desk shows
"""
