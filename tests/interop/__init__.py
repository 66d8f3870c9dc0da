"""The server judged from outside: real clients, the protocols' own suites, load and silence."""
