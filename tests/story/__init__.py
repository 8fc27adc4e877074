"""A whole story as each person received it: the page that tells it, and what keeps the page true."""
