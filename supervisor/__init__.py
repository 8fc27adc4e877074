"""Vigie's daemon: from configuration to states, incidents, alerts and accounts."""
