"""Projections whose rows live in Redis: per key the latest of what happened.

projection.py is what such a projection declares, generation.py how its entries and its
position change in one atomic call, refilling.py what happens after Redis lost them.
"""
