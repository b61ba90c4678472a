"""The order domain: commands, events, rules, read models and their endpoints.

May import projections, eventstore and api. Start at domain/decide.py, then
streams.py (registration), projections/, reactors/ and web/.
"""
