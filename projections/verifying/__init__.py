"""The periodic comparison of rows with their events: are read tables what the log says?

Start at checking.py; sampling.py says which streams are looked at, looks.py how rows
and the events that made them are seen as of one moment, expecting.py what the events
give, tally.py how the results are counted.
"""
