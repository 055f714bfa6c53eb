"""A person without a browser: signs in through the IdP's form, fetches, rotates. Keeps cookies by
host and port itself, since Python's jar would not send Secure cookies to http://localhost."""

import html
import http.client
import re
import urllib.parse


class Form(dict):
    """The first form of a page: its fields, and .action."""

    def __init__(self, text, base):
        super().__init__()
        form = re.search(r"<form\b(.*?)>(.*?)</form>", text, re.S)
        if not form:
            raise ValueError("no form in: " + re.sub(r"<[^>]*>", " ", text)[:400])
        attr = lambda tag, name: html.unescape(
            (re.search(r'\b%s="([^"]*)"' % name, tag) or [None, ""])[1])
        self.action = urllib.parse.urljoin(base, attr(form[1], "action") or base)
        for tag in re.findall(r"<input\b(.*?)>", form[2], re.S):
            if attr(tag, "name"):
                self[attr(tag, "name")] = attr(tag, "value")


class Person:
    def __init__(self, portal, email, timeout=10):
        self.portal, self.email, self.timeout, self.cookies = portal, email, timeout, {}

    def once(self, method, url, fields=None):
        u = urllib.parse.urlsplit(url)
        c = http.client.HTTPConnection("127.0.0.1", u.port, timeout=self.timeout)
        try:
            jar = self.cookies.setdefault(u.netloc, {})
            head = {"Host": u.netloc}
            # the ACS POST comes from another site: a browser sends no Lax cookie with it
            if jar and not u.path.endswith("/saml/acs"):
                head["Cookie"] = "; ".join("%s=%s" % kv for kv in jar.items())
            body = None
            if fields is not None:
                body = urllib.parse.urlencode(fields)
                head["Content-Type"] = "application/x-www-form-urlencoded"
            c.request(method, (u.path or "/") + ("?" + u.query if u.query else ""), body, head)
            r = c.getresponse()
            text = r.read().decode()
            for line in r.headers.get_all("set-cookie") or []:
                name, value = line.split(";")[0].split("=", 1)
                jar[name] = value
            return r.status, r.headers.get("location"), text
        finally:
            c.close()

    def go(self, method, url, fields=None):
        """Follows redirects; returns (status, final url, text)."""
        for _ in range(10):
            status, location, text = self.once(method, url, fields)
            if status not in (301, 302, 303, 307) or not location:
                return status, url, text
            url, method, fields = urllib.parse.urljoin(url, location), "GET", None
        raise ValueError("too many redirects")

    def sign_in(self):
        _, url, text = self.go("GET", self.portal + "/login")
        form = Form(text, url)
        if "username" in form:  # else the IdP knows this person already
            form.update(username=self.email, password=self.email.split("@")[0])
            _, url, text = self.go("POST", form.action, form)
            form = Form(text, url)
        status, url, text = self.go("POST", form.action, form)
        if status != 200:
            raise ValueError("%d at %s" % (status, url))
        return text

    def rotate(self, page):
        """Presses "new key" on the key page; returns the next one."""
        for form in re.findall(r"<form\b.*?</form>", page, re.S):
            f = Form(form, self.portal)
            if f.action.endswith("/key/new"):
                status, url, text = self.go("POST", f.action, f)
                if status != 200:
                    raise ValueError("%d at %s" % (status, url))
                return text
        raise ValueError("no form for a new key")


def passphrase(page):
    groups = re.search(r'class="groups[^>]*>(.*?)</div>', page, re.S)
    return re.sub(r"<[^>]*>|\s", "", groups[1])
