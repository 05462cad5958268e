"""Civic Push: the house. State, pages, jobs; it knows the three rooms.

app            create_app(): the only place where all parts are joined
core           create_core(): what pages and workers share
config         every setting, its default, what it means
db             db = SQLAlchemy(model_class=Base); utcnow()
announcements  what the town says: models, publishing
delivery       who gets it, when, and what became of it: the ledger, fan_out, drain,
               compose, sweep
intake         what we read elsewhere: sources, items, rules
staff          editors, roles, sign-in
web            pages: public, signup, preferences, desk, errors
logs           one line an event, nothing personal
tasks          enqueue(job, ...): the only module that touches RQ
cli            the `civic-push` command
demo, bench    `make run` and `make bench`
"""
