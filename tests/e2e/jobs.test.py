"""keyfob-jobs: mail that was promised arrives, whatever the server or a signal does meanwhile."""
import email
import email.policy
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mail"))
from faults import Faulty  # noqa: E402
from lab import BUILD, Sink, certificate, end, ok, path, write  # noqa: E402

KEYFOB = os.path.join(BUILD, "keyfob")
JOBS = os.path.join(BUILD, "keyfob-jobs")
CERT, KEY = certificate("localhost", "DNS:localhost")
STARTTLS = "smtp_tls starttls\nsmtp_ca_file localhost.pem\n"


def configure(port, tls="smtp_tls none\n", host="localhost"):
    os.makedirs(path("run"), exist_ok=True)
    return write("keyfob.conf", ("""base_url http://localhost:8080
listen 127.0.0.1 8080
feed_url https://127.0.0.1:8443
feed_listen 127.0.0.1 8443
state_dir state
run_dir run
master_key_file state/master.key
smtp_url smtp://%s:%d
mail_from wifi@example.test
mail_reply_to help@example.test
org_name B\u00fcro & S\u00f6hne
%s""" % (host, port, tls)).encode())


def keyfob(*args):
    p = subprocess.run([KEYFOB, "-c", path("keyfob.conf")] + list(args), capture_output=True,
                       text=True, stdin=subprocess.DEVNULL)
    if p.returncode:
        raise SystemExit("keyfob %s: %s" % (" ".join(args), p.stderr))
    return p.stdout


names = iter(range(1, 10000))


def add_key(to="alice@example.test"):
    """A key with a mail, by the command line."""
    keyfob("psk", "add", "--name", "laptop %d" % next(names), "--email", to, "--notify")


def db(sql, *args):
    with sqlite3.connect(path("state/keyfob.db"), timeout=5) as c:
        return c.execute(sql, args).fetchall()


def outbox(columns="state"):
    """The newest mail's."""
    return db("SELECT %s FROM outbox ORDER BY id DESC LIMIT 1" % columns)[0]


def due_now():
    db("UPDATE outbox SET due_ms = 0 WHERE state = 'waiting'")


def until(seconds, what):
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        got = what()
        if got:
            return got
        time.sleep(0.02)
    return what()


class Jobs:
    def __init__(self):
        self.log = open(path("jobs.log"), "ab")
        self.p = subprocess.Popen([JOBS, "-c", path("keyfob.conf")], stderr=self.log)
        until(5, lambda: self.pid_file() == self.p.pid or self.p.poll() is not None)

    @staticmethod
    def pid_file():
        try:
            with open(path("run/jobs.pid")) as f:
                return int(f.read() or 0)
        except OSError:
            return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.stop()

    def stop(self, number=signal.SIGTERM):
        """How long it took to end, and how."""
        start = time.monotonic()
        self.p.send_signal(number)
        rc = self.p.wait(10)
        return time.monotonic() - start, rc


def children(pid):
    p = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(x) for x in p.stdout.split()]


def ids(mails):
    return [email.message_from_bytes(m)["message-id"] for m in mails]


def qr(mail):
    parts = {p.get_content_type(): p for p in
             email.message_from_bytes(mail, policy=email.policy.default).walk()}
    png = write("qr.png", parts["image/png"].get_content())
    p = subprocess.run(["zbarimg", "-q", "--raw", "-Sbinary", png], capture_output=True, text=True)
    return p.stdout.strip(), parts


def test_arrives():
    sink = Sink("box", "--cert", CERT, "--key", KEY)
    configure(sink.port, STARTTLS)
    with Jobs() as jobs:
        start = time.monotonic()
        add_key()
        until(5, sink.mails)
        ok(time.monotonic() - start < 2, "a mail is there within two seconds, over TLS",
           time.monotonic() - start)
        mail = sink.mails()[0]
        text, parts = qr(mail)
        ok(re.fullmatch(r"WIFI:T:WPA;S:Keyfob Test;P:[a-z2-9-]{24};;", text),
           "its PNG holds the Wi-Fi code", text)
        m = email.message_from_bytes(mail, policy=email.policy.default)
        ok(m["from"].addresses[0].display_name == "Büro & Söhne"
           and m["to"].addresses[0].addr_spec == "alice@example.test"
           and m["reply-to"].addresses[0].addr_spec == "help@example.test",
           "From, To and Reply-To are as configured", m.items())
        said = parts["text/plain"].get_content()
        key_id = outbox("psk_id")[0]
        ok("http://localhost:8080/k/" + key_id in said, "its text has the Wi-Fi URL", said)
        ok(text.split("P:")[1][:-2] not in said, "mode qr: the passphrase is not in the text")
        ok("cid:" + parts["image/png"]["content-id"].strip("<>")
           in parts["text/html"].get_content(), "its HTML shows the PNG")
        ok(outbox("state, last_code") == ("sent", 250), "the outbox has the server's answer")
        for i in range(25):
            add_key("person%d@example.test" % i)
        until(10, lambda: len(sink.mails()) == 26)
        time.sleep(0.5)
        ok(len(sink.mails()) == len(set(ids(sink.mails()))) == 26,
           "26 mails arrive, each once", len(sink.mails()))
        with open("/proc/%d/limits" % jobs.p.pid) as f:
            core = re.search(r"core file size +(\d+) +(\d+)", f.read()).groups()
        ok(core == ("0", "0"), "no core files", core)
        again = subprocess.run([JOBS, "-c", path("keyfob.conf")], capture_output=True, text=True)
        ok(again.returncode == 1 and "runs already" in again.stderr, "a second one is refused",
           again.stderr)
        took, rc = jobs.stop()
        ok(took < 1 and rc == 0, "SIGTERM ends it", (took, rc))
    sink.stop()


def test_server_down():
    sink = Sink("down")
    sink.stop()
    configure(sink.port)
    with Jobs():
        start = time.monotonic()
        add_key()
        ok(time.monotonic() - start < 1, "nobody listens: a key is issued all the same")
        until(5, lambda: outbox("last_text")[0])
        state, attempts, text, due, now = outbox("state, attempts, last_text, due_ms, 0")
        ok(state == "waiting" and "refused" in text, "its mail waits, and says why", (state, text))
        ok(45e3 < due - time.time() * 1000 < 75e3, "for about a minute", due - time.time() * 1000)
        sink = Sink("down", port=sink.port)
        due_now()
        ok(until(3, sink.mails), "it goes out when the server is back, without a restart")
    sink.stop()


def test_answers():
    with Faulty("greylist") as s:
        configure(s.port)
        with Jobs():
            add_key()
            until(5, lambda: outbox("last_code")[0])
            ok(outbox("state, last_code") == ("waiting", 450) and not s.mails, "4xx: the mail waits",
               outbox("state, last_code"))
            due_now()
            until(5, lambda: outbox()[0] == "sent")
            ok(len(s.mails) == 1 and outbox()[0] == "sent", "and is taken the next time")
    for mode, state in (("rcpt-550", "dead"), ("taken-554", "dead"), ("greet-554", "waiting"),
                        ("cut-in-data", "waiting")):
        with Faulty(mode) as s:
            configure(s.port)
            with Jobs():
                add_key()
                until(5, lambda: outbox()[0] == "dead" or outbox("last_text")[0])
                ok(outbox()[0] == state, "server %s: %s" % (mode, state), outbox("*"))
                if mode == "rcpt-550":
                    ok(db("SELECT count(*) FROM audit WHERE action = 'mail.dead'")[0][0] == 1,
                       "a mail that will never arrive stands in the audit")
    db("UPDATE outbox SET state = 'dead' WHERE state = 'waiting'")


def test_at_least_once():
    with Faulty("cut-after-taken") as s:
        configure(s.port)
        with Jobs():
            add_key()
            until(5, lambda: outbox("last_text")[0])
            s.mode = "none"
            due_now()
            until(5, lambda: outbox()[0] == "sent")
            ok(len(s.mails) == 2 and len(set(ids(s.mails))) == 1 and outbox()[0] == "sent",
               "no answer after the data: sent again under the same Message-ID", ids(s.mails))
    with Faulty("taken-then-silent") as s:
        configure(s.port)
        jobs = Jobs()
        add_key()
        until(5, lambda: s.mails)
        kids = children(jobs.p.pid)
        jobs.stop(signal.SIGKILL)
        ok(len(kids) == 1 and until(2, lambda: not any(map(alive, kids))),
           "kill -9 takes the dialogue with it", kids)
        s.mode = "none"
        with Jobs():
            until(5, lambda: outbox()[0] == "sent")
            ok(len(s.mails) == 2 and len(set(ids(s.mails))) == 1,
               "kill -9 in the dialogue: the next start sends at once, under the same Message-ID",
               (ids(s.mails), outbox("*")))


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().split()[2] != "Z"
    except OSError:
        return False


def test_slow():
    with Faulty("slow-banner") as s:
        configure(s.port)
        jobs = Jobs()
        for i in range(6):
            start = time.monotonic()
            add_key("slow%d@example.test" % i)
            ok(time.monotonic() - start < 1, "a server without a word does not delay an issue")
        until(5, lambda: len(children(jobs.p.pid)) == 4)
        ok(len(children(jobs.p.pid)) == 4, "four dialogues at most", children(jobs.p.pid))
        took, rc = jobs.stop()
        ok(took < 1 and rc == 0, "SIGTERM in the middle of them ends it within a second", (took, rc))
        waiting = db("SELECT count(*), max(due_ms), max(lease_ms) FROM outbox"
                     " WHERE state = 'waiting'")[0]
        ok(waiting[0] == 6 and waiting[1] <= time.time() * 1000 and waiting[2] == 0,
           "their mails are due again at once", waiting)
        s.mode = "none"
        with Jobs():
            until(8, lambda: len(s.mails) == 6)
            ok(len(s.mails) == 6 and len(set(ids(s.mails))) == 6, "and go out at the next start")
    with Faulty("slow-first") as s:
        configure(s.port)
        with Jobs():
            add_key("first@example.test")
            until(5, lambda: s.greeted == 1)
            add_key("second@example.test")
            ok(until(3, lambda: s.mails), "one slow dialogue holds up no other mail")


def test_refusals():
    for args, rc, said in (([], 2, "usage"), (["-c"], 2, "usage"), (["-x", "y"], 2, "usage"),
                           (["-c", path("none.conf")], 1, "none.conf"),
                           (["-c", write("bad.conf", b"nonsense 1\n")], 1, "bad.conf:1")):
        p = subprocess.run([JOBS] + args, capture_output=True, text=True)
        ok(p.returncode == rc and said in p.stderr, "refuses %s" % args, p.stderr)
    for url, said in (("smtps://localhost", "smtps:// is not served"), ("smtp://[::1]", "IPv4")):
        conf = configure(25)
        with open(conf) as f:
            text = re.sub("smtp_url .*", "smtp_url " + url, f.read())
        p = subprocess.run([JOBS, "-c", write("keyfob.conf", text.encode())], capture_output=True,
                           text=True)
        ok(p.returncode == 1 and said in p.stderr, "refuses smtp_url %s and says what to do" % url,
           p.stderr)


configure(25)
keyfob("init", "--ssid", "Keyfob Test", "--vlan", "20")
test_arrives()
test_server_down()
test_answers()
test_at_least_once()
test_slow()
test_refusals()
end()
