"""Copies of whole orders in Redis: written through by workers, filled by readers.

Start with `copies` (what Redis holds), then `written_through` and `serving`. A copy is
served only while it carries the tag of the rows that are live; see docs/adr/0007.
"""
