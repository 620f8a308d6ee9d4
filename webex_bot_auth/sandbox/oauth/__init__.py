"""How people log in: authorization requests, device codes, tokens and the integrations that hold them."""
