"""What all REST endpoints share: keys, scopes, limits, problem+json, parsing, cursors.

Imports the client of Redis from eventstore, and nothing else of the other packages.
Start at problems.py and authentication.py.
"""
