#!/usr/bin/python3
"""The demo's and the tests' mail server: takes every mail and writes it to a file.

sink.py --port P --dir DIR [--cert PEM --key PEM] [--user U --password W]

With a certificate it wants STARTTLS (TLS 1.3 offered), with a user AUTH. Each accepted mail is one
file of the bytes as received, ending in .eml, on disk before the sender hears 250. Port 0 takes a
free one; "ready PORT" says which.
"""
import argparse
import asyncio
import os
import signal
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult


class Sink:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = "%013d-%d-%04d" % (time.time() * 1000, os.getpid(), self.count)
        temp = os.path.join(self.folder, name + ".tmp")
        with open(temp, "wb") as f:
            f.write(envelope.original_content)
            f.flush()
            os.fsync(f.fileno())
        os.rename(temp, os.path.join(self.folder, name + ".eml"))
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return "250 2.0.0 taken as " + name


async def main():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--dir", required=True)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--user")
    p.add_argument("--password")
    a = p.parse_args()
    os.makedirs(a.dir, exist_ok=True)
    tls = None
    if a.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(a.cert, a.key)

    def check(server, session, envelope, mechanism, data):
        ok = data.login == a.user.encode() and data.password == a.password.encode()
        return AuthResult(success=ok, handled=False)

    sink = Sink(a.dir)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="sink.example.test", tls_context=tls,
                     require_starttls=tls is not None, auth_required=a.user is not None,
                     auth_require_tls=tls is not None,
                     authenticator=check if a.user else None),
        a.host, a.port)
    stop = asyncio.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(s, stop.set)
    print("ready %d" % server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()


asyncio.run(main())
