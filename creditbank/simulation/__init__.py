"""What a new version of a rule book would change, for everybody, before it is published."""
