"""Kore under our patches, our glue and the handlers' toolbox, by raw sockets.

The program is $BUILD/tests/kore_bed: keyfob-portal's own main, with the routes of
tests/e2e/kore/. `make BUILD=build-x KORE_SKIP=0003 build-x/tests/kore_bed` leaves a patch out;
its tests (named in the patch's header) must fail then. kore.test.py WORD... runs the tests whose
name has one of the words.
"""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is asked for on purpose
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
BED = os.path.join(BUILD, "tests", "kore_bed")
SAN = BUILD.endswith("-san")
ONLY = sys.argv[1:]
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")
TESTS = []


def test(name):
    def add(fn):
        TESTS.append((name, fn))
        return fn
    return add


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Reply:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.raw = raw
        self.status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
        self.headers = [tuple(x.split(": ", 1)) for x in lines[1:] if ": " in x]

    def get(self, name):
        got = [v for n, v in self.headers if n.lower() == name]
        return got[0] if got else None

    def values(self):
        """The bed's "=hex" lines as bytes; an error's word as it is."""
        return [bytes.fromhex(x[1:]) if x.startswith("=") else x
                for x in self.body.decode().split("\n")[:-1]]


class Portal:
    """One running bed in a folder of its own."""

    def __init__(self, role="web", env=None, wait=True, **conf):
        self.dir = tempfile.mkdtemp(prefix="kore-test-")
        self.role = role
        self.port, self.feed_port = free_port(), free_port()
        self.conf = {
            "base_url": "http://localhost:%d" % self.port, "listen": "127.0.0.1 %d" % self.port,
            "feed_url": "https://localhost:%d" % self.feed_port,
            "feed_listen": "127.0.0.1 %d" % self.feed_port, "state_dir": ".", "run_dir": ".",
            "master_key_file": "master.key", "smtp_url": "smtp://127.0.0.1:2525",
            "mail_from": "wifi@example.test", **conf}
        with open(self.dir + "/keyfob.conf", "w") as f:
            for name, value in self.conf.items():
                f.write("%s %s\n" % (name, value))
        with open(self.dir + "/master.key", "w") as f:
            f.write("00" * 32 + "\n")
        os.chmod(self.dir + "/master.key", 0o400)
        if wait:
            self.start(env)

    def start(self, env=None, wait=True):
        self.log = open(self.dir + "/log", "ab")
        self.proc = subprocess.Popen(
            [BED, "--role", self.role, "-c", "keyfob.conf"], cwd=self.dir, stdout=self.log,
            stderr=self.log, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        port = self.port if self.role == "web" else self.feed_port
        end = time.time() + (20 if SAN else 8)
        while wait and time.time() < end and self.proc.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                if self.role == "feed" or "tls_cert" in self.conf:
                    time.sleep(0.5)
                elif self.get("/healthz", timeout=1).status != 200:
                    continue
                return
            except OSError:
                time.sleep(0.05)

    def text(self):
        with open(self.dir + "/log") as f:
            return f.read()

    def send(self, data, timeout=4, shut=False):
        """All bytes that come until the connection ends or timeout seconds are over."""
        got = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as s:
            end = time.time() + timeout
            try:
                for part in data if isinstance(data, list) else [data]:
                    if isinstance(part, float):
                        time.sleep(part)
                    else:
                        s.sendall(part)
                while time.time() < end:
                    s.settimeout(max(0.01, end - time.time()))
                    part = s.recv(65536)
                    if not part:
                        break
                    got += part
            except OSError:
                pass
        return got

    def ask(self, method, path, headers="", body=None, timeout=4):
        if body is not None:
            headers += "Content-Length: %d\r\n" % len(body)
        head = "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n" % (
            method, path, headers)
        return Reply(self.send(head.encode() + (body or b""), timeout))

    def get(self, path, headers="", timeout=4):
        return self.ask("GET", path, headers, timeout=timeout)

    def post(self, path, body, headers="Content-Type: application/x-www-form-urlencoded\r\n"):
        return self.ask("POST", path, headers, body)

    def workers(self):
        out = subprocess.run(["pgrep", "-P", str(self.proc.pid)], capture_output=True, text=True)
        return [int(x) for x in out.stdout.split()]

    def term(self, timeout=8):
        """Seconds that SIGTERM took, None when it did not end it."""
        start = time.time()
        self.proc.send_signal(signal.SIGTERM)
        try:
            self.proc.wait(timeout)
            return time.time() - start
        except subprocess.TimeoutExpired:
            return None

    def close(self):
        kids = self.workers()
        if self.proc.poll() is None and self.term(6) is None:
            self.proc.kill()
            self.proc.wait()
        for pid in kids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


shared = None


def bed():
    global shared
    if shared is None:
        shared = Portal()
    return shared


def same(got, want):
    assert got == want, "got %r, want %r" % (got, want)


# --- the body -------------------------------------------------------------------------------------

@test("a body longer than Content-Length is refused at once")
def _():
    start = time.time()
    r = Reply(bed().send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n" +
                         b"x" * 2000, 3))
    same(r.status, 400)
    assert time.time() - start < 1, "the connection stayed open"


@test("a body of exactly Content-Length arrives, in one packet and in two")
def _():
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
    same(Reply(bed().send(head + b"abcd")).body, b"4\n")
    same(Reply(bed().send([head + b"ab", 0.1, b"cd"])).body, b"4\n")


@test("a body beyond the limit is refused with 413")
def _():
    same(Reply(bed().send(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n")).status, 413)


# --- headers, URIs, cookies, arguments ------------------------------------------------------------

def lines(n):
    """n header lines in all, the last one x-last."""
    return ("GET /header HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
            "".join("X-%d: v\r\n" % i for i in range(n - 3)) + "X-Last: here\r\n\r\n").encode()


@test("64 header lines arrive")
def _():
    same(Reply(bed().send(lines(64))).values()[1], b"here")


@test("the 65th header line is refused with 431")
def _():
    same(Reply(bed().send(lines(65))).status, 431)


@test("a header block too large is refused with 431")
def _():
    same(Reply(bed().send(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 40000 + b"\r\n\r\n")).status, 431)


@test("a URI of 8000 bytes arrives")
def _():
    path = "/query?v=" + "a" * (8000 - 9)
    same(len(bed().get(path).values()[0]), 8000 - 9)


@test("a URI of 8001 bytes is refused with 414")
def _():
    same(bed().get("/query?v=" + "a" * (8001 - 9)).status, 414)


@test("an empty header value is taken")
def _():
    r = bed().get("/header", "X-Test:\r\nX-Last: \r\n")
    same((r.status, r.values()), (200, [b"", b""]))


@test("a header line without a colon is refused")
def _():
    same(bed().get("/header", "X-Test\r\n").status, 400)


@test("32 cookies arrive, and a value keeps its '='")
def _():
    jar = "; ".join(["c%d=v" % i for i in range(31)] + ["__Host-sid=YQ==a=b"])
    same(bed().get("/cookie", "Cookie: %s\r\n" % jar).values(), [b"YQ==a=b"])


@test("33 cookies are refused with 400")
def _():
    jar = "; ".join("c%d=v" % i for i in range(33))
    r = bed().get("/cookie", "Cookie: %s\r\n" % jar)
    same(r.status, 400)
    assert b"32 cookies" in r.body


@test("a cookie's name must fit exactly, and only once")
def _():
    same(bed().get("/cookie", "Cookie: __Host-sidX=a; __host-sid=b\r\n").values(), ["not-found"])
    same(bed().get("/cookie", "Cookie: __Host-sid=a; __Host-sid=b\r\n").values(), ["invalid"])


@test("line breaks, tabs, '=' and nothing stay in a form's values")
def _():
    r = bed().post("/form", b"a=one%0d%0atwo%0Athree%09four&b=a=1=2&c=")
    same(r.values(), [b"one\r\ntwo\nthree\tfour", b"a=1=2", b""])


@test("64 form arguments arrive")
def _():
    body = "&".join("x%d=1" % i for i in range(63)) + "&c=last"
    same(bed().post("/form", body.encode()).values()[2], b"last")


@test("65 form arguments are refused with 400")
def _():
    same(bed().post("/form", "&".join("x%d=1" % i for i in range(65)).encode()).status, 400)
    same(bed().get("/query?" + "&".join("x%d=1" % i for i in range(65))).status, 400)


@test("an argument that stands twice, a broken escape and a NUL are refused")
def _():
    same(bed().post("/form", b"a=1&a=2").values()[0], "invalid")
    same(bed().post("/form", b"a=%4").status, 400)
    same(bed().post("/form", b"a=%00").status, 400)
    same(bed().get("/query?v=%zz").status, 400)


@test("a body that is no form has no values")
def _():
    same(bed().post("/form", b"a=1", "Content-Type: text/plain\r\n").values()[0], "invalid")


@test("the csrf field is compared whole")
def _():
    assert b"csrf" in bed().post("/form", b"csrf=right").body
    for wrong in (b"csrf=", b"csrf=righ", b"csrf=wrong", b"a=1"):
        assert b"csrf" not in bed().post("/form", wrong).body, wrong


# --- requests on one connection ---------------------------------------------------------------------

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@test("a second request after the first reply is served on the same connection")
def _():
    same(bed().send([GET, 0.3, GET], 1.5).count(b"200 OK"), 2)


@test("a pipelined request is not lost in silence")
def _():
    start = time.time()
    raw = bed().send(GET + GET, 3)
    same(raw.count(b"200 OK"), 1)
    assert time.time() - start < 2, "the connection stayed open and the client waits"


@test("a request behind a body waits for its turn")
def _():
    post = b"POST /sleep?s=1&keep HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
    raw = bed().send([post + b"a", 0.1, b"b", 0.2, GET], 2.5)
    same(raw.count(b"200 OK"), 2)
    assert raw.index(b"over") < raw.index(b"ok\n"), raw


@test("a handler may wait after a body")
def _():
    post = b"POST /sleep?s=7&keep HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
    same(Reply(bed().send([post + b"a", 0.1, b"b"], 8)).status, 200)


# --- the toolbox --------------------------------------------------------------------------------------

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


def secure(r):
    same(r.get("content-security-policy"), CSP)
    same((r.get("x-content-type-options"), r.get("cache-control"), r.get("referrer-policy")),
         ("nosniff", "no-store", "same-origin"))
    same(r.get("strict-transport-security"), None)


@test("security headers on a handler's reply")
def _():
    secure(bed().get("/healthz"))


@test("security headers on Kore's own refusals")
def _():
    for raw in (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", lines(65)):
        r = Reply(bed().send(raw))
        assert r.status >= 400 and str(r.status).encode() in r.body, r.raw
        secure(r)


@test("no Server header")
def _():
    same(bed().get("/healthz").get("server"), None)
    same(Reply(bed().send(b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n")).get("server"), None)


@test("an unknown address is 404, a wrong method 405 with Allow, HEAD is served")
def _():
    same(bed().get("/nope").status, 404)
    r = bed().post("/healthz", b"")
    same((r.status, r.get("allow")), (405, "GET, HEAD"))
    r = bed().ask("HEAD", "/healthz")
    same((r.status, r.body, r.get("content-length")), (200, b"", "3"))


@test("a route's group reaches the handler")
def _():
    same(bed().get("/group/12/x").values(), [b"12", b"x", b""])


@test("a control character in a response header drops the reply")
def _():
    r = bed().get("/set?v=a%0d%0aSet-Cookie:%20x=y")
    same((r.status, r.get("set-cookie"), r.get("x-test")), (500, None, None))
    r = bed().get("/set?v=fine")
    same((r.status, r.get("x-test")), (200, "fine"))
    same(r.get("set-cookie"), "__Host-sid=secret; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")


@test("a redirect goes to a path of ours only")
def _():
    same((bed().get("/redirect?to=/key").status, bed().get("/redirect?to=/key").get("location")), (303, "/key"))
    for bad in ("//evil.example", "https://evil.example", "/%5cevil", "%5c%5cevil", "/a%0d%0ab", ""):
        r = bed().get("/redirect?to=" + bad)
        same((r.status, r.get("location")), (500, None))


@test("a reply may name a form's other origin and its own caching")
def _():
    r = bed().get("/form-action")
    assert "form-action 'self' https://idp.example.org;" in r.get("content-security-policy")
    same([v for n, v in r.headers if n == "cache-control"], ["max-age=60"])


@test("errors are a page, on API routes problem+json")
def _():
    r = bed().get("/api/error")
    same((r.status, r.get("content-type"), r.get("retry-after")), (503, "application/problem+json", "5"))
    same(json.loads(r.body)["detail"], 'a "reason" & more')
    assert r.get("content-type") != bed().get("/error").get("content-type")


@test("a handler that replies nothing gives 500, twice gives the first")
def _():
    same(bed().get("/nothing").status, 500)
    same(bed().get("/twice").get("location"), "/first")


@test("a cross-site POST is refused, but where the route allows it")
def _():
    base = bed().conf["base_url"]
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    for head, want in (("", 200), ("Origin: %s\r\n" % base, 200),
                       ("Origin: %s\r\nSec-Fetch-Site: same-origin\r\n" % base, 200),
                       ("Origin: http://evil.example\r\n", 403), ("Origin: null\r\n", 403),
                       ("Sec-Fetch-Site: cross-site\r\n", 403), ("Sec-Fetch-Site: same-site\r\n", 403)):
        same((head, bed().post("/form", b"a=1", form + head).status), (head, want))
        same(bed().post("/acs", b"a=1", form + head).status, 200)


@test("the client's address comes from a proxy only when it is the trusted one")
def _():
    same(bed().get("/client", "X-Forwarded-For: 192.0.2.9\r\n").body, b"127.0.0.1\n")
    with Portal(trusted_proxy="127.0.0.1") as p:
        same(p.get("/client", "X-Forwarded-For: 203.0.113.1, 192.0.2.9\r\n").body, b"192.0.2.9\n")
        same(p.get("/client", "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-For: 2001:db8::7\r\n").body,
             b"2001:db8::7\n")
        same(p.get("/client", "X-Forwarded-For: nonsense\r\n").body, b"127.0.0.1\n")
        same(p.get("/client").body, b"127.0.0.1\n")
        same(Reply(p.send(GET, 2)).get("connection"), "close")


@test("redirect and return do not crash the access log")
def _():
    for _i in range(2):
        same(bed().get("/gone").status, 410)
        same(bed().get("/old/x").get("location"), "/new/x")
    same(bed().get("/healthz", timeout=2).status, 200)


# --- waiting --------------------------------------------------------------------------------------------

@test("a sleeping request ends when its time is over")
def _():
    start = time.time()
    same(bed().get("/sleep?s=1&keep").body.split()[0], b"over")
    assert 0.9 < time.time() - start < 1.6


@test("a sleeping request is woken, and its state lives on")
def _():
    with Portal(workers="1") as p:
        s = socket.create_connection(("127.0.0.1", p.port), 6)
        s.sendall(b"GET /sleep?s=20 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        start = time.time()
        same(p.get("/wake").status, 200)
        assert s.recv(4096).endswith(b"woken 2\n") and time.time() - start < 1
        s.close()


@test("a client that leaves while its request sleeps does no harm")
def _():
    with Portal(workers="1") as p:
        for _i in range(50):
            with socket.create_connection(("127.0.0.1", p.port), 6) as s:
                s.sendall(b"GET /sleep?s=20 HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.005)
        same(p.get("/wake").status, 200)
        same(p.get("/healthz").status, 200)
        assert "gone" not in p.text(), p.text()


@test("the tick comes five times a second")
def _():
    with Portal(workers="1") as p:
        a = int(p.get("/ticks").body)
        time.sleep(2)
        n = int(p.get("/ticks").body) - a
        assert 7 <= n <= 11, n


@test("one busy worker does not keep new clients from the other")
def _():
    with Portal() as p:
        s = socket.create_connection(("127.0.0.1", p.port))
        s.sendall(b"GET /spin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        served = sum(p.get("/healthz", timeout=1).status == 200 for _i in range(6))
        s.close()
        assert served >= 5, served


# --- processes ----------------------------------------------------------------------------------------------

@test("SIGTERM ends it, and removes the pid file")
def _():
    with Portal() as p:
        with open(p.dir + "/portal-web.pid") as f:
            same(int(f.read()), p.proc.pid)
        took = p.term()
        assert took is not None and took < 2, took
        assert not os.path.exists(p.dir + "/portal-web.pid")


@test("SIGTERM ends it in a crash loop")
def _():
    for _i in range(5):
        with Portal(wait=False) as p:
            p.start({"BED_FAIL": "1"}, wait=False)
            time.sleep(0.7)
            took = p.term(4)
            assert took is not None, "still there 4 s after SIGTERM"


@test("SIGTERM ends it with a SIGCHLD at its heels")
def _():
    with Portal() as p:
        for sig in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD, signal.SIGCONT):
            p.proc.send_signal(sig)
        try:
            p.proc.wait(4)
        except subprocess.TimeoutExpired:
            assert False, "still there 4 s after SIGTERM"


@test("SIGTERM ends it with a busy worker")
def _():
    with Portal() as p:
        s = socket.create_connection(("127.0.0.1", p.port))
        s.sendall(b"GET /spin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        took = p.term(7)
        s.close()
        assert took is not None, "still there 7 s after SIGTERM"


@test("a worker that cannot start is not started in a tight loop")
def _():
    with Portal(wait=False, workers="1") as p:
        p.start({"BED_FAIL": "1"}, wait=False)
        time.sleep(3)
        n = p.text().count("cannot open the store")
        assert 2 <= n <= 6, "%d starts in 3 s" % n


@test("a crashed worker comes back, and its abort is not taken for a sandbox violation")
def _():
    with Portal(workers="1") as p:
        p.get("/abort")
        time.sleep(1 if not SAN else 3)
        same(p.get("/healthz").status, 200)
        assert "sandbox" not in p.text(), p.text()


@test("kill -9 of the parent ends busy workers too, and the port is free again")
def _():
    with Portal() as p:
        s = socket.create_connection(("127.0.0.1", p.port))
        s.sendall(b"GET /spin HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        kids = p.workers()
        same(len(kids), 2)
        p.proc.kill()
        p.proc.wait()
        s.close()
        time.sleep(0.5)
        assert not any(alive(k) for k in kids)
        p.start()
        same(p.get("/healthz").status, 200)


@test("kill -9 of the parent leaves no shared memory")
def _():
    def segments(pid):
        with open("/proc/sysvipc/shm") as f:
            return sum(int(x.split()[4]) == pid for x in f.readlines()[1:])
    with Portal() as p:
        pid = p.proc.pid
        p.proc.kill()
        p.proc.wait()
        time.sleep(0.5)
        same(segments(pid), 0)


@test("a second one on the same port says so and leaves the first alone")
def _():
    with Portal() as p:
        q = subprocess.run([BED, "--role", "web", "-c", "keyfob.conf"], cwd=p.dir, timeout=10,
                           capture_output=True, text=True)
        same(q.returncode, 1)
        assert re.search(r"listen 127\.0\.0\.1 \d+: Address already in use", q.stderr), q.stderr
        with open(p.dir + "/portal-web.pid") as f:
            same(int(f.read()), p.proc.pid)
        same(p.get("/healthz").status, 200)


@test("a bad configuration, option or key file stops the start and says what to do")
def _():
    def run(*args):
        return subprocess.run([BED, *args], cwd=p.dir, timeout=10, capture_output=True, text=True)
    with Portal() as p:
        same(run("--role", "both", "-c", "keyfob.conf").returncode, 2)
        same(run("--role", "web").returncode, 2)
        same(run("--role", "web", "-c", "none.conf").returncode, 1)
        with open(p.dir + "/bad.conf", "w") as f:
            f.write("# a comment\nworkers many\n")
        q = run("--role", "web", "-c", "bad.conf")
        same((q.returncode, q.stderr), (1, "keyfob-portal: bad.conf:2: workers: expected a number from 1 to 64\n"))
        os.chmod(p.dir + "/master.key", 0o444)
        assert "chmod 0400" in run("--role", "web", "-c", "keyfob.conf").stderr
        os.chmod(p.dir + "/master.key", 0o400)
        assert "feed-cert.pem" in run("--role", "feed", "-c", "keyfob.conf").stderr


@test("the sandbox is on; `seccomp trace` names what it would kill")
def _():
    if SAN:
        return
    with Portal(workers="1") as p:
        with open("/proc/%d/status" % p.workers()[0]) as f:
            status = f.read()
        assert re.search(r"Seccomp:\s+2", status) and re.search(r"NoNewPrivs:\s+1", status)
        p.get("/forbidden", timeout=1)
        time.sleep(1)
        assert "sandbox violation" in p.text(), p.text()
        same(p.get("/healthz").status, 200)
    with Portal(workers="1", seccomp="trace") as p:
        p.get("/forbidden", timeout=2)
        assert "syscall=101:ptrace" in p.text(), p.text()


@test("no core file and no debugger: limits and dumpable")
def _():
    with Portal(workers="1") as p:
        for pid in [p.proc.pid] + p.workers():
            with open("/proc/%d/limits" % pid) as f:
                assert re.search(r"Max core file size\s+0\s+0", f.read())


# --- TLS ----------------------------------------------------------------------------------------------------------

def openssl(d, *args):
    subprocess.run(["openssl", *args], cwd=d, check=True, capture_output=True)


def make_cert(d, name, kind="ec", ca=None, eku="serverAuth"):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["-newkey", "rsa:2048"]
    sign = ["-CA", ca + ".pem", "-CAkey", ca + ".key"] if ca else []
    ext = ["-addext", "basicConstraints=critical,CA:TRUE"] if eku == "ca" else [
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=" + eku,
        "-addext", "subjectAltName=DNS:localhost,DNS:keyfob-feed"]
    if sign:  # OpenSSL 3.0's req cannot sign with a CA: x509 does
        openssl(d, "req", "-new", *key, "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        with open(d + "/ext", "w") as f:
            f.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\n"
                    "subjectAltName=DNS:localhost,DNS:keyfob-feed\n" % eku)
        openssl(d, "x509", "-req", "-in", name + ".csr", *sign, "-days", "2", "-extfile", "ext", "-out", name + ".pem")
    else:
        openssl(d, "req", "-x509", *key, "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-days", "2",
                "-subj", "/CN=" + name, *ext)


def https(port, ca, path, version=None, cert=None, name="localhost"):
    c = ssl.create_default_context(cafile=ca)
    if version:
        c.minimum_version = c.maximum_version = version
    if cert:
        c.load_cert_chain(cert + ".pem", cert + ".key")
    with socket.create_connection(("127.0.0.1", port), 4) as raw:
        with c.wrap_socket(raw, server_hostname=name) as s:
            s.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, name)).encode())
            got = b""
            while True:
                part = s.recv(65536)
                if not part:
                    break
                got += part
            return s.version(), Reply(got)


for KIND in ("ec", "rsa"):
    def tls_test(kind):
        @test("https with an %s key, TLS 1.2 and 1.3, with HSTS" % kind.upper())
        def _():
            p = Portal(wait=False, tls_cert="web.pem", tls_key="web.key")
            p.conf["base_url"] = "https://localhost"
            text = open(p.dir + "/keyfob.conf").read().replace("base_url http:", "base_url https:")
            with open(p.dir + "/keyfob.conf", "w") as f:
                f.write(text)
            make_cert(p.dir, "web", kind)
            p.start()
            with p:
                for v in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    got, r = https(p.port, p.dir + "/web.pem", "/healthz", v)
                    same((got, r.status), (v.name.replace("_", "."), 200))
                    assert r.get("strict-transport-security")
                try:
                    https(p.port, p.dir + "/web.pem", "/healthz", ssl.TLSVersion.TLSv1_1)
                    assert False, "TLS 1.1 was taken"
                except (ssl.SSLError, OSError, ValueError):
                    pass
                os.kill(p.workers()[0], signal.SIGKILL)
                time.sleep(1)
                for _i in range(4):
                    same(https(p.port, p.dir + "/web.pem", "/healthz")[1].status, 200)
    tls_test(KIND)


@test("a key of another certificate, or no key at all, stops the start")
def _():
    p = Portal(wait=False, tls_cert="web.pem", tls_key="other.key")
    text = open(p.dir + "/keyfob.conf").read().replace("base_url http:", "base_url https:")
    with open(p.dir + "/keyfob.conf", "w") as f:
        f.write(text)
    make_cert(p.dir, "web")
    make_cert(p.dir, "other")
    for want in ("other.key: is not the key of that certificate", "other.key: expected a PEM private key",
                 "other.key: No such file"):
        q = subprocess.run([BED, "--role", "web", "-c", "keyfob.conf"], cwd=p.dir, timeout=10,
                           capture_output=True, text=True)
        assert q.returncode == 1 and want in q.stderr, (want, q.stderr)
        if want.startswith("other.key: is"):
            open(p.dir + "/other.key", "w").write("nonsense")
        else:
            os.unlink(p.dir + "/other.key") if os.path.exists(p.dir + "/other.key") else None
    shutil.rmtree(p.dir)


@test("the feed role takes agents of its CA only")
def _():
    p = Portal(role="feed", wait=False)
    make_cert(p.dir, "agent-ca", eku="ca")
    make_cert(p.dir, "evil-ca", eku="ca")
    make_cert(p.dir, "feed-cert", ca="agent-ca")
    os.rename(p.dir + "/feed-cert.key", p.dir + "/feed-key.pem")
    make_cert(p.dir, "agent", ca="agent-ca", eku="clientAuth")
    make_cert(p.dir, "stranger", ca="evil-ca", eku="clientAuth")
    make_cert(p.dir, "server", ca="agent-ca", eku="serverAuth")
    p.start()
    ca = p.dir + "/agent-ca.pem"
    with p:
        for v in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            r = https(p.feed_port, ca, "/peer", v, p.dir + "/agent", "keyfob-feed")[1]
            assert r.status == 200 and r.body.startswith(b"ok "), r.raw
            for who in (None, "stranger", "server"):
                try:
                    r = https(p.feed_port, ca, "/peer", v, who and p.dir + "/" + who, "keyfob-feed")[1]
                    assert r.raw == b"", (who, r.raw)
                except (ssl.SSLError, OSError):
                    pass


def main():
    if not os.path.exists(BED):
        subprocess.run(["make", "-s", "BUILD=" + os.path.relpath(BUILD, ROOT),
                        os.path.relpath(BED, ROOT)], cwd=ROOT, check=True)
    failed = n = 0
    for name, fn in TESTS:
        if ONLY and not any(w in name for w in ONLY):
            continue
        n += 1
        try:
            fn()
            print("ok %d - %s" % (n, name), flush=True)
        except Exception as e:  # a test's failure is its line, whatever it was
            failed += 1
            print("not ok %d - %s\n# %s: %s" % (n, name, type(e).__name__, str(e)[:600]), flush=True)
    if shared:
        shared.close()
    print("1..%d" % n)
    return failed > 0


sys.exit(main())
