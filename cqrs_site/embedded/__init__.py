"""PostgreSQL and Redis of this checkout, for machines that have neither.

Plain Python, usable without Django. Start at postgres.py and redis.py; both take the
folder that holds the server's data and know by it which process is theirs.
"""
