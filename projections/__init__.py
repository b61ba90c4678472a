"""The projection engine: keeps read tables from the log, exactly once, in order.

May import eventstore and api; knows no orders. Start at projection.py (what a
projection declares), then batch.py (one batch) and runner.py (what a worker does).
Rebuilds are in rebuilding/, what operators may do in control/, what acts on the world
in reactor.py and reacting/, the comparison of rows with their events in verifying/.
"""
