"""What operators see: health, status pages and, later, the console and metrics.

May import projections, eventstore and api; never orders. Start at health.py.
"""
