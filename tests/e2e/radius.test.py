#!/usr/bin/python3
"""The agent's RADIUS server against two clients that share no code with it: this file's own codec
(with the oracle of tests/vectors), and Debian's radclient. The server runs in tests/e2e/radius/drive.c."""
import hashlib
import hmac
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, 'tests/vectors')
import oracle  # noqa: E402

BUILD = os.environ.get('BUILD', 'build')
SECRET, SSID = b'radius-e2e-secret', b'KeyfobE2E'
AA = bytes.fromhex('0200000001f0')
ALICE, BOB, GONE = ('%08x-1111-4222-8333-444455556666' % n for n in (0xa11ce, 0xb0b, 0x60e))
PASS = {ALICE: 'alice-has-this-one', BOB: 'bob-has-that-one', GONE: 'gone-yesterday-key'}
tmp = tempfile.mkdtemp(prefix='keyfob-radius-')
count, failed, ident = 0, 0, 0


def ok(good, name, more=''):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good:
        print('# ' + repr(more))


# --- a codec of its own ------------------------------------------------------------------------------

def attr(kind, value):
    assert len(value) <= 253
    return bytes([kind, len(value) + 2]) + value


def evs5(kind, value, room=251):
    data, out = struct.pack('!IB', 11344, kind) + value, b''
    while True:
        part, data = data[:room], data[room:]
        out += attr(245, bytes([26, 0x80 if data else 0]) + part)
        if not data:
            return out


def request(attrs, secret=SECRET, code=1, sign=True):
    global ident
    ident = (ident + 1) % 256
    auth = os.urandom(16)
    body = (attr(80, bytes(16)) if sign else b'') + attrs
    head = struct.pack('!BBH', code, ident, 20 + len(body))
    if sign:
        mac = hmac.new(secret, head + auth + body, 'md5').digest()
        body = attr(80, mac) + body[18:]
    return head + auth + body


def accounting(attrs, secret=SECRET):
    global ident
    ident = (ident + 1) % 256
    head = struct.pack('!BBH', 4, ident, 20 + len(attrs))
    return head + hashlib.md5(head + bytes(16) + attrs + secret).digest() + attrs


def station_text(mac):
    return '-'.join('%02X' % b for b in mac).encode()


def fresh(key_id, sta, akm=2, passphrase=None, extra=b'', pairwise=4):
    """A fresh message 2: PMK, ANonce, frame."""
    pmk = oracle.pmk(passphrase or PASS[key_id], SSID)
    anonce, snonce = os.urandom(32), os.urandom(32)
    return pmk, anonce, oracle.m2(akm, pmk, AA, sta, anonce, snonce, 1, pairwise, extra)


def handshake(key_id, sta, room=251, **kw):
    """The attributes of a question about it, and its PMK."""
    pmk, anonce, m2 = fresh(key_id, sta, **kw)
    return (attr(1, sta.hex().encode()) + attr(30, station_text(AA) + b':' + SSID) + attr(31, station_text(sta)) +
            evs5(1, anonce, room) + evs5(2, m2, room)), pmk


def unhide(value, auth, secret=SECRET):
    out, prev = b'', auth + value[1:3]
    for i in range(3, len(value), 16):
        out += bytes(a ^ b for a, b in zip(value[i:i + 16], hashlib.md5(secret + prev).digest()))
        prev = value[i:i + 16]
    return out[1:1 + out[0]]


class Reply:
    """What came back; good only when it is signed twice, with Message-Authenticator first; an answer
    to accounting is signed once and has none."""

    def __init__(self, raw, req, secret=SECRET):
        self.raw, self.code = raw, raw[0] if raw else 0
        self.attrs, self.good = [], False
        if not raw:
            return
        body = raw[20:]
        while body:
            self.attrs.append((body[0], body[2:body[1]]))
            body = body[body[1]:]
        body = raw[20:]
        mac = hmac.new(secret, raw[:4] + req[4:20] + attr(80, bytes(16)) + body[18:], 'md5').digest()
        self.good = (raw[1] == req[1] and struct.unpack('!H', raw[2:4])[0] == len(raw) and
                     hashlib.md5(raw[:4] + req[4:20] + body + secret).digest() == raw[4:20] and
                     (self.get(80) is None if req[0] == 4 else self.attrs[:1] == [(80, mac)]))
        self.password = next((unhide(v, req[4:20], secret) for k, v in self.attrs if k == 69), b'')

    def get(self, kind):
        return next((v for k, v in self.attrs if k == kind), None)

    def __repr__(self):
        return 'code=%d good=%r %r' % (self.code, self.good, self.attrs)


# --- the server --------------------------------------------------------------------------------------

def build_drive():
    libs = [os.path.join(BUILD, 'libagent.a'), os.path.join(BUILD, 'libcommon.a')]
    out = os.path.join(tmp, 'drive')
    symbols = subprocess.run(['nm', libs[1]], capture_output=True, text=True).stdout
    san = ['-fsanitize=address,undefined'] if '__asan_init' in symbols else []
    subprocess.run(['gcc', '-std=c17', '-D_GNU_SOURCE', '-g', '-I.', *san, '-o', out, 'tests/e2e/radius/drive.c', *libs,
                    '-lpcap', '-ljansson', '-lcrypto'], check=True)
    return out


def free_port():
    """A port P with P and P + 1 free for UDP."""
    while True:
        a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        with a, b:
            a.bind(('127.0.0.1', 0))
            port = a.getsockname()[1]
            try:
                b.bind(('127.0.0.1', port + 1))
                return port
            except (OSError, OverflowError):
                continue


class Server:
    def __init__(self, drive, mode='vlan', clients=('127.0.0.0/8', '::1/128'), ma='ma'):
        self.port = free_port()
        self.p = subprocess.Popen([drive, 'serve', str(self.port), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, bufsize=1)
        for i, net in enumerate(clients):
            self.say('client %s %s ap%d %s' % (net, SECRET.decode(), i, ma))
        self.ring([ALICE, BOB, GONE])
        self.say('go')
        self.v6 = self.until('ready', 'no-ipv6') == 'ready'

    def say(self, text):
        self.p.stdin.write(text + '\n')

    def ring(self, ids, dull=50):
        self.say('wlan ' + SSID.decode())
        for i in range(dull):
            self.key('%08x-0000-4000-8000-000000000000' % (i + 1), os.urandom(32))
        for k in ids:
            self.key(k, oracle.pmk(PASS[k], SSID), not_after=int(time.time()) + (500 if k != GONE else -5))
        self.say('swap')
        self.until('swapped %d' % (dull + len(ids)))

    def key(self, key_id, pmk, not_after=0):
        self.say('key %s %s %d %d 0 %d %s' % (key_id, SSID.decode(), 7, 20 if key_id != BOB else 30,
                                              not_after, pmk.hex()))

    def until(self, *begin):
        """The next line that begins so."""
        while True:
            line = self.p.stdout.readline()
            assert line, self.p.stderr.read()
            if line.startswith(begin):
                return line.strip()

    def counters(self):
        self.say('count')
        return {k: int(v) for k, v in (x.split('=') for x in self.until('count ').split()[1:])}

    def close(self):
        self.say('quit')
        err = self.p.communicate(timeout=20)[1]
        return self.p.returncode, err


def send(server, raw, acct=False, timeout=3.0, host='127.0.0.1', sock=None):
    s = sock or socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(timeout)
    s.connect((host, server.port + (1 if acct else 0)))
    s.send(raw)
    try:
        return s.recv(4096)
    except (TimeoutError, ConnectionError):
        return b''
    finally:
        if sock is None:
            s.close()


def ask(server, attrs, **kw):
    raw = request(attrs)
    return Reply(send(server, raw, **kw), raw)


STA = bytes.fromhex('02000000a11c')


def accepts(server):
    for akm, pairwise in ((2, 4), (6, 4), (6, 9)):
        attrs, pmk = handshake(ALICE, STA, akm=akm, pairwise=pairwise)
        r = ask(server, attrs)
        ok(r.code == 2 and r.good, 'AKM %d, cipher %d: accepted, signed twice, Message-Authenticator first' % (akm, pairwise), r)
        ok(r.password == pmk.hex().encode(), 'and the Tunnel-Password is the PMK that made the MIC', r)
    ok((r.get(64), r.get(65), r.get(81)) == (struct.pack('!I', 13), struct.pack('!I', 6), b'20'), 'and the VLAN is 20', r)
    ok(r.get(25) == r.get(1) == r.get(89) == ALICE.encode(), 'and Class, User-Name and CUI name the key', r)
    ok(490 <= struct.unpack('!I', r.get(27))[0] <= 500, 'and Session-Timeout is not past the end of the key', r)
    ok(r.get(69)[0] == 0 and r.get(69)[1] & 0x80, 'and the salt has its top bit set, under tag 0', r)
    line = [server.until('match ') for _ in range(3)]
    ok('candidates=53' in line[0] and 'candidates=1 ' in line[1] and 'candidates=1 ' in line[2],
       'the first handshake of a station is looked for among all keys, the next one costs one candidate', line)
    attrs, pmk = handshake(BOB, bytes.fromhex('02000000b0b0'))
    r = ask(server, attrs + attr(33, b'p1') + attr(33, b'p2'))
    ok(r.code == 2 and r.get(81) == b'30' and r.password == pmk.hex().encode(), 'another key has its own VLAN', r)
    ok([v for k, v in r.attrs if k == 33] == [b'p1', b'p2'], 'Proxy-State comes back in order', r)
    attrs, pmk = handshake(BOB, STA)
    r = ask(server, attrs)
    ok(r.code == 2 and r.get(25) == BOB.encode(), 'a station may change its key', r)
    big = b'\xdd\xfa' + os.urandom(250)
    for name, room in (('251', 251), ('40', 40)):
        attrs, pmk = handshake(ALICE, STA, extra=big, room=room)
        r = ask(server, attrs)
        ok(r.code == 2 and r.password == pmk.hex().encode(), 'a long message 2 in fragments of %s bytes is joined' % name, r)


def rejects(server):
    attrs, _ = handshake(None, STA, passphrase='nobody-has-this')
    r = ask(server, attrs)
    ok(r.code == 3 and r.good, 'a wrong key is rejected, signed', r)
    ok(r.get(69) is None and r.get(81) is None, 'and nothing is given away', r)
    r = ask(server, attrs)
    ok(r.code == 3 and r.good, 'and again under another id', r)
    attrs, _ = handshake(GONE, STA)
    ok(ask(server, attrs).code == 3, 'an expired key is rejected')
    attrs, _ = handshake(ALICE, STA)
    r = ask(server, attrs.replace(station_text(STA), b'02-00-00-00-A1-1D'))
    ok(r.code == 3, 'a right message 2 of another station is rejected', r)
    r = ask(server, attr(1, b'02000000a11c') + attr(31, station_text(STA)))
    ok(r.code == 3 and r.good, 'a question without a handshake is rejected', r)


def silence(server):
    attrs, _ = handshake(ALICE, STA)
    before = server.counters()
    quiet = [('no Message-Authenticator', request(attrs, sign=False)),
             ('a wrong secret', request(attrs, secret=b'another')),
             ('a broken attribute', request(attrs + b'\x01\x01')),
             ('an ANonce without EAPOL', request(attr(30, station_text(AA) + b':' + SSID) + attr(31, station_text(STA)) +
                                                 evs5(1, bytes(32)))),
             ('a packet that is cut off', request(attrs)[:-9]),
             ('17 bytes', os.urandom(17)), ('an Access-Accept', request(attrs, code=2))]
    for name, raw in quiet:
        ok(send(server, raw, timeout=0.4) == b'', 'no answer to ' + name)
    after = server.counters()
    diff = {k: after[k] - before[k] for k in after if after[k] != before[k]}
    ok(diff == {'requests': 7, 'no_authenticator': 1, 'bad_authenticator': 1, 'malformed': 4, 'unexpected': 1},
       'and every one is counted', diff)


def duplicates(server):
    attrs, _ = handshake(ALICE, STA)
    raw = request(attrs)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        first = send(server, raw, sock=s)
        server.ring([BOB])
        again = send(server, raw, sock=s)
        ok(first[0] == 2 and first == again, 'a duplicate gets the same bytes, although the key is gone')
    ok(ask(server, attrs).code == 3, 'and a new question gets a new answer')
    server.ring([ALICE, BOB, GONE])
    ok(ask(server, attrs).code == 2, 'and the key is accepted at once when it is back')
    raw = request(b'', code=12)
    r = Reply(send(server, raw), raw)
    ok(r.code == 2 and r.good, 'Status-Server is answered', r)
    if server.v6:
        ok(ask(server, attrs, host='::1').code == 2, 'IPv6 works alike')


def accountings(server):
    def one(kind, more=b''):
        return accounting(attr(40, struct.pack('!I', kind)) + attr(44, b'S-17') + more)

    who = attr(25, ALICE.encode()) + attr(31, station_text(STA)) + attr(30, station_text(AA) + b':' + SSID)
    for kind, more in ((7, b''), (1, who), (3, who + attr(42, struct.pack('!I', 9))), (2, who), (8, b'')):
        raw = one(kind, more)
        r = Reply(send(server, raw, acct=True), raw)
        line = server.until('acct ')
        good = 'kind=%d ' % kind in line and (not more or ALICE in line and '02:00:00:00:a1:1c' in line)
        ok(r.code == 5 and r.good and good, 'accounting %d is recorded, then answered' % kind, (r, line))
    raw = one(1, who)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        first, before = send(server, raw, acct=True, sock=s), server.counters()
        ok(first == send(server, raw, acct=True, sock=s) and server.counters()['acct'] == before['acct'],
           'a duplicate is not recorded twice')
    raw = accounting(attr(40, struct.pack('!I', 1)) + attr(44, b'refuse-me'))
    ok(send(server, raw, acct=True, timeout=0.4) == b'', 'no answer to what could not be recorded')
    raw = bytearray(one(1, who))
    raw[8] ^= 1
    ok(send(server, bytes(raw), acct=True, timeout=0.4) == b'', 'no answer to a wrong Request Authenticator')


def flood(server):
    """Wrong keys as fast as they come; a station that comes back still gets its answer at once."""
    attrs, _ = handshake(ALICE, STA)
    ask(server, attrs)
    pmk = oracle.pmk('nobody-has-this', SSID)
    raws = []
    for i in range(400):
        sta = struct.pack('!HI', 0x0202, i)
        m2 = oracle.m2(2, pmk, AA, sta, os.urandom(32), os.urandom(32))
        raws.append(request(attr(30, station_text(AA) + b':' + SSID) + attr(31, station_text(sta)) +
                            evs5(1, os.urandom(32)) + evs5(2, m2)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(('127.0.0.1', server.port))
        for raw in raws:
            s.send(raw)
        start = time.monotonic()
        r = ask(server, handshake(ALICE, STA)[0])
        ok(r.code == 2 and time.monotonic() - start < 2, 'a known station is served behind 400 wrong keys', r)


def radclient(server):
    """Debian's own client and dictionary: an implementation by others."""
    pmk, anonce, m2 = fresh(ALICE, STA, extra=b'\xdd\xfa' + bytes(250))
    text = ('User-Name = "x"\nCalled-Station-Id = "%s"\nCalling-Station-Id = "%s"\nMessage-Authenticator = 0x00\n'
            'FreeRADIUS-802.1X-Anonce = 0x%s\nFreeRADIUS-802.1X-EAPoL-Key-Msg = 0x%s\n' %
            ((station_text(AA) + b':' + SSID).decode(), station_text(STA).decode(), anonce.hex(), m2.hex()))
    r = run_radclient(server, 'auth', text)
    ok(re.search(r'Received Access-Accept', r.stdout) and '"%s"' % pmk.hex() in r.stdout,
       'radclient, which writes its fragments itself, is accepted and reads the PMK', r.stdout + r.stderr)
    ok('Tunnel-Private-Group-Id:0 = "20"' in r.stdout and 'Class = 0x' + ALICE.encode().hex() in r.stdout and
       'Session-Timeout = ' in r.stdout, 'and VLAN, Class and time', r.stdout)
    r = run_radclient(server, 'auth', text.replace(anonce.hex(), os.urandom(32).hex()))
    ok('Received Access-Reject' in r.stdout, 'and is rejected with another ANonce', r.stdout + r.stderr)
    r = run_radclient(server, 'auth', text, secret='wrong', wait=1)
    ok('Received' not in r.stdout, 'and gets no answer with a wrong secret', r.stdout + r.stderr)
    r = run_radclient(server, 'acct', 'Acct-Status-Type = Start\nAcct-Session-Id = "R1"\nClass = 0x%s\n' % ALICE.encode().hex(), acct=True)
    ok('Received Accounting-Response' in r.stdout, 'and its accounting is answered', r.stdout + r.stderr)
    r = run_radclient(server, 'status', 'Message-Authenticator = 0x00\n')
    ok('Received Access-Accept' in r.stdout, 'and its Status-Server', r.stdout + r.stderr)


def run_radclient(server, kind, text, secret=SECRET.decode(), wait=3, acct=False):
    return subprocess.run(['radclient', '-x', '-r', '1', '-t', str(wait), '127.0.0.1:%d' % (server.port + acct), kind, secret],
                          input=text, capture_output=True, text=True, timeout=30)


def slots(drive):
    server = Server(drive, mode='slot')
    r = ask(server, handshake(BOB, STA)[0])
    ok(r.code == 2 and r.get(81) == b'1', 'vlan_attr = slot: the slot goes out instead of the VLAN', r)
    server.close()


def clients(drive):
    server = Server(drive, clients=('10.0.0.0/8',))
    ok(send(server, request(handshake(ALICE, STA)[0]), timeout=0.4) == b'', 'no answer to a stranger')
    ok(server.counters()['unknown_client'] == 1, 'and the stranger is counted')
    server.close()
    server = Server(drive, ma='noma')
    raw = request(handshake(ALICE, STA)[0], sign=False)
    r = Reply(send(server, raw), raw)
    ok(r.code == 2 and r.good, 'an excepted client is answered without Message-Authenticator, with one', r)
    server.close()


def main():
    drive = build_drive()
    server = Server(drive)
    try:
        for part in (accepts, rejects, silence, duplicates, accountings, flood, radclient):
            part(server)
        rc, err = server.close()
        ok(rc == 0, 'the server ends cleanly', err)
        secrets = [SECRET.decode()] + [oracle.pmk(p, SSID).hex() for p in PASS.values()] + list(PASS.values())
        ok(not any(s in err for s in secrets), 'and no secret, PMK or passphrase is in its log')
        slots(drive)
        clients(drive)
    finally:
        if server.p.poll() is None:
            server.p.kill()
        os.unlink(drive)
        os.rmdir(tmp)
    print('1..%d' % count)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
