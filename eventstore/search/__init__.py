"""Finds events by a line of text, newest first, a bounded piece of the log at a time.

query.py reads the line, qualifiers.py says what it may have; finding.py searches, with
the SQL of conditions.py. Start at finding.find.
"""
