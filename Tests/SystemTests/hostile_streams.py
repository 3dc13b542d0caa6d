"""A seeded generator of FastCGI streams as no web server sends them."""

import random
import struct

from fastcgi import ABORT, BEGIN, PARAMS, STDIN, begin, pair, record


def records_of(stream):
    """The records of a right stream."""
    found = []
    while stream:
        _, _, _, length, padding = struct.unpack("!BBHHBx", stream[:8])
        size = 8 + length + padding
        found.append(stream[:size])
        stream = stream[size:]
    return found


def cut(generator, good):
    """Truncated anywhere, in a header or a content."""
    return good[:generator.randrange(len(good))] + generator.randbytes(generator.choice([0, 0, 1, 3]))


def random_bytes(generator, good):
    return generator.randbytes(generator.randrange(1, 600))


def random_records(generator, good):
    """Records of any type, request and version, that may be shorter than they say."""
    return b"".join(
        struct.pack("!BBHHBB", generator.choice([1, 1, 1, 0, 2]), generator.randrange(12),
                    generator.choice([1, 1, 0, 2]), length, generator.choice([0, 0, 7]), 0)
        + generator.randbytes(generator.choice([length, length, length // 2]))
        for length in (generator.choice([0, 1, 8, 8, 40, 300]) for _ in range(generator.randrange(1, 8))))


def changed_bytes(generator, good):
    stream = bytearray(good)
    for _ in range(generator.randrange(1, 6)):
        stream[generator.randrange(len(stream))] = generator.randrange(256)
    return bytes(stream)


def oversized(generator, good):
    """Lengths beyond what follows, or beyond what is allowed: of a record, its padding, a name, a value, a body."""
    kind = generator.randrange(6)
    if kind == 0:
        parts = records_of(good)
        place = generator.randrange(len(parts))
        length = generator.choice([0xffff, 0x8000, len(parts[place]) - 7, 0x4001])
        parts[place] = parts[place][:4] + struct.pack("!H", length) + parts[place][6:]
        return b"".join(parts)
    if kind == 1:
        parts = records_of(good)
        place = generator.randrange(len(parts))
        parts[place] = parts[place][:6] + bytes([generator.randrange(1, 256)]) + parts[place][7:]
        return b"".join(parts)
    if kind == 2:
        lengths = struct.pack("!II", *(generator.choice([0xffffffff, 0x80000000, 0x80010000, 0x8000ffff, 0xfffffff0])
                                       for _ in range(2)))
        text = lengths + generator.randbytes(generator.randrange(40))
        return begin() + record(PARAMS, text) + record(PARAMS) + record(STDIN)
    if kind == 3:
        text = bytes([generator.randrange(1, 128), generator.randrange(128)]) + generator.randbytes(3)
        return begin() + record(PARAMS, text) + record(PARAMS) + record(STDIN)
    if kind == 4:
        many = pair(b"N" * generator.randrange(1, 200), b"V" * generator.randrange(3000)) * generator.randrange(1, 20)
        return begin() + record(PARAMS, many[:65000]) * generator.randrange(1, 4) + record(PARAMS) + record(STDIN)
    *head, end = records_of(good)
    return b"".join(head) + record(STDIN, b"x" * generator.randrange(16384, 65535)) * generator.randrange(1, 3) + end


def out_of_order(generator, good):
    """Whole records, shuffled, doubled or left out."""
    parts = records_of(good)
    kind = generator.randrange(3)
    if kind == 0:
        generator.shuffle(parts)
    elif kind == 1:
        parts.insert(generator.randrange(len(parts) + 1), generator.choice(parts))
    else:
        del parts[generator.randrange(len(parts))]
    return b"".join(parts)


def with_number(part, number):
    return part[:2] + struct.pack("!H", number) + part[4:]


def multiplexed(generator, good):
    """Two requests at once on one connection, their records in turn."""
    numbers = generator.sample([1, 2, 3, 255, 65535], 2)
    queues = [[with_number(part, number) for part in records_of(good)] for number in numbers]
    stream = b""
    while any(queues):
        stream += generator.choice([queue for queue in queues if queue]).pop(0)
    return stream


def aborted(generator, good):
    """Given up between any two records, and what may come after that."""
    parts = records_of(good)
    place = generator.randrange(len(parts) + 1)
    rest = generator.choice([b"", b"".join(parts[place:]), good])
    return b"".join(parts[:place]) + record(ABORT, request=generator.choice([1, 1, 2, 0])) + rest


def wrong_version(generator, good):
    parts = records_of(good)
    place = generator.randrange(len(parts))
    parts[place] = bytes([generator.choice([0, 2, 3, 127, 255])]) + parts[place][1:]
    return b"".join(parts)


def wrong_beginning(generator, good):
    """A role, flags or reserved bytes of any kind."""
    first, *rest = records_of(good)
    return record(BEGIN, generator.randbytes(generator.choice([8, 8, 8, 7, 9]))) + b"".join(rest)


def stalled(generator, good):
    """A right beginning that is not gone on with: whoever sends it keeps the connection open."""
    parts = records_of(good)
    return b"".join(parts[:generator.randrange(1, len(parts))])


KINDS = [cut, random_bytes, random_records, changed_bytes, oversized, out_of_order, multiplexed, aborted, wrong_version,
         wrong_beginning, stalled]


def streams(seed, good):
    """Without end: the kind of each stream and its bytes."""
    generator = random.Random(seed)
    while True:
        kind = generator.choice(KINDS)
        yield kind, kind(generator, good)
