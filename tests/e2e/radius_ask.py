#!/usr/bin/python3
"""An access point that asks during the 4-way handshake, as hostapd 2.11 does with
wpa_psk_radius=3: makes message 2 of a station with the passphrase on stdin, asks the RADIUS server
and prints what it answered as JSON. Own codec and own key derivation: an oracle, not a mirror.

usage: radius_ask.py --port P --secret S --ssid SSID [--ap MAC] [--sta MAC] [--akm 2|6] [--timeout S] [--join]
"""

import argparse
import hashlib
import hmac
import json
import os
import socket
import struct
import sys
import time

VENDOR_FREERADIUS, ANONCE, EAPOL = 11344, 1, 2


def attr(kind, value):
    return bytes([kind, len(value) + 2]) + value


def long_extended(vendor_type, value):
    """RFC 6929 3.2: type 245.26, vendor 11344, fragments with the More flag."""
    head = struct.pack("!IB", VENDOR_FREERADIUS, vendor_type)
    out, room = b"", 255 - 4
    data = head + value
    while data:
        part, data = data[:room], data[room:]
        out += bytes([245, len(part) + 4, 26, 0x80 if data else 0]) + part
    return out


def prf_sha1(key, label, data, n):
    out, i = b"", 0
    while len(out) < n:
        out += hmac.new(key, label + b"\0" + data + bytes([i]), "sha1").digest()
        i += 1
    return out[:n]


def kdf_sha256(key, label, data, n):
    out, i = b"", 1
    while len(out) < n:
        out += hmac.new(key, struct.pack("<H", i) + label + data + struct.pack("<H", n * 8),
                        "sha256").digest()
        i += 1
    return out[:n]


def aes_cmac(key, data):
    from cryptography.hazmat.primitives import cmac
    from cryptography.hazmat.primitives.ciphers import algorithms
    c = cmac.CMAC(algorithms.AES(key))
    c.update(data)
    return c.finalize()


def pmk_of(passphrase, ssid):
    if len(passphrase) == 64:
        return bytes.fromhex(passphrase)
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), 4096, 32)


def message2(pmk, ap, sta, anonce, akm=2):
    """A whole EAPOL frame: 802.1X header, key descriptor, RSN element, MIC."""
    snonce = os.urandom(32)
    rsn = bytes.fromhex("30140100000fac040100000fac040100000fac%02x0000" % akm)
    info = 0x0108 | (2 if akm == 2 else 3)  # MIC, pairwise, descriptor version
    body = struct.pack("!BHH8s32s16s8s8s16sH", 2, info, 0, b"\0" * 7 + b"\1", snonce, b"", b"",
                       b"", b"", len(rsn)) + rsn
    frame = struct.pack("!BBH", 1, 3, len(body)) + body
    data = min(ap, sta) + max(ap, sta) + min(anonce, snonce) + max(anonce, snonce)
    label = b"Pairwise key expansion"
    if akm == 2:
        kck = prf_sha1(pmk, label, data, 48)[:16]
        mic = hmac.new(kck, frame, "sha1").digest()[:16]
    else:
        mic = aes_cmac(kdf_sha256(pmk, label, data, 48)[:16], frame)
    return frame[:81] + mic + frame[97:]


def access_request(secret, ssid, ap, sta, anonce, eapol, akm=2, ident=1, authenticator=None):
    authenticator = authenticator or os.urandom(16)
    dashed = "-".join("%02X" % b for b in sta)
    user = sta.hex().encode()
    pad = user + b"\0" * (-len(user) % 16)
    hidden = bytes(a ^ b for a, b in zip(pad, hashlib.md5(secret + authenticator).digest()))
    body = (attr(80, b"\0" * 16) + attr(1, user) + attr(2, hidden) + attr(32, b"ap-test") +
            attr(30, ("-".join("%02X" % b for b in ap) + ":" + ssid).encode()) +
            attr(61, struct.pack("!I", 19)) + attr(31, dashed.encode()) +
            attr(77, b"CONNECT 11Mbps 802.11g") + attr(188, bytes([0, 0x0f, 0xac, akm])) +
            long_extended(ANONCE, anonce) + long_extended(EAPOL, eapol))
    head = struct.pack("!BBH", 1, ident, 20 + len(body)) + authenticator
    mac = hmac.new(secret, head + body, "md5").digest()
    return head + body[:2] + mac + body[18:]


def unhide_tunnel_password(value, secret, authenticator):
    """RFC 2868 3.5"""
    salt, data, prev, out = value[1:3], value[3:], authenticator + value[1:3], b""
    assert salt[0] & 0x80
    for i in range(0, len(data), 16):
        out += bytes(a ^ b for a, b in zip(data[i:i + 16], hashlib.md5(secret + prev).digest()))
        prev = data[i:i + 16]
    return out[1:1 + out[0]]


def read_reply(reply, request, secret, pmk):
    code, ident, length = struct.unpack("!BBH", reply[:4])
    authenticator, body = request[4:20], reply[20:length]
    got = {"code": {2: "accept", 3: "reject"}.get(code, code), "id": ident == request[1]}
    good = hashlib.md5(reply[:4] + authenticator + body + secret).digest() == reply[4:20]
    got["authenticator"] = good
    attrs, data = [], body
    while data:
        attrs.append((data[0], data[2:data[1]]))
        data = data[data[1]:]
    zeroed = body[:2] + b"\0" * 16 + body[18:]
    got["message_authenticator_first"] = bool(attrs) and attrs[0][0] == 80 and \
        attrs[0][1] == hmac.new(secret, reply[:4] + authenticator + zeroed, "md5").digest()
    for kind, value in attrs:
        if kind == 81:
            got["vlan"] = value.decode()
        elif kind == 25:
            got["class"] = value.decode()
        elif kind == 27:
            got["session_timeout"] = struct.unpack("!I", value)[0]
        elif kind == 69:
            got["pmk"] = unhide_tunnel_password(value, secret, authenticator).decode() == pmk.hex()
        elif kind in (64, 65):
            got[{64: "tunnel_type", 65: "tunnel_medium"}[kind]] = struct.unpack("!I", value)[0]
    return got


def ask(port, secret, ssid, passphrase, ap, sta, akm=2, timeout=5.0):
    pmk, anonce = pmk_of(passphrase, ssid), os.urandom(32)
    request = access_request(secret, ssid, ap, sta, anonce, message2(pmk, ap, sta, anonce, akm),
                             akm, os.urandom(1)[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect(("127.0.0.1", port))
        start = time.monotonic()
        s.send(request)
        try:
            reply = s.recv(4096)
        except (socket.timeout, ConnectionError):
            return {"code": "silence"}
        got = read_reply(reply, request, secret, pmk)
        got["ms"] = round((time.monotonic() - start) * 1000, 2)
        return got


def joined(port, secret, ssid, ap, sta, klass, timeout=5.0):
    """Accounting-Start, RFC 2866: the station is on the air. True when it was taken."""
    dashed = lambda m: "-".join("%02X" % b for b in m)
    body = (attr(40, struct.pack("!I", 1)) + attr(44, os.urandom(8).hex().encode()) +
            attr(1, sta.hex().encode()) + attr(32, b"ap-test") + attr(25, klass.encode()) +
            attr(30, (dashed(ap) + ":" + ssid).encode()) + attr(31, dashed(sta).encode()))
    head = struct.pack("!BBH", 4, 1, 20 + len(body))
    authenticator = hashlib.md5(head + b"\0" * 16 + body + secret).digest()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect(("127.0.0.1", port + 1))
        s.send(head + authenticator + body)
        try:
            reply = s.recv(4096)
        except (socket.timeout, ConnectionError):
            return False
    want = hashlib.md5(reply[:4] + authenticator + reply[20:] + secret).digest()
    return reply[0] == 5 and reply[4:20] == want


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--secret", required=True)
    p.add_argument("--ssid", required=True)
    p.add_argument("--ap", default="02:00:00:00:01:00")
    p.add_argument("--sta", default="02:00:00:%02x:%02x:%02x" % tuple(os.urandom(3)))
    p.add_argument("--akm", type=int, default=2)
    p.add_argument("--timeout", type=float, default=5)
    p.add_argument("--join", action="store_true", help="when accepted, be on the air")
    a = p.parse_args()
    mac = lambda t: bytes.fromhex(t.replace(":", ""))
    got = ask(a.port, a.secret.encode(), a.ssid, sys.stdin.read().rstrip("\n"), mac(a.ap),
              mac(a.sta), a.akm, a.timeout)
    if a.join and got["code"] == "accept":
        got["joined"] = joined(a.port, a.secret.encode(), a.ssid, mac(a.ap), mac(a.sta),
                               got["class"])
    print(json.dumps(got))


if __name__ == "__main__":
    main()
