"""Settings: ``base`` is safe and has no secret; ``demo``, ``test`` and ``production`` build on it. Only this package reads the environment."""
