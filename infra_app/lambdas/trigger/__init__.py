"""The trigger, which registers uploaded objects and starts Glue runs for them."""
