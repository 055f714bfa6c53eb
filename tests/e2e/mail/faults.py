"""A mail server with one fault, in a thread: with Faulty("cut-in-data") as s: ... s.port

Each mode overrides what is said to one command; s.seen counts commands, s.mails holds what was
taken. The modes are the keys of FAULTS, and of those that need more than a reply: see talk().
"""
import socket
import ssl
import threading
import time

# command -> reply instead of the usual one; a callable gets the server (for "only the first time")
FAULTS = {
    "none": {},
    "pipelining": {"EHLO": "250-faulty\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES"},
    "greet-421": {"greeting": "421 4.3.2 too busy"},
    "greet-554": {"greeting": "554 5.3.2 no service"},
    "ehlo-hang-up": {"EHLO": None},
    "mail-451": {"MAIL": "451 4.3.0 try later"},
    "mail-550": {"MAIL": "550 5.7.1 sender refused"},
    "mail-530": {"MAIL": "530 5.7.0 authentication required"},
    "rcpt-450": {"RCPT": "450 4.2.0 greylisted", "DATA": "554 5.5.1 no valid recipients"},
    "rcpt-550": {"RCPT": "550 5.1.1 no such user", "DATA": "554 5.5.1 no valid recipients"},
    "greylist": {"RCPT": lambda s: "450 4.7.1 come back" if s.seen["RCPT"] == 1 else "250 ok",
                 "DATA": lambda s: "354 go" if s.seen["RCPT"] > 1 else "554 no valid recipients"},
    "data-451": {"DATA": "451 4.3.0 no room"},
    "taken-452": {"taken": "452 4.3.1 disk full"},
    "taken-554": {"taken": "554 5.7.1 looks like spam"},
    "taken-multi-554": {"taken": "554-5.7.1 line one\r\n554 5.7.1 \x1b[2Jline \xe9 two"},
    "taken-202": {"taken": "202 something else"},
    # one reply too many: from then on each reply is read as the next command's
    "one-too-many": {"RCPT": "250 ok\r\n250 and once more"},
    "cut-in-data": {}, "cut-after-data": {}, "cut-after-taken": {}, "taken-then-silent": {},
    "slow-banner": {}, "slow-first": {}, "starttls": {},
    "starttls-454": {"STARTTLS": "454 4.7.0 not now"},
    "no-starttls": {"EHLO": "250-faulty\r\n250 8BITMIME"},
    "no-ehlo": {"EHLO": "502 5.5.1 what?", "HELO": "250 faulty"},
    # plain text that somebody puts in front of TLS: in the segment of the reply, or before it
    "inject-after-220": {"STARTTLS": "220 go\r\n250-faulty\r\n250 AUTH PLAIN"},
    "inject-before-220": {"EHLO": "250-faulty\r\n250 STARTTLS\r\n220 go\r\n250-faulty\r\n250 AUTH PLAIN"},
}
USUAL = {"greeting": "220 faulty.example.test ESMTP", "HELO": "250 faulty", "MAIL": "250 ok",
         "RCPT": "250 ok", "DATA": "354 go", "taken": "250 2.0.0 taken", "QUIT": "221 bye",
         "RSET": "250 ok", "STARTTLS": "220 go", "AUTH": "535 5.7.8 wrong password"}


class Faulty:
    def __init__(self, mode, cert=None, key=None):
        self.mode, self.seen, self.mails, self.tls = mode, {}, [], None
        self.secured, self.greeted = [], 0
        if cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ending = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        try:
            self.talk(conn)
        except (OSError, ssl.SSLError, EOFError):
            pass
        finally:
            conn.close()

    def reply(self, conn, command):
        r = FAULTS[self.mode].get(command)
        if command in FAULTS[self.mode] and r is None:
            raise EOFError
        if callable(r):
            r = r(self)
        if r is None and command == "EHLO":
            offers = ["faulty"] + (["STARTTLS"] if self.tls and not self.secured else [])
            r = "\r\n".join("250%s%s" % ("-" if i + 1 < len(offers) else " ", o)
                            for i, o in enumerate(offers))
        r = r or USUAL.get(command, "500 5.5.1 what?")
        conn.sendall(r.encode("latin-1") + b"\r\n")
        return r

    def talk(self, conn):
        mode = self.mode
        self.greeted += 1
        if mode == "slow-banner" or mode == "slow-first" and self.greeted == 1:
            self.ending.wait(60)
            return
        self.secured = []
        self.reply(conn, "greeting")
        f = conn.makefile("rb", buffering=0)  # what follows STARTTLS is TLS's
        while True:
            line = f.readline()
            if not line:
                return
            command = line.split()[0].split(b":")[0].decode("latin-1").upper() if line.split() else ""
            self.seen[command] = self.seen.get(command, 0) + 1
            self.seen.setdefault("lines", []).append(line)
            reply = self.reply(conn, command)
            if command == "QUIT":
                return
            # libesmtp finds the injected 220 before it has sent STARTTLS, which the attacker then
            # sends in its place
            if (command == "STARTTLS" and reply.startswith("220")
                    or command == "EHLO" and mode == "inject-before-220" and not self.secured):
                conn = self.tls.wrap_socket(conn, server_side=True)
                self.secured.append(conn.version())
                f = conn.makefile("rb", buffering=0)
            if command == "DATA" and reply.startswith("354"):
                data = b""
                while not data.endswith(b"\r\n.\r\n") and data != b".\r\n":
                    line = f.readline()
                    if not line:
                        return
                    data += line
                    if mode == "cut-in-data":
                        return
                if mode == "cut-after-data":
                    return
                if not FAULTS[mode].get("taken"):
                    self.mails.append(data[:-3])
                if mode == "cut-after-taken":
                    return
                if mode == "taken-then-silent":
                    self.ending.wait(60)
                    return
                self.reply(conn, "taken")
