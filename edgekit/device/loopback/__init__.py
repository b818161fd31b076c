"""The loopback device: a server on 127.0.0.1 that speaks the ADB wire protocol and runs jobs with the portable runner.

It accepts only the keys given at its start, has a fixed table of commands and no host shell, and keeps to a folder of
its own. docs/decisions/0003
"""
