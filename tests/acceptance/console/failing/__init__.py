"""An app whose bug is switched by a file: orders with a note cannot be summed up.

In every process of the system, as broken code would be after a deploy.
"""
