"""How messages leave: mail, SMS, webhooks. Who is told what, and when, is decided elsewhere."""
