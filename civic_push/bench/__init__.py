"""The benchmark behind `civic-push bench`: how fast it delivers, next to what this machine
allows, measured in the same run.

sinks      a TLS/HTTP-2 push service and an SMTP relay that swallow everything (C programs)
limits     what the machine allows: key agreements, posts, raw mail, raw INSERT … SELECT
plain_sink the naive way's push service (Python, HTTP/1.1)
naive      one webpush() or notify() per person
pipes      our channels alone, per CPU-second
residents  any number of subscribers, written fast
service    workers, clock and queue as in production, with their CPU and memory
end_to_end publish once, watch the ledger
yardsticks limits and channels in turn
run        the command: print it all
"""
