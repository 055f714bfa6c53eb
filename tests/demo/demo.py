#!/usr/bin/python3
"""The demo of `make run`: a whole Keyfob under one folder, from an empty database to an agent that
answers RADIUS. Starts and watches everything, stops everything on Ctrl-C or SIGTERM.

KEYFOB_DIR (var/demo), KEYFOB_PORT (8080) and KEYFOB_RADIUS_PORT (1812) move it, so that two can
run at once; every other port is a free one. What it starts and where things lie: README.md."""

import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
MARK = ".keyfob-demo"  # only a folder that has this, or is empty, is ever cleared
SSID, VLAN, SITE, SECRET = "Keyfob Demo", 20, "Demo", "keyfob-demo"
PR_SET_PDEATHSIG = 1
RESTART_FIRST_S, RESTART_MAX_S, RESTART_CALM_S = 0.2, 5.0, 10.0
STOP_S = 6


def die_with_parent():
    """In the child: the demo killed by -9 takes its processes along."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fail(text):
    sys.exit("demo: " + text)


class Service:
    """A process that is restarted when it crashes and left alone when it was stopped."""

    def __init__(self, demo, name, argv, env=None, pidfile=False):
        self.demo, self.name, self.argv, self.pidfile = demo, name, argv, pidfile
        self.env = dict(os.environ, **(env or {}))
        self.delay, self.proc, self.again, self.started = RESTART_FIRST_S, None, 0.0, 0.0

    def start(self):
        log = open(self.demo.path("log", self.name + ".log"), "ab")
        self.proc = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     cwd=self.demo.dir, env=self.env, start_new_session=True,
                                     preexec_fn=die_with_parent)
        log.close()
        self.started, self.again = time.monotonic(), 0.0
        if self.pidfile:
            self.demo.write(("run", self.name + ".pid"), "%d\n" % self.proc.pid)

    def tend(self, now):
        """Once a turn of the main loop: notice an end, start again when it is time."""
        if self.proc and self.proc.poll() is not None:
            code, self.proc = self.proc.returncode, None
            if code in (0, -signal.SIGTERM, 128 + signal.SIGTERM):
                print("%s stopped, and stays so" % self.name, flush=True)
                return
            if now - self.started > RESTART_CALM_S:
                self.delay = RESTART_FIRST_S
            print("%s ended with %d, again in %.1f s" % (self.name, code, self.delay), flush=True)
            self.again = now + self.delay
            self.delay = min(self.delay * 2, RESTART_MAX_S)
        if self.again and now >= self.again:
            self.start()

    def end(self, sig):
        if self.proc and self.proc.poll() is None:
            try:
                os.killpg(self.proc.pid, sig)
            except ProcessLookupError:
                pass


class Demo:
    def __init__(self):
        self.dir = os.path.abspath(os.environ.get("KEYFOB_DIR") or os.path.join(TOP, "var/demo"))
        self.port = int(os.environ.get("KEYFOB_PORT") or 8080)
        self.radius_port = int(os.environ.get("KEYFOB_RADIUS_PORT") or 1812)
        self.build = os.path.join(TOP, os.environ.get("BUILD") or "build")
        self.url = "http://localhost:%d" % self.port
        self.netns = "kf-" + hashlib.sha256(self.dir.encode()).hexdigest()[:10]
        self.idp_port, self.smtp_port, self.feed_port = free_port(), free_port(), free_port()
        self.services, self.netns_made, self.stopping = [], False, False

    # --- small things ---------------------------------------------------------------------
    def path(self, *part):
        return os.path.join(self.dir, *part)

    def write(self, part, text, mode=0o644):
        tmp = self.path(*part) + ".new"
        fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "w") as f:
            f.write(text)
        os.rename(tmp, self.path(*part))

    def tool(self, *argv, stdin=None):
        """Runs one of our programs to its end; returns what it printed."""
        got = subprocess.run([os.path.join(self.build, argv[0])] + list(argv[1:]), input=stdin,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             cwd=self.dir)
        if got.returncode:
            fail("%s: %s" % (" ".join(argv), got.stderr.strip() or got.stdout.strip()))
        return got.stdout

    def keyfob(self, *argv, stdin=None):
        return self.tool("keyfob", "-c", self.path("keyfob.conf"), *argv, stdin=stdin)

    def wait(self, what, ready, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stopping:
            self.tend()
            if ready():
                return
            time.sleep(0.05)
        if not self.stopping:
            fail("%s did not come up in %d s; see %s" % (what, seconds, self.path("log")))
        raise KeyboardInterrupt

    def fetch(self, url):
        try:
            with urllib.request.urlopen(url, timeout=2) as r:
                return r.read()
        except OSError:
            return None

    # --- from nothing to ready --------------------------------------------------------------
    def clear(self):
        if os.path.isdir(self.dir) and os.listdir(self.dir) and not os.path.exists(self.path(MARK)):
            fail("%s has things in it that are not a demo's: choose another KEYFOB_DIR" % self.dir)
        os.makedirs(self.dir, exist_ok=True)
        self.lock = open(self.path(MARK), "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fail("a demo runs in %s already: stop it, or set KEYFOB_DIR, KEYFOB_PORT and "
                 "KEYFOB_RADIUS_PORT" % self.dir)
        for name in os.listdir(self.dir):
            if name != MARK:
                p = self.path(name)
                shutil.rmtree(p) if os.path.isdir(p) and not os.path.islink(p) else os.unlink(p)
        for d in ("log", "run", "mail", "state", "agent", "agent-key", "idp"):
            os.mkdir(self.path(d), 0o700)

    def check_ports(self):
        for port, kind, name in ((self.port, socket.SOCK_STREAM, "KEYFOB_PORT"),
                                 (self.radius_port, socket.SOCK_DGRAM, "KEYFOB_RADIUS_PORT"),
                                 (self.radius_port + 1, socket.SOCK_DGRAM, "KEYFOB_RADIUS_PORT")):
            with socket.socket(socket.AF_INET, kind) as s:
                if kind == socket.SOCK_STREAM:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("127.0.0.1", port))
                except OSError:
                    fail("port %d is taken: set %s to a free one" % (port, name))

    def configure(self):
        self.write(("keyfob.conf",), "\n".join((
            "# made by make run",
            "base_url " + self.url,
            "listen 127.0.0.1 %d" % self.port,
            "feed_url https://127.0.0.1:%d" % self.feed_port,
            "feed_listen 127.0.0.1 %d" % self.feed_port,
            "state_dir state",
            "run_dir run",
            "master_key_file state/master.key",
            "workers 2",
            "smtp_url smtp://127.0.0.1:%d" % self.smtp_port,
            "smtp_tls none",
            "mail_from wifi@example.test",
            "org_name Keyfob Demo",
            "")))
        self.write(("agent-key", "radius-secret"), SECRET + "\n", 0o600)
        self.write(("keyfob-agent.conf",), "\n".join((
            "# made by make run",
            "state_dir agent",
            "run_dir run",
            "seal_key_file agent-key/seal.key",
            "radius_listen 127.0.0.1 %d" % self.radius_port,
            "radius_client 127.0.0.1 demo agent-key/radius-secret",
            "isolate nft",
            "netns " + self.netns,
            "uplink up0",
            "")))

    def network(self):
        """A namespace for the agent's bridges and its nftables table; nothing in the host's."""
        ip = ["ip", "-n", self.netns]
        subprocess.run(["ip", "netns", "del", self.netns], stderr=subprocess.DEVNULL)
        for argv in (["ip", "netns", "add", self.netns], ip + ["link", "set", "lo", "up"],
                     ip + ["link", "add", "up0", "type", "veth", "peer", "name", "wire"],
                     ip + ["link", "add", "br%d" % VLAN, "type", "bridge"],
                     ip + ["link", "set", "up0", "master", "br%d" % VLAN],
                     ip + ["link", "set", "up0", "up"], ip + ["link", "set", "wire", "up"],
                     ip + ["link", "set", "br%d" % VLAN, "up"]):
            got = subprocess.run(argv, stderr=subprocess.PIPE, text=True)
            self.netns_made = True
            if got.returncode:
                fail("%s: %s (make run needs root or sudo)" % (" ".join(argv), got.stderr.strip()))

    def add(self, name, argv, **kw):
        service = Service(self, name, argv, **kw)
        self.services.append(service)
        service.start()

    def program(self, name, *argv):
        return [os.path.join(self.build, name)] + list(argv)

    def start(self):
        conf, agent_conf = self.path("keyfob.conf"), self.path("keyfob-agent.conf")
        self.clear()
        self.check_ports()
        self.configure()
        self.network()
        self.keyfob("init", "--org", "Keyfob Demo", "--site", SITE, "--ssid", SSID,
                    "--vlan", str(VLAN), "--prefix", "10.20.0.0/16", "--gateway", "10.20.0.1",
                    "--workflow", "staff")
        self.write(("api-token",), self.keyfob("token", "add", "demo"), 0o600)
        self.add("mail-sink", ["/usr/bin/python3", os.path.join(TOP, "tests/e2e/sink.py"),
                               "--port", str(self.smtp_port), "--dir", self.path("mail")])
        self.add("portal-web", self.program("keyfob-portal", "--role", "web", "-c", conf))
        self.add("portal-feed", self.program("keyfob-portal", "--role", "feed", "-c", conf))
        self.wait("the portal", lambda: self.fetch(self.url + "/saml/metadata"))
        with open(self.path("sp-metadata.xml"), "wb") as f:
            f.write(self.fetch(self.url + "/saml/metadata"))
        self.add("idp", ["bash", os.path.join(TOP, "tests/idp/start.sh"), "--foreground",
                         self.path("idp"), str(self.idp_port), self.path("sp-metadata.xml")])
        self.wait("the IdP", lambda: os.path.exists(self.path("idp", "idp-metadata.xml")))
        with open(self.path("idp", "idp-metadata.xml")) as f:
            self.keyfob("idp", "add", "--domains", "example.test", stdin=f.read())
        self.add("jobs", self.program("keyfob-jobs", "-c", conf))
        code = self.keyfob("agent", "code", "--site", SITE)
        self.tool("keyfob-agent", "enroll", "-c", agent_conf, stdin=code)
        self.add("agent", self.program("keyfob-agent", "run", "-c", agent_conf))
        self.wait("the agent", lambda: self.agent_fed())
        self.wait("sign-in", lambda: self.idp_known())

    def agent_fed(self):
        got = subprocess.run(self.program("keyfob-agent", "status", "-c",
                                          self.path("keyfob-agent.conf")),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return got.returncode == 0 and "feed" in got.stdout and "live" in got.stdout

    def idp_known(self):
        """The workers have loaded the IdP: /login leads there."""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *a):
                return None
        try:
            urllib.request.build_opener(Stay).open(self.url + "/login", timeout=2)
        except urllib.error.HTTPError as e:
            return e.code == 303 and "127.0.0.1:%d" % self.idp_port in e.headers["location"]
        except OSError:
            pass
        return False

    # --- living and ending --------------------------------------------------------------------
    def tend(self):
        now = time.monotonic()
        for s in self.services:
            s.tend(now)

    def stop(self):
        for s in reversed(self.services):
            s.end(signal.SIGTERM)
        end = time.monotonic() + STOP_S
        while time.monotonic() < end and any(s.proc and s.proc.poll() is None
                                             for s in self.services):
            time.sleep(0.05)
        for s in self.services:
            s.end(signal.SIGKILL)
        if self.netns_made:
            subprocess.run(["ip", "netns", "del", self.netns], stderr=subprocess.DEVNULL)


def main():
    demo = Demo()

    def quit_(*_):
        demo.stopping = True
    signal.signal(signal.SIGTERM, quit_)
    signal.signal(signal.SIGINT, quit_)
    signal.signal(signal.SIGHUP, quit_)
    try:
        demo.start()
        print("sign in as alice@example.test, bob@example.test or admin@example.test; the password "
              "is the name before the @\nmail: %s    API token: %s    RADIUS: 127.0.0.1:%d, secret %s"
              % (demo.path("mail"), demo.path("api-token"), demo.radius_port, SECRET))
        print("ready " + demo.url, flush=True)
        while not demo.stopping:
            demo.tend()
            time.sleep(0.05)
    except KeyboardInterrupt:
        pass
    finally:
        demo.stop()


if __name__ == "__main__":
    main()
