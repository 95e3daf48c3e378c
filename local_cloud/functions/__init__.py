"""Lambda: functions run as they are, in processes of their own, fed by their queues."""
