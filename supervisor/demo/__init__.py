"""The demo: a fictional département on loopback, played by real small servers."""
