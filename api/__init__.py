"""What every REST endpoint shares: keys, scopes, problem+json, parsing, cursors.

Imports none of the other packages. Start at problems.py and authentication.py.
"""
