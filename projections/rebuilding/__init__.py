"""Rebuilds that nobody notices: shadow tables are filled, compared, swapped (P7).

Start at steps.py: what a worker does in each state. beginning.py and ending.py are what
operators ask for, through projections.control.
"""
