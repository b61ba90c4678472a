"""Seals: whatever a superuser changes in the log afterwards is found, and named.

Imports nothing outside eventstore. Start at sealing.py (a worker seals what is
settled) and verifying.py; marks.py says what is hashed, chain.py what is signed.
"""
