#!/usr/bin/python3
"""The feed, end to end: a real portal (web role for enrolment, feed role over mutual TLS), real
agents, and an access point that asks them by RADIUS (radius_ask.py)."""
import hashlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from radius_ask import ask, attr  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
SSID, SECRET = "Feed Test", b"feed-test-secret"
AP_A, AP_B = bytes.fromhex("02000000a001"), bytes.fromhex("02000000b001")
count = failed = 0


def ok(good, name, more=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good:
        print("# " + str(more).replace("\n", "\n# "), flush=True)
    return good


def within(seconds, what):
    """Seconds until what() is true, or None."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if what():
            return round(time.monotonic() - start, 2)
        time.sleep(0.05)
    return None


used = set()


def free_ports(kind, n=1):
    """The first of n ports in a row that are free, and not one that was given out before."""
    while True:
        socks = [socket.socket(socket.AF_INET, kind) for _ in range(n)]
        try:
            socks[0].bind(("127.0.0.1", 0))
            port = socks[0].getsockname()[1]
            if port in used:
                continue
            for i in range(1, n):
                socks[i].bind(("127.0.0.1", port + i))
            used.update(range(port, port + n))
            return port
        except (OSError, OverflowError):
            continue
        finally:
            for s in socks:
                s.close()


class Bed:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="keyfob-feed-%d-" % os.getpid())
        self.web, self.feed = free_ports(socket.SOCK_STREAM), free_ports(socket.SOCK_STREAM)
        self.procs = {}
        for d in ("state", "run"):
            os.mkdir(self.path(d), 0o700)
        self.conf = self.write("keyfob.conf", """\
base_url http://127.0.0.1:%d
listen 127.0.0.1 %d
feed_url https://127.0.0.1:%d
feed_listen 127.0.0.1 %d
state_dir state
run_dir run
master_key_file master.key
workers 2
smtp_url smtp://127.0.0.1:9
smtp_tls none
mail_from wifi@example.test
org_name Feed Test
""" % (self.web, self.web, self.feed, self.feed))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def keyfob(self, *argv, **kw):
        got = subprocess.run([os.path.join(BUILD, "keyfob"), "-c", self.conf, *argv],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                             **kw)
        assert got.returncode == 0, (argv, got.stdout, got.stderr)
        return got.stdout

    def start(self, name, *argv):
        log = open(self.path(name + ".log"), "a")
        env = dict(os.environ)
        if argv[0] == "keyfob-portal":  # Kore frees nothing at its end
            env["ASAN_OPTIONS"] = "detect_leaks=0"
        self.procs[name] = subprocess.Popen([os.path.join(BUILD, argv[0]), *argv[1:]], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, cwd=self.dir,
                                            env=env)
        log.close()

    def stop(self, name, sig=signal.SIGTERM):
        p = self.procs.pop(name)
        p.send_signal(sig)
        try:
            return p.wait(timeout=20)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            return "killed"

    def log(self, name):
        with open(self.path(name + ".log")) as f:
            return f.read()

    def portal(self, role):
        self.start(role, "keyfob-portal", "--role", role, "-c", self.conf)
        port = self.web if role == "web" else self.feed

        def there():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        assert within(20, there) is not None, self.log(role)

    def end(self):
        for name in list(self.procs):
            self.stop(name)
        if failed == 0:
            shutil.rmtree(self.dir)
        else:
            print("# left in " + self.dir)

    def sql(self, text, *args):
        db = sqlite3.connect(self.path("state", "keyfob.db"), timeout=5)
        try:
            with db:
                return db.execute(text, args).fetchall()
        finally:
            db.close()


class Agent:
    def __init__(self, bed, name, extra=""):
        self.bed, self.name = bed, name
        self.port = free_ports(socket.SOCK_DGRAM, 2)
        os.mkdir(bed.path(name + "-run"), 0o700)
        with open(bed.path("secret"), "wb") as f:
            f.write(SECRET + b"\n")
        self.conf = bed.write(name + ".conf", """\
# of the test
state_dir %s-state
run_dir %s-run
seal_key_file %s-seal.key
radius_listen 127.0.0.1 %d
radius_client 127.0.0.0/8 test secret
isolate dummy
%s""" % (name, name, name, self.port, extra))

    def cmd(self, *argv, stdin=""):
        return subprocess.run([os.path.join(BUILD, "keyfob-agent"), argv[0], "-c", self.conf,
                               *argv[1:]], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)

    def enroll(self, code=None, *more):
        code = code or self.bed.keyfob("agent", "code", "--site", "HQ")
        return self.cmd("enroll", *more, stdin=code)

    def start(self):
        self.bed.start(self.name, "keyfob-agent", "run", "-c", self.conf)

    def stop(self, sig=signal.SIGTERM):
        return self.bed.stop(self.name, sig)

    def status(self):
        return self.cmd("status").stdout

    def line(self, name):
        return next((x for x in self.status().splitlines() if x.startswith(name)), "")

    def live(self):
        return " live," in self.line("feed") and " live," in self.line("stations")

    def on_air(self, here, site):
        return self.line("on air").startswith("on air     %d here, %d at" % (here, site))

    def ask(self, passphrase, sta=None, ap=AP_A):
        return ask(self.port, SECRET, SSID, passphrase, ap, sta or b"\2" + os.urandom(5))

    def says(self, passphrase, code):
        return self.ask(passphrase).get("code") == code

    def account(self, kind, key, sta, ap=AP_A):
        dashed = "-".join("%02X" % b for b in sta).encode()
        body = (attr(40, struct.pack("!I", kind)) + attr(44, sta.hex().encode()) +
                attr(25, key.encode()) + attr(31, dashed) +
                attr(30, "-".join("%02X" % b for b in ap).encode() + b":" + SSID.encode()))
        head = struct.pack("!BBH", 4, os.urandom(1)[0], 20 + len(body))
        raw = head + hashlib.md5(head + bytes(16) + body + SECRET).digest() + body
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.connect(("127.0.0.1", self.port + 1))
            s.send(raw)
            return s.recv(4096)[0] == 5


def add_key(bed, name, *more):
    text = bed.keyfob("psk", "add", "--name", name, "--reveal", *more)
    ident = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", text)
    words = re.search(r"\b[a-z0-9]{4}(-[a-z0-9]{4}){3,}\b(?!-)", text.replace(ident.group(), ""))
    return ident.group(), words.group()


def http(bed, method, path, body=b"", cert=None, port=None, tls=True):
    """Status and body of one request; a refused handshake gives its error's name."""
    ctx = ssl.create_default_context(cafile=bed.path("state", "agent-ca.pem"))
    raw = socket.create_connection(("127.0.0.1", port or bed.feed), 5)
    raw.settimeout(15)
    try:
        if cert:
            ctx.load_cert_chain(*cert)
        s = ctx.wrap_socket(raw, server_hostname="keyfob-feed") if tls else raw
        head = "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (
            method, path, "keyfob-feed:%d" % bed.feed if tls else "127.0.0.1", len(body))
        s.sendall(head.encode() + body)
        got = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
        return (int(got.split()[1]), got.split(b"\r\n\r\n", 1)[1]) if got else ("closed", b"")
    except OSError as e:  # ssl.SSLError is one
        return type(e).__name__, b""
    finally:
        raw.close()


def stranger(bed, name, *more):
    """A certificate that says the same as an agent's, by nobody."""
    key, cert = bed.path(name + ".key"), bed.path(name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "3",
                    "-subj", "/CN=agent", "-addext", "extendedKeyUsage=clientAuth", *more],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


# --- the parts -----------------------------------------------------------------------------------
def enrolment(bed, a):
    code = bed.keyfob("agent", "code", "--site", "HQ")
    ok(re.fullmatch(r"http://127\.0\.0\.1:%d#[0-9a-f]{32}\.[0-9a-f]{32}\s*" % bed.web, code),
       "agent code prints URL#ID.CODE", code)
    wrong = code.strip()[:-4] + ("0000" if code.strip()[-4:] != "0000" else "1111")
    got = a.enroll(wrong)
    ok(got.returncode == 1 and "keyfob agent code" in got.stderr and
       not os.path.exists(bed.path("a-state", "agent.conf")),
       "a wrong code is refused, with what to do, and nothing is written", got)
    got = a.enroll("http://127.0.0.1:%d#nonsense" % bed.web)
    ok(got.returncode == 1 and "URL#ID.CODE" in got.stderr, "what is no code is refused", got)
    got = a.enroll(code)
    ok(got.returncode == 0 and "enrolled as" in got.stdout, "enrolled with the right code", got)
    got = a.enroll(code)
    ok(got.returncode == 1 and "--force" in got.stderr, "twice needs --force", got)
    got = a.enroll(code, "--force")
    ok(got.returncode == 1 and "used" in got.stderr, "a code used twice is refused", got)
    ok(bed.sql("SELECT COUNT(*) FROM agent")[0][0] == 1, "one agent exists")
    modes = [os.stat(bed.path(*p)).st_mode & 0o777 for p in
             (("a-state", "agent-key.pem"), ("a-seal.key",), ("state", "feed-key.pem"))]
    ok(modes == [0o600, 0o400, 0o600], "keys are their owner's only", modes)
    ok(code.strip().split(".")[-1] not in bed.log("web") and
       http(bed, "POST", "/agent/v1/enroll", b"KF\1\7junk", port=bed.web, tls=False)[0] == 400,
       "the code is in no log; a malformed request is refused")


def keys(bed, a):
    a.start()
    ok(within(10, a.live) is not None, "the agent's feed is live", a.status() + bed.log("a"))
    kid, words = add_key(bed, "alice", "--email", "alice@example.test")
    took = within(5, lambda: a.says(words, "accept"))
    ok(took is not None and took < 2, "a new key is accepted within 2 s (%s)" % took)
    got = a.ask(words)
    ok(got.get("class") == kid and got.get("pmk") and got.get("message_authenticator_first") and
       got.get("vlan") == "20", "with its id, PMK and VLAN", got)
    ok(a.says("wrong-wrong-wrong", "reject"), "another passphrase is rejected")
    other, more = add_key(bed, "bob", "--email", "bob@example.test")
    ok(within(5, lambda: a.says(more, "accept")) is not None, "a second key follows")
    bed.keyfob("psk", "revoke", other)
    took = within(5, lambda: a.says(more, "reject"))
    ok(took is not None and took < 2, "revoked: rejected within 2 s (%s)" % took)
    return kid, words


def stations(bed, a, b, kid, words):
    ok(b.enroll().returncode == 0, "a second agent is enrolled")
    b.start()
    ok(within(10, b.live) is not None, "and lives", b.status() + bed.log("b"))
    sta = bytes.fromhex("02aa00000001")
    ok(a.ask(words, sta)["code"] == "accept" and a.account(1, kid, sta),
       "a station joins at the first AP")
    took = within(5, lambda: b.on_air(0, 1))
    ok(took is not None and took < 1.3, "the other AP knows within 1 s (%s)" % took, b.status())
    ok(within(3, lambda: bed.sql("SELECT COUNT(*) FROM sighting WHERE psk_id = ? AND mac = ?", kid,
                                 sta)[0][0] == 1) is not None,
       "the portal keeps the device under its key")
    why = a.cmd("why", "02:aa:00:00:00:01").stdout
    ok("on the air" in why and kid in why, "why says what happened to it", why)
    time.sleep(1.1)
    ok(b.account(1, kid, sta, AP_B) and
       within(3, lambda: a.on_air(0, 1) and b.on_air(1, 1)) is not None,
       "roaming: it is at the other AP, once", a.status() + b.status())
    ok(b.account(2, kid, sta, AP_B) and
       within(3, lambda: a.on_air(0, 0) and b.on_air(0, 0)) is not None, "it leaves")
    bid, bwords = add_key(bed, "carol", "--email", "carol@example.test")
    within(5, lambda: a.says(bwords, "accept") and b.says(bwords, "accept"))
    a.account(1, kid, sta)
    b.account(1, bid, sta, AP_B)
    ok(within(2, lambda: "mac-conflict" in bed.log("feed")) is not None and
       within(2, lambda: a.on_air(1, 2)) is not None,
       "one MAC in two groups: both stand, the first agent says within 2 s that it is there",
       a.status())
    bed.keyfob("psk", "revoke", bid)
    ok(within(3, lambda: b.on_air(0, 1)) is not None, "a revoked key's station leaves the list",
       b.status())
    return sta


def silent(bed, a, b, kid, sta):
    bed.stop("feed")
    bed.portal("feed")
    ok(within(20, lambda: a.live() and b.live() and a.on_air(1, 1) and b.on_air(0, 1)) is not None,
       "the feed role restarts: live.db is empty, the agents tell all again",
       a.status() + b.status())
    a.account(2, kid, sta)
    ok(within(3, lambda: b.on_air(0, 0)) is not None, "and go on from there")


def refused(bed, a, b):
    mine = (bed.path("b-state", "agent-cert.pem"), bed.path("b-state", "agent-key.pem"))
    path = "/agent/v1/feed?since=0&chain=%s&wait=0" % ("0" * 64)
    status, body = http(bed, "GET", path, cert=mine)
    ok(status == 200 and body[:4] == b"KF\1\2", "an agent's certificate opens the feed", status)
    ok(http(bed, "GET", path)[0] not in (200,), "none does not")
    ok(http(bed, "GET", path, cert=stranger(bed, "mallory"))[0] not in (200,),
       "a stranger's does not")
    feed = (bed.path("state", "feed-cert.pem"), bed.path("state", "feed-key.pem"))
    ok(http(bed, "GET", path, cert=feed)[0] not in (200,), "nor does the feed's own (server) one")
    ok(http(bed, "GET", "/agent/v1/feed?since=x&chain=00&wait=0", cert=mine)[0] == 400,
       "a malformed question is refused")
    before = bed.sql("SELECT event_seq, (SELECT COUNT(*) FROM sighting) FROM agent ORDER BY id")
    status, _ = http(bed, "POST", "/agent/v1/events", b"KF\1\5" + b"\x7f" * 9 + b"\x21junk",
                     cert=mine)
    ok(status == 400 and before == bed.sql(
        "SELECT event_seq, (SELECT COUNT(*) FROM sighting) FROM agent ORDER BY id"),
       "malformed events are refused and change nothing", status)
    bid = re.search(r"agent +([0-9a-f-]{36})", b.status()).group(1)
    bed.keyfob("agent", "revoke", bid)
    took = within(5, lambda: "403" in b.line("feed"))
    ok(took is not None and took < 2, "a revoked agent's feed ends at once (%s)" % took, b.status())
    ok(http(bed, "GET", path, cert=mine)[0] == 403, "and its certificate opens nothing any more")
    b.stop()


def other_site(bed):
    org = bed.sql("SELECT id FROM org")[0][0]
    bed.sql("INSERT INTO site(id, org_id, name, created) VALUES (?, ?, 'Elsewhere', 1)",
            "11111111-2222-4333-8444-555555555555", org)
    c = Agent(bed, "c")
    got = c.enroll(bed.keyfob("agent", "code", "--site", "Elsewhere"))
    c.start()
    ok(within(10, c.live) is not None and ", 0 keys, 0 WLANs, 0 VLANs" in c.line("revision"),
       "an agent of another site gets none of these keys", (got, c.status()))
    c.stop()


def alone(bed, a, words):
    tid, brief = add_key(bed, "brief", "--expires", "9s")
    until = time.monotonic() + 10
    ok(within(4, lambda: a.says(brief, "accept")) is not None, "a key with an end is accepted")
    gone, gone_words = add_key(bed, "gone")
    within(4, lambda: a.says(gone_words, "accept"))
    bed.stop("feed")
    ok(a.says(words, "accept"), "the portal is down: still answered")
    ok(within(5, lambda: "peers on other APs wait" in a.status()) is not None, "and status says so",
       a.status())
    bed.keyfob("psk", "revoke", gone)
    ok(a.stop() == 0, "the agent stops on SIGTERM")
    a.start()
    ok(within(5, lambda: a.says(words, "accept")) is not None,
       "restarted without the portal: still answered", bed.log("a"))
    a.stop(signal.SIGKILL)
    a.start()
    ok(within(5, lambda: a.says(words, "accept")) is not None, "killed by -9: likewise",
       bed.log("a"))
    time.sleep(max(0, until - time.monotonic()))
    ok(a.says(brief, "reject"), "a key that ended meanwhile is rejected by the agent's own clock")
    with open(bed.path("a-state", "feed.sealed"), "rb") as f:
        sealed = f.read()
    pmk = hashlib.pbkdf2_hmac("sha1", words.encode(), SSID.encode(), 4096, 32)
    ok(pmk not in sealed and SSID.encode() not in sealed, "what it keeps on disk is sealed")
    bed.portal("feed")
    ok(within(20, lambda: a.live() and a.says(gone_words, "reject")) is not None,
       "the portal is back: what was revoked meanwhile is rejected", a.status())


def restored(bed, a, words):
    backup = bed.path("backup.db")
    bed.keyfob("backup", backup)
    late, late_words = add_key(bed, "late")
    ok(within(4, lambda: a.says(late_words, "accept")) is not None, "a key after the backup")
    had = int(re.search(r"revision +(\d+)", a.status()).group(1))
    for role in ("web", "feed"):
        bed.stop(role)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(bed.path("state", "keyfob.db" + end)):
            os.unlink(bed.path("state", "keyfob.db" + end))
    shutil.copy(backup, bed.path("state", "keyfob.db"))
    for role in ("web", "feed"):
        bed.portal(role)
    ok(within(40, lambda: a.says(late_words, "reject")) is not None and a.says(words, "accept"),
       "a restored backup: the agent holds what the portal holds", a.status() + bed.log("a"))
    now = int(re.search(r"revision +(\d+)", a.status()).group(1))
    ok(now < had and "snapshot rev=%d" % now in bed.log("a"), "by a snapshot, going back",
       (had, now))
    ok(bed.sql("SELECT COUNT(*) FROM audit WHERE action = 'feed.history-changed'")[0][0] >= 1,
       "which is in the audit")
    ok("broken" not in bed.keyfob("audit", "verify"), "whose chain is whole")


def config_errors(bed):
    for text, says in (("state_dir x\nbogus 1\n", ":2: unknown name"),
                       ("state_dir x\nstate_dir y\n", ":2: this name stands here for the second"),
                       ("radius_listen nowhere 1812\n", ":1: expected an address"),
                       ("state_dir x\n", "run_dir is missing"),
                       ("state_dir x\nrun_dir r\nseal_key_file x/k\n", "outside of state_dir")):
        conf = bed.write("bad.conf", text)
        got = subprocess.run([os.path.join(BUILD, "keyfob-agent"), "run", "-c", conf],
                             stderr=subprocess.PIPE, text=True, timeout=10)
        ok(got.returncode == 1 and says in got.stderr, "keyfob-agent.conf: %s" % says, got.stderr)


def main():
    bed = Bed()
    try:
        bed.keyfob("init", "--org", "Feed Test", "--site", "HQ", "--ssid", SSID, "--vlan", "20",
                   "--prefix", "10.20.0.0/16", "--gateway", "10.20.0.1", "--workflow", "staff")
        bed.portal("web")
        bed.portal("feed")
        a, b = Agent(bed, "a"), Agent(bed, "b")
        enrolment(bed, a)
        kid, words = keys(bed, a)
        sta = stations(bed, a, b, kid, words)
        silent(bed, a, b, kid, sta)
        refused(bed, a, b)
        other_site(bed)
        alone(bed, a, words)
        restored(bed, a, words)
        config_errors(bed)
        ok(bed.stop("a") == 0 and bed.stop("feed") == 0, "everything ends when told to")
    finally:
        bed.end()
    print("1..%d" % count)
    sys.exit(failed > 0)


main()
