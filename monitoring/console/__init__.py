"""The operations console, /ops/: pages for whoever is on call.

One module a page, and its template in templates/console/. Start at urls.py; page.py is
what all pages share.
"""
