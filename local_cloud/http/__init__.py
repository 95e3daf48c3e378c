"""An HTTP server for one machine, which keeps each connection and a thread for it."""
