"""The HTTP endpoints of orders. Start at urls.py.

Imports what is below it in orders, and api; nothing imports it.
"""
