"""FastCGI by hand (FastCGI 1.0), right and wrong."""

import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)


def record(kind, content=b"", request=1, version=1, padding=0, length=None):
    length = len(content) if length is None else length
    return struct.pack("!BBHHBx", version, kind, request, length, padding) + content + bytes(padding)


def begin(role=1, keep=True, request=1):
    return record(BEGIN, struct.pack("!HB5x", role, keep), request)


def pair(name, value):
    """A name-value pair, lengths above 127 in four bytes (section 3.4)."""
    result = b""
    for text in (name, value):
        result += bytes([len(text)]) if len(text) < 128 else struct.pack("!I", len(text) | 0x80000000)
    return result + name + value


def parameters(values):
    return b"".join(pair(name.encode(), value if isinstance(value, bytes) else value.encode())
                    for name, value in values.items())


def verify_parameters(token, **more):
    return {
        "REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/verify-token", "LATCHKEY_MODE": "production",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    } | more


def request(values, body=b"", keep=True, number=1):
    """A whole request."""
    text = parameters(values)
    stream = begin(keep=keep, request=number)
    for offset in range(0, len(text), 65000):
        stream += record(PARAMS, text[offset:offset + 65000], number)
    stream += record(PARAMS, b"", number)
    for offset in range(0, len(body), 65000):
        stream += record(STDIN, body[offset:offset + 65000], number)
    return stream + record(STDIN, b"", number)


def reply(text):
    """A whole answer, as a responder sends it."""
    return record(STDOUT, text) + record(STDOUT) + record(END, bytes(8))


def connect(path, timeout=10):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    connection.connect(path)
    return connection


def receive(connection, count):
    received = b""
    while len(received) < count:
        piece = connection.recv(count - len(received))
        if not piece:
            raise ConnectionError(f"closed after {len(received)} of {count} bytes")
        received += piece
    return received


def answer(connection):
    """Reads one whole answer: its status and its body."""
    output = b""
    while True:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", receive(connection, 8))
        content = receive(connection, length + padding)[:length]
        if kind == STDOUT:
            output += content
        elif kind == END:
            break
    head, _, body = output.partition(b"\r\n\r\n")
    status = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"status:"))
    return int(status.split()[1]), body


def closed(connection):
    """Whether the other side has closed it."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
