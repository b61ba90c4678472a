"""What the system stands on: PostgreSQL, Redis, queues, versions, promises of the log.

Start at report.py. Each part looks for itself, within a time of its own.
"""
