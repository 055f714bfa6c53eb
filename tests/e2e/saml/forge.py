"""Makes SAML Responses, good and bad, with one-time keys; xmlsec signs. For saml.test.py, for
idp.test.py (the driver) and for the fuzzer's seeds. Python's standard library only."""
import base64
import os
import shutil
import subprocess
import time

SP = "https://wifi.example.test"
ENTITY, ACS = SP + "/saml/metadata", SP + "/saml/acs"
IDP, IDP2, IDP_MAIL, IDP_ROLL = ("https://%s.example.test/idp" % n
                                         for n in ("one", "two", "mail", "roll"))
NOW = 1790000000
IRT = "_0123456789abcdef0123456789abcdef"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
SIG = "@SIG@"


def utc(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


def run(argv, data=None):
    p = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(argv), p.stderr.decode(errors="replace")[-400:]))
    return p.stdout


class Forge:
    def __init__(self, folder):
        self.dir = folder
        self._signer = None

    @property
    def signer(self):
        if self._signer is None:
            self._signer = Program(self.dir, "sign_cli", ["common"], ["xmlsec1", "libxml-2.0", "libcrypto"])
        return self._signer

    def path(self, name):
        return os.path.join(self.dir, name)

    def pair(self, name, kind="rsa:2048"):
        """A key and a self-signed certificate, name.key and name.pem."""
        opts = ["-newkey", kind]
        if kind.startswith("P-"):
            opts = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + kind]
        run(["openssl", "req", "-x509", "-nodes", "-days", "7300", "-subj", "/CN=" + name,
             "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem")] + opts)

    def cert(self, name):
        lines = open(self.path(name + ".pem")).read().split("\n")
        return "".join(x for x in lines if x and not x.startswith("-"))

    def metadata(self, entity, *keys, attrs="", role="", sso="https://idp.example.test/sso?x=1&amp;y=2"):
        k = "".join('<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s'
                    '</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>'
                    % self.cert(n) for n in keys)
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by a test -->\n'
                '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="%s" '
                'entityID="%s"%s><IDPSSODescriptor%s protocolSupportEnumeration="%s">%s'
                '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
                'Location="%s"/></IDPSSODescriptor></EntityDescriptor>'
                % (DS, entity, attrs, role, SAMLP, k, sso))

    def sign(self, xml, key, sigalg=None, digest=ENC + "sha256", c14n=EXC,
             transforms=(ENVELOPED, EXC), uri=None, extra="", keyinfo="", hmac=False):
        """Put a signature of the root element where @SIG@ stands."""
        ident = xml.split(' ID="', 1)[1].split('"', 1)[0]
        if sigalg is None:
            sigalg = MORE + ("ecdsa-sha256" if key == "ec" else "rsa-sha256")
        tmpl = ('<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/>'
                '<ds:SignatureMethod Algorithm="%s"/><ds:Reference URI="%s"><ds:Transforms>%s%s'
                '</ds:Transforms><ds:DigestMethod Algorithm="%s"/><ds:DigestValue/></ds:Reference>'
                '</ds:SignedInfo><ds:SignatureValue/>%s</ds:Signature>'
                % (DS, c14n, sigalg, "#" + ident if uri is None else uri,
                   "".join('<ds:Transform Algorithm="%s"/>' % t for t in transforms), extra, digest,
                   keyinfo))
        return self.signer.ask("%s %s %s" % (hmac or self.path(key + ".key"), "hmac" if hmac else "pem",
                                             b64(xml.replace(SIG, tmpl, 1))), b64=True)


def attribute(name, *values):
    return ('<saml:Attribute Name="%s">%s</saml:Attribute>'
            % (name, "".join("<saml:AttributeValue>%s</saml:AttributeValue>" % v for v in values)))


ATTRS = (attribute("mail", "alice@Example.Test") + attribute("displayName", "Alice Example") +
         attribute("givenName", "Alice") + attribute("groups", "staff", "wifi-admins"))


def assertion(**o):
    """The parts of a good assertion; each may be given, None leaves it out."""
    g = o.get
    idp = g("idp", IDP)
    issuer = g("a_issuer", idp)
    scd = g("scd", 'NotOnOrAfter="%s" Recipient="%s" InResponseTo="%s"'
            % (utc(g("scd_end", NOW + 300)), g("recipient", ACS), g("scd_irt", IRT)))
    conf = g("confirmation", '<saml:SubjectConfirmation Method="%s"><saml:SubjectConfirmationData '
             '%s/></saml:SubjectConfirmation>' % (g("method", "urn:oasis:names:tc:SAML:2.0:cm:bearer"), scd))
    nameid = g("nameid", '<saml:NameID Format="%s"%s>%s</saml:NameID>'
               % (g("format", PERSISTENT), g("nameid_attrs", ' NameQualifier="%s" SPNameQualifier="%s"'
                                            % (idp, ENTITY)), g("name", "persistent-alice-1")))
    subject = g("subject", "<saml:Subject>%s%s</saml:Subject>" % (nameid, conf))
    audience = g("audience", "<saml:AudienceRestriction><saml:Audience>%s</saml:Audience>"
                 "</saml:AudienceRestriction>" % ENTITY)
    cond = g("conditions", "<saml:Conditions %s>%s</saml:Conditions>"
             % (g("window", 'NotBefore="%s" NotOnOrAfter="%s"'
                  % (utc(g("start", NOW - 30)), utc(g("end", NOW + 300)))), audience))
    stmt = g("statement", '<saml:AuthnStatement AuthnInstant="%s"%s><saml:AuthnContext>'
             "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
             "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
             % (g("instant", utc(NOW - 10)), g("session", ' SessionIndex="_s1"')))
    attrs = g("attrs", ATTRS)
    return ('<saml:Assertion xmlns:saml="%s" ID="%s" Version="%s" IssueInstant="%s">'
            "<saml:Issuer>%s</saml:Issuer>%s%s%s%s%s%s</saml:Assertion>"
            % (SAML, g("aid", "_a1"), g("a_version", "2.0"), g("a_issued", utc(NOW - 5)), issuer, SIG,
               subject, cond, stmt,
               "<saml:AttributeStatement>%s</saml:AttributeStatement>" % attrs if attrs else "",
               g("a_tail", "")))


def response(inner, **o):
    g = o.get
    dest, irt = g("destination", ACS), g("irt", IRT)
    return ('<samlp:Response xmlns:samlp="%s" xmlns:saml="%s" ID="%s" Version="%s" IssueInstant="%s"%s%s>'
            "<saml:Issuer>%s</saml:Issuer>%s%s%s%s%s</samlp:Response>"
            % (SAMLP, SAML, g("rid", "_r1"), g("r_version", "2.0"), g("issued", utc(NOW - 5)),
               ' Destination="%s"' % dest if dest is not None else "",
               ' InResponseTo="%s"' % irt if irt is not None else "",
               g("idp", IDP), SIG, g("extensions", ""),
               g("status", '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:'
                           'status:Success"/></samlp:Status>'), inner, g("r_tail", "")))


def message(f, place, **o):
    """A Response signed in place: "response", "assertion", "both" or "none". sig: options of
    Forge.sign. decorate: a change of the text before anything is signed."""
    key, sig = o.get("key", "one"), o.get("sig", {})
    a = o.get("decorate", lambda s: s)(o["assertion"] if "assertion" in o else assertion(**o))
    a = f.sign(a, key, **sig) if place in ("assertion", "both") else a.replace(SIG, "")
    r = o.get("decorate_response", lambda s: s)(response(a, **o))
    return f.sign(r, key, **sig) if place in ("response", "both") else r.replace(SIG, "")


def b64(s):
    return base64.b64encode(s.encode() if isinstance(s, str) else s).decode()


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))


class Program:
    """A small C program of this folder, built once into folder from the layer libraries in $BUILD,
    that answers a line with a line."""

    def __init__(self, folder, source, layers, pkgs, args=(), env=None):
        exe = os.path.join(folder, source)
        if not os.path.exists(exe):
            san = ["-fsanitize=address,undefined"] if BUILD.endswith("-san") else []

            def cfg(what):
                return run(["pkg-config", what] + pkgs).decode().split()
            run(["gcc", "-std=c17", "-g", "-O1", "-D_GNU_SOURCE", "-I" + ROOT, "-o", exe] + san +
                cfg("--cflags") + [os.path.join(ROOT, "tests/e2e/saml", source + ".c")] +
                [os.path.join(BUILD, "lib%s.a" % x) for x in layers] + cfg("--libs"))
        self.p = subprocess.Popen([exe] + list(args), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env=dict(os.environ, **(env or {})))

    def ask(self, line, b64=False):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()
        got = self.p.stdout.readline().decode().rstrip("\n")
        if not b64:
            return got
        if got in ("", "error"):
            raise RuntimeError("not signed: " + line[:200])
        return base64.b64decode(got).decode()

    def close(self):
        self.p.stdin.close()
        self.p.stdout.close()
        return self.p.wait(timeout=20)


class Driver(Program):
    """verify_cli: portal/saml itself."""

    def __init__(self, folder, base, key, cert, idps, env=None):
        super().__init__(folder, "verify_cli", ["saml", "common"],
                         ["lasso", "gobject-2.0", "glib-2.0", "libxml-2.0", "xmlsec1", "zlib", "libcrypto"],
                         [base, key, cert] + idps, env)

    def verify(self, message_b64, now=NOW):
        """(code, {name: value}, [groups])"""
        w = self.ask("verify %d %s" % (now, message_b64)).split("\t")
        pairs = [x.split("=", 1) for x in w[2:]]
        return w[0], dict(x for x in pairs if x[0] != "group"), [v for k, v in pairs if k == "group"]


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, cond, name):
        self.n += 1
        self.failed += not cond
        print("%sok %d - %s" % ("" if cond else "not ", self.n, name), flush=True)
        return cond

    def end(self):
        print("1..%d" % self.n)
        return 1 if self.failed else 0


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
