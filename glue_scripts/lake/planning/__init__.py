"""From inspected objects to what is going to be written."""
