"""How to check one thing: one technique, one file, one signature. Knows nothing of SLA, storage or people."""
