#!/usr/bin/python3
"""read_mail.py DIR: every .eml in it as a line of JSON, read by Python's own mail parser."""

import base64
import email
import email.policy
import glob
import json
import os
import sys

for name in sorted(glob.glob(os.path.join(sys.argv[1], "*.eml"))):
    with open(name, "rb") as f:
        m = email.message_from_binary_file(f, policy=email.policy.default)
    one = {"file": name, "to": m["to"].addresses[0].addr_spec, "subject": str(m["subject"]),
           "message_id": m["message-id"], "png": "", "text": "", "html": "", "defects": []}
    for part in m.walk():
        one["defects"] += [str(x) for x in part.defects]
        if part.get_content_type() == "text/plain":
            one["text"] = part.get_content()
        elif part.get_content_type() == "text/html":
            one["html"] = part.get_content()
        elif part.get_content_type() == "image/png":
            one["png"] = base64.b64encode(part.get_content()).decode()
    print(json.dumps(one))
