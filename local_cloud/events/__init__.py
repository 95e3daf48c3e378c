"""EventBridge: events in the shape that AWS gives them, delivered as the templates' rules say."""
