"""`civic-push announce`: a thin client of the API.

front_matter  a Markdown file with what it is about at its top
doors         the API, over the network or on the host itself
command       options, sentences, exit codes
"""
