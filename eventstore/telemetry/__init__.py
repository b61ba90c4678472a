"""What processes tell about themselves: counts, recent entries, who is alive.

All of it may be lost, and none of it holds anybody up. Start at sending.py (each
process gathers, and sends once a second); outcomes.py, queries.py and presence.py say
what.
"""
