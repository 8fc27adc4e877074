"""The rules. Pure: no input, no output, no clock; time is an argument, in whole POSIX seconds."""
