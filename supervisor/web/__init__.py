"""What is seen from outside over HTTP."""
