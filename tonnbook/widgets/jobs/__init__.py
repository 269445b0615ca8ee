"""Cards and tables that show running jobs."""
