"""An HTTP server for one machine: a connection is kept, and its thread with it."""
