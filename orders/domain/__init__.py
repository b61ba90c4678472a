"""The rules of orders in plain Python: what may be decided, what follows from it.

May import the standard library and msgspec only: no Django, clock or randomness.
Start at decide.py (rules), then evolve.py (events become an Order) and order.py.
"""
