"""Devices over adb: two transports behind one interface, pure parsers, the loopback device that edgekit brings along."""

FOLDER = "/data/local/tmp/edgekit"
"""Where edgekit keeps its files on a device: writable by the shell without root."""
