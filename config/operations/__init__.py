"""Pages for operators and auditors that look over all apps at once."""
