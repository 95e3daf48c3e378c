"""What both apps need on their way to an account. Knows nothing of either app."""
