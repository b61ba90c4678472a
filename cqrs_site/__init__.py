"""Wiring of the site: settings, URLs, the Celery app, configuration, embedded servers.

May import everything below it (orders, monitoring, projections, eventstore, api);
nothing imports it. Start at settings.py, then up/supervisor.py (how processes start).
"""
