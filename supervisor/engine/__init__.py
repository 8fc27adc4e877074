"""When each sonde is checked, and by whom: pools, schedule, one check's cycle."""
