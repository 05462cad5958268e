"""Demo mode: embedded parts, demo data, readable inboxes. Never in production.

run            `civic-push run`: everything on one machine
ground         what must be there first: tools, folder, port, keys, settings
trouble        what ends it before it has begun
parts          its processes: started, watched, started again, ended
filling        tables, Ortsteile and topics, an editor
announcements  a handful of invented ones

inboxes        the page /demo/inboxes, and the start of the servers
servers        the providers' servers, in one process
mail_server    SMTP that keeps every mail
sms_gateway    an SMSEagle gateway
telegram_api   the Bot API, and the residents on its other side
telegram_answers, telegram_html  how it answers, and the HTML it takes
journal        what has arrived, a line a message
"""
