"""Django's engine for PostgreSQL, with a breaker: `base` is where Django looks."""
