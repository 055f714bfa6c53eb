#!/usr/bin/python3
"""The keyfob command: what it makes, what it refuses, what it never shows."""
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile

BUILD = os.environ.get("BUILD", "build")
DIR = tempfile.mkdtemp(prefix="keyfob-store-")
CONF = os.path.join(DIR, "keyfob.conf")
count = 0


def ok(cond, name):
    global count
    count += 1
    print(f"{'ok' if cond else 'not ok'} {count} - {name}", flush=True)


def keyfob(*words, stdin=None):
    return subprocess.run([os.path.join(BUILD, "keyfob"), "-c", CONF, *words], input=stdin,
                          capture_output=True, text=True, timeout=60)


def fields(text):
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def mode(name):
    return stat.S_IMODE(os.stat(os.path.join(DIR, name)).st_mode)


with open(CONF, "w", encoding="ascii") as f:
    f.write("""base_url http://localhost:8080
listen 127.0.0.1 8080
feed_url https://127.0.0.1:8443
feed_listen 127.0.0.1 8443
state_dir state
run_dir run
master_key_file master.key
smtp_url smtp://127.0.0.1:2525
smtp_tls none
mail_from wifi@example.test
org_name Example
""")


def test_init():
    r = keyfob("psk", "list")
    ok(r.returncode == 1 and "keyfob init" in r.stderr, "says that init comes first")
    r = keyfob("init", "--ssid", "Net")
    ok(r.returncode == 2 and "--vlan" in r.stderr, "says what init lacks, with its usage")
    ok(not os.path.exists(os.path.join(DIR, "state")), "a wrong init makes nothing")
    r = keyfob("init", "--ssid", "Net", "--vlan", "20", "--prefix", "10.20.0.0/16",
               "--gateway", "10.20.0.1")
    ok(r.returncode == 0 and "Next:" in r.stdout, "init works and says what comes next")
    ok(mode("state") == 0o700 and mode("state/keyfob.db") == 0o600
       and mode("master.key") == 0o400, "its files are its owner's alone")
    r = keyfob("init", "--ssid", "Other", "--vlan", "30")
    ok(r.returncode == 1 and "nothing was changed" in r.stderr, "init never overwrites")


def test_words():
    for words in ([], ["nonsense"], ["psk"], ["psk", "add"], ["psk", "show"],
                  ["psk", "show", "a", "b"], ["psk", "list", "--bogus"], ["psk", "list", "--name"],
                  ["psk", "add", "--name", "a", "--name", "b"], ["token", "add"],
                  ["psk", "add", "--name", "a", "--vlan", "x"],
                  ["psk", "add", "--name", "a", "--expires", "tomorrow"],
                  ["psk", "rotate", "x", "--overlap", "-1"], ["audit", "verify", "now"]):
        r = keyfob(*words)
        ok(r.returncode == 2 and "usage:" in r.stderr and r.stdout == "",
           "wrong usage ends with 2: " + " ".join(words))


def test_keys():
    r = keyfob("psk", "add", "--name", "tv", "--email", "alice@example.test", "--expires", "30d")
    key = fields(r.stdout)
    ok(r.returncode == 0 and key["vlan"] == "20" and "passphrase" not in key,
       "a new key shows no passphrase unasked")
    r = keyfob("psk", "show", key["id"], "--reveal")
    secret = fields(r.stdout).get("passphrase", "")
    ok(len(secret) == 24, "and shows it when asked")
    ok(secret not in keyfob("psk", "list").stdout, "lists have no passphrases")
    r = keyfob("psk", "add", "--name", "own", "--passphrase-stdin", "--reveal",
               stdin="Own-Passphrase-2026-x\n")
    ok(fields(r.stdout).get("passphrase") == "Own-Passphrase-2026-x",
       "a given passphrase comes by standard input")
    r = keyfob("psk", "add", "--name", "own2", "--passphrase-stdin",
               stdin="Own-Passphrase-2026-x\n")
    ok(r.returncode == 1 and "another" in r.stderr and "Own-Pass" not in r.stderr,
       "and is refused a second time, without being repeated")
    r = keyfob("psk", "add", "--name", "weak", "--passphrase-stdin", stdin="password1\n")
    ok(r.returncode == 1 and "too weak" in r.stderr, "a weak one is refused")
    r = keyfob("psk", "rotate", key["id"], "--reveal")
    fresh = fields(r.stdout)
    ok(r.returncode == 0 and fresh["group"] == key["group"] and fresh["passphrase"] != secret,
       "rotating keeps the group")
    ok(fields(keyfob("psk", "show", key["id"]).stdout)["status"] == "rotating",
       "the old key lives on for a while")
    ok(keyfob("psk", "revoke", fresh["id"], "--reason", "lost").returncode == 0, "revoke works")
    r = keyfob("psk", "show", fresh["id"], "--reveal")
    ok(fields(r.stdout)["status"] == "revoked" and "passphrase" not in fields(r.stdout),
       "a revoked key has no passphrase any more")
    ok(keyfob("psk", "revoke", "nope").returncode == 1, "an unknown id is an error")
    return [secret, "Own-Passphrase-2026-x", fresh["passphrase"]]


def test_backup(secrets):
    copy = os.path.join(DIR, "copy.db")
    ok(keyfob("backup", copy).returncode == 0 and stat.S_IMODE(os.stat(copy).st_mode) == 0o600,
       "backup makes a file for its owner")
    ok(keyfob("backup", copy).returncode == 1, "and never overwrites one")
    data = b""
    for path in [copy] + [os.path.join(DIR, "state", n) for n in os.listdir(DIR + "/state")]:
        with open(path, "rb") as f:
            data += f.read()
    ok(not any(s.encode() in data for s in secrets), "no passphrase is readable in any file")
    with open(DIR + "/master.key", "rb") as f:
        ok(f.read().strip() not in data, "nor is the master key")
    db = sqlite3.connect(copy)
    ok(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the copy is whole")
    ok(db.execute("SELECT count(*) FROM audit WHERE action = 'psk.reveal'").fetchone()[0] == 4,
       "every look at a passphrase is in the audit")
    db.close()


def test_audit():
    r = keyfob("audit", "verify")
    ok(r.returncode == 0 and r.stdout.startswith("whole: "), "the audit is whole")
    db = sqlite3.connect(os.path.join(DIR, "state", "keyfob.db"))
    db.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    db.commit()
    db.close()
    r = keyfob("audit", "verify")
    ok(r.returncode == 1 and "entry 3" in r.stdout, "and names the entry that was changed")


def test_durable():
    """kill -9 does not show it, since the page cache lives on: look at the order of the calls."""
    log = os.path.join(DIR, "strace")
    subprocess.run(["strace", "-f", "-o", log, "-e", "trace=fdatasync,fsync,write,pwrite64",
                    os.path.join(BUILD, "keyfob"), "-c", CONF, "psk", "add", "--name", "durable"],
                   capture_output=True, timeout=60, check=True)
    with open(log, encoding="utf-8", errors="replace") as f:
        calls = [line.split(None, 1)[1] for line in f]
    told = next(i for i, c in enumerate(calls) if c.startswith("write(1,"))
    written = max(i for i, c in enumerate(calls[:told]) if c.startswith("pwrite64("))
    ok(any(c.startswith(("fdatasync(", "fsync(")) and c.rstrip().endswith("= 0")
           for c in calls[written:told]), "a key is on the disk before anybody is told of it")


def test_master_key():
    path = os.path.join(DIR, "master.key")
    with open(path, encoding="ascii") as f:
        good = f.read()
    for text, word in (("0" * 64 + "\n", "another"), ("short\n", "expected")):
        os.chmod(path, 0o600)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        r = keyfob("psk", "list")
        ok(r.returncode == 1 and word in r.stderr and good.strip() not in r.stderr,
           "a wrong master key is refused: " + word)
    with open(path, "w", encoding="ascii") as f:
        f.write(good)
    os.chmod(path, 0o644)
    ok("chmod" in keyfob("psk", "list").stderr, "a readable one too")
    os.chmod(path, 0o400)
    ok(keyfob("psk", "list").returncode == 0, "the right one works again")


def test_others():
    r = keyfob("token", "add", "ci")
    ok(r.returncode == 0 and len(r.stdout.strip()) == 46 and r.stdout.startswith("kf_"),
       "a token comes on standard output")
    ok(keyfob("token", "add", "ci").returncode == 1, "its name is taken then")
    r = keyfob("idp", "add", "--domains", "example.test", stdin="<not-metadata/>")
    ok(r.returncode == 1 and r.stderr != "", "what is no metadata is no IdP")
    r = keyfob("agent", "code", "--site", "main")
    ok(r.returncode == 0 and r.stdout.startswith("http://localhost:8080#"), "an agent's code")
    ok(keyfob("agent", "code", "--site", "nope").returncode == 1, "not for an unknown site")
    ok(keyfob("migrate").returncode == 0, "migrate finds nothing to do")


try:
    test_init()
    test_words()
    test_backup(test_keys())
    test_durable()
    test_master_key()
    test_others()
    test_audit()
finally:
    shutil.rmtree(DIR)
print(f"1..{count}")
