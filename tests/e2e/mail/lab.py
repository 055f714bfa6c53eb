"""What the mail tests share: TAP, a folder, certificates, the driver, the sink."""
import atexit
import glob
import json
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
HERE = os.path.join(ROOT, "tests/e2e/mail")
DIR = tempfile.mkdtemp(prefix="keyfob-mail-")
atexit.register(shutil.rmtree, DIR, True)
count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good:
        print("# %s" % (detail,), flush=True)


def end():
    print("1..%d" % count)
    raise SystemExit(failed > 0)


def path(name):
    return os.path.join(DIR, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data)
    return path(name)


def certificate(name, alt):
    """A self-signed one, which is its own CA."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=keyfob test",
                    "-addext", "subjectAltName=" + alt, "-keyout", path(name + ".key"),
                    "-out", path(name + ".pem")], check=True, capture_output=True)
    return path(name + ".pem"), path(name + ".key")


def build_driver(name="driver", esmtp=os.path.join(ROOT, "portal/mail/esmtp.c")):
    sources = [os.path.join(HERE, "driver.c"), esmtp] + [
        os.path.join(ROOT, "portal/mail", f) for f in ("mime.c", "dialogue.c")] + [
        os.path.join(ROOT, "common", f + ".c") for f in ("env", "err", "log", "secret", "span", "text")]
    subprocess.run(["gcc", "-std=c17", "-g", "-O1", "-D_GNU_SOURCE", "-I" + ROOT,
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", path(name)]
                   + sources + ["-lesmtp", "-lssl", "-lcrypto"], check=True)
    return path(name)


def build_canon():
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", path("canon.so"),
                    os.path.join(HERE, "canon.c"), "-ldl"], check=True)
    return path("canon.so")


def send(driver, message, canon=None, **options):
    """The driver's verdict as a dict; canon: what DNS calls the server."""
    options = {"host": "localhost", "from": "wifi@example.test", "to": "alice@example.test",
               "reply_ms": 3000, **options}
    env = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0")
    if canon:
        env.update(LD_PRELOAD=path("canon.so"), CANON=canon)
    out = subprocess.run([driver, "send"] + ["%s=%s" % o for o in options.items()], input=message,
                         capture_output=True, env=env, timeout=60)
    try:
        return json.loads(out.stdout.decode("latin-1"))
    except ValueError:
        return {"r": "crash", "outcome": "crash", "code": 0, "ms": 0,
                "text": (out.stdout + out.stderr).decode("latin-1")}


class Sink:
    """tests/e2e/sink.py in a folder of its own."""

    def __init__(self, name, *args, port=0):
        self.dir = path(name)
        self.log = open(path(name + ".log"), "wb")
        self.p = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(ROOT, "tests/e2e/sink.py"), "--port", str(port),
             "--dir", self.dir] + list(args), stdout=subprocess.PIPE, stderr=self.log)
        atexit.register(self.stop)
        self.port = int(self.p.stdout.readline().split()[1])

    def mails(self):
        found = []
        for name in sorted(glob.glob(self.dir + "/*.eml")):
            with open(name, "rb") as f:
                found.append(f.read())
        return found

    def stop(self):
        self.p.terminate()
        self.p.wait()
