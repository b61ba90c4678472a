"""The log in files: exported, imported into an empty store, archived.

Imports nothing outside eventstore. Start at lines.py (what stands in a file), then
exporting.py and importing.py; archiving.py keeps what is old.
"""
