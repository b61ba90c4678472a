"""The read models of orders, one file each; found here by the projection engine.

May import the domain, streams.py and the read tables; never command handling or web.
"""
