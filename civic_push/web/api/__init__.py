"""The REST API under /api/v1, for programs: no cookies, no sessions, no forms.

frame       the blueprint, `operation`, and who may come in
problems    errors as application/problem+json (RFC 9457), in the client's language
fields      marshmallow fields that say in German what is wrong
schemas_in, schemas  what goes in and comes out
shown       announcements as the API says them, their ETags
reading     from what was sent to a draft, with the desk's own rules
storing     the draft with all it has, its version and its line in the trail
announcements, releasing, following, directory, sources: the operations
cursors     pages by opaque keys
once        Idempotency-Key
document    OpenAPI, as JSON and as a page
"""
