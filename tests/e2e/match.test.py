#!/usr/bin/python3
"""keyfob-agent match: our own captures always, the real ones of ../shared/vectors where they are."""
import json
import os
import subprocess
import sys
import tempfile

BUILD = os.environ.get('BUILD', 'build')
VECTORS, SHARED = 'tests/vectors', '../shared/vectors'
AGENT = os.path.join(BUILD, 'keyfob-agent')
SSID, PASS = 'Keyfob Vectors', 'kq7m-2xhd-9rwp-t4zn-c8vj'
AP, STA, STA2 = '02:00:00:00:01:00', '02:00:00:00:a1:1c', '02:00:00:00:b0:b0'
ALICE = {'ap': AP, 'station': STA, 'akm': 2, 'key': 'alice'}
AKM6 = dict(ALICE, akm=6)
NONE = dict(ALICE, key=None)
count, failed = 0, 0
tmp = tempfile.mkdtemp(prefix='keyfob-match-')


def ok(good, name, more=''):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name))
    if not good:
        print('# ' + repr(more))


def keys(text, name='keys'):
    path = os.path.join(tmp, name)
    with open(path, 'w', newline='') as f:
        f.write(text)
    return path


def run(*args):
    p = subprocess.run([AGENT, 'match', *args], capture_output=True, text=True, timeout=60)
    return p.returncode, [json.loads(x) for x in p.stdout.splitlines()], p.stderr


def match(file, key_file, ssid=SSID):
    return run('--ssid', ssid, '--keys', key_file, file)


def without(d, *names):
    return {k: v for k, v in d.items() if k not in names}


def own():
    k = keys('bob\tanother-one-entirely\nalice\t%s\n' % PASS)
    want = {'own-m1.pcap': [ALICE], 'counted-anew.pcap': [ALICE], 'again.pcap': [ALICE], 'no-m1.pcap': [ALICE],
            'm2-only.pcap': [], 'm1-after.pcap': [], 'two.pcap': [dict(NONE, station=STA2), ALICE],
            'akm6.pcap': [AKM6], 'akm6-gcmp256.pcap': [AKM6], 'protected.pcap': [], 'malformed.pcap': []}
    for name in ('plain.pcap qos.pcap wds.pcap htc.pcap radiotap.pcap radiotap-fcs.pcap radiotap-pad.pcap ethernet.pcap '
                 'ethernet-vlan.pcap prism.pcap avs.pcap prism-avs.pcap ppi.pcap big-endian.pcap nanoseconds.pcap '
                 'plain.pcapng').split():
        want[name] = [ALICE]
    for name, lines in sorted(want.items()):
        rc, got, err = match(os.path.join(VECTORS, name), k)
        ok(got == lines and rc == (0 if any(x['key'] for x in lines) else 1), name, (rc, got, err))
    for name, why in (('sae.pcap', 'SAE'), ('ft.pcap', 'FT'), ('wpa1.pcap', 'WPA1')):
        rc, got, err = match(os.path.join(VECTORS, name), k)
        ok(rc == 1 and got == [dict(without(ALICE, 'akm', 'key'), unsupported=why)], '%s is unsupported: %s' % (name, why),
           (rc, got, err))
    rc, got, err = match(os.path.join(VECTORS, 'plain.pcap'), keys('bob\tanother-one-entirely\n', 'other'))
    ok(rc == 1 and got == [NONE], 'a key that nobody has gives null and exit 1', (rc, got, err))
    rc, got, err = match(os.path.join(VECTORS, 'plain.pcap'), k, 'Keyfob vectors')
    ok(rc == 1 and got == [NONE], 'the SSID is part of the key', (rc, got, err))
    rc, got, err = run('--ssid', SSID, '--keys', k, os.path.join(VECTORS, 'm2-only.pcap'), os.path.join(VECTORS, 'akm6.pcap'))
    ok(rc == 0 and got == [AKM6], 'several captures, one of which matches, exit 0', (rc, got, err))
    rc, got, err = match(os.path.join(VECTORS, 'plain.pcap'), keys(
        '\r\nalice\t4c52c625561ba6d82194f1e007704e2dbc83e66999b33513e19592b8d1412e58\r\n'))
    ok(rc == 0 and got == [ALICE], '64 hexadecimal digits are the PMK; empty lines and CR LF are fine', (rc, got, err))


def bad_input():
    plain, good = os.path.join(VECTORS, 'plain.pcap'), 'alice\t%s\n' % PASS
    for text, line, what in (('alice %s\n' % PASS, 1, 'TAB'), (good + 'bob\tshort\n', 2, '8 to 63'),
                             (good + '\n\tnameless-key\n', 3, 'name'), ('a\t' + 'g' * 64, 1, '64 hexadecimal'),
                             (good + 'x\t' + 'y' * 600, 2, 'longer'), ('a\x01b\t%s\n' % PASS, 1, 'clean')):
        k = keys(text, 'bad')
        rc, got, err = match(plain, k)
        ok(rc == 2 and got == [] and err.startswith('%s:%d: ' % (k, line)) and what in err,
           'a bad key line is refused with file:line and what was expected (%s)' % what, (rc, got, err))
        ok(PASS not in err and 'short\n' not in err, 'and no passphrase is in the message', err)
    k = keys('\n', 'empty')
    rc, got, err = match(plain, k)
    ok(rc == 2 and k in err and 'no key' in err, 'a key file without a key is refused', (rc, got, err))
    k = keys(good)
    rc, got, err = match(plain, k + '.not-there')
    ok(rc == 2 and k + '.not-there' in err, 'a key file that is not there is named', err)
    for name, what in (('README.md', 'not a pcap'), ('sll.pcap', 'link type'), ('no-such-file', 'cannot open')):
        rc, got, err = match(os.path.join(VECTORS, name), k)
        ok(rc == 2 and got == [] and os.path.join(VECTORS, name) in err and what in err, 'refused: ' + name, (rc, got, err))
    rc, got, err = match(os.path.join(VECTORS, 'cut-off.pcap'), k)
    ok(rc == 2 and got == [ALICE] and 'cut off' in err, 'a capture that was cut off: what was read is said, and exit 2',
       (rc, got, err))
    rc, got, err = run('--ssid', SSID, '--keys', k, os.path.join(VECTORS, 'sll.pcap'), plain)
    ok(rc == 2 and got == [ALICE], 'a bad capture does not keep the next one from being read', (rc, got, err))
    for args in ([], ['--ssid', SSID], ['--ssid', SSID, '--keys', k], ['--keys', k, plain], ['--nonsense', plain],
                 ['--ssid', '', '--keys', k, plain], ['--ssid', 'x' * 33, '--keys', k, plain]):
        rc, got, err = run(*args)
        ok(rc == 2 and got == [] and err != '', 'bad usage: %s' % ' '.join(args[:4]), (rc, got, err))
    rc, got, err = run('--ssid', SSID, '--keys', k, plain, '--ssid', SSID)
    ok(rc == 0 and got == [ALICE], 'options may stand behind the capture', (rc, got, err))


def real():
    if not os.path.isdir(SHARED):
        return
    for name, ssid, passphrase, akm, n in (('wpa2.eapol.cap', 'Harkonen', '12345678', 2, 1),
                                           ('wpa2-psk-linksys.cap', 'linksys', 'dictionary', 2, 3),
                                           ('n-02.cap', 'Neheb', 'bo$$password', 6, 1)):
        path = os.path.join(SHARED, name)
        rc, got, err = match(path, keys('other\tnot-this-one\nright\t%s\n' % passphrase), ssid)
        ok(rc == 0 and [(x['akm'], x['key']) for x in got] == [(akm, 'right')] * n, 'real capture ' + name, (rc, got, err))
        rc, got, err = match(path, keys('other\tnot-this-one\n'), ssid)
        ok(rc == 1 and [(x['akm'], x['key']) for x in got] == [(akm, None)] * n, 'and nothing with another key',
           (rc, got, err))
    rc, got, err = match(os.path.join(SHARED, 'wpa.cap'), keys('right\tbiscotte\n'), 'test')
    ok(rc == 1 and [x.get('unsupported') for x in got] == ['WPA1'] and 'key' not in got[0], 'real capture wpa.cap is WPA1',
       (rc, got, err))


if __name__ == '__main__':
    try:
        own()
        bad_input()
        real()
    finally:
        for f in os.listdir(tmp):
            os.unlink(os.path.join(tmp, f))
        os.rmdir(tmp)
    print('1..%d' % count)
    sys.exit(failed > 0)
