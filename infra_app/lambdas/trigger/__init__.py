"""The trigger: takes note of uploaded objects and starts Glue runs for them."""
