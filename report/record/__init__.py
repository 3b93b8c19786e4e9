"""The record of a run: its files, its manifest, and how they come to the disk."""
