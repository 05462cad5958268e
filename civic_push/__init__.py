"""Civic Push: the house. State, pages, jobs; it knows the three rooms.

app            create_app(): the only place where all parts are joined
core           create_core(): what pages and workers share
config         every setting, its default, what it means
db             db = SQLAlchemy(model_class=Base); utcnow()
announcements  what the town says: models, writing, approving, scheduling, publishing
delivery       who gets it, when, and what became of it: the ledger, fan_out, drain,
               compose, sweep, progress, report, health
intake         what we read elsewhere: sources, items, rules, the tray
integrations   programs that write and are told: API clients, webhooks
feeds, print   ways to pull: Atom, JSON Feed, iCalendar; sheets and posters as PDF
legal          imprint, privacy, accessibility statement; reports of barriers
staff          editors, roles, sign-in, the audit trail
web            pages: residents', desk_* the editors', api the programs'
announce       the command that announces from a shell
logs           one line an event, nothing personal
tasks          enqueue(job, ...): the only module that touches RQ
cli            the `civic-push` command
demo, bench    `make run` and `make bench`
"""
