"""What acts on orders by itself, one file each; found here by the reactors' engine.

May import the domain, streams.py and imports; reads orders from their events alone.
"""
