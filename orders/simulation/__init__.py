"""Made-up customers whose orders live real lives, through the command side.

May import the domain, handling and the event store's command pipeline; never
projections or web. Start at lives.py (what happens to an order), then simulating.py.
"""
