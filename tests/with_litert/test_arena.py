"""The planned arena of small graphs, counted by hand."""

from operator_files import Op, T, file

from edgekit.tflite import read
from edgekit.tflite.arena import arena_bytes

SMALL, LARGE = T((1, 16)), T((1, 64))  # 64 and 256 bytes


def test_a_chain_keeps_two_at_a_time():
    """The input lives throughout; of the tensors of the chain two are there at once."""
    steps = [Op("ABS", (place,), (place + 1,)) for place in range(4)]
    assert arena_bytes(read(file([LARGE] * 5, steps))) == 3 * 256


def test_the_room_of_the_dead_is_used_again():
    tensors = [SMALL, LARGE, SMALL, LARGE, SMALL]
    steps = [Op("TILE", (0, 5), (1,)), Op("SUM", (1, 6), (2,)), Op("TILE", (2, 5), (3,)), Op("SUM", (3, 6), (4,))]
    constants = [T((2,), "int32", (1, 4)), T((1,), "int32", (1,))]
    content = file([*tensors, *constants], steps)
    # input 64 and output 64 throughout; 256 for either LARGE; 64 for the SMALL between them
    assert arena_bytes(read(content)) == 64 + 256 + 64


def test_constants_take_none():
    assert arena_bytes(read(file([SMALL, T((1, 16), data=True), SMALL], [Op("ADD", (0, 1), (2,))]))) == 128
