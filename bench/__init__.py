"""What a check costs: the real daemon against real targets, beside Prometheus on the same targets. See README.md."""
