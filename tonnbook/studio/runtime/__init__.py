"""What all features of the studio run on: tasks, storage, limits, webhooks."""
