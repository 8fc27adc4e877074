"""`camera`: is it online, and what does its picture show."""
