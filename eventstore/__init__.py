"""The append-only event log in PostgreSQL and the command pipeline over it.

Imports none of the other packages. Start at store.py (append, read), then
settled.py (how far readers may go) and commands.py (load, decide, append);
answers.py keeps what clients were told; seals/ proves what the past was, and files/
takes it elsewhere.
"""
