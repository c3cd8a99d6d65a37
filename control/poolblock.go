package control

import (
	"net/netip"

	"portcullis/session"
)

// BlockRecord is the copy of a block of ports that a client has.
type BlockRecord struct {
	Pool        uint16
	Client      netip.Addr
	Addr        netip.Addr
	First, Last uint16
	Place       int // among the blocks of the address
	Used        int // ports
	Since       session.Tick
	Due         session.Tick // when it goes back; 0: it is in use
}

// Block is a block of ports as the API shows it.
type Block struct {
	Pool      string     `json:"ippool"`
	Client    netip.Addr `json:"client"`
	Addr      netip.Addr `json:"nat_ip"`
	PortBegin uint16     `json:"portbegin"`
	PortEnd   uint16     `json:"portend"`
	Index     int        `json:"idx"`
	Used      int        `json:"use"` // ports, of all protocols
	Duration  int64      `json:"duration"`
	Expire    int64      `json:"expire,omitempty"` // seconds until it goes back; left out where it is in use
}

var blockList = list[Block]{
	walk: (*walker).blocks, fields: []string{"src", "nsrc"},
	writer: blockOf("PBA", (*Block).append),
}

// blocks calls f for every block of ports that the query chooses. f borrows it.
func (w *walker) blocks(f func(*Block)) error {
	page, b := make([]BlockRecord, pageSize), Block{}
	for cursor := uint64(0); ; {
		n, next, at := w.source.Blocks(cursor, page)
		for i := range page[:n] {
			r := &page[i]
			if !w.choose(r.Client, 0, r.Addr, 0, 0, 0) {
				continue
			}
			b = Block{
				Pool: w.names.Pool(r.Pool), Client: r.Client, Addr: r.Addr, PortBegin: r.First, PortEnd: r.Last,
				Index: r.Place, Used: r.Used, Duration: elapsed(at.Now.Sub(r.Since)),
			}
			if r.Due != 0 {
				b.Expire = max(1, left(r.Due.Sub(at.Now)))
			}
			f(&b)
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

// choose asks the query about what is no session but has a client and what that is
// translated to.
func (w *walker) choose(src netip.Addr, sport uint16, nsrc netip.Addr, nport uint16, proto uint8, policy uint32) bool {
	w.shown = Session{Proto: proto, Policy: policy}
	o := &w.shown.Original
	o.Tuple = Tuple{Src: src, SrcPort: uint32(sport), Dst: src}
	o.Leaves = Tuple{Src: nsrc, SrcPort: uint32(nport), Dst: src}
	return w.query.match(&w.shown)
}

// append appends b as diagnose firewall ippool list pba prints it.
func (b *Block) append(dst []byte) []byte {
	l := line(dst)
	l.text("user ")
	l = b.Client.AppendTo(l)
	l.text(": ")
	l = b.Addr.AppendTo(l)
	l.text(" ")
	l.uint(uint64(b.PortBegin))
	l.text("-")
	l.uint(uint64(b.PortEnd))
	l.text(",")
	l.field("idx", int64(b.Index))
	l.text(",")
	l.field("use", int64(b.Used))
	l.text(",")
	l.field("duration", b.Duration)
	if b.Expire > 0 {
		l.text(",")
		l.field("expire", b.Expire)
	}
	l.text(", ippool=")
	l.text(b.Pool)
	l.text("\n")
	return l
}

// Address is an address that sources are translated to, as the API shows it.
type Address struct {
	Addr     netip.Addr `json:"nat_ip"`
	Pool     string     `json:"ippool,omitempty"` // left out where it is no pool's, such as an interface's
	Sessions Counts     `json:"sessions"`
	Ports    Counts     `json:"ports_in_use"`
	Blocks   int        `json:"blocks"`
}

var addressList = list[Address]{
	walk: (*walker).addresses, fields: []string{"nsrc"},
	writer: blockOf("nat-ip", (*Address).append),
}

// addresses calls f for every address that the query chooses. f borrows it.
func (w *walker) addresses(f func(*Address)) error {
	a := Address{}
	return w.eachAddress(func(r *AddressRecord) {
		a = Address{Addr: r.Addr, Pool: w.names.Pool(r.Pool), Sessions: r.Sessions, Ports: r.Ports, Blocks: r.Blocks}
		if w.choose(zeroOf(r.Addr), 0, r.Addr, 0, 0, 0) {
			f(&a)
		}
	})
}

// zeroOf is the zero address of the family of a.
func zeroOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// append appends a as diagnose firewall ippool list nat-ip prints it.
func (a *Address) append(dst []byte) []byte {
	l := line(dst)
	l.text("nat-ip ")
	l = a.Addr.AppendTo(l)
	l.text(":")
	l.field("PBAs", int64(a.Blocks))
	for _, c := range []struct {
		name string
		n    *Counts
	}{{"ses", &a.Sessions}, {"ports", &a.Ports}} {
		l.text(", " + c.name + "(tcp/udp/other)=")
		l.int(int64(c.n.TCP))
		l.text("/")
		l.int(int64(c.n.UDP))
		l.text("/")
		l.int(int64(c.n.rest()))
	}
	if a.Pool != "" {
		l.text(", ippool=")
		l.text(a.Pool)
	}
	l.text("\n")
	return l
}
