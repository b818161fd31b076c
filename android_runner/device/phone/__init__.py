"""What a phone's own processes do, as far as a host sees it. Standard library only."""
