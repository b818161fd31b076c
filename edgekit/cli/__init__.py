"""The command line: signatures and output only. Nothing but typer is imported before a command is known."""
