"""Devices over adb: two transports behind one interface, pure parsers, and the loopback device."""

FOLDER = "/data/local/tmp/edgekit"
"""Where edgekit keeps its files on a device: writable by the shell without root."""
