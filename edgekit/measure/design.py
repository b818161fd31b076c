"""Randomised complete blocks: every block launches every artifact once, in fresh order from the series' seed."""

import random


def blocks(artifacts: int, launches: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """`launches` blocks of the artifacts' positions. Two artifacts alternate AB, BA, AB...: their order is balanced."""
    generator = random.Random(seed)
    if artifacts == 2:
        first = generator.sample(range(2), 2)
        return tuple(tuple(first if block % 2 == 0 else first[::-1]) for block in range(launches))
    return tuple(tuple(generator.sample(range(artifacts), artifacts)) for _ in range(launches))
