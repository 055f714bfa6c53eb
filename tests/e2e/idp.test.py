#!/usr/bin/python3
"""The real IdP end to end: request by our driver, log-in by HTTP, the POSTed SAMLResponse verified
by our driver. Starts two IdPs of its own (tests/idp) on free ports."""
import html
import http.cookiejar
import os
import re
import signal
import socket
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "saml"))
from forge import *  # noqa: E402,F403

START = os.path.join(os.path.dirname(HERE), "idp", "start.sh")
BASE = "http://localhost:8080"
tap = Tap()
tmp = tempfile.mkdtemp(prefix="keyfob-idp.")
f = Forge(tmp)
running = []


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def start(name, port, *opts):
    folder = f.path(name)
    subprocess.run(["sh", START, *opts, folder, str(port), f.path("sp.xml")], check=True,
                   stdout=subprocess.DEVNULL)
    pid = int(open(os.path.join(folder, "idp.pid")).read())
    running.append(pid)
    return folder, pid


def stop(pid):
    os.kill(pid, signal.SIGTERM)
    running.remove(pid)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def entity(folder):
    return re.search('entityID="([^"]*)"', open(os.path.join(folder, "idp-metadata.xml")).read()).group(1)


def driver_for(*folders):
    return Driver(tmp, BASE, f.path("sp.key"), f.path("sp.pem"),
                  [os.path.join(x, "idp-metadata.xml") for x in folders])


class Browser:
    """Follows redirects, keeps cookies, does not run JavaScript."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            r = self.opener.open(url, data, timeout=30)
        except urllib.error.HTTPError as e:
            r = e
        self.url = r.geturl()
        return r.read().decode()


def fields(page):
    """name -> value of the inputs."""
    out = {}
    for tag in re.findall("<input[^>]*>", page):
        a = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in a:
            out[a["name"]] = html.unescape(a.get("value", ""))
    return out


def request(driver, idp, n, force=False):
    return driver.ask("request %s _%032x relay%d %d %d" % (idp, n, n, force, int(time.time())))


def log_in(browser, url, user, password):
    """The page after the password, as its inputs."""
    page = browser.get(url)
    form = fields(page)
    if "username" not in form:
        return form
    form.update(username=user, password=password)
    return fields(browser.get(browser.url.split("?")[0], form))


def main():
    f.pair("sp")
    port = free_port()
    one, pid = start("one", port)
    d = driver_for(one)
    idp = entity(one)
    open(f.path("sp.xml"), "wb").write(base64.b64decode(d.ask("metadata %d" % time.time())))

    b = Browser()
    got = log_in(b, request(d, idp, 1), "alice@example.test", "alice")
    tap.ok("SAMLResponse" in got and got.get("RelayState") == "relay1", "alice signs in; the IdP posts a Response with our RelayState")
    code, p, groups = d.verify(got.get("SAMLResponse", "-"), int(time.time()))
    tap.ok(code == "KF-2000", "our saml_verify takes it (%s)" % code)
    tap.ok((p.get("email"), p.get("name"), p.get("given"), groups)
           == ("alice@example.test", "Alice Example", "Alice", ["staff"]), "it says alice's address, name and group")
    tap.ok(p.get("format") == "persistent" and len(p.get("nameid", "")) > 20, "with a persistent NameID")
    tap.ok((p.get("idp"), p.get("irt"), p.get("spnq")) == (idp, "_%032x" % 1, BASE + "/saml/metadata"),
           "from this IdP, in answer to our request, for us")
    xml = base64.b64decode(got.get("SAMLResponse", "")).decode()
    tap.ok(xml.count("<ds:Signature ") == 2 and xml.count("#rsa-sha256") == 2, "Response and assertion are signed with RSA-SHA256")
    bad = base64.b64encode(xml.replace("alice@example.test", "admin@example.test").encode()).decode()
    tap.ok(d.verify(bad, int(time.time()))[0] == "KF-2013", "with another address in it, it is refused")
    alice = p.get("nameid")

    again = log_in(b, request(d, idp, 2), "", "")
    tap.ok(d.verify(again.get("SAMLResponse", "-"), int(time.time()))[1].get("nameid") == alice,
           "a second sign-in of the same browser needs no password and gives the same NameID")
    page = b.get(request(d, idp, 3, True))
    tap.ok("username" in fields(page), "force asks for the password again")
    got = log_in(Browser(), request(d, idp, 4), "alice@example.test", "wrong")
    tap.ok("SAMLResponse" not in got and "username" in got, "a wrong password gets no Response")
    _, p, groups = d.verify(log_in(Browser(), request(d, idp, 5), "admin@example.test", "admin").get("SAMLResponse", "-"),
                            int(time.time()))
    tap.ok(p.get("email") == "admin@example.test" and "wifi-admins" in groups, "admin is in wifi-admins")
    _, p, _ = d.verify(log_in(Browser(), request(d, idp, 6), "bob@example.test", "bob").get("SAMLResponse", "-"), int(time.time()))
    tap.ok(p.get("email") == "bob@example.test" and p.get("nameid") not in (None, alice), "bob has another NameID")
    url = request(d, idp, 7)
    tap.ok("username" not in fields(Browser().get(url.split("&SigAlg")[0])), "an unsigned AuthnRequest is refused")
    tap.ok("username" not in fields(Browser().get(url.replace("relay7", "relay8"))), "one with a changed RelayState too")

    two, pid2 = start("two", free_port())
    both = driver_for(one, two)
    tap.ok(entity(two) != idp, "a second IdP runs at the same time")
    log_in(b, request(both, entity(two), 8), "bob@example.test", "bob")
    first, second = (both.verify(log_in(b, request(both, e, 9), "", "").get("SAMLResponse", "-"), int(time.time()))[1]
                     for e in (idp, entity(two)))
    tap.ok((first.get("email"), second.get("email")) == ("alice@example.test", "bob@example.test"),
           "one browser is alice at the one and bob at the other: their cookies do not mix")
    stop(pid2)

    stop(pid)
    with socket.socket() as s:
        tap.ok(s.connect_ex(("127.0.0.1", port)) != 0, "after SIGTERM nothing listens any more")
    os.unlink(os.path.join(one, "idp-metadata.xml"))
    shell = subprocess.Popen(["sh", START, "--foreground", one, str(free_port()), f.path("sp.xml")],
                             stdout=subprocess.DEVNULL)
    running.append(shell.pid)
    for _ in range(200):
        if os.path.exists(os.path.join(one, "idp-metadata.xml")):
            break
        time.sleep(0.1)
    tap.ok(int(open(os.path.join(one, "idp.pid")).read()) == shell.pid, "--foreground stays, and idp.pid names it")
    d = driver_for(one)
    tap.ok(entity(one) == idp, "on another port the entityID is the same")
    code, p, _ = d.verify(log_in(Browser(), request(d, idp, 10), "alice@example.test", "alice").get("SAMLResponse", "-"),
                          int(time.time()))
    tap.ok((code, p.get("nameid")) == ("KF-2000", alice), "a restart keeps alice's NameID")
    mode = os.stat(one).st_mode & 0o777
    tap.ok(mode == 0o700 and os.stat(os.path.join(one, "cert", "idp.key")).st_mode & 0o77 == 0, "its folder and key are its own")


try:
    main()
finally:
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    remove(tmp)
sys.exit(tap.end())
