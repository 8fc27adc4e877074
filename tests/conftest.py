"""What every test runs under."""

from __future__ import annotations

import os

from hypothesis import settings

# The gate tries the same examples each time, so that a commit passes or fails for what it contains. Others are looked
# for on purpose: `make explore`.
settings.register_profile("gate", derandomize=True)
settings.register_profile("explore", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("VIGIE_EXAMPLES", "gate"))
