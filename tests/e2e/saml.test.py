#!/usr/bin/python3
"""saml_verify against every attack of the threat list: each message in up to three signature
placements, each with the reason code it must give. One driver process, fixed clock."""
import base64
import os
import re
import socket
import sys
import tempfile
import urllib.parse
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "saml"))
from forge import *  # noqa: E402,F403

PLACES = ("response", "assertion", "both")
GOOD = "KF-2000"
tap = Tap()
tmp = tempfile.mkdtemp(prefix="keyfob-saml.")
f = Forge(tmp)


def setup():
    for name in ("sp", "one", "two", "roll1", "roll2", "evil"):
        f.pair(name)
    f.pair("ec", "P-256")
    idps = []
    for name, entity, keys in (("one", IDP, ["one"]), ("two", IDP2, ["two"]),
                               ("roll", IDP_ROLL, ["roll1", "roll2"]), ("mail", IDP_MAIL, ["two"])):
        with open(f.path(name + ".xml"), "w") as out:
            out.write(f.metadata(entity, *keys))
        idps.append(("email:" if name == "mail" else "") + f.path(name + ".xml"))
    return idps


def signed_ok(title, code, places=PLACES, **o):
    """Content that the IdP itself signs: only our own checks can refuse it."""
    for place in places:
        got, _, _ = driver.verify(b64(message(f, place, **o)))
        tap.ok(got == code, "%s, signed on %s: %s%s" % (title, place, code, "" if got == code else " (got %s)" % got))


def changed(title, code, change, places=PLACES, **o):
    """A change after signing."""
    for place in places:
        m = message(f, place, **o)
        c = change(m)
        assert c != m, title
        got, _, _ = driver.verify(b64(c))
        tap.ok(got == code, "%s, signed on %s: %s%s" % (title, place, code, "" if got == code else " (got %s)" % got))


def raw(name, code, message_b64, now=NOW):
    got, _, _ = driver.verify(message_b64, now)
    tap.ok(got == code, "%s: %s%s" % (name, code, "" if got == code else " (got %s)" % got))


# --- what must pass ---------------------------------------------------------------------------


def good():
    for place in PLACES:
        code, p, groups = driver.verify(b64(message(f, place)))
        tap.ok(code == GOOD, "a good Response signed on %s passes" % place)
        tap.ok((p.get("idp"), p.get("irt"), p.get("aid")) == (IDP, IRT, "_a1"),
               "it gives IdP, request id and assertion id")
        tap.ok((p.get("nameid"), p.get("format"), p.get("nq"), p.get("spnq"), p.get("session"))
               == ("persistent-alice-1", "persistent", IDP, ENTITY, "_s1"), "it gives the persistent NameID")
        tap.ok((p.get("email"), p.get("name"), p.get("given"), groups)
               == ("alice@example.test", "Alice Example", "Alice", ["staff", "wifi-admins"]),
               "it gives address (domain in lower case), names and groups")
        tap.ok((p.get("expires"), p.get("authn")) == (str(NOW + 360), str(NOW - 10)),
               "it gives the time until which a replay must be known")
    signed_ok("RSA-SHA512 and SHA-512", GOOD, sig=dict(sigalg=MORE + "rsa-sha512", digest=ENC + "sha512"))
    signed_ok("inclusive C14N as method", GOOD, sig=dict(c14n="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
              places=("response",))
    signed_ok("the old key during roll-over", GOOD, key="roll1", idp=IDP_ROLL)
    signed_ok("the new key during roll-over", GOOD, key="roll2", idp=IDP_ROLL)
    signed_ok("an XML declaration", GOOD, decorate_response=lambda s: s, places=("both",))
    raw("XML declaration with UTF-8", GOOD, b64('<?xml version="1.0" encoding="utf-8"?>' + message(f, "both")))
    raw("base64 in lines", GOOD, re.sub("(.{76})", r"\1 ", b64(message(f, "both"))))
    signed_ok("two audiences, ours the second", GOOD, audience="<saml:AudienceRestriction><saml:Audience>"
              "https://x.test</saml:Audience><saml:Audience>%s</saml:Audience></saml:AudienceRestriction>" % ENTITY)
    signed_ok("no SPNameQualifier", GOOD, nameid_attrs="")
    signed_ok("fractions of seconds", GOOD, instant=utc(NOW - 10)[:-1] + ".123Z")
    signed_ok("white space around a value", GOOD, attrs=attribute("mail", "\n  alice@example.test\n "))
    signed_ok("OneTimeUse", GOOD, conditions="<saml:Conditions><saml:AudienceRestriction><saml:Audience>%s"
              "</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/></saml:Conditions>" % ENTITY)
    for name in ("urn:oid:0.9.2342.19200300.100.1.3", "email",
                 "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"):
        signed_ok("address in " + name, GOOD, attrs=attribute(name, "alice@example.test"), places=("both",))
    code, p, _ = driver.verify(b64(message(f, "both", attrs=attribute("email", "b@example.test") +
                                                            attribute("mail", "a@example.test"))))
    tap.ok((code, p.get("email")) == (GOOD, "a@example.test"), "the map's first name wins over a later one")
    code, p, _ = driver.verify(b64(message(f, "both", key="two", idp=IDP_MAIL, format=EMAIL, attrs="",
                                           name="Bob@EXAMPLE.test")))
    tap.ok((code, p.get("email"), p.get("format")) == (GOOD, "Bob@example.test", "email"),
           "an IdP with nameid = email: the NameID is the address")


# --- the bytes ------------------------------------------------------------------------------------


def bytes_and_markup():
    m = message(f, "both")
    raw("nothing", "KF-2001", "")
    raw("4 MB", "KF-2001", "A" * (4 << 20))
    raw("one character over 256 KiB", "KF-2001", "A" * ((256 << 10) + 1))
    raw("not base64", "KF-2002", "!!!!" + b64(m))
    raw("cut base64", "KF-2002", b64(m).rstrip("=")[:-1] + "*")
    raw("base64 with an URL in front", "KF-2002", "SAMLResponse=" + b64(m))
    raw("NUL", "KF-2003", b64(m.replace("Alice Example", "Alice\0Example")))
    raw("NUL behind the end", "KF-2003", b64(m + "\0<!-- -->"))
    raw("UTF-16", "KF-2003", b64(m.encode("utf-16")))
    raw("UTF-16 without mark", "KF-2003", b64(m.encode("utf-16-le")))
    for enc in ("UTF-7", "utf-16", "ISO-8859-1", "EBCDIC-CP-US", "utf-8x"):
        raw("declared " + enc, "KF-2003", b64('<?xml version="1.0" encoding="%s"?>%s' % (enc, m)))
    raw("declaration without end", "KF-2003", b64('<?xml version="1.0" ' + m.replace("?>", "")))
    raw("overlong UTF-8", "KF-2003", b64(m.encode().replace(b"Alice Example", b"Alice\xc0\xbcExample")))
    raw("half a UTF-8 character", "KF-2003", b64(m.encode() + b"\xe2\x82"))
    raw("UTF-8 surrogate", "KF-2003", b64(m.encode() + b"\xed\xa0\x80"))
    raw("text in front", "KF-2005", b64("hello" + m))
    raw("a second root", "KF-2005", b64(m + m))
    raw("trailing junk", "KF-2005", b64(m + "junk"))
    raw("cut XML", "KF-2005", b64(m[:-20]))
    raw("a character that XML forbids", "KF-2005", b64(m.replace("Alice Example", "Alice&#1;")))
    raw("an undeclared entity", "KF-2005", b64(m.replace("Alice Example", "&x;")))
    raw("an unknown prefix", "KF-2005", b64(m.replace("<saml:Subject>", "<q:Subject>", 1)))
    raw("random bytes", "KF-2003", b64(bytes(range(128, 256))))
    dtd = '<!DOCTYPE r [%s]>'
    for name, decl in (("external entity", '<!ENTITY x SYSTEM "file:///etc/passwd">'),
                       ("entity over http", '<!ENTITY x SYSTEM "http://127.0.0.1:9/">'),
                       ("parameter entity", '<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;'),
                       ("billion laughs", '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY x "&b;&b;">'),
                       ("ID by DTD", "<!ATTLIST x foo ID #IMPLIED>"), ("empty DTD", "")):
        raw(name, "KF-2004", b64(dtd.replace("%s", decl) + m.replace("Alice Example", "&x;" if "y x" in decl else "A")))
    raw("processing instruction in front", "KF-2004", b64("<?xml-stylesheet href='x'?>" + m))
    raw("comment behind the end", "KF-2004", b64(m + "<!-- -->"))
    leaves = [("NameID", "persistent-alice-1"), ("mail", "alice@Example.Test"), ("group", "wifi-admins"),
              ("displayName", "Alice Example"), ("Audience", ENTITY + "</saml:Aud"),
              ("Issuer", IDP + "</saml:Iss"), ("AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")]
    for leaf, text in leaves:
        for kind, mark in (("comment", "<!-- x -->"), ("CDATA", "<![CDATA[x]]>"), ("PI", "<?x y?>")):
            at = len(text) // 2
            signed_ok("%s in %s" % (kind, leaf), "KF-2004",
                      decorate=lambda s, t=text, k=mark, n=at: s.replace(t, t[:n] + k + t[n:], 1))
    signed_ok("CDATA around the address", "KF-2004",
              attrs=attribute("mail", "alice@exam<![CDATA[ple.test]]>"))


# --- the shape ----------------------------------------------------------------------------------------


def part(m, tag):
    """The first element of that name, as text."""
    return re.search("<%s[ >].*?</%s>" % (tag, tag), m, re.S).group(0)


def evil(a):
    return a.replace("alice@Example.Test", "admin@example.test").replace("persistent-alice-1", "admin")


def without_signature(s):
    return re.sub("<ds:Signature .*?</ds:Signature>", "", s, flags=re.S)


def wrapping():
    def sig_of(s):
        return part(s, "ds:Signature")

    def obj(sig, inner):
        return sig.replace("</ds:Signature>", "<ds:Object>%s</ds:Object></ds:Signature>" % inner)

    def xsw1(m):  # evil Response, the old one inside the moved signature
        s = sig_of(m)
        e = evil(m).replace('ID="_r1"', 'ID="_evil"', 1)
        return e.replace(s, obj(s, m.replace(s, "", 1)), 1)

    def xsw2(m):  # evil Response, the old one before the moved signature
        s = sig_of(m)
        e = evil(m).replace('ID="_r1"', 'ID="_evil"', 1)
        return e.replace(s, m.replace(s, "", 1) + s, 1)

    changed("XSW1", "KF-2021", xsw1, places=("response", "both"))
    changed("XSW2", "KF-2021", xsw2, places=("response", "both"))

    def on_assertion(build):
        def change(m):
            a = part(m, "saml:Assertion")
            e = without_signature(evil(a)).replace('ID="_a1"', 'ID="_evil"', 1)
            return m.replace(a, build(a, e), 1)
        return change

    def into(e, inner):
        return e.replace("</saml:Assertion>", inner + "</saml:Assertion>")

    def issuer_end(e, inner):
        return e.replace("</saml:Issuer>", "</saml:Issuer>" + inner, 1)

    shapes = {
        "XSW3": lambda a, e: e + a,
        "XSW4": lambda a, e: into(e, a),
        "XSW5": lambda a, e: issuer_end(e, sig_of(a)) + without_signature(a),
        "XSW6": lambda a, e: issuer_end(e, obj(sig_of(a), without_signature(a))),
        "XSW7": lambda a, e: "<samlp:Extensions>%s</samlp:Extensions>%s" % (e, a),
        "XSW7, swapped": lambda a, e: "<samlp:Extensions>%s</samlp:Extensions>%s" % (a, e),
        "XSW8": lambda a, e: issuer_end(e, obj(sig_of(a), without_signature(a).replace("_a1", "_a1"))),
        "evil last": lambda a, e: a + e,
        "evil with the same ID": lambda a, e: e.replace("_evil", "_a1") + a,
        "evil in Advice": lambda a, e: a.replace("</saml:Conditions>", "</saml:Conditions><saml:Advice>%s</saml:Advice>" % e),
        "good in evil's Advice": lambda a, e: e.replace("</saml:Conditions>", "</saml:Conditions><saml:Advice>%s</saml:Advice>" % a),
        "evil in an AttributeValue": lambda a, e: a.replace("wifi-admins", e),
    }
    for name, build in shapes.items():
        changed(name, "KF-2021", on_assertion(build), places=("assertion", "both"))
    changed("good in StatusDetail", "KF-2021", lambda m: m.replace(
        "</samlp:Status>", "<samlp:StatusDetail>%s</samlp:StatusDetail></samlp:Status>" % part(m, "saml:Assertion"), 1)
        .replace("</samlp:Status>" + part(m, "saml:Assertion"), "</samlp:Status>" + evil(part(m, "saml:Assertion"))))
    changed("a Response inside the Response", "KF-2021", lambda m: m.replace(
        "</samlp:Response>", without_signature(m) + "</samlp:Response>"))
    # the shape is right, the signature covers something else
    changed("the assertion's signature moved to the Response", "KF-2013", lambda m: without_signature(m).replace(
        "</saml:Issuer>", "</saml:Issuer>" + sig_of(m), 1), places=("assertion",))
    changed("the Response's signature moved to the assertion", "KF-2013", lambda m: re.sub(
        "(<saml:Assertion.*?</saml:Issuer>)", lambda k: k.group(1) + sig_of(m), without_signature(m), 1, re.S),
        places=("response",))
    changed("two signatures side by side", "KF-2013", lambda m: m.replace(sig_of(m), sig_of(m) * 2, 1))
    changed("a signature in the Subject", "KF-2013", lambda m: m.replace("<saml:Subject>", "<saml:Subject>" + sig_of(m), 1))
    changed("Response and assertion with one ID", "KF-2005", lambda m: m.replace('ID="_r1"', 'ID="_a1"', 1))
    changed("no ID", "KF-2005", lambda m: m.replace(' ID="_a1"', "", 1))
    changed("xml:id beside ID", "KF-2013", lambda m: m.replace(' ID="_a1"', ' ID="_a2" xml:id="_a1"', 1),
            places=("assertion", "both"))
    changed("a foreign id attribute", "KF-2013", lambda m: m.replace(' ID="_a1"', ' ID="_a2" Id="_a1"', 1),
            places=("assertion", "both"))
    signed_ok("no assertion", "KF-2021", places=("response",), assertion="")
    signed_ok("two assertions, both signed by the IdP", "KF-2021", places=("response",),
              assertion=assertion().replace(SIG, "") + assertion(aid="_a2").replace(SIG, ""))
    signed_ok("an encrypted assertion", "KF-2020", places=("response",), assertion='<saml:EncryptedAssertion>'
              '<xenc:EncryptedData xmlns:xenc="%s"/></saml:EncryptedAssertion>' % ENC)
    signed_ok("an encrypted name", "KF-2020", nameid='<saml:EncryptedID><xenc:EncryptedData xmlns:xenc="%s"/>'
              "</saml:EncryptedID>" % ENC)
    signed_ok("an encrypted attribute", "KF-2020", attrs=ATTRS + "<saml:EncryptedAttribute/>")
    signed_ok("too deep", "KF-2022", attrs=ATTRS + attribute("x", "<x>" * 40 + "</x>" * 40))
    signed_ok("20,000 elements", "KF-2022", attrs=ATTRS + attribute("x", "<x/>" * 20001), places=("response",))
    kind = message(f, "both")
    raw("a LogoutResponse", "KF-2006", b64(kind.replace("samlp:Response", "samlp:LogoutResponse")))
    raw("an AuthnRequest", "KF-2006", b64(kind.replace("samlp:Response", "samlp:AuthnRequest")))
    raw("a Response without namespace", "KF-2006", b64(kind.replace(' xmlns:samlp="%s"' % SAMLP, ' xmlns:samlp="urn:x"')))
    raw("SAML 1.1", "KF-2006", b64(message(f, "both", r_version="1.1")))
    raw("an assertion of version 1.1", "KF-2006", b64(message(f, "both", a_version="1.1")))
    raw("a SOAP envelope", "KF-2006", b64('<s:Envelope xmlns:s="urn:s"><s:Body>%s</s:Body></s:Envelope>' % kind))
    status = ('<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:%s"/></samlp:Status>')
    for word in ("Responder", "Requester", "success", "Success "):
        signed_ok("status " + word, "KF-2007", places=("both",), status=status % word)
    signed_ok("no status", "KF-2007", places=("both",), status="")
    signed_ok("two statuses", "KF-2007", places=("both",), status=status % "Success" + status % "Responder")


# --- signatures -------------------------------------------------------------------------------------------


def keyinfo():
    return "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" % f.cert("evil")


def signatures():
    changed("a changed address", "KF-2013", lambda m: m.replace("alice@", "admin@", 1))
    changed("a changed name", "KF-2013", lambda m: m.replace("persistent-alice-1", "persistent-admin"))
    changed("an added group", "KF-2013", lambda m: m.replace(">staff<", ">root<"))
    changed("a changed Destination", "KF-2013", lambda m: m.replace('Destination="' + ACS, 'Destination="' + ACS + "2"),
            places=("response", "both"))
    changed("a changed signature value", "KF-2013", lambda m: re.sub("(<ds:SignatureValue>)(.)", lambda k: k.group(1) + ("B" if k.group(2) == "A" else "A"), m))
    changed("an empty signature", "KF-2013", lambda m: re.sub("<ds:SignatureValue>.*?</ds:SignatureValue>", "<ds:SignatureValue/>", m, flags=re.S))
    changed("a signature without content", "KF-2013", lambda m: re.sub("<ds:Signature .*?</ds:Signature>", '<ds:Signature xmlns:ds="%s"/>' % DS, m, flags=re.S))
    changed("signatures stripped", "KF-2012", without_signature)
    changed("signature in another namespace", "KF-2012", lambda m: m.replace(DS + '">', "http://www.w3.org/2000/09/xmldsig" + '">'))
    changed("the outer good, the inner broken", "KF-2013", lambda m: m[:m.index("<saml:Assertion")] + re.sub(
        "<ds:DigestValue>.", "<ds:DigestValue>A", m[m.index("<saml:Assertion"):].replace("<ds:DigestValue>A", "<ds:DigestValue>B")),
        places=("both",))
    raw("unsigned", "KF-2012", b64(message(f, "none")))
    signed_ok("another key", "KF-2013", key="evil")
    signed_ok("another key, its certificate in KeyInfo", "KF-2013", key="evil", sig=dict(keyinfo=keyinfo()))
    signed_ok("another IdP's key", "KF-2013", key="two")
    signed_ok("KeyInfo with a retrieval method", "KF-2013", key="evil",
              sig=dict(keyinfo='<ds:KeyInfo><ds:RetrievalMethod URI="#_r1"/></ds:KeyInfo>'), places=("assertion",))
    signed_ok("RSA-SHA1", "KF-2014", sig=dict(sigalg=DS + "rsa-sha1"))
    signed_ok("SHA-1 as digest", "KF-2014", sig=dict(digest=DS + "sha1"))
    signed_ok("RSA-MD5", "KF-2014", sig=dict(sigalg=MORE + "rsa-md5"))
    signed_ok("MD5 as digest", "KF-2014", sig=dict(digest=MORE + "md5"))
    signed_ok("RSA-RIPEMD160", "KF-2014", sig=dict(sigalg=MORE + "rsa-ripemd160"))
    signed_ok("HMAC keyed with the certificate", "KF-2014", sig=dict(sigalg=MORE + "hmac-sha256", hmac=f.path("one.pem")))
    signed_ok("SHA-224", "KF-2014", sig=dict(sigalg=MORE + "rsa-sha224", digest=MORE + "sha224"))
    signed_ok("C14N with comments", "KF-2014", sig=dict(c14n=EXC + "WithComments"))
    signed_ok("a transform that cuts by XPath", "KF-2014", sig=dict(
        extra='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>'
              "not(ancestor-or-self::x)</ds:XPath></ds:Transform>"))
    signed_ok("XSLT", "KF-2014", sig=dict(
        transforms=(ENVELOPED,), extra='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"><a/>'
        "</xsl:template></xsl:stylesheet></ds:Transform>"))
    changed("a base64 transform", "KF-2014", lambda m: m.replace(
        "</ds:Transforms>", '<ds:Transform Algorithm="%sbase64"/></ds:Transforms>' % DS))
    signed_ok("ECDSA", "KF-2014", key="ec")
    changed("an unknown algorithm", "KF-2014", lambda m: m.replace("rsa-sha256", "rsa-sha257"))
    changed("no algorithm", "KF-2014", lambda m: m.replace(' Algorithm="%srsa-sha256"' % MORE, ""))
    signed_ok("an empty reference", "KF-2013", sig=dict(uri=""), places=("assertion", "both"))
    changed("a reference to a file", "KF-2013", lambda m: re.sub('URI="#[^"]*"', 'URI="file:///etc/hostname"', m))
    changed("no reference", "KF-2013", lambda m: re.sub("<ds:Reference.*?</ds:Reference>", "", m, flags=re.S))
    changed("a second reference", "KF-2013", lambda m: re.sub("(<ds:Reference.*?</ds:Reference>)", r"\1\1", m, flags=re.S))
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        url = "http://127.0.0.1:%d/x" % trap.getsockname()[1]
        changed("a reference to the network", "KF-2013", lambda m: re.sub('URI="#[^"]*"', 'URI="%s"' % url, m))
        try:
            trap.accept()
            called = True
        except socket.timeout:
            called = False
        tap.ok(not called, "no message makes us fetch anything")
    signed_ok("an unknown issuer", "KF-2010", idp="https://evil.test/idp", key="evil")
    signed_ok("issuer of another IdP of ours", "KF-2013", idp=IDP2)
    signed_ok("the assertion names another issuer", "KF-2011", a_issuer=IDP2)
    changed("no issuer", "KF-2010", lambda m: m.replace("<saml:Issuer>%s</saml:Issuer>" % IDP, "", 1))
    signed_ok("two issuers", "KF-2010", decorate_response=lambda s: s.replace(
        "</saml:Issuer>", "</saml:Issuer><saml:Issuer>%s</saml:Issuer>" % IDP2, 1), places=("response",))
    signed_ok("issuer with a blank", "KF-2010", decorate_response=lambda s: s.replace(IDP + "<", IDP + " <", 1))


# --- what lasso leaves open ---------------------------------------------------------------------------------


def conditions():
    other = "https://other.test/saml/acs"
    signed_ok("another Destination", "KF-2030", destination=other)
    signed_ok("no Destination", "KF-2030", destination=None)
    signed_ok("an empty Destination", "KF-2030", destination="")
    signed_ok("our Destination with a tail", "KF-2030", destination=ACS + "/x")
    signed_ok("another Recipient", "KF-2031", recipient=other)
    signed_ok("no Recipient", "KF-2031", scd='NotOnOrAfter="%s" InResponseTo="%s"' % (utc(NOW + 60), IRT))
    signed_ok("unsolicited", "KF-2033", irt=None)
    signed_ok("an empty InResponseTo", "KF-2033", irt="")
    signed_ok("an InResponseTo of 100 characters", "KF-2033", irt="_" + "a" * 99)
    signed_ok("unsolicited assertion in a solicited Response", "KF-2033",
              scd='NotOnOrAfter="%s" Recipient="%s"' % (utc(NOW + 60), ACS))
    signed_ok("Response and assertion answer two requests", "KF-2034", irt="_" + "f" * 32)

    def audience(*names):
        return "<saml:AudienceRestriction>%s</saml:AudienceRestriction>" % "".join(
            "<saml:Audience>%s</saml:Audience>" % n for n in names)
    signed_ok("another audience", "KF-2032", audience=audience("https://other.test"))
    signed_ok("two other audiences", "KF-2032", audience=audience("https://other.test", "https://third.test"))
    signed_ok("no audience in the restriction", "KF-2032", audience=audience())
    signed_ok("no restriction", "KF-2032", audience="")
    signed_ok("two restrictions, one of them not ours", "KF-2032", audience=audience(ENTITY) + audience("https://other.test"))
    signed_ok("audience in upper case", "KF-2032", audience=audience(ENTITY.upper()))
    signed_ok("audience with a tail", "KF-2032", audience=audience(ENTITY + "/"))
    signed_ok("no Conditions", "KF-2025", conditions="")
    signed_ok("an unknown Condition", "KF-2025", audience=audience(ENTITY) + '<saml:Condition/>')
    signed_ok("sender-vouches", "KF-2023", method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
    signed_ok("holder-of-key", "KF-2023", method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
    signed_ok("no confirmation", "KF-2023", confirmation="")
    signed_ok("no confirmation data", "KF-2023", confirmation='<saml:SubjectConfirmation '
              'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>')
    signed_ok("NotBefore for a bearer", "KF-2023", scd='NotBefore="%s" NotOnOrAfter="%s" Recipient="%s" InResponseTo="%s"'
              % (utc(NOW - 60), utc(NOW + 60), ACS, IRT))
    one = ('<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
           'NotOnOrAfter="%s" Recipient="%s" InResponseTo="%s"/></saml:SubjectConfirmation>' % (utc(NOW + 60), ACS, IRT))
    signed_ok("two confirmations (lasso takes one only)", "KF-2023", confirmation=one + one)
    signed_ok("no Subject", "KF-2023", subject="")
    signed_ok("no AuthnStatement", "KF-2024", statement="")
    signed_ok("a SessionIndex of 300 characters", "KF-2024", session=' SessionIndex="%s"' % ("x" * 300))


def times():
    signed_ok("expired confirmation", "KF-2042", scd_end=NOW - 60)
    signed_ok("confirmation expired within the skew", GOOD, scd_end=NOW - 59, places=("both",))
    signed_ok("expired conditions", "KF-2042", end=NOW - 60)
    signed_ok("conditions expired within the skew", GOOD, end=NOW - 59, places=("both",))
    signed_ok("conditions from the future", "KF-2041", start=NOW + 61)
    signed_ok("conditions from the future within the skew", GOOD, start=NOW + 60, places=("both",))
    signed_ok("a Response from the future", "KF-2041", issued=utc(NOW + 61))
    signed_ok("an old Response", "KF-2042", issued=utc(NOW - 361))
    signed_ok("a Response of 360 s", GOOD, issued=utc(NOW - 360), places=("both",))
    signed_ok("an assertion from the future", "KF-2041", a_issued=utc(NOW + 61))
    signed_ok("a log-in in the future", "KF-2041", instant=utc(NOW + 61))
    signed_ok("the IdP's session over", "KF-2043", session=' SessionNotOnOrAfter="%s"' % utc(NOW - 60))
    signed_ok("the IdP's session over since 1970", "KF-2043", session=' SessionNotOnOrAfter="%s"' % utc(0))
    signed_ok("no end of the confirmation", "KF-2040", scd='Recipient="%s" InResponseTo="%s"' % (ACS, IRT))
    for bad in ("", "now", "2026-09-21", "2026-09-21T14:13:20", "2026-09-21T14:13:20+00:00", "2026-09-21T14:13:20.Z",
                "2026-13-21T14:13:20Z", "2026-02-30T14:13:20Z", "2026-09-21T24:00:00Z", "2026-09-21T14:13:60Z",
                " 2026-09-21T14:13:20Z", "2026-09-21T14:13:20Zx", "20260921T141320Z", "-2026-09-21T14:13:20Z",
                "2026-09-21T14:13:20." + "1" * 60 + "Z"):
        signed_ok("the time %r" % bad, "KF-2040", issued=bad, places=("both",))
    signed_ok("a bad NotBefore", "KF-2040", window='NotBefore="yesterday"', places=("both",))
    signed_ok("no AuthnInstant", "KF-2040", statement='<saml:AuthnStatement><saml:AuthnContext/></saml:AuthnStatement>',
              places=("both",))
    m = b64(message(f, "both"))
    raw("the same message at its last second", GOOD, m, NOW + 355)
    raw("the same message a second later", "KF-2042", m, NOW + 356)
    raw("the same message before its time", "KF-2041", m, NOW - 91)


def people():
    bidi, zero = "&#x202E;", "&#x2066;"
    signed_ok("no NameID", "KF-2050", nameid="")
    signed_ok("an empty NameID", "KF-2050", name="")
    signed_ok("a blank NameID", "KF-2050", name="  ", places=("both",))
    signed_ok("transient", "KF-2051", format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
    signed_ok("emailAddress where persistent is wanted", "KF-2051", format=EMAIL, name="alice@example.test")
    signed_ok("unspecified", "KF-2051", format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    signed_ok("no format", "KF-2051", nameid="<saml:NameID>alice</saml:NameID>")
    signed_ok("transient where e-mail is allowed", "KF-2051", key="two", idp=IDP_MAIL,
              format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
    signed_ok("a NameID that is no address where it must be", "KF-2054", key="two", idp=IDP_MAIL, format=EMAIL,
              attrs="", name="alice")
    signed_ok("a NameID made for another SP", "KF-2052", nameid_attrs=' SPNameQualifier="https://other.test"')
    signed_ok("a NameID of 257 characters", "KF-2056", name="x" * 257)
    signed_ok("elements in the NameID", "KF-2056", name="a<saml:x/>b", places=("both",))
    signed_ok("a line break in the NameID", "KF-2056", name="a&#10;b", places=("both",))
    signed_ok("no attributes", "KF-2053", attrs="")
    signed_ok("no address", "KF-2053", attrs=attribute("displayName", "Alice"))
    signed_ok("an empty address", "KF-2053", attrs=attribute("mail", ""))
    signed_ok("the attribute without a value", "KF-2053", attrs='<saml:Attribute Name="mail"/>')
    signed_ok("two addresses", "KF-2055", attrs=attribute("mail", "alice@example.test", "admin@example.test"))
    signed_ok("two addresses in two attributes of one name", "KF-2055",
              attrs=attribute("mail", "alice@example.test") + attribute("mail", "admin@example.test"))
    signed_ok("two addresses in two statements", "KF-2055", attrs=attribute("mail", "alice@example.test"),
              a_tail="<saml:AttributeStatement>%s</saml:AttributeStatement>" % attribute("mail", "admin@example.test"))
    signed_ok("the same address twice", GOOD, attrs=attribute("mail", "alice@example.test", "alice@EXAMPLE.test"))
    for bad in ("alice", "@example.test", "alice@", "a@b@c", "alice@example.test&#13;&#10;Bcc: x@example.test",
                "alice@example.test&#10;x", "a lice@example.test", "al\u00eece@example.test", "alice@ex\u0430mple.test",
                "&lt;alice@example.test&gt;", "a,b@example.test", "alice@example.test" + bidi, "a" * 65 + "@example.test",
                '"a"@example.test'):
        signed_ok("the address %s" % ascii(bad), "KF-2054", attrs=attribute("mail", bad), places=("both",))
    signed_ok("an address with elements in it", "KF-2056", attrs=attribute("mail", "alice@<b>example</b>.test"))
    for kind, value in (("a right-to-left override", "Alice" + bidi + "nimda"), ("an isolate", zero + "Alice"),
                        ("a line break", "Alice&#13;&#10;Subject: x"), ("a C1 control", "Alice&#x85;x"),
                        ("DEL", "Alice&#x7f;x"), ("300 bytes", "x" * 300)):
        signed_ok(kind + " in the display name", "KF-2056", attrs=ATTRS.replace("Alice Example", value), places=("both",))
        signed_ok(kind + " in a group", "KF-2056", attrs=ATTRS.replace("wifi-admins", value), places=("both",))
    signed_ok("1,001 groups", "KF-2057", attrs=attribute("mail", "alice@example.test") +
              attribute("groups", *["g%d" % i for i in range(1001)]), places=("both",))
    code, _, groups = driver.verify(b64(message(f, "both", attrs=attribute("mail", "alice@example.test") +
                                                attribute("groups", *["g%d" % i for i in range(1000)]))))
    tap.ok((code, len(groups), groups[-1:]) == (GOOD, 1000, ["g999"]), "1,000 groups come through")
    code, p, _ = driver.verify(b64(message(f, "both", attrs=ATTRS.replace("Alice Example", "\u00c5se \u65e5\u672c"))))
    tap.ok(p.get("name") == "\u00c5se \u65e5\u672c", "a name in any script comes through")


# --- our own messages, metadata, the environment ---------------------------------------------------------------


def requests():
    def get(url):
        q = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(url).query))
        return q, zlib.decompress(base64.b64decode(q["SAMLRequest"]), -15).decode()

    url = driver.ask("request %s %s relay-1 0 %d" % (IDP, IRT, NOW))
    q, xml = get(url)
    tap.ok(url.startswith("https://idp.example.test/sso?x=1&y=2&SAMLRequest="), "the request goes to the IdP's address")
    tap.ok(q["RelayState"] == "relay-1" and q["SigAlg"] == MORE + "rsa-sha256", "with RelayState, signed by RSA-SHA256")
    open(f.path("signed"), "w").write(re.search("(SAMLRequest=.*)&Signature=", url).group(1))
    open(f.path("sig"), "wb").write(base64.b64decode(q["Signature"]))
    run(["openssl", "x509", "-in", f.path("sp.pem"), "-noout", "-pubkey", "-out", f.path("sp.pub")])
    out = run(["openssl", "dgst", "-sha256", "-verify", f.path("sp.pub"), "-signature", f.path("sig"), f.path("signed")])
    tap.ok(b"Verified OK" in out, "openssl verifies its signature")
    tap.ok('ID="%s"' % IRT in xml, "it carries the caller's id and no other")
    tap.ok('Format="%s"' % PERSISTENT in xml and 'AllowCreate="true"' in xml, "it asks for a persistent NameID")
    tap.ok('AssertionConsumerServiceURL="%s"' % ACS in xml and "bindings:HTTP-POST" in xml, "it names our ACS by POST")
    tap.ok('IssueInstant="%s"' % utc(NOW) in xml, "its time is the caller's")
    tap.ok('ForceAuthn="true"' not in xml and
           'ForceAuthn="true"' in get(driver.ask("request %s %s r 1 %d" % (IDP, IRT, NOW)))[1], "force asks for ForceAuthn")
    again = get(driver.ask("request %s %s relay-1 0 %d" % (IDP, "_" + "f" * 32, NOW)))[1]
    tap.ok(again == xml.replace(IRT, "_" + "f" * 32), "two requests differ by the caller's id only")
    for name, line in (("an id of another form", "%s abc r 0 %d" % (IDP, NOW)),
                       ("an id in upper case", "%s %s r 0 %d" % (IDP, IRT.upper(), NOW)),
                       ("an URL as RelayState", "%s %s https://evil.test/ 0 %d" % (IDP, IRT, NOW)),
                       ("a RelayState of 81 characters", "%s %s %s 0 %d" % (IDP, IRT, "r" * 81, NOW))):
        tap.ok(driver.ask("request " + line) == "error invalid", name + " is refused")
    tap.ok(driver.ask("request https://x.test %s r 0 %d" % (IRT, NOW)) == "error not-found", "an unknown IdP is refused")


def own_metadata():
    xml = base64.b64decode(driver.ask("metadata %d" % NOW))
    open(f.path("sp.xml"), "wb").write(xml)
    run(["xmlsec1", "--verify", "--pubkey-cert-pem", f.path("sp.pem"), "--id-attr:ID",
         "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor", f.path("sp.xml")])
    text = xml.decode()
    tap.ok("rsa-sha256" in text, "our metadata is signed, and xmlsec1 verifies it")
    tap.ok('validUntil="%s"' % utc(NOW + 7 * 86400) in text and "cacheDuration" in text, "it is valid for 7 days")
    tap.ok('WantAssertionsSigned="true"' in text and 'AuthnRequestsSigned="true"' in text, "it wants and promises signatures")
    tap.ok(text.count("KeyDescriptor use=") == 1 and "encryption" not in text, "it has no encryption key")
    tap.ok(base64.b64decode(driver.ask("metadata %d" % (NOW + 3600))) == xml, "an hour later it is the same copy")
    tap.ok(utc(NOW + 9 * 86400).encode() in base64.b64decode(driver.ask("metadata %d" % (NOW + 2 * 86400))),
           "after a day it is signed anew")


def imports():
    def check(xml, now=NOW, verb="check"):
        return driver.ask("%s %d %s" % (verb, now, b64(xml)))

    fresh = "https://new.example.test/idp"
    good_md = f.metadata(fresh, "one")
    got = dict(x.split("=", 1) for x in check(good_md).split("\t")[1:])
    tap.ok((got["entity"], got["sso"], got["until"], got["keys"])
           == (fresh, "https://idp.example.test/sso?x=1&y=2", "0", "1") and int(got["cert"]) > NOW,
           "metadata: entityID, address, keys and the certificate's end are read")
    tap.ok("until=%d" % (NOW + 60) in check(f.metadata(fresh, "one", attrs=' validUntil="%s"' % utc(NOW + 90),
                                                       role=' validUntil="%s"' % utc(NOW + 60))), "the earlier validUntil counts")
    tap.ok("keys=2" in check(f.metadata(fresh, "one", "two", "one")), "a certificate given twice counts once")
    tap.ok(check("\ufeff\n" + good_md).startswith("ok"), "a byte order mark in front is taken")
    tap.ok(check(good_md.replace("https://idp.example.test/", "http://127.0.0.1:7000/")).startswith("ok"), "http is taken for loopback")
    f.pair("weak", "rsa:1024")
    sso = "https://idp.example.test/sso?x=1&amp;y=2"
    refused = [
        ("expired", "expired\t", f.metadata(fresh, "one", attrs=' validUntil="2020-01-01T00:00:00Z"'), "fetch it again"),
        ("expired role", "expired\t", f.metadata(fresh, "one", role=' validUntil="2020-01-01T00:00:00Z"'), "fetch it again"),
        ("bad validUntil", "invalid\t", f.metadata(fresh, "one", attrs=' validUntil="soon"'), "validUntil"),
        ("http", "invalid\t", good_md.replace("https://idp", "http://idp"), "must be https"),
        ("http on a host that only looks like loopback", "invalid\t", good_md.replace(sso, "http://127.0.0.1.evil.test/"), "must be https"),
        ("javascript:", "invalid\t", good_md.replace(sso, "javascript:alert(1)"), "must be https"),
        ("a user in the address", "invalid\t", good_md.replace(sso, "https://a@idp.test/"), "must be https"),
        ("no key", "invalid\t", f.metadata(fresh), "no signing certificate"),
        ("an encryption key only", "invalid\t", good_md.replace('use="signing"', 'use="encryption"'), "no signing certificate"),
        ("RSA 1024", "invalid\t", f.metadata(fresh, "weak"), "not RSA"),
        ("an ECDSA key", "invalid\t", f.metadata(fresh, "ec"), "not RSA"),
        ("a weak key beside a good one", "invalid\t", f.metadata(fresh, "one", "weak"), "not RSA"),
        ("a damaged certificate", "invalid\t", good_md.replace("<ds:X509Certificate>MII", "<ds:X509Certificate>MIJ"), "damaged"),
        ("a DTD", "invalid\t", good_md.replace("<!-- made", '<!DOCTYPE x [<!ENTITY e "x">]><!-- made'), "DTD"),
        ("UTF-16", "invalid\t", good_md.encode("utf-16"), "UTF-8"),
        ("an SP", "invalid\t", good_md.replace("IDPSSODescriptor", "SPSSODescriptor"), "not the metadata of an IdP"),
        ("a federation", "invalid\t", '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "federation"),
        ("another document", "invalid\t", "<html/>", "no EntityDescriptor"),
        ("no XML", "invalid\t", "hello", "not XML"),
        ("half a document", "invalid\t", good_md[:-30], "not well-formed"),
        ("POST binding only", "invalid\t", good_md.replace("HTTP-Redirect", "HTTP-POST"), "HTTP-Redirect"),
        ("an entityID of 1,025 bytes", "invalid\t", good_md.replace(fresh, "x" * 1025), "entityID"),
        ("2 MiB", "limit", good_md + " " * (2 << 20), "larger than"),
    ]
    for name, code, xml, words in refused:
        got = check(xml)
        tap.ok(got.startswith(code) and words in got, "metadata with %s is refused: %s" % (name, got))
    short = f.metadata(fresh, "one", attrs=' validUntil="%s"' % utc(NOW + 100))
    tap.ok(check(short, verb="load").startswith("ok"), "an IdP is added while running")
    tap.ok("loaded already" in check(short, verb="load"), "but not twice")
    raw("its Response", GOOD, b64(message(f, "both", idp=fresh)))
    raw("its Response after validUntil", "KF-2015", b64(message(f, "both", idp=fresh, issued=utc(NOW + 95))), NOW + 100)
    tap.ok(driver.ask("request %s %s r 0 %d" % (fresh, IRT, NOW + 100)) == "error expired",
           "and no request goes there after validUntil")


def environment(idps):
    flagged = Driver(tmp, SP, f.path("sp.key"), f.path("sp.pem"), idps, {"LASSO_FLAG": "no-verify-signature", "TZ": "Asia/Tokyo"})
    got, _, _ = flagged.verify(b64(message(f, "both").replace("alice@", "admin@", 1)))
    tap.ok(got == "KF-2013", "LASSO_FLAG=no-verify-signature turns nothing off")
    got, _, _ = flagged.verify(b64(message(f, "both", sig=dict(sigalg=DS + "rsa-sha1"))))
    tap.ok(got == "KF-2014", "nor does it bring SHA-1 back")
    tap.ok(flagged.verify(b64(message(f, "both")))[0] == GOOD, "TZ changes no time")
    tap.ok(flagged.close() == 0, "the process ends cleanly")
    for name, base, key in (("http for a public host", "http://wifi.example.test", "sp"), ("a slash at the end", SP + "/", "sp"),
                            ("another key than the certificate's", SP, "one"), ("an EC key", SP, "ec")):
        p = subprocess.run([f.path("verify_cli"), base, f.path(key + ".key"), f.path("sp.pem")], stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
        tap.ok(p.returncode == 2 and p.stderr, "it does not start with %s: %s" % (name, p.stderr.decode().strip()))


try:
    idps = setup()
    driver = Driver(tmp, SP, f.path("sp.key"), f.path("sp.pem"), idps)
    for step in (good, bytes_and_markup, wrapping, signatures, conditions, times, people, requests, own_metadata, imports):
        step()
    tap.ok(driver.close() == 0, "the driver is whole after all of it")
    environment(idps)
finally:
    remove(tmp)
sys.exit(tap.end())
