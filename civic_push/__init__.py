"""Civic Push: the house. State, pages, jobs; it knows the three rooms.

app             create_app(): where all parts are joined (wsgi.py adds the demo's page)
core            create_core(): what pages and workers share
config          every setting, its default, what it means
setting_values  where settings are read from, and how a text becomes a value
keys            the secrets of an installation, and their files
db              db = SQLAlchemy(model_class=Base); utcnow(); the two dialects
models          all tables, imported once
migrations      how the tables came to be what they are
seed            what every installation starts with: Ortsteile, topics, templates
announcements   what the town says: writing, approving, scheduling, publishing
delivery        who gets it, when, and what became of it
wording         how it is written out, for pages, messages, feeds and prints
telegram        what residents write to the bot
intake          what we read elsewhere: sources, items, rules, the tray
integrations    programs that write and are told: API clients, webhooks
feeds, print    ways to pull: Atom, JSON Feed, iCalendar; sheets and posters as PDF
legal           imprint, privacy, accessibility statement; reports of barriers
staff           editors, roles, sign-in, the audit trail
web             pages: residents'; in desk the editors', in api the programs'
languages       which there are, and how each is written
tasks           enqueue(lane, job, ...): besides worker.py the only module that touches RQ
clock           what is done every few seconds, every minute, every hour
logs            one line an event, nothing personal
metrics         what Prometheus reads
cli             the `civic-push` command
doctor          `civic-push doctor`: what is missing or wrong
push_key        `civic-push rotate-push-key`: a new key for browser pushes
announce        `civic-push announce`: announcing from a shell
demo, bench     `make run` and `make bench`
"""
