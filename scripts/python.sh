#!/bin/sh
# Print the command of a Python that Civic Push runs on: python3, or the newest python3.x.
# A command may be there and still not run (pyenv's shims), so each is tried.
for name in python3 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
    then
        command -v "$name"
        exit 0
    fi
done
exit 0
