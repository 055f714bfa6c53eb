#!/usr/bin/python3
"""Makes fuzz_saml.c's IdP (fuzz_saml_idp.h) and its seeds (seed_saml/). Run by hand, from the
root, after `make build`, only when the messages' shape changes: the IdP's key is thrown away."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e", "saml"))
from forge import *  # noqa: E402,F403


folder = tempfile.mkdtemp(prefix="keyfob-seed.")
try:
    f = Forge(folder)
    f.pair("one")
    with open(os.path.join(HERE, "fuzz_saml_idp.h"), "w") as out:
        text = f.metadata(IDP, "one").replace("\n", "").replace("\\", "\\\\").replace('"', '\\"')
        lines = "\n".join('    "%s"' % x for x in re.findall(".{1,80}(?<!\\\\)", text))
        out.write("/* Made by seed_saml.py for fuzz_saml.c: the IdP whose key no longer exists. */\n"
                  "#ifndef TESTS_FUZZ_FUZZ_SAML_IDP_H\n#define TESTS_FUZZ_FUZZ_SAML_IDP_H\n\n"
                  '#define FUZZ_IDP "%s"\n#define FUZZ_NOW %dLL\n\n'
                  "static const char fuzz_idp_metadata[] =\n%s;\n\n#endif\n" % (IDP, NOW, lines))
    seeds = {"response": message(f, "response"), "assertion": message(f, "assertion"), "both": message(f, "both"),
             "unsigned": message(f, "none"), "tampered": message(f, "both").replace("alice@", "admin@"),
             "two": message(f, "none").replace("</samlp:Response>", assertion() + "</samlp:Response>"),
             "base64": "b" + b64(message(f, "both")), "metadata": "m" + f.metadata(IDP2, "one")}
    where = os.path.join(HERE, "seed_saml")
    os.makedirs(where, exist_ok=True)
    for name, text in seeds.items():
        with open(os.path.join(where, name), "w") as out:
            out.write(text)
finally:
    remove(folder)
