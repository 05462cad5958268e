"""The REST API under /api/v1, for programs: no cookies, no sessions, no forms. Errors are
`web.problems`.

joined     adds it to the app
frame      the blueprint, `operation`, and who may come in
fields     marshmallow fields that say in the client's language what is wrong
schemas_in, schemas  what goes in and comes out
shown      announcements as the API says them, their ETags
reading    from what was sent to a draft, with the desk's own rules
storing    the draft with all it has, its version and its line in the trail
announcements, releasing, following, directory, sources  the operations
refusals   why something is not let out, as problems
cursors    pages by opaque keys
once       Idempotency-Key
document   OpenAPI, as JSON and as a page
"""
