"""A second, tiny domain: loyalty accounts. It shows that the log, the pipeline, the
engine, the admin and the command line serve a domain they have never heard of.
"""
