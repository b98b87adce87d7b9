#!/usr/bin/env python3
"""mllp.py HOST PORT MESSAGE CA [CERTIFICATE KEY]: sends a file with one HL7 v2 message by MLLP over TLS, and prints what comes back."""
import socket
import ssl
import sys

host, port, message, authority, *own = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
if own:
    tls.load_cert_chain(*own)
try:
    with socket.create_connection((host, int(port)), 60) as plain, tls.wrap_socket(plain, server_hostname=host) as line:
        line.sendall(b"\x0b" + open(message, "rb").read() + b"\x1c\r")
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            more = line.recv(65536)
            if not more:
                sys.exit("the connection was closed")
            answer += more
except OSError as broken:
    sys.exit(str(broken))
print(answer.strip(b"\x0b\x1c\r").decode())
