"""What an environment costs in a month at list price, computed from its templates."""
