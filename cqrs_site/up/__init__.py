"""`manage.py up`: the whole system on one machine, in one terminal.

Start at supervisor.py; preparation.py is what happens before the processes run, and
programs.py says which processes those are.
"""
