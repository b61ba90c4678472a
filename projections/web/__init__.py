"""The HTTP endpoints for operators, below /api/v1/ops/. Start at urls.py.

Whatever changes something goes through projections.control. Nothing of the engine
imports this package.
"""
