"""The 4-way handshake in Python, as an oracle that shares nothing with the C code: PMK, KCK and
MIC of AKM 2 and AKM 6 (AES-CMAC included), and the EAPOL-Key frames 1 to 4. IEEE 802.11-2020, 12.7"""
import hashlib
import hmac
import struct


def pmk(passphrase, ssid):
    return hashlib.pbkdf2_hmac('sha1', passphrase.encode(), ssid, 4096, 32)


def kck(akm, key, aa, spa, anonce, snonce, bits=384):
    data = min(aa, spa) + max(aa, spa) + min(anonce, snonce) + max(anonce, snonce)
    label = b'Pairwise key expansion'
    if akm == 2:
        return hmac.new(key, label + b'\0' + data + b'\0', 'sha1').digest()[:16]
    return hmac.new(key, struct.pack('<H', 1) + label + data + struct.pack('<H', bits), 'sha256').digest()[:16]


def mic(akm, k, frame):
    frame = frame[:81] + bytes(16) + frame[97:]
    if akm == 2:
        return hmac.new(k, frame, 'sha1').digest()[:16]
    return cmac(k, frame)


# --- AES-128 and CMAC: FIPS 197, NIST SP 800-38B -------------------------------------------------

def xtime(a):
    return (a << 1 ^ 0x1b) & 0xff if a & 0x80 else a << 1


def gmul(a, b):
    r = 0
    while b:
        if b & 1:
            r ^= a
        a, b = xtime(a), b >> 1
    return r


def make_sbox():
    box = []
    for x in range(256):
        inv = next((y for y in range(256) if gmul(x, y) == 1), 0)
        r = 0x63
        for i in range(5):
            r ^= (inv << i | inv >> (8 - i)) & 0xff
        box.append(r)
    return box


SBOX = make_sbox()


def aes(key, block):
    w = [list(key[i:i + 4]) for i in range(0, 16, 4)]
    rcon = 1
    for i in range(4, 44):
        t = list(w[i - 1])
        if i % 4 == 0:
            t = [SBOX[x] for x in t[1:] + t[:1]]
            t[0] ^= rcon
            rcon = xtime(rcon)
        w.append([a ^ b for a, b in zip(w[i - 4], t)])
    s = [a ^ b for a, b in zip(block, sum(w[0:4], []))]
    for rnd in range(1, 11):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if rnd < 10:
            s = sum(([gmul(c[i], 2) ^ gmul(c[(i + 1) % 4], 3) ^ c[(i + 2) % 4] ^ c[(i + 3) % 4] for i in range(4)]
                     for c in (s[j:j + 4] for j in range(0, 16, 4))), [])
        s = [a ^ b for a, b in zip(s, sum(w[4 * rnd:4 * rnd + 4], []))]
    return bytes(s)


def cmac(key, msg):
    def double(b):
        n = int.from_bytes(b, 'big') << 1
        return ((n ^ 0x87) & (1 << 128) - 1 if n >> 128 else n).to_bytes(16, 'big')

    k1 = double(aes(key, bytes(16)))
    blocks = [msg[i:i + 16] for i in range(0, len(msg), 16)] or [b'']
    last = blocks.pop()
    if len(last) == 16:
        last = bytes(a ^ b for a, b in zip(last, k1))
    else:
        last = bytes(a ^ b for a, b in zip(last + b'\x80' + bytes(15 - len(last)), double(k1)))
    x = bytes(16)
    for b in blocks + [last]:
        x = aes(key, bytes(p ^ q for p, q in zip(x, b)))
    return x


# RFC 4493, example 2
assert cmac(bytes.fromhex('2b7e151628aed2a6abf7158809cf4f3c'),
            bytes.fromhex('6bc1bee22e409f96e93d7e117393172a')).hex() == '070a16b46b4d4144f79bdd9dd04a287c'


# --- EAPOL-Key frames ----------------------------------------------------------------------------

def eapol(info, replay, nonce, mic16=bytes(16), data=b'', kind=2, version=2):
    body = (struct.pack('!BHHQ', kind, info, 0, replay) + nonce + bytes(16 + 8 + 8) + mic16 +
            struct.pack('!H', len(data)) + data)
    return struct.pack('!BBH', version, 3, len(body)) + body


def rsne(akm, pairwise=4):
    return bytes.fromhex('30140100000fac040100000fac%02x0100000fac%02x0000' % (pairwise, akm))


def version_of(akm):
    return {2: 2, 6: 3}.get(akm, 0)


def m1(akm, replay, anonce):
    return eapol(0x0088 | version_of(akm), replay, anonce)


def m2(akm, key, aa, spa, anonce, snonce, replay=1, pairwise=4, extra=b''):
    """Message 2 with its MIC; akm 2 or 6."""
    frame = eapol(0x0108 | version_of(akm), replay, snonce, data=rsne(akm, pairwise) + extra)
    k = kck(akm, key, aa, spa, anonce, snonce, 512 if pairwise in (2, 9, 10) else 384)
    return frame[:81] + mic(akm, k, frame) + frame[97:]


def m3(akm, replay, anonce):
    """Message 3 as far as a listener without keys can tell: its MIC is not right."""
    return eapol(0x13c8 | version_of(akm), replay, anonce, mic16=b'\x5a' * 16, data=bytes(56))


def m4(akm, replay):
    return eapol(0x0308 | version_of(akm), replay, bytes(32), mic16=b'\x5b' * 16)
