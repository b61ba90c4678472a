"""The reactors' engine: what a reactor answers is carried out once, in order.

May import what projections imports. Start at turn.py (one turn of one reactor), then
effects.py (what is done) and following.py (what a worker does).
"""
