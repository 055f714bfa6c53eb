#!/usr/bin/python3
"""kill -9 of any process, at random, 30 times while people get keys: nothing that was shown is
lost, no key is without its mail, no mail without its key."""

import glob
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from person import Person, passphrase  # noqa: E402
import radius_ask  # noqa: E402

KILLS = 30
SEED = int(os.environ.get("SEED") or time.time())
n = failed = 0


def ok(cond, name, note=""):
    global n, failed
    n += 1
    failed += not cond
    print("%sok %d - %s" % ("" if cond else "not ", n, name))
    if not cond and note:
        print("#   " + str(note).replace("\n", "\n#   "))


def port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.1)
    return None


class Issuer(threading.Thread):
    """One person who asks for a new key again and again, and writes down what was shown."""

    def __init__(self, url, email):
        super().__init__(daemon=True)
        self.person, self.shown, self.errors, self.on = Person(url, email, 5), [], 0, True

    def run(self):
        page = None
        while self.on:
            try:
                page = self.person.rotate(page) if page else self.person.sign_in()
                self.shown.append(passphrase(page))
            except (OSError, ValueError, TypeError, http.client.HTTPException) as e:  # killed
                self.errors += 1
                page = None
                if os.environ.get("VERBOSE"):
                    print("# %s: %r" % (self.person.email, e))
            time.sleep(random.uniform(0.05, 0.25))


class Script(threading.Thread):
    """A script that makes keys by API, each mailed to somebody."""

    def __init__(self, url, folder):
        super().__init__(daemon=True)
        self.url, self.shown, self.errors, self.on = url, [], 0, True
        self.token = open(os.path.join(folder, "api-token")).read().strip()

    def run(self):
        count = 0
        while self.on:
            count += 1
            body = {"ssid": "Keyfob Demo", "email": "user%d@example.test" % count,
                    "notify_on_create_or_edit": True}
            try:
                q = urllib.request.Request(self.url + "/api/v1/orgs/self/psks",
                                           json.dumps(body).encode(),
                                           {"Authorization": "Token " + self.token,
                                            "Content-Type": "application/json"})
                with urllib.request.urlopen(q, timeout=5) as r:
                    self.shown.append(json.load(r)["passphrase"])
            except (OSError, ValueError, http.client.HTTPException):
                self.errors += 1
            time.sleep(random.uniform(0.05, 0.25))


def keys_of(url, token):
    q = urllib.request.Request(url + "/api/v1/orgs/self/psks?limit=1000",
                               headers={"Authorization": "Token " + token})
    with urllib.request.urlopen(q, timeout=5) as r:
        return json.load(r)


def mailed_ids(folder):
    ids = []
    for name in glob.glob(os.path.join(folder, "*.eml")):
        out = open(name, "rb").read().replace(b"=\r\n", b"").replace(b"=\n", b"").decode()
        ids.append((re.search(r"/k/([0-9a-f-]{36})", out) or [None, name])[1])
    return ids


def victims(run):
    """The four programs and the portal's workers."""
    pids = [int(open(f).read()) for f in glob.glob(os.path.join(run, "*.pid"))]
    kids = subprocess.run(["ps", "-o", "pid=", "--ppid", ",".join(map(str, pids))],
                          stdout=subprocess.PIPE, text=True).stdout.split()
    return pids + [int(k) for k in kids]


def main():
    random.seed(SEED)
    print("# SEED=%d" % SEED)
    folder, web = tempfile.mkdtemp(prefix="keyfob-kill9-"), port()
    radius = random.randrange(20000, 40000)
    env = dict(os.environ, KEYFOB_DIR=folder, KEYFOB_PORT=str(web), KEYFOB_RADIUS_PORT=str(radius))
    demo = subprocess.Popen(["/usr/bin/python3", os.path.join(TOP, "tests/demo/demo.py")], env=env,
                            stdout=open(os.path.join(folder + ".log"), "w"),
                            stderr=subprocess.STDOUT)
    url = "http://localhost:%d" % web
    try:
        up = until(90, lambda: "ready " in open(folder + ".log").read() or demo.poll() is not None)
        ok(up and demo.poll() is None, "the demo is up", open(folder + ".log").read())
        people = [Issuer(url, "%s@example.test" % u) for u in ("alice", "bob", "admin")]
        people.append(Script(url, folder))
        for p in people:
            p.start()
        until(20, lambda: all(p.shown for p in people))
        killed = 0
        while killed < KILLS:
            time.sleep(random.uniform(0.15, 0.6))
            pids = victims(os.path.join(folder, "run"))
            try:
                os.kill(random.choice(pids), signal.SIGKILL)
                killed += 1
            except (ProcessLookupError, IndexError):
                pass
        time.sleep(6)  # the longest pause before a restart
        for p in people:
            p.on = False
            p.join(20)
        shown = [k for p in people for k in p.shown]
        print("# %d kills, %d keys shown, %d requests failed" %
              (killed, len(shown), sum(p.errors for p in people)))
        ok(len(shown) > 20, "people got keys between the kills", len(shown))
        token = open(os.path.join(folder, "api-token")).read().strip()
        keys = until(15, lambda: attempt(lambda: keys_of(url, token)))
        ids = {k["id"] for k in keys}
        ok(len(keys) >= len(set(shown)), "every key that was shown is kept",
           "%d kept, %d shown" % (len(keys), len(set(shown))))
        lost = []
        for k in sorted(set(shown)):
            if not until(5, lambda: radius_ask.ask(radius, b"keyfob-demo", "Keyfob Demo", k,
                                                   b"\2\0\0\0\1\0", b"\2" + os.urandom(5),
                                                   timeout=1).get("code") == "accept"):
                lost.append(k)
        ok(not lost, "every key that was shown opens the network", "%d do not" % len(lost))
        late = until(400, lambda: ids <= set(mailed_ids(os.path.join(folder, "mail"))))
        mailed = mailed_ids(os.path.join(folder, "mail"))
        ok(late, "no key is without its mail", "%d keys, %d mailed" % (len(ids), len(set(mailed))))
        ok(set(mailed) <= ids, "no mail is without its key", set(mailed) - ids)
        audit = subprocess.run([os.path.join(TOP, os.environ.get("BUILD") or "build", "keyfob"),
                                "-c", os.path.join(folder, "keyfob.conf"), "audit", "verify"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ok(audit.returncode == 0, "the audit chain is whole", audit.stdout)
    finally:
        demo.terminate()
        demo.wait(20)
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
            os.unlink(folder + ".log")
    print("1..%d" % n)
    sys.exit(failed > 0)


def attempt(fn):
    try:
        return fn()
    except OSError:
        return None


if __name__ == "__main__":
    main()
