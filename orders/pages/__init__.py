"""The start page, and what people see of orders who serve customers. Start at urls.py.

Imports what is below it in orders, and api; nothing imports it.
"""
