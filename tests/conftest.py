"""What every test runs under."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No test is about how fast the machine is, nor how busy.
ANY_SPEED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

# The gate tries the same examples each time, so that a commit passes or fails for what it contains. Others are looked
# for on purpose: `make explore`.
settings.register_profile("gate", derandomize=True, **ANY_SPEED)
settings.register_profile("explore", derandomize=False, print_blob=True, **ANY_SPEED)
settings.load_profile(os.environ.get("VIGIE_EXAMPLES", "gate"))
