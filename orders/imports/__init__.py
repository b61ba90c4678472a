"""History from elsewhere becomes orders: read a file, map it, store its events.

May import the domain, streams.py and the event store; never projections or web.
Start at importing.py; online_retail.py and ocel2.py map without a database.
"""
