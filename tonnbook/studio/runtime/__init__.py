"""The common base of all features of the studio: tasks, storage, limits, webhooks."""
