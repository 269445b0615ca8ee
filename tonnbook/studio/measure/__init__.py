"""Measurements that several engines share."""
