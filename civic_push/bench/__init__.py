"""The benchmark behind `civic-push bench`: how fast it delivers, next to what this machine
allows, measured in the same run.

run         the command: print it all
sinks       a TLS/HTTP-2 push service and an SMTP relay that swallow everything (C programs)
limits      what the machine allows: key agreements, posts, raw mail, raw INSERT … SELECT
plain_sink  the naive way's push service (Python, HTTP/1.1)
naive       one webpush() or notify() per person
pipes       our channels alone, per CPU-second
yardsticks  limits and channels in turn
residents   any number of subscribers, written fast
service     workers, clock and queue as in production, with their CPU and memory
processes   that CPU and memory, from /proc
end_to_end  publish once, watch the ledger
watchers    editors who watch a run
"""
