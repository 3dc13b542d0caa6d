"""Holds idle connections: idle.py HOST PORT CA_FILE COUNT, the Authorization header's value in LOAD_AUTHORIZATION.

Each connection is opened with TLS and carries one POST /api/verify-token, which must be answered by 200, so that nginx
keeps it. Then it prints `held COUNT`, waits for a line on standard input, prints `alive COUNT` and ends.
"""

import os
import resource
import socket
import ssl
import sys


def main(host, port, ca_file, count):
    count = int(count)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 100
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted) if hard >= 0 else hard))
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    request = (f"POST /api/verify-token HTTP/1.1\r\nHost: {host}:{port}\r\n"
               f"Authorization: {os.environ['LOAD_AUTHORIZATION']}\r\nContent-Length: 0\r\n\r\n").encode()
    held = []
    for _ in range(count):
        connection = context.wrap_socket(
            socket.create_connection(("127.0.0.1", int(port)), timeout=10), server_hostname=host)
        connection.sendall(request)
        answer = b""
        # The head and the body may come in two pieces.
        while b"}" not in answer:
            piece = connection.recv(4096)
            if not piece:
                sys.exit("a connection was closed before its answer")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200 "):
            sys.exit(f"not answered by 200 but by {answer[:60]}")
        connection.setblocking(False)
        held.append(connection)
    print("held", len(held), flush=True)
    sys.stdin.readline()
    print("alive", sum(map(is_open, held)), flush=True)


def is_open(connection):
    try:
        return connection.recv(1) != b""
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False


main(*sys.argv[1:])
