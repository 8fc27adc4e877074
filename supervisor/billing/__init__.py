"""Billing: what is counted, called and closed, from the ledger alone. SPEC 8.

`effect` brings the ledger in step with a config, `books` reads it, `statement` words it, `documents` freezes it.
"""
