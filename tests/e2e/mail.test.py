"""Mail: the message by Python's own parser, the dialogue against real and faulty servers, and each
fault of libesmtp that esmtp.c closes. keyfob-jobs itself: jobs.test.py.

With --without-fixes: takes each fix out of a copy of esmtp.c and shows what happens then.
"""
import email
import email.policy
import os
import subprocess
import sys
import zlib
from email.header import decode_header, make_header

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mail"))
from faults import Faulty  # noqa: E402
from lab import (Sink, build_canon, build_driver, certificate, end, ok, path, send,  # noqa: E402
                 write)

driver = build_driver()
build_canon()
CERT, KEY = certificate("localhost", "DNS:localhost")
OTHER, OTHER_KEY = certificate("other", "DNS:other.test")
TLS = {"starttls": 1, "ca_file": CERT}


def compose(text, html, png=b"", **f):
    f = {"from": "wifi@example.test", "from_name": "", "to": "alice@example.test", "to_name": "",
         "reply_to": "", "subject": "Key", "message_id": "id1@example.test", "lang": "en", **f}
    fields = [f[k] for k in ("from", "from_name", "to", "to_name", "reply_to", "subject",
                             "message_id", "lang")] + [text, html, "qr1@example.test" if png else ""]
    p = subprocess.run([driver, "compose"], input="\0".join(fields).encode() + b"\0" + png,
                       capture_output=True)
    return p.stdout if p.returncode == 0 else None


def chunk(kind, data):
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


PNG = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]))
       + chunk(b"tEXt", b"k\0" + bytes(range(1, 256)) * 20)
       + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))
LONG_NAME = " ".join(["Zoë 漢字"] * 8)
TEXT = "Hello Zoë,\n\n.a line with a dot\nFrom here on\n" + "long " * 300 + "\ttab \nend = ü\n"
HTML = "<p>Zoë</p>\n<img src=\"cid:qr1@example.test\" alt=\"\">\n" + "<b>x</b>" * 500 + "\n"


def test_message():
    raw = compose(TEXT, HTML, PNG, from_name="Büro & Söhne, \"Wi-Fi\"", to_name=LONG_NAME,
                  subject="Ihr Schlüssel für „Büro“ " * 6, reply_to="help@example.test")
    m = email.message_from_bytes(raw, policy=email.policy.default)
    found = [part.defects for part in m.walk()] + [h.defects for h in m.values() if hasattr(h, "defects")]
    ok(not any(found), "Python's parser finds no defect in the message", found)
    ok(m["subject"] == ("Ihr Schlüssel für „Büro“ " * 6), "the subject comes back", m["subject"])
    sender, = m["from"].addresses
    ok((sender.display_name, sender.addr_spec) == ("Büro & Söhne, \"Wi-Fi\"", "wifi@example.test"),
       "From has its name and address", m["from"])
    # Python's structured parser keeps a space between encoded words of a phrase; its older one
    # drops it, as RFC 2047 6.2 says
    to = str(make_header(decode_header(email.message_from_bytes(raw)["to"])))
    ok(to == LONG_NAME + " <alice@example.test>", "To has its name and address", to)
    ok(m["message-id"] == "<id1@example.test>", "Message-ID is the given one")
    ok(m["auto-submitted"] == "auto-generated" and m["x-auto-response-suppress"] == "All"
       and m["content-language"] == "en" and m["reply-to"].addresses[0].addr_spec == "help@example.test",
       "the headers that keep robots quiet are there")
    ok(str(m["date"].datetime) == "2026-11-23 00:00:00+00:00", "Date is a date", m["date"])
    kinds = [p.get_content_type() for p in m.walk()]
    ok(kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html",
                 "image/png"], "alternative { text, related { html, png } }", kinds)
    parts = {p.get_content_type(): p for p in m.walk()}
    ok(parts["text/plain"].get_content().replace("\r\n", "\n") == TEXT, "the text comes back")
    ok(parts["text/html"].get_content().replace("\r\n", "\n") == HTML, "the HTML comes back")
    png = parts["image/png"]
    ok(png.get_content() == PNG and png["content-id"] == "<qr1@example.test>"
       and png.get_content_disposition() == "inline", "the PNG comes back, inline, under its cid")
    ok(max(map(len, raw.split(b"\r\n"))) <= 76 and b"\n" not in raw.replace(b"\r\n", b"")
       and max(raw) < 128, "lines of at most 76, CR LF, 7 bit")
    link = email.message_from_bytes(compose("t", "<p>h</p>"), policy=email.policy.default)
    ok([p.get_content_type() for p in link.walk()] == ["multipart/alternative", "text/plain",
                                                       "text/html"], "without image: two parts")
    ok(compose("t", "h", subject="a\r\nBcc: b@c") is None, "a line break in a header is refused")
    return raw


def delivered(sink, raw):
    got = sink.mails()[-1:]
    return got == [raw]


def test_delivery(raw):
    plain = Sink("plain")
    r = send(driver, raw, port=plain.port)
    ok(r["outcome"] == "sent" and r["code"] == 250, "plain SMTP delivers", r)
    ok(delivered(plain, raw), "what arrives is what was composed, byte for byte")
    plain.stop()
    r = send(driver, raw, port=plain.port)
    ok(r["outcome"] == "later" and "refused" in r["text"], "nobody listens: later", r)

    tls = Sink("tls", "--cert", CERT, "--key", KEY, "--user", "keyfob", "--password", "s3cret")
    good = write("password", b"s3cret\n")
    r = send(driver, raw, port=tls.port, user="keyfob", password_file=good, **TLS)
    ok(r["outcome"] == "sent" and delivered(tls, raw), "STARTTLS and AUTH deliver", r)
    r = send(driver, raw, port=tls.port, user="keyfob", password_file=write("bad", b"x\n"), **TLS)
    ok(r["outcome"] == "later" and r["code"] == 535, "a wrong password loses no mail", r)
    r = send(driver, raw, port=tls.port, user="keyfob", password_file=path("none"), **TLS)
    ok(r["outcome"] == "later" and "smtp_password_file" in r["text"],
       "a missing password file is named, and loses no mail", r)
    r = send(driver, raw, port=tls.port, **TLS)
    ok(r["outcome"] == "later" and r["code"] == 530, "no AUTH where it is asked for: later", r)
    r = send(driver, raw, port=tls.port, starttls=1, ca_file=path("none"))
    ok(r["outcome"] == "later" and "smtp_ca_file" in r["text"], "a missing CA file is named", r)
    tls.stop()


def test_tls13(raw, driver=driver, tries=20):
    """Fault 1: with TLS 1.3 libesmtp takes the session ticket for a reply and waits for ever."""
    sink = Sink("tls13", "--cert", CERT, "--key", KEY)
    got = [send(driver, raw, port=sink.port, within_ms=3000, **TLS) for _ in range(tries)]
    sink.stop()
    with Faulty("starttls", CERT, KEY) as s:
        send(driver, raw, port=s.port, **TLS)
        version = s.secured
    return [g["outcome"] for g in got].count("sent"), version


def test_injection(raw, driver=driver):
    """Fault 2: plain text in front of TLS is taken for replies from inside it."""
    out = []
    for mode in ("inject-after-220", "inject-before-220"):
        with Faulty(mode, CERT, KEY) as s:
            r = send(driver, raw, port=s.port, **TLS)
            out.append((r["outcome"], "injects" in r["text"], len(s.secured), r["text"]))
    return out


def test_host_name(raw, driver=driver):
    """Fault 3: the certificate is compared with the canonical name, which DNS chooses."""
    with Faulty("starttls", OTHER, OTHER_KEY) as s:
        spoofed = send(driver, raw, canon="other.test", port=s.port, host="mail.example.test",
                       starttls=1, ca_file=OTHER)
        plainly = send(driver, raw, port=s.port, host="localhost", starttls=1, ca_file=OTHER)
        named = send(driver, raw, canon="cname.test", port=s.port, host="other.test", starttls=1,
                     ca_file=OTHER)
    return spoofed, plainly, named


def test_false_success(raw, driver=driver):
    """Fault 4: a reply too many, and the 250 of something else is taken for the mail's."""
    with Faulty("one-too-many") as s:
        r = send(driver, raw, port=s.port)
        return r, s.mails


def test_addresses(raw, driver=driver):
    """Fault 5: what stands in an address goes on the wire as it is."""
    with Faulty("none") as s:
        r = [send(driver, raw, port=s.port, to=to) for to in
             ("a@x>\r\nRCPT TO:<b@evil.test", "a@x> SIZE=1", "a b@x", "a", "", "ü@example.test")]
        f = send(driver, raw, port=s.port, **{"from": "a@x>\r\nRSET"})
        return r, f, s.seen


def test_faults_of_libesmtp(raw):
    sent, version = test_tls13(raw)
    ok(sent == 20, "1 TLS 1.3 offered: 20 of 20 delivered", sent)
    ok(version == ["TLSv1.2"], "1 by TLS 1.2", version)
    for outcome, said, secured, text in test_injection(raw):
        ok(outcome == "later" and said and secured == 0,
           "2 plain text in front of TLS ends the dialogue, and is said", text)
    spoofed, plainly, named = test_host_name(raw)
    ok(spoofed["outcome"] == "later" and "certificate" in spoofed["text"],
       "3 a certificate for the name that DNS gives is refused", spoofed)
    ok(plainly["outcome"] == "later" and "certificate" in plainly["text"],
       "3 a certificate for another host is refused", plainly)
    ok(named["outcome"] == "sent", "3 one for the configured name is taken, whatever DNS says", named)
    r, mails = test_false_success(raw)
    ok(r["outcome"] == "later" and not mails, "4 a 250 for something else is no delivery", r)
    r, f, seen = test_addresses(raw)
    ok(all(x["outcome"] == "never" for x in r) and not seen,
       "5 a malformed recipient never reaches the wire", (r, seen))
    ok(f["outcome"] == "later",
       "5 a malformed sender neither, and is our fault, not the mail's", f)


def test_faults_of_servers(raw):
    for mode, outcome, code, taken in (
            ("none", "sent", 250, 1), ("pipelining", "sent", 250, 1),
            ("greet-421", "later", 421, 0), ("greet-554", "later", 554, 0),
            ("ehlo-hang-up", "later", 0, 0), ("no-ehlo", "sent", 250, 1),
            ("mail-451", "later", 451, 0), ("mail-550", "later", 550, 0),
            ("mail-530", "later", 530, 0), ("rcpt-450", "later", 450, 0),
            ("rcpt-550", "never", 550, 0), ("data-451", "later", 451, 0),
            ("taken-452", "later", 452, 0), ("taken-554", "never", 554, 0),
            ("taken-multi-554", "never", 554, 0), ("taken-202", "later", 0, 0),
            ("cut-in-data", "later", 0, 0), ("cut-after-data", "later", 0, 0),
            ("cut-after-taken", "later", 0, 1), ("taken-then-silent", "later", 0, 1),
            ("slow-banner", "later", 0, 0)):
        with Faulty(mode) as s:
            r = send(driver, raw, port=s.port, reply_ms=700)
            ok((r["outcome"], r["code"], len(s.mails)) == (outcome, code, taken) and r["ms"] < 2500,
               "server %s: %s" % (mode, outcome), (r, s.seen))
            if mode == "taken-multi-554":
                ok(r["text"].isprintable() and r["text"].isascii(),
                   "a reply's text comes out printable", r)
    with Faulty("greylist") as s:
        r = [send(driver, raw, port=s.port)["outcome"] for _ in range(2)]
        ok(r == ["later", "sent"], "server greylist: later, then sent", r)
    for mode in ("no-starttls", "no-ehlo", "starttls-454"):
        with Faulty(mode, CERT, KEY) as s:
            r = send(driver, raw, port=s.port, **TLS)
            ok(r["outcome"] == "later" and not s.mails and "MAIL" not in s.seen,
               "server %s: with smtp_tls starttls nothing goes out in plain" % mode, r)
    with Faulty("slow-banner") as s:
        r = send(driver, raw, port=s.port, reply_ms=20000, within_ms=500)
        ok(r["outcome"] == "later" and r["ms"] < 1500 and "too long" in r["text"],
           "the caller's own deadline holds", r)


FIXES = {
    "1 TLS 1.2 at most": ("SSL_CTX_set_max_proto_version(t->tls, TLS1_2_VERSION)",
                          "SSL_CTX_set_max_proto_version(t->tls, TLS1_3_VERSION)"),
    "2 injection": ("t->injected = true", "t->injected = false"),
    "3 host name": ("X509_VERIFY_PARAM_set1_host(param, conf->host, 0) != 1", "false"),
    "4 false success": ("taken && t->data_seen && t->sent_seen && ", "taken && "),
    "5 addresses": ("!kf_email_ok(kf_span_str(msg->to))", "false"),
}


def without_fixes(raw):
    """Not part of make test: what each test above sees when its fix is gone."""
    with open(os.path.join(os.path.dirname(__file__), "../../portal/mail/esmtp.c")) as f:
        source = f.read()
    for name, (fix, gone) in FIXES.items():
        assert fix in source, fix
        cut = source.replace(fix, gone)
        if name.startswith("3"):  # libesmtp's own check then, not OpenSSL's in its place
            cut = cut.replace("*va_arg(ap, int *) = 1;", "(void)ap;")
        d = build_driver("driver-" + name[0], write("esmtp-%s.c" % name[0], cut.encode()))
        run = {"1": test_tls13, "2": test_injection, "3": test_host_name, "4": test_false_success,
               "5": test_addresses}[name[0]]
        print("without %s: %s" % (name, run(raw, d)), flush=True)


raw = test_message()
if "--without-fixes" in sys.argv:
    without_fixes(raw)
else:
    test_delivery(raw)
    test_faults_of_libesmtp(raw)
    test_faults_of_servers(raw)
end()
