"""One blueprint a visitor: residents' pages here, the editors' in `desk`, the programs' in `api`.

pages          what all pages share, and the residents' joined
protection     clean input, form tokens, limits, headers
language       which language a page speaks
errors, problems  what went wrong: as a page, as JSON for programs
links          signed links: whose they are, and what is said when they do not hold
sentences      what is said in more than one place; the consent text
wall_clock     times as editors type them

public         start, announcements, legal texts, health
legal          the texts that the law asks for
feedback       barriers reported
places         landing pages of Ortsteile
short_links    /m/7k, for SMS
pictures       announcements' pictures
feeds, prints  what others pull: feeds and calendars; posters and sheets
embed          a list for other web sites
inbox          the web app: the home screen, and pages without network
monitoring     alive, ready, numbers for Prometheus

signup         the form, and what to do next
forms          what residents typed, and what is wrong with it
choosing       what an address asks for
choice_words   choices in words
estimate       how many announcements a month they bring
asking         asking inboxes to confirm
masking        somebody's address, shown to them alone
confirming     by link or by code
preferences    the link, and changing everything behind it
own_contacts   one's contacts: adding, replacing, removing
own_history    what one was sent, and why
own_data, own_copy  what is stored: shown, erased, taken along
leaving        with one press

push           what push.js and the service worker call
telegram       what Telegram tells us
sms_inbound    what the SMS gateway tells us

desk           the editors' pages
api            the programs'
"""
