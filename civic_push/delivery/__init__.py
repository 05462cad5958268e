"""Who gets what, when, and what became of it.

models         the ledger: one row for each message and inbox
fan_out        job: from an announcement to deliveries
follow_ups     job: from a correction, withdrawal or all-clear to deliveries
audiences      who must hear of one
follow_up_outlets  the same for public places
cutting_off    what has not left of an announcement that is stopped or followed
drain          job: from due deliveries to outcomes, in batches
claiming       a worker takes what is due, so that nobody else does
ledger         recording what became of it, set-wise
envelopes      from a claimed delivery to what a channel takes
shelf          messages that a worker keeps from one run to the next
transactional  confirmations and links, at once
trials         an announcement for who works on it
endings        a contact ends: stand-ins, and the answer to STOP
again          sending once more to those who did not get it
residents      what the ledger holds about one resident
sweep          what the clock does, so that nothing is lost

compose, digests, notices, follow_up_words, staff_letters, words  what messages say
previews       what an SMS will say and cost

rate, pauses, budget  when a channel must wait
holding, pause_models  when an announcement must wait

progress       how far one announcement is
report         what the desk shows
reasons        why something did not arrive
cells          several announcements' deliveries, counted
tallies        what left in each hour
health         how the channels and the machinery fare
kept           answers that cost something, shared by all who ask
commands       `civic-push status`
"""
