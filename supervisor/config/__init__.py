"""From YAML files to one frozen `Configuration`, or to every mistake of every file with its line."""
