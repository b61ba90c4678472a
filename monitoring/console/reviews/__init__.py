"""What review pages show: how things stand, what an action makes of them, how much it
touches. shown.py has what a review is; one module for each kind of target.
"""
