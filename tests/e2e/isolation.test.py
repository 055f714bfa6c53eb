#!/usr/bin/python3
"""Personal WLANs on a plain kernel: network namespaces and veth stand in for radios. Two APs, each
with isolate_nft behind drive.c, one switch per VLAN, one gateway that routes. This process holds
the sockets of every station (setns), so that one look tells who heard a frame."""
import ctypes, os, select, socket, struct, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
P = f"kfi{os.getpid()}"
libc = ctypes.CDLL(None, use_errno=True)
host_ns = os.open("/proc/self/ns/net", os.O_RDONLY)
count = failed = 0
made, drives = [], []


def ok(cond, name, more=""):
    global count, failed
    count += 1
    print(f"{'ok' if cond else 'not ok'} {count} - {name}{' # ' + str(more) if more else ''}", flush=True)
    failed += not cond


def note(text):
    print(f"# {text}", flush=True)


def sh(*args, check=True, **kw):
    r = subprocess.run(args, capture_output=True, text=True, **kw)
    if check and r.returncode:
        raise RuntimeError(f"{' '.join(args)}: {r.stderr.strip()}")
    return r.stdout


def ip(ns, *args, **kw):
    return sh("ip", "-n", P + ns, *args, **kw)


class In:
    """with In(ns): this thread is in that namespace."""

    def __init__(self, ns):
        self.ns = ns

    def __enter__(self):
        fd = os.open(f"/run/netns/{P}{self.ns}", os.O_RDONLY)
        if libc.setns(fd, 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)

    def __exit__(self, *_):
        libc.setns(host_ns, 0x40000000)


def netns(name, forward=False):
    sh("ip", "netns", "add", P + name)
    made.append(name)
    with In(name):
        for key, value in (("ipv6/conf/all/accept_dad", 0), ("ipv6/conf/default/accept_dad", 0),
                           ("ipv6/conf/default/dad_transmits", 0), ("ipv4/icmp_echo_ignore_broadcasts", 1),
                           ("ipv4/conf/all/send_redirects", 0), ("ipv4/conf/default/send_redirects", 0),
                           ("ipv4/ip_forward", int(forward)), ("ipv6/conf/all/forwarding", int(forward))):
            with open(f"/proc/sys/net/{key}", "w") as f:
                f.write(str(value))
    ip(name, "link", "set", "lo", "up")


def wire(ns1, if1, ns2, if2, mac=None):
    sh("ip", "link", "add", "name", if1, "netns", P + ns1, "type", "veth", "peer", "name", if2, "netns", P + ns2)
    if mac:
        ip(ns2, "link", "set", if2, "address", mac)
    ip(ns1, "link", "set", if1, "up")
    ip(ns2, "link", "set", if2, "up")


class Station:
    """A client. port: the AP's interface; vlan 20 or 30; n makes its addresses and its MAC."""

    def __init__(self, name, ap, port, n, vlan=20, mac=None, to="kf-none"):
        self.name, self.ap, self.port, self.n, self.vlan = name, ap, port, n, vlan
        self.mac = mac or f"02:00:00:00:{vlan:02d}:{n:02x}"
        self.ip4 = f"10.9.{vlan}.{n}"
        self.ip6 = f"2001:db8:{vlan}::{n:x}"
        netns(name)
        wire(ap, port, name, "eth0", self.mac)
        if to:
            ip(ap, "link", "set", port, "master", to)
        self.up()

    def up(self):
        ip(self.name, "addr", "add", f"{self.ip4}/24", "brd", "+", "dev", "eth0")
        ip(self.name, "addr", "add", f"{self.ip6}/64", "dev", "eth0", "nodad")
        ip(self.name, "route", "add", "default", "via", f"10.9.{self.vlan}.1")
        ip(self.name, "-6", "route", "add", "default", "via", f"2001:db8:{self.vlan}::1")
        with In(self.name):
            i = socket.if_nametoindex("eth0")
            self.s4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.s4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.s4.bind(("0.0.0.0", 5353))
            group = socket.inet_aton("224.0.0.251") + struct.pack("=4si", b"\0" * 4, i)
            self.s4.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            self.s4.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", b"\0" * 4, b"\0" * 4, i))
            self.s4.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
            self.s6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.s6.bind(("::", 5353))
            group = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("=i", i)
            self.s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
            self.s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
            self.p4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            self.p6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.raw.bind(("eth0", 3))
            self.index = i
        link = ip(self.name, "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link")
        self.ll = link.split("inet6 ")[1].split("/")[0]

    def send(self, kind, text, to=None):
        """bcast mcast bcast6 mcast6: everyone who should; ip4/ip6/ll: a UDP datagram to that station."""
        with In(self.name):
            try:
                if kind == "bcast":
                    self.s4.sendto(text, (f"10.9.{self.vlan}.255", 5353))
                elif kind == "bcast0":
                    self.s4.sendto(text, ("255.255.255.255", 5353))
                elif kind == "mcast":
                    self.s4.sendto(text, ("224.0.0.251", 5353))
                elif kind == "all6":
                    self.s6.sendto(text, ("ff02::1", 5353, 0, self.index))
                elif kind == "mcast6":
                    self.s6.sendto(text, ("ff02::fb", 5353, 0, self.index))
                elif kind == "ip4":
                    self.s4.sendto(text, (to.ip4, 5353))
                elif kind == "ip6":
                    self.s6.sendto(text, (to.ip6, 5353))
                else:
                    self.s6.sendto(text, (to.ll, 5353, 0, self.index))
            except OSError:
                pass

    def forget(self):
        ip(self.name, "neigh", "flush", "all", check=False)
        ip(self.name, "-6", "neigh", "flush", "all", check=False)


serial = 0


def heard(sender, kind, to=None, want=(), wait=0.35):
    """The names of the stations that got it: waits up to 3 s for those wanted, then for any other."""
    global serial
    serial += 1
    text = f"{serial}".encode()
    sender.send(kind, text, to)
    socks = {s: st for st in stations.values() for s in (st.s4, st.s6)}
    got, end, missing = set(), time.time() + (3 if want else wait), set(want)
    while time.time() < end:
        for s in select.select(list(socks), [], [], max(0, end - time.time()))[0]:
            if s.recv(2000) == text:
                got.add(socks[s].name)
        if missing and missing <= got:
            missing, end = set(), time.time() + wait / 2
    return got - {sender.name}


def ping(a, target, tries=5, wait=0.4):
    """a pings an address; more than one try, since the first may wait for ARP."""
    six = ":" in target
    s = a.p6 if six else a.p4
    for seq in range(tries):
        body = struct.pack("!HH", os.getpid() & 0xffff, seq) + os.urandom(8)
        head = struct.pack("!BBH", 128 if six else 8, 0, 0)
        if not six:
            words = struct.unpack(f"!{len(head + body) // 2}H", head + body)
            total = sum(words)
            total = (total & 0xffff) + (total >> 16)
            head = struct.pack("!BBH", 8, 0, ~((total & 0xffff) + (total >> 16)) & 0xffff)
        with In(a.name):
            try:
                s.sendto(head + body, (target, 0, 0, a.index if target.startswith("fe80") else 0) if six else (target, 0))
            except OSError:
                continue
        end = time.time() + wait
        while select.select([s], [], [], max(0, end - time.time()))[0]:
            got = s.recv(2000)
            if got.endswith(body) and got[0 if six else 20] == (129 if six else 0):
                return True
    return False


class Drive:
    """isolate_nft of one AP."""

    def __init__(self, ap, agent):
        self.ap, self.agent = ap, agent
        self.lines, self.events = [], []
        self.log = open(f"{tmp}/{ap}.log", "a")
        self.p = subprocess.Popen([f"{tmp}/drive", P + ap, "up0", str(agent)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1)
        drives.append(self)
        self.new = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.opened = self.answer().startswith("ok")

    def read(self):
        for line in self.p.stdout:
            with self.new:
                (self.events if line[0] in "!=" else self.lines).append(line.strip())
                self.new.notify_all()

    def answer(self):
        with self.new:
            self.new.wait_for(lambda: self.lines, 20)
            return self.lines.pop(0) if self.lines else "nothing"

    def do(self, *commands):
        answers = []
        for c in commands:
            self.p.stdin.write(c + "\n")
            answers.append(self.answer())
        return answers[-1]

    def event(self, word, wait=2.0):
        with self.new:
            return self.new.wait_for(lambda: any(word in e for e in self.events), wait)

    def vlans(self):
        return self.do("vlan 20 listed prefix 10.9.20.0/24 prefix 2001:db8:20::/64 gateway 10.9.20.1 gateway 2001:db8:20::1",
                       f"vlan 30 {vlan30} prefix 10.9.30.0/24 prefix 2001:db8:30::/64 gateway 10.9.30.1 gateway 2001:db8:30::1",
                       "vlan 40 listed prefix 10.9.40.0/24 gateway 10.9.40.1", "vlans")


vlan30 = "listed"
BSS = {"apA": "02:aa:00:00:00:00", "apB": "02:bb:00:00:00:00"}
AGENT = {"apA": 1, "apB": 2}
live = {}  # station -> (group, vlan): what the portal would tell every AP


def tell_sessions(only=None):
    for d in ap.values():
        if only in (None, d):
            d.do(*[f"session {AGENT[s.ap]} {s.mac} {BSS[s.ap]} {vlan} {group}" for s, (group, vlan) in live.items()], "sessions")


def join(s, group, vlan=None, share=True):
    vlan = vlan or s.vlan
    r = ap[s.ap].do(f"join {s.mac} {BSS[s.ap]} {vlan} {group} {s.port.split('.')[1]} {s.port}")
    if r.startswith("ok"):
        live[s] = (group, vlan)
    if share:
        tell_sessions()
    return r.split()[0]


def leave(s):
    live.pop(s, None)
    ap[s.ap].do(f"leave {s.mac} {BSS[s.ap]}")
    tell_sessions()


def master(s):
    return [w for w in ip(s.ap, "-o", "link", "show", s.port).split(" ") if w][5 - 1:] and \
        ip(s.ap, "-o", "link", "show", s.port).split("master ")[1].split()[0]


def wait_for(cond, wait=3.0):
    end = time.time() + wait
    while not cond() and time.time() < end:
        time.sleep(0.05)
    return cond()


def elements(apname, name):
    return sh("ip", "netns", "exec", P + apname, "nft", "list", "set", "bridge", "keyfob", name)


def build():
    src = ["ap-agent/peers.c", "tests/e2e/isolation/drive.c"]
    src += [f"ap-agent/{f}" for f in sorted(os.listdir(f"{ROOT}/ap-agent")) if f.startswith("isolate_nft") and f.endswith(".c")]
    src += [f"common/{f}.c" for f in ("err", "env", "log", "text", "span", "secret")]
    sh("gcc", "-std=c17", "-g", "-O1", "-D_GNU_SOURCE", "-I.", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
       "-o", f"{tmp}/drive", *src, "-lmnl", "-lnftnl", "-lcrypto", cwd=ROOT)


def topology():
    for sw in ("sw20", "sw30"):
        netns(sw)
        ip(sw, "link", "add", "br0", "type", "bridge")
        ip(sw, "link", "set", "br0", "up")
    netns("gw", forward=True)
    for a in ("apA", "apB"):
        netns(a)
        for vlan, up in ((20, "up0"), (30, "up0.30")):  # the plain kernel has no 802.1Q: a veth by that name
            ip(a, "link", "add", f"br{vlan}", "type", "bridge")
            ip(a, "link", "set", f"br{vlan}", "up")
            wire(f"sw{vlan}", a, a, up)
            ip(f"sw{vlan}", "link", "set", a, "master", "br0")
            ip(a, "link", "set", up, "master", f"br{vlan}")
    for vlan in (20, 30):
        wire(f"sw{vlan}", "gw", "gw", f"eth{vlan}", f"02:00:00:00:{vlan}:01")
        ip(f"sw{vlan}", "link", "set", "gw", "master", "br0")
        ip("gw", "addr", "add", f"10.9.{vlan}.1/24", "brd", "+", "dev", f"eth{vlan}")
        ip("gw", "addr", "add", f"2001:db8:{vlan}::1/64", "dev", f"eth{vlan}", "nodad")


ALICE, BOB, CAROL = 100, 200, 300
stations, ap = {}, {}


def station(name, apname, port, n, **kw):
    stations[name] = Station(name, apname, port, n, **kw)
    return stations[name]


def fresh():
    for s in stations.values():
        s.forget()
    for n in ("gw",):
        ip(n, "neigh", "flush", "all", check=False)
        ip(n, "-6", "neigh", "flush", "all", check=False)


def test_start():
    for a in ("apA", "apB"):
        ap[a] = Drive(a, AGENT[a])
    ok(all(d.opened for d in ap.values()), "the table loads before any port exists")
    ok(all(d.vlans().startswith("ok") for d in ap.values()), "the site's VLANs load")
    ok(all("closed=" in open(f"{tmp}/{a}.log").read() for a in ap) and " 40" not in sh("ip", "-n", P + "apA", "-o", "link"),
       "a VLAN whose 802.1Q device the kernel refuses is said in the log, and leaves nothing behind")
    ok(wait_for(lambda: all("02:00:00:00:20:01" in elements(a, "gateway") and "02:00:00:00:30:01" in elements(a, "gateway")
                            for a in ap)), "the gateways' MACs are learned on the uplink, before any station speaks")


def test_before_join():
    a1 = station("a1", "apA", "wlan0.11", 11)
    b1 = station("b1", "apA", "wlan0.12", 21)
    direct = station("n1", "apA", "wlan0.19", 19, to="br20")
    time.sleep(0.2)
    ok(not any(ping(s, t, 1) for s in (a1, b1) for t in ("10.9.20.1", a1.ip4 if s is b1 else b1.ip4)),
       "a new port in kf-none reaches nobody before the agent has said anything")
    ok(not ping(direct, "10.9.20.1", 1) and not heard(direct, "bcast"),
       "so does one that somebody put into the VLAN's bridge")


def test_join():
    a1, b1 = stations["a1"], stations["b1"]
    r = [join(a1, ALICE), join(b1, BOB)]
    ok(r == ["ok", "ok"] and master(a1) == "br20", "a join after the port appeared moves it into br20")
    wire_up = []
    for s in (("a2", "apA", "wlan1.11", 12), ("a3", "apB", "wlan0.21", 13), ("b2", "apB", "wlan0.22", 22)):
        fake = type("S", (), dict(ap=s[1], mac=f"02:00:00:00:20:{s[3]:02x}", port=s[2], vlan=20))
        wire_up.append(ap[s[1]].do(f"join {fake.mac} {BSS[s[1]]} 20 {BOB if s[0] == 'b2' else ALICE} "
                                   f"{s[2].split('.')[1]} {s[2]}"))
        st = station(*s)
        live[st] = (BOB if s[0] == "b2" else ALICE, 20)
    tell_sessions()
    ok(all(r.startswith("ok") for r in wire_up) and wait_for(lambda: all(master(stations[n]) == "br20" for n in ("a2", "a3", "b2"))),
       "a join before the port appears moves it as soon as it does")


def test_groups():
    a1, a2, a3, b1, b2 = (stations[n] for n in ("a1", "a2", "a3", "b1", "b2"))
    fresh()
    ok(all(ping(s, "10.9.20.1") for s in (a1, a2, a3, b1, b2)), "every station reaches the gateway by IPv4")
    ok(all(ping(s, "2001:db8:20::1") for s in (a1, a2, a3, b1, b2)), "every station reaches the gateway by IPv6")
    ok(ping(a1, a2.ip4) and ping(a2, a1.ip4) and ping(a1, a2.ip6),
       "one group, one AP, two ports (the old and the new key of one person): unicast")
    ok(ping(a1, a3.ip4) and ping(a3, a2.ip4) and ping(a3, a1.ip6), "one group, two APs: unicast")
    ok(ping(b1, b2.ip4) and ping(b2, b1.ip6), "the other group too: unicast over two APs")
    for kind, words in (("bcast", "broadcast"), ("bcast0", "broadcast to 255.255.255.255"), ("mcast", "multicast (mDNS)"),
                        ("all6", "IPv6 all nodes"), ("mcast6", "IPv6 multicast (mDNS)")):
        ok(heard(a1, kind, want={"a2", "a3"}) == {"a2", "a3"}, f"{words}: heard by the own group on both APs and by nobody else")
        ok(heard(a3, kind, want={"a1", "a2"}) == {"a1", "a2"} and heard(b2, kind, want={"b1"}) == {"b1"}, f"{words}: from the other AP as well")
    ok(not any(ping(x, y.ip4, 1) for x in (a1, a3) for y in (b1, b2)), "two groups in one VLAN: no unicast")
    ok(not any(ping(x, y.ip6, 1) or ping(x, y.ll, 1) for x in (a1, a3) for y in (b1, b2)),
       "two groups in one VLAN: no IPv6, link-local neither")
    for x, y in ((a1, b1), (a1, b2)):
        ip(x.name, "neigh", "replace", y.ip4, "lladdr", y.mac, "dev", "eth0")
        ip(y.name, "neigh", "replace", x.ip4, "lladdr", x.mac, "dev", "eth0")
    ok(not any(ping(a1, y.ip4, 1) or heard(a1, "ip4", y) for y in (b1, b2)), "nor for one that knows the other's MAC")
    fresh()
    for x, y in ((a1, b1), (a1, b2), (b1, a1), (b2, a1)):
        ip(x.name, "neigh", "del", y.ip4, "dev", "eth0", check=False)


def detour(x, y, way):
    """Both send each other's packets to the gateway; way: add or del."""
    for s, t in ((x, y), (y, x)):
        ip(s.name, "route", way, f"{t.ip4}/32", "via", f"10.9.{s.vlan}.1", check=False)
        ip(s.name, "-6", "route", way, f"{t.ip6}/128", "via", f"2001:db8:{s.vlan}::1", check=False)


def proxy_arp(on):
    """The gateway answers for every address of VLAN 20, as routers of "private VLANs" do."""
    with In("gw"), open("/proc/sys/net/ipv4/conf/eth20/proxy_arp_pvlan", "w") as f:
        f.write(str(on))


def test_detour():
    a1, b1, b2 = stations["a1"], stations["b1"], stations["b2"]
    c3 = station("c3", "apA", "wlan0.31", 11, vlan=30)
    join(c3, CAROL)
    a30 = station("a30", "apB", "wlan0.33", 12, vlan=30)
    join(a30, ALICE)
    wait_for(lambda: ping(c3, "10.9.30.1", 1))
    pairs = ((a1, b1), (a1, b2), (a1, c3))
    for x, y in pairs:
        detour(x, y, "add")
    fresh()
    ok(all(ping(x, "10.9.20.1") for x in (a1, b1)) and ping(c3, "10.9.30.1"), "the gateway of either VLAN is reached")
    ok(not any(ping(x, y.ip4, 2) or ping(y, x.ip4, 2) for x, y in pairs),
       "the detour through the gateway is closed by IPv4: same AP, other AP, other VLAN")
    ok(not any(ping(x, y.ip6, 2) or ping(y, x.ip6, 2) for x, y in pairs), "and by IPv6")
    ok(not heard(a30, "mcast") & {"a1", "c3"} and not ping(a30, a1.ip4, 2), "one group in two VLANs: nothing passes between them")
    hits = sh("ip", "netns", "exec", P + "apA", "nft", "list", "chain", "bridge", "keyfob", "to_gateway")
    ok("packets 0" not in "".join(l for l in hits.splitlines() if "ip daddr 10.9.20.0/24" in l), "it was the rule that stopped it")
    detour(a1, b1, "del")
    proxy_arp(1)
    fresh()
    ok(not ping(a1, b1.ip4, 3) and ping(a1, stations["a3"].ip4), "a gateway that answers ARP for everybody opens nothing")
    for a in ("apA", "apB"):
        for chain in ("to_gateway", "from_gateway"):
            sh("ip", "netns", "exec", P + a, "nft", "flush", "chain", "bridge", "keyfob", chain)
    fresh()
    ok(ping(a1, b1.ip4), "counter-proof: without the rule it would")
    proxy_arp(0)
    detour(a1, b1, "add")
    fresh()
    ok(all(ping(x, y.ip4) and ping(x, y.ip6) for x, y in pairs), "counter-proof: without the rule the detour is open")
    for a in ("apA", "apB"):
        sh("ip", "netns", "exec", P + a, "nft", "flush", "ruleset")
    ok(wait_for(lambda: all("own" in sh("ip", "netns", "exec", P + a, "nft", "list", "ruleset") for a in ap)),
       "after somebody's 'nft flush ruleset' the table is back within seconds")
    time.sleep(0.3)
    ok(not any(ping(x, y.ip4, 1) for x, y in pairs) and ping(a1, stations["a3"].ip4), "with its rules and its elements")
    for x, y in pairs:
        detour(x, y, "del")


def test_forged():
    a1, a2 = stations["a1"], stations["a2"]
    g = station("g1", "apA", "wlan0.13", 41, mac="02:00:00:00:20:01")
    before = len(ap["apA"].events)
    ok(join(g, 400) == "denied" and any("forged" in e for e in ap["apA"].events[before:]),
       "a station with the gateway's MAC is refused and told")
    ip("apA", "link", "set", g.port, "master", "br20")
    for _ in range(5):
        heard(g, "bcast", wait=0.02)
    ok(not ping(g, a1.ip4, 1) and not heard(g, "bcast"), "it is cut, even in the VLAN's bridge")
    ok(ping(a1, "10.9.20.1") and ping(a2, "10.9.20.1"), "and takes no one's gateway away")
    ip("apA", "link", "set", g.port, "nomaster")
    # A station that is on the air with a MAC of its own forges others in its frames.
    b1 = stations["b1"]
    wild = bytes.fromhex("ffffffffffff") + bytes.fromhex(a1.mac.replace(":", "")) + b"\x08\x00" + forged_udp(a1.ip4, b1.vlan)
    b1.raw.send(wild)
    gw_arp = (b"\xff" * 6 + mac_bytes(b1.mac) + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02" + mac_bytes(b1.mac) +
              socket.inet_aton("10.9.20.1") + b"\xff" * 6 + socket.inet_aton("10.9.20.1"))
    sniff = sniffer("sw20", "apA")
    for _ in range(3):
        b1.raw.send(gw_arp)
    time.sleep(0.3)
    ok(not drained("a2", "a3"), "a frame with another station's MAC from bob's port reaches nobody of her group")
    ok(gw_arp not in frames(sniff), "ARP in the gateway's name from a station does not leave the AP")
    ok(b1.mac not in elements("apB", "gateway") + elements("apA", "gateway"), "and no AP learns it")
    tagged = b"\xff" * 6 + mac_bytes(b1.mac) + b"\x81\x00\x00\x1e\x08\x00" + forged_udp(b1.ip4, 30)
    sniff = sniffer("sw20", "apA")
    b1.raw.send(tagged)
    time.sleep(0.2)
    ok(not any(b"\xde\xad\xbe\xef" in f for f in frames(sniff)), "a frame with a VLAN tag of its own does not leave the AP")


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def forged_udp(src, vlan):
    udp = struct.pack("!HHHH", 5353, 5353, 12, 0) + b"\xde\xad\xbe\xef"
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(src), b"\xff" * 4)
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + udp


def drained(*names):
    """Did a forged_udp arrive at one of these?"""
    got = False
    for n in names:
        while select.select([stations[n].s4], [], [], 0)[0]:
            got |= stations[n].s4.recv(2000) == b"\xde\xad\xbe\xef"
    return got


def sniffer(ns, dev):
    with In(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((dev, 3))
    return s


def frames(s):
    got = []
    while select.select([s], [], [], 0)[0]:
        got.append(s.recv(2000))
    return got


def test_same_mac():
    a1, a2, a3, b2 = (stations[n] for n in ("a1", "a2", "a3", "b2"))
    m = station("m1", "apB", "wlan0.22b", 51, mac=a1.mac)
    m.port = "wlan0.22b"
    sniff = sniffer("m1", "eth0")
    ap["apB"].do(f"join {m.mac} {BSS['apB']} 20 {BOB} 22 {m.port}")
    live[m] = (BOB, 20)
    tell_sessions()
    ok(ap["apA"].event(f"conflict {a1.mac}") and ap["apB"].event(f"conflict {a1.mac}"),
       "alice's MAC with bob's key on the other AP: both agents tell of the conflict")
    for s in (a2, a3):
        ip(s.name, "neigh", "replace", a1.ip4, "lladdr", a1.mac, "dev", "eth0")
    frames(sniff)
    got = set()
    for _ in range(3):
        m.raw.send(mac_bytes(a2.mac) + mac_bytes(m.mac) + b"\x08\x00" + forged_udp(m.ip4, 20))
        for s in (a2, a3):
            for kind in ("bcast", "mcast", "all6"):
                got |= heard(s, kind, wait=0.05)
            got |= heard(s, "ip4", a1, wait=0.05)
    leaked = [f for f in frames(sniff) if f[6:12] in (mac_bytes(a2.mac), mac_bytes(a3.mac))]
    ok("m1" not in got and not leaked, "it gets nothing of alice's group: no unicast, broadcast or multicast", len(leaked) or "")
    ok(not heard(m, "bcast") & {"a1", "a2", "a3"}, "and sends nothing into it")
    before = sum("conflict" in e for e in ap["apA"].events)
    tell_sessions()
    ok(sum("conflict" in e for e in ap["apA"].events) == before, "the conflict is told once")
    live.pop(m)
    ap["apB"].do(f"leave {m.mac} {BSS['apB']}")
    ip("m1", "link", "set", "eth0", "down")
    tell_sessions()
    for s in (a2, a3):
        ip(s.name, "neigh", "del", a1.ip4, "dev", "eth0", check=False)
    fresh()
    ok(ping(a1, a3.ip4) and ping(a1, "10.9.20.1"), "when it is gone, alice's own station is back in her group")


def test_stranger():
    a1, a3 = stations["a1"], stations["a3"]
    x = station("x1", "sw20", "x1", 61, to="br0")
    ok(not ping(x, a1.ip4, 1) and not heard(x, "bcast"), "an unknown MAC on the wire does not get in")
    global vlan30
    y = station("y1", "sw30", "y1", 62, vlan=30, to="br0")
    c3 = stations["c3"]
    ok(not ping(c3, y.ip4, 1), "a wired host that is not listed is not reached")
    vlan30 = "any"
    for d in ap.values():
        d.vlans()
    fresh()
    ok(ping(c3, y.ip4) and ping(y, c3.ip4), "it is in a VLAN that takes any wired host")
    ok(not ping(c3, stations["a30"].ip4, 1) and not heard(c3, "bcast") & {"a30"},
       "but a station of another group behind another AP is still none")
    vlan30 = f"listed wired {y.mac}"
    for d in ap.values():
        d.vlans()
    fresh()
    ok(ping(c3, y.ip4), "or in one that lists its MAC")
    ok(not ping(x, a1.ip4, 1) and not ping(x, a3.ip4, 1), "the other VLAN is as closed as before")
    del stations["x1"], stations["y1"]  # what goes over the wire, the wire hears


def gateway_heard(s):
    """Does the station hear what the gateway sends to everybody in VLAN 20?"""
    text = os.urandom(8)
    with In("gw"):
        g = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    g.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    g.sendto(text, ("10.9.20.255", 5353))
    g.close()
    while select.select([s.s4], [], [], 0.4)[0]:
        if s.s4.recv(2000) == text:
            return True
    return False


def test_ports():
    b1 = stations["b1"]
    ok(gateway_heard(b1), "a station hears the gateway's broadcast")
    leave(b1)  # revoked, say: it is associated still
    ok(master(b1) == "kf-none" and not gateway_heard(b1), "a port that nobody is left on goes back to kf-none, and hears nothing")
    join(b1, BOB)
    ok(master(b1) == "br20" and gateway_heard(b1), "the next station brings it back")
    s = station("s1", "apA", "wlan0.14", 71)
    join(s, 500, vlan=40)
    ok(ap["apA"].event("stuck"), "a port whose bridge cannot be made is told", [e for e in ap["apA"].events if "stuck" in e][:1])
    ok(master(s) == "kf-none" and s.mac not in elements("apA", "own"), "it stays in kf-none, closed")
    leave(s)
    a2 = stations["a2"]
    ok(f"{a2.mac} . \"{a2.port}\"" in elements("apA", "own"), "(a2 stands in the set)")
    ip("apA", "link", "del", a2.port)
    ok(wait_for(lambda: a2.port not in elements("apA", "own") + elements("apA", "peer")),
       "a port that goes away takes its elements along")
    for sock in (a2.s4, a2.s6, a2.p4, a2.p6, a2.raw):
        sock.close()
    ap["apA"].do(f"leave {a2.mac} {BSS['apA']}")
    live.pop(a2)
    del stations["a2"]
    tell_sessions()
    old = stations["b1"]
    was = elements("apA", "own")
    join(old, CAROL)  # the slot's port now serves another network
    ok(not heard(stations["b2"], "bcast") and was != elements("apA", "own"), "a station that joins another group leaves the old one")
    join(old, BOB)
    ok(heard(stations["b2"], "bcast", want={"b1"}) == {"b1"}, "and comes back")


def test_restart():
    a1, a3, b1, b2 = (stations[n] for n in ("a1", "a3", "b1", "b2"))
    d = ap["apA"]
    d.p.kill()
    d.p.wait()
    fresh()
    ok(ping(a1, "10.9.20.1") and ping(a1, a3.ip4), "kill -9: those who could talk still can")
    ok(not ping(a1, b1.ip4, 1) and not heard(b2, "bcast") & {"a1", "a3"}, "and the rest still cannot")
    stop, lost, sent = threading.Event(), [0], [0]
    text = b"window"

    def storm():  # its own thread: setns is per thread
        while not stop.is_set():
            b1.send("bcast", text)
            b2.send("bcast", text)
            sent[0] += 2
            time.sleep(0.001)

    t = threading.Thread(target=storm)
    t.start()
    ap["apA"] = d = Drive("apA", 1)
    opened = d.opened
    d.do("each")
    wait_for(lambda: sum(e.startswith("=") for e in d.events) >= 3)
    known = sorted(e for e in d.events if e.startswith("="))
    gateway_open = ping(a1, "10.9.20.1", 1)
    r = d.vlans()
    tell_sessions()
    time.sleep(0.3)
    stop.set()
    t.join()
    leaks = 0
    for s in (a1, a3, stations["c3"], stations["n1"]):
        while select.select([s.s4], [], [], 0)[0]:
            leaks += s.s4.recv(2000) == text
    ok(opened and r.startswith("ok"), "a new agent takes over")
    ok(any(f"= {a1.mac} vlan 20 group {ALICE} slot 11 port wlan0.11" == e for e in known),
       "it knows the stations, groups and slots the old one left in the kernel", len(known))
    ok(gateway_open, "before it heard from the portal, the gateway is still reached")
    ok(leaks == 0 and sent[0] > 20, f"no window: none of {sent[0]} frames of another group got through meanwhile", leaks or "")
    ok(wait_for(lambda: ping(a1, "10.9.20.1", 1) and ping(a1, a3.ip4, 1)), "its stations are served on without a new join")


def test_many():
    d = ap["apA"]
    lines = [f"session 9 06:00:00:00:{i >> 8:02x}:{i & 255:02x} 02:cc:00:00:00:00 20 {1000 + i % 400}" for i in range(1996)]
    lines += [f"session 9 06:00:00:01:00:{i:02x} 02:cc:00:00:00:00 20 {ALICE}" for i in range(4)]
    first = d.do(*lines, "sessions")
    ok(first.startswith("ok") and elements("apA", "peer").count("06:00:00:01:00:") == 4, "2,000 sessions load")
    a9 = station("a9", "apA", "wlan0.15", 91)
    time.sleep(0.2)
    second = d.do(f"join {a9.mac} {BSS['apA']} 20 {ALICE} 15 {a9.port}")
    ok(second.startswith("ok") and elements("apA", "peer").count("06:00:00:01:00:") == 8, "and one more station joins")
    note(f"2,000 sessions: {first.split(' ', 2)[2]}; one more join: {second.split(' ', 2)[2]} (ASan build)")
    again = d.do(*lines, "sessions")
    note(f"the same list again: {again.split(' ', 2)[2]}")


def main():
    global tmp
    with tempfile.TemporaryDirectory(prefix="kfi") as tmp:
        start = time.time()
        try:
            build()
            topology()
            note(f"set up in {time.time() - start:.1f} s")
            for test in (test_start, test_before_join, test_join, test_groups, test_detour, test_forged, test_same_mac,
                         test_stranger, test_ports, test_restart, test_many):
                t = time.time()
                test()
                note(f"{test.__name__} {time.time() - t:.1f} s")
        except Exception as e:
            import traceback
            traceback.print_exc()
            ok(False, f"the test itself ran: {e}")
        finally:
            crashed = [d for d in drives if d.p.poll() not in (None, -9)]
            for d in drives:
                d.p.stdin.close()
                try:
                    d.p.wait(5)
                except subprocess.TimeoutExpired:
                    d.p.kill()
            ok(not crashed and all(d.p.returncode in (0, -9) for d in drives), "no agent crashed or leaked memory")
            if failed:
                for a in ap:
                    with open(f"{tmp}/{a}.log") as f:
                        sys.stdout.writelines(f"# {a} {l}" for l in f.readlines()[-40:])
            for n in made:
                sh("ip", "netns", "del", P + n, check=False)
        print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
