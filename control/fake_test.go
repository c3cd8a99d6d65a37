package control

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// fake is a source of fixed records.
type fake struct {
	records   []Record
	expected  []ExpectRecord
	ranges    []RangeRecord
	at        Moment
	cleared   []session.Ref
	forgotten []session.Ref
	pages     int
	turn      func(cursor uint64) // called before a page is read
	pools     []Pool
	addresses []AddressRecord
	blocks    []BlockRecord
	mappings  []MappingRecord
	vips      []VIP
	fqdns     FQDNs
	mu        sync.Mutex // of trace
	trace     *fakeTrace
}

// step is how many records a page of the fake looks at: less than asked for, so
// that walks have several.
const step = 3

func (f *fake) Sessions(cursor uint64, page []Record) (n int, next uint64, at Moment) {
	if f.turn != nil {
		f.turn(cursor)
	}
	f.pages++
	from := min(int(cursor), len(f.records))
	to := min(from+min(step, len(page)), len(f.records))
	n = copy(page, f.records[from:to])
	if to == len(f.records) {
		return n, 0, f.at
	}
	return n, uint64(to), f.at
}

func (f *fake) Expectations(_ uint64, page []ExpectRecord) (n int, next uint64, at Moment) {
	return copy(page, f.expected), 0, f.at
}

func (f *fake) DataRanges(cursor uint64, page []RangeRecord) (n int, next uint64, at Moment) {
	n, next = pageOf(f.ranges, cursor, page)
	return n, next, f.at
}

func (f *fake) Clear(refs []session.Ref) int {
	f.cleared = append(f.cleared, refs...)
	return len(refs)
}

func (f *fake) ClearExpectations(refs []session.Ref) int {
	f.forgotten = append(f.forgotten, refs...)
	return len(refs)
}

func (f *fake) Counters() Counters {
	return Counters{Sessions: len(f.records), Expectations: len(f.expected), MaxSessions: 1000, MaxExpectations: 100, Cleared: 7, Clashes: 1,
		Ephemeral: 1, MaxEphemeral: 250, Removable: 2, Tension: 3, DataRanges: 2, RangeChildren: 9, RangeRefused: 1,
		Mappings: len(f.mappings), Exhausted: 5}
}

func (f *fake) Pools() []Pool { return slices.Clone(f.pools) }

func (f *fake) Addresses(cursor uint64, page []AddressRecord) (n int, next uint64) {
	return pageOf(f.addresses, cursor, page)
}

func (f *fake) Blocks(cursor uint64, page []BlockRecord) (n int, next uint64, at Moment) {
	n, next = pageOf(f.blocks, cursor, page)
	return n, next, f.at
}

func (f *fake) Mappings(cursor uint64, page []MappingRecord) (n int, next uint64) {
	return pageOf(f.mappings, cursor, page)
}

// pageOf copies the page of a list at a cursor.
func pageOf[T any](list []T, cursor uint64, page []T) (n int, next uint64) {
	to := min(int(cursor)+min(step, len(page)), len(list))
	n = copy(page, list[cursor:to])
	if to == len(list) {
		return n, 0
	}
	return n, uint64(to)
}

// VIPs: the sessions of the gallery that came through one ask for 191.2.16.148.
func (f *fake) VIPs() ([]VIP, func(*session.Record) uint16) {
	return slices.Clone(f.vips), func(r *session.Record) uint16 {
		if r.Key[0].Dst == packet.MustAddr("191.2.16.148") {
			return 1
		}
		return 0
	}
}

// FQDNs are those that a test has put there.
func (f *fake) FQDNs() FQDNs { return f.fqdns }

// Trace tells of two packets, the first half of that at once.
func (f *fake) Trace(packets int, chooses func(*packet.Key) bool) (Trace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trace != nil {
		return nil, errors.New("traced already")
	}
	f.trace = &fakeTrace{f: f, lines: []TraceLine{{1, "received a packet"}, {1, `rewrote "a" as "b"`}, {2, "drop"}}, want: packets, chooses: chooses}
	return f.trace, nil
}

type fakeTrace struct {
	f       *fake
	lines   []TraceLine
	want    int
	chooses func(*packet.Key) bool
	read    int
}

func (t *fakeTrace) Read() (lines []TraceLine, lost int, done bool) {
	switch t.read++; t.read {
	case 1:
		return t.lines[:2], 0, false
	case 2:
		return nil, 0, false
	}
	return t.lines[2:], 7, t.want == 2
}

func (t *fakeTrace) Close() {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	t.f.trace = nil
}

// Helpers: what ftp expects is in the gallery.
func (f *fake) Helpers() []Helper {
	return []Helper{
		{Name: "dns-tcp", Entries: []HelperEntry{}, Refused: map[string]uint64{}, Detached: map[string]uint64{}},
		{
			Name: "ftp", Sessions: 1, Hits: 17, Expected: 20, Renewed: 1, Used: 15, Expired: 1, Voided: 3,
			Entries: []HelperEntry{
				{ID: 9, Protocol: 6, Port: 21, Hits: 14},
				{
					ID: 21, Protocol: 6, Port: 2121, SrcAddr: []string{"office", "guests"}, SrcAddr6: []string{"office6"}, DataPorts: []string{"40000-40100", "50000"},
					MaxExpectations: 4, Lifetime: 10, TLSDataPorts: "50000-50100", TLSDataLimit: 8, Hits: 2,
				},
			},
			Refused:  map[string]uint64{"port": 2, "address": 1},
			Detached: map[string]uint64{"the helper broke its contract": 1, "the start of the stream was not seen": 2},
		},
	}
}

// fakeNames resolves few numbers.
type fakeNames struct{}

func (fakeNames) Interfaces() []string { return []string{"port1", "port2", "port3"} }
func (n fakeNames) Interface(i uint16) string {
	return n.Interfaces()[i]
}
func (fakeNames) Gateway(i uint16) packet.Addr {
	return []packet.Addr{{}, packet.MustAddr("203.0.113.1")}[i]
}
func (fakeNames) Helper(i uint8) string   { return []string{"", "ftp"}[i] }
func (fakeNames) Service(i uint32) string { return []string{"", "FTP", "HTTPS"}[i] }
func (fakeNames) Shaper(i uint16) string  { return []string{"", "guests"}[i] }
func (fakeNames) Pool(i uint16) string    { return []string{"", "office", "cgn", "site"}[i] }
func (fakeNames) Policy(id uint32) string { return map[uint32]string{4: "out"}[id] }

func key(proto uint8, src string, sport uint16, dst string, dport uint16) packet.Key {
	return packet.Key{Proto: proto, Src: packet.MustAddr(src), SrcPort: sport, Dst: packet.MustAddr(dst), DstPort: dport}
}

// rec makes the record of a session that arrives with one key and leaves with
// another, from port1 to port2, under policy 4.
func rec(id uint32, arrives, leaves packet.Key, edit func(*session.Record)) Record {
	s := session.Record{
		ID: id, Key: [2]packet.Key{arrives, leaves.Reply()}, Out: [2]uint16{1, 0},
		Created: session.Tick(10 * time.Second), LastSeen: session.Tick(90 * time.Second),
		Policy: 4, LogEnd: true, State: session.StateEstablished,
		Bytes: [2]uint64{3969, 16481}, Packets: [2]uint64{32, 45},
	}
	s.SetTimeout(3600 * time.Second)
	if edit != nil {
		edit(&s)
	}
	return Record{Ref: session.Ref{Index: id - 1, ID: id}, Session: s}
}

// gallery is one session of each kind, and two expectations.
func gallery() *fake {
	plain := key(6, "10.1.0.2", 53466, "10.2.0.2", 443)
	snat := key(6, "203.0.113.9", 61000, "10.2.0.2", 443)
	vip := key(6, "81.63.141.211", 53466, "191.2.16.148", 443)
	real := key(6, "81.63.141.211", 53466, "172.16.40.19", 8443)
	both := key(6, "10.9.0.1", 20000, "172.16.40.19", 8443)
	ping, pinged := key(1, "10.1.0.2", 2589, "114.114.114.114", 8), key(1, "203.0.113.9", 63005, "114.114.114.114", 8)
	dns := key(17, "10.1.0.3", 5353, "10.2.0.2", 53)
	six := key(6, "fd01::2", 40000, "fd02::2", 22)
	ftp, ftpOut := key(6, "10.1.0.2", 50000, "10.2.0.2", 21), key(6, "203.0.113.9", 50000, "10.2.0.2", 21)
	data, dataIn := key(6, "10.2.0.2", 20, "203.0.113.9", 50001), key(6, "10.2.0.2", 20, "10.1.0.2", 50001)
	f := &fake{at: Moment{Now: session.Tick(93*time.Second + 400*time.Millisecond)}}
	f.records = []Record{
		rec(1, plain, plain, func(s *session.Record) { s.Service = 2 }),
		rec(2, plain, snat, func(s *session.Record) { s.Hop[0] = 1 }),
		rec(3, vip, real, func(s *session.Record) { s.State = session.StateCloseWait }),
		rec(4, vip, both, func(s *session.Record) { s.Blocked = true }),
		rec(5, ping, pinged, func(s *session.Record) { s.SetTimeout(time.Minute) }),
		rec(6, dns, dns, func(s *session.Record) {
			s.State, s.Packets[1], s.Bytes[1], s.Policy, s.LogEnd, s.Shaper = session.StateNone, 0, 0, 9, false, 1
			s.SetTimeout(180 * time.Second)
		}),
		rec(7, six, six, func(s *session.Record) { s.State = session.StateSynSent }),
		rec(8, ftp, ftpOut, func(s *session.Record) { s.Helper, s.Control, s.Service = 1, 1, 1 }),
		rec(0x16f90, data, dataIn, func(s *session.Record) {
			s.Helper, s.Master, s.Against, s.Out = 1, session.Ref{Index: 7, ID: 8}, true, [2]uint16{0, 1}
		}),
	}
	f.records[6].Dirty = true
	f.records[7].Offset = [2]Offset{{Pos: 4000000000, Before: 3, After: -2}, {}}
	waits := session.Expectation{
		Match: key(6, "10.2.0.2", 0, "203.0.113.9", 50002), Leave: key(6, "10.2.0.2", 0, "10.1.0.2", 50002),
		Opener: packet.Reply, Master: session.Ref{Index: 7, ID: 8}, Policy: 4, Helper: 1,
		Created: session.Tick(87 * time.Second), Expires: session.Tick(117 * time.Second),
	}
	untouched := waits
	untouched.Match, untouched.Opener = key(17, "fd01::2", 0, "fd02::2", 30000), packet.Original
	untouched.Leave = untouched.Match
	f.expected = []ExpectRecord{
		{Ref: session.Ref{Index: 0, ID: 11}, Expect: waits, In: 1, Out: 0, Against: true},
		{Ref: session.Ref{Index: 1, ID: 12}, Expect: untouched, In: 0, Out: 1},
	}
	f.translation()
	return f
}

// await gives f an expectation that anybody may fulfil, any number of times, and two
// data ranges, the second of a control session that is blocked.
func (f *fake) await() {
	anyone := f.expected[0]
	anyone.Ref = session.Ref{Index: 2, ID: 13}
	e := &anyone.Expect
	e.Match, e.Leave, e.Many = key(17, "10.2.0.2", 0, "203.0.113.9", 50004), key(17, "10.2.0.2", 0, "10.1.0.2", 40004), true
	e.Match.Src, e.Leave.Src = packet.Addr{}, packet.Addr{}
	f.expected = append(f.expected, anyone)
	tls := RangeRecord{
		Match: key(6, "10.1.0.2", 0, "191.2.16.148", 50000), Leave: key(6, "203.0.113.9", 0, "172.16.40.19", 50000), Last: 50100,
		Limit: 8, Used: 2, Master: 8, Policy: 4, Helper: 1, Created: session.Tick(87 * time.Second), In: 0, Out: 1,
	}
	shut := tls
	shut.Match, shut.Blocked, shut.Used = key(6, "fd01::2", 0, "fd02::2", 50000), true, 0
	shut.Leave = shut.Match
	f.ranges = []RangeRecord{tls, shut}
}

// translation gives f pools of three types with what is in use of them, mappings
// and virtual IPs.
func (f *fake) translation() {
	ip := netip.MustParseAddr
	f.pools = []Pool{
		{
			ID: 1, Name: "office", Type: "overload", StartIP: ip("198.51.100.20"), EndIP: ip("198.51.100.21"), StartPort: 5117, EndPort: 65533,
			Addresses: 2, Ports: &PoolPorts{Total: Counts{TCP: 120834, UDP: 120834, SCTP: 120834, ICMP: 131070}}, Exhausted: 3,
		},
		{
			ID: 2, Name: "cgn", Type: "port-block-allocation", StartIP: ip("198.51.100.50"), EndIP: ip("198.51.100.53"), StartPort: 5117, EndPort: 65533,
			Interface: "port2", Addresses: 4,
			Blocks: &PoolBlocks{Size: 64, PerClient: 8, PerAddress: 944, Total: 3776, InUse: 3, Lingering: 1, Clients: 2, Granted: 7, Reused: 2},
		},
		{ID: 3, Name: "site", Type: "nptv6", StartIP: ip("2001:db8:1::"), EndIP: ip("2001:db8:1:ffff:ffff:ffff:ffff:ffff"), StartPort: 1, EndPort: 65535},
		{
			ID: 9, Name: "site", Type: "fixed-port-range", StartIP: ip("198.51.100.40"), EndIP: ip("198.51.100.40"), StartPort: 5117, EndPort: 65533,
			Addresses: 1, Ports: &PoolPorts{Total: Counts{TCP: 60417, UDP: 60417, SCTP: 60417, ICMP: 60417}}, Clients: &PoolRange{First: ip("10.1.0.1"), Last: ip("10.1.0.10"), Ports: 6041},
		},
	}
	f.addresses = []AddressRecord{
		{Addr: ip("10.2.0.1"), Sessions: Counts{TCP: 9}, Ports: Counts{TCP: 9}},
		{Addr: ip("198.51.100.20"), Pool: 1, Sessions: Counts{TCP: 3, UDP: 2, ICMP: 1, Other: 1}, Ports: Counts{TCP: 2, UDP: 2, ICMP: 1}},
		{Addr: ip("198.51.100.21"), Pool: 1, Ports: Counts{UDP: 1}},
		{Addr: ip("198.51.100.50"), Pool: 2, Sessions: Counts{UDP: 70, SCTP: 1}, Ports: Counts{UDP: 70, SCTP: 1}, Blocks: 2},
		{Addr: ip("198.51.100.51"), Pool: 2, Blocks: 1},
		{Addr: ip("2001:db8:1:d550::1234"), Pool: 3, Sessions: Counts{TCP: 1, ICMP: 1}},
	}
	at := session.Tick(30 * time.Second)
	f.blocks = []BlockRecord{
		{Pool: 2, Client: ip("10.1.0.2"), Addr: ip("198.51.100.50"), First: 5117, Last: 5180, Used: 64, Since: at},
		{Pool: 2, Client: ip("10.1.0.2"), Addr: ip("198.51.100.50"), First: 5245, Last: 5308, Place: 2, Used: 7, Since: at.Add(time.Second)},
		{Pool: 2, Client: ip("10.1.0.3"), Addr: ip("198.51.100.51"), First: 5117, Last: 5180, Since: at, Due: at.Add(90 * time.Second)},
		{Pool: 2, Client: ip("10.1.0.4"), Addr: ip("198.51.100.51"), First: 5181, Last: 5244, Place: 1, Since: at, Due: at}, // late
	}
	f.mappings = []MappingRecord{
		{Proto: 17, Inner: ip("10.1.0.2"), InnerPort: 4000, Outer: ip("198.51.100.20"), OuterPort: 4000, Filter: "any", Policy: 4, Sessions: 3},
		{Proto: 6, Inner: ip("10.1.0.2"), InnerPort: 4000, Outer: ip("198.51.100.20"), OuterPort: 61000, Filter: "none", Policy: 4, Sessions: 1},
		{Proto: 17, Inner: ip("10.1.0.3"), InnerPort: 4000, Outer: ip("198.51.100.20"), OuterPort: 5200, Filter: "stun", Policy: 5, Sessions: 1},
		{Proto: 17, Inner: ip("fd01::2"), InnerPort: 4000, Outer: ip("2001:db8::1"), OuterPort: 5200, Filter: "stun", Policy: 5, Sessions: 1},
	}
	f.vips = []VIP{
		{ID: 1, Name: "web", Family: Family4, Status: true, Type: "static-nat", ExtIP: "191.2.16.148", ExtIntf: "any", MappedIP: []string{"172.16.40.19"},
			PortForward: true, Protocol: "tcp", ExtPort: "443", MappedPort: "8443", SrcFilter: []string{"81.63.0.0-81.63.255.255"}, ARPReply: true},
		{ID: 2, Name: "farm", Family: Family4, Type: "load-balance", ExtIP: "191.2.16.150", ExtIntf: "port2",
			MappedIP: []string{"172.16.40.20", "172.16.40.30-172.16.40.39"}, SrcIntfFilter: []string{"port2", "port3"}, Service: []string{"HTTP", "HTTPS"}},
		{ID: 3, Name: "mail", Family: Family6, Status: true, Type: "static-nat", ExtIP: "2001:db8::25", ExtIntf: "port2", MappedIP: []string{"fd01::25"}, ARPReply: true, NATSource: true},
	}
}
