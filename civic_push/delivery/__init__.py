"""Who gets what, when, and what became of it.

models         the ledger: one row for each message and inbox
fan_out        job: from an announcement to deliveries
follow_ups     job: from a correction, withdrawal or all-clear to deliveries
audiences      who must hear of one; follow_up_outlets the same for public places
cutting_off    what has not left of an announcement that is stopped or followed
drain          job: from due deliveries to outcomes, in batches
ledger         claiming and recording, set-wise
envelopes      from a claimed delivery to what a channel takes
compose, digests, notices, follow_up_words  the words
transactional  confirmations and links
rate, pauses, budget  when a channel must wait
sweep          what the clock does, so that nothing is lost
report         what the desk shows
tallies, health  what left in each hour; how the channels fare
"""
