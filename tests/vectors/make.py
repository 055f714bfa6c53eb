#!/usr/bin/python3
"""Writes the captures and seeds of this folder and of tests/fuzz: deterministic, nothing recorded.
Run it from anywhere after a change; the files are committed so that a test can be read without it."""
import os
import struct
import sys

import oracle as o

HERE = os.path.dirname(os.path.abspath(__file__))
SSID, PASS = b'Keyfob Vectors', 'kq7m-2xhd-9rwp-t4zn-c8vj'
AA, SPA = bytes.fromhex('020000000100'), bytes.fromhex('02000000a11c')
SPA2 = bytes.fromhex('02000000b0b0')
KEY = o.pmk(PASS, SSID)


def nonce(n):
    return bytes((n * 37 + i * 11 + 5) & 0xff for i in range(32))


# --- link layers ------------------------------------------------------------------------------------

SNAP = bytes.fromhex('aaaa03000000888e')


def dot11(src, dst, payload, from_ap, qos=False, wds=False, htc=False, pad=False, fc1=0):
    fc = bytes([0x88 if qos else 0x08, (3 if wds else 2 if from_ap else 1) | (0x80 if htc else 0) | fc1])
    head = fc + bytes(2) + dst + src + (src if from_ap else dst) + bytes(2)
    head += src if wds else b''
    head += bytes(2) if qos else b''
    head += bytes(4) if htc else b''
    head += bytes(-len(head) % 4) if pad else b''
    return head + SNAP + payload


def radiotap(frame, flags=None, tsft=False, more=False):
    present = (2 if flags is not None else 0) | (1 if tsft else 0) | (0x80000000 if more else 0)
    body = struct.pack('<I', present) + (struct.pack('<I', 0) if more else b'')
    if tsft:
        body += bytes(-(4 + len(body)) % 8) + bytes(8)
    body += bytes([flags]) if flags is not None else b''
    return struct.pack('<BBH', 0, 0, 4 + len(body)) + body + frame


def ethernet(src, dst, payload, vlan=False):
    return dst + src + (bytes.fromhex('81000014') if vlan else b'') + b'\x88\x8e' + payload + bytes(4)


def prism(frame):
    return struct.pack('<II16s', 0x44, 144, b'wlan0') + bytes(120) + frame


def avs(frame):
    return struct.pack('!II', 0x80211001, 64) + bytes(56) + frame


def ppi(frame):
    return struct.pack('<BBHI', 0, 0, 8, 105) + frame


def pcap(path, linktype, frames, endian='<', nanoseconds=False):
    with open(path, 'wb') as f:
        f.write(struct.pack(endian + 'IHHiIII', 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
        for i, x in enumerate(frames):
            f.write(struct.pack(endian + 'IIII', 1700000000 + i, 0, len(x), len(x)) + x)


def pcapng(path, linktype, frames):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)

    with open(path, 'wb') as f:
        f.write(block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)))
        f.write(block(1, struct.pack('<HHI', linktype, 0, 65535)))
        for i, x in enumerate(frames):
            f.write(block(6, struct.pack('<IIIII', 0, 0, i, len(x), len(x)) + x))


# --- conversations: (from the AP?, station, EAPOL frame) ------------------------------------------------

def talk(akm=2, spa=SPA, key=KEY, a=1, s=2, replay=1, pairwise=4):
    return [(True, spa, o.m1(akm, replay, nonce(a))),
            (False, spa, o.m2(akm, key, AA, spa, nonce(a), nonce(s), replay, pairwise)),
            (True, spa, o.m3(akm, replay + 1, nonce(a))),
            (False, spa, o.m4(akm, replay + 1))]


def on_air(conv, **kw):
    return [dot11(AA if down else spa, spa if down else AA, f, down, **kw) for down, spa, f in conv]


def captures():
    good = talk()
    m1, m2, m3, m4 = good
    yield 'plain.pcap', 105, on_air(good)
    yield 'qos.pcap', 105, on_air(good, qos=True)
    yield 'wds.pcap', 105, on_air(good, qos=True, wds=True)
    yield 'htc.pcap', 105, on_air(good, qos=True, htc=True)
    yield 'radiotap.pcap', 127, [radiotap(x) for x in on_air(good)]
    yield 'radiotap-fcs.pcap', 127, [radiotap(x + b'\xde\xad\xbe\xef', flags=0x10, tsft=True) for x in on_air(good)]
    yield 'radiotap-pad.pcap', 127, [radiotap(x, flags=0x20, tsft=True, more=True) for x in on_air(good, qos=True, pad=True)]
    yield 'radiotap-badfcs.pcap', 127, [radiotap(x, flags=0x50) for x in on_air(good)]
    yield 'ethernet.pcap', 1, [ethernet(AA if d else s, s if d else AA, f) for d, s, f in good]
    yield 'ethernet-vlan.pcap', 1, [ethernet(AA if d else s, s if d else AA, f, vlan=True) for d, s, f in good]
    yield 'prism.pcap', 119, [prism(x) for x in on_air(good)]
    yield 'avs.pcap', 163, [avs(x) for x in on_air(good)]
    yield 'prism-avs.pcap', 119, [avs(x) for x in on_air(good)]
    yield 'ppi.pcap', 192, [ppi(x) for x in on_air(good)]
    yield 'protected.pcap', 105, on_air(good, fc1=0x40)
    yield 'akm6.pcap', 105, on_air(talk(akm=6))
    yield 'akm6-gcmp256.pcap', 105, on_air(talk(akm=6, pairwise=9))
    # the station answers the first of two messages 1; only its own ANonce fits
    yield 'own-m1.pcap', 105, on_air([m1, (True, SPA, o.m1(2, 2, nonce(9))), m2])
    # a new association counts from 1 again: the newer message 1 counts
    yield 'counted-anew.pcap', 105, on_air([(True, SPA, o.m1(2, 1, nonce(9))), m1, m2])
    yield 'again.pcap', 105, on_air([m1, m2, m2, m1, m2, m3, m4])
    yield 'no-m1.pcap', 105, on_air([m2, m2, m3, m4])
    yield 'm2-only.pcap', 105, on_air([m2, m4])
    yield 'm1-after.pcap', 105, on_air([m2, m1])
    # two stations at once, and one whose key nobody knows
    other = talk(spa=SPA2, key=o.pmk('another-passphrase', SSID), a=3, s=4)
    yield 'two.pcap', 105, on_air([m1, other[0], other[1], m2])
    sae = o.eapol(0x0108, 1, nonce(2), mic16=b'\x77' * 16, data=o.rsne(8))
    yield 'sae.pcap', 105, on_air([(True, SPA, o.eapol(0x0088, 1, nonce(1))), (False, SPA, sae)])
    ft = o.eapol(0x010b, 1, nonce(2), mic16=b'\x77' * 16, data=o.rsne(4))
    yield 'ft.pcap', 105, on_air([(True, SPA, o.m1(6, 1, nonce(1))), (False, SPA, ft)])
    wpa1 = o.eapol(0x0109, 1, nonce(2), mic16=b'\x77' * 16, kind=254,
                   data=bytes.fromhex('dd160050f20101000050f20201000050f20201000050f202'))
    yield 'wpa1.pcap', 105, on_air([(True, SPA, o.eapol(0x0089, 1, nonce(1), kind=254)), (False, SPA, wpa1)])
    short = m2[2][:97] + struct.pack('!H', 40) + m2[2][99:]
    yield 'malformed.pcap', 105, on_air([m1, (False, SPA, short)])


def seeds():
    fuzz = os.path.join(HERE, '..', 'fuzz')
    m2_2, m2_6 = talk()[1][2], talk(akm=6)[1][2]
    for name, b in (('m1', talk()[0][2]), ('m2', m2_2), ('m2-akm6', m2_6), ('m3', talk()[2][2])):
        save(os.path.join(fuzz, 'seed_eapol', name), b)
    for name, b in (('plain', 'plain.pcap'), ('radiotap', 'radiotap-pad.pcap'), ('ng', 'plain.pcapng'),
                    ('ethernet', 'ethernet-vlan.pcap'), ('prism', 'prism.pcap')):
        save(os.path.join(fuzz, 'seed_pcap', name), open(os.path.join(HERE, b), 'rb').read())
    evs = lambda kind, v: bytes([245, 9 + len(v), 26, 0]) + struct.pack('!IB', 11344, kind) + v
    attrs = (b'\x50\x12' + bytes(16) + b'\x1e\x22' + b'02-00-00-00-01-00:Keyfob Vectors' +
             b'\x1f\x13' + b'02-00-00-00-A1-1C' + evs(1, nonce(1)) + evs(2, m2_2) + b'\x21\x06abcd')
    head = struct.pack('!BBH', 1, 7, 20 + len(attrs)) + nonce(5)[:16]
    save(os.path.join(fuzz, 'seed_radius', 'ask'), b'\0' + head + attrs)
    acct = b'\x28\x06\0\0\0\1\x2c\x05abc\x1f\x13' + b'02-00-00-00-A1-1C' + b'\x2a\x06\0\0\1\0'
    save(os.path.join(fuzz, 'seed_radius', 'acct'), b'\1' + struct.pack('!BBH', 4, 7, 20 + len(acct)) + bytes(16) + acct)


def save(path, b):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(b)


def header():
    """tests/vectors/handshakes.h: what the unit tests take from here."""
    out = ['/* Written by tests/vectors/make.py; see README.md there. */', '#ifndef TESTS_HANDSHAKES_H',
           '#define TESTS_HANDSHAKES_H', '/* clang-format off */', '', '#define OWN_SSID "%s"' % SSID.decode(), '#define OWN_PASS "%s"' % PASS,
           '#define OWN_PMK "%s"' % KEY.hex(), '#define OWN_AA "%s"' % AA.hex(), '#define OWN_SPA "%s"' % SPA.hex(),
           '#define OWN_ANONCE \\', '\t"%s"' % nonce(1).hex(), '#define OWN_SNONCE \\', '\t"%s"' % nonce(2).hex()]
    for name, akm, pairwise in (('AKM2', 2, 4), ('AKM6', 6, 4), ('AKM6_GCMP256', 6, 9)):
        k = o.kck(akm, KEY, AA, SPA, nonce(1), nonce(2), 512 if pairwise == 9 else 384)
        frame = o.m2(akm, KEY, AA, SPA, nonce(1), nonce(2), 1, pairwise).hex()
        out += ['#define OWN_%s_KCK "%s"' % (name, k.hex()), '#define OWN_%s_M2 \\' % name]
        parts = [frame[i:i + 80] for i in range(0, len(frame), 80)]
        out += ['\t"%s"%s' % (p, '' if p is parts[-1] else ' \\') for p in parts]
    with open(os.path.join(HERE, 'handshakes.h'), 'w') as f:
        f.write('\n'.join(out + ['', '#endif', '']))


def main():
    for name, linktype, frames in captures():
        pcap(os.path.join(HERE, name), linktype, frames)
    good = on_air(talk())
    pcap(os.path.join(HERE, 'big-endian.pcap'), 105, good, endian='>')
    pcap(os.path.join(HERE, 'nanoseconds.pcap'), 105, good, nanoseconds=True)
    pcapng(os.path.join(HERE, 'plain.pcapng'), 105, good)
    pcap(os.path.join(HERE, 'sll.pcap'), 113, good)
    cut = open(os.path.join(HERE, 'plain.pcap'), 'rb').read()
    save(os.path.join(HERE, 'cut-off.pcap'), cut[:-30])
    header()
    seeds()


if __name__ == '__main__':
    sys.exit(main())
