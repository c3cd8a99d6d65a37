package nat

import (
	"fmt"
	"net/netip"
	"time"

	"portcullis/config"
	"portcullis/packet"
)

// Method is how a pool gives out its addresses.
type Method uint8

// Methods, FortiOS's.
const (
	Overload       Method = iota
	OneToOne              // an address for each client, its ports as they are
	FixedPortRange        // each client has an address and a range of ports that its own address tells
	PortBlock             // each client has blocks of ports of one address, for as long as it needs them
	NPTv6                 // a prefix in place of a prefix (RFC 6296)
)

// methods are FortiOS's words for them.
var methods = [...]string{
	Overload: "overload", OneToOne: "one-to-one", FixedPortRange: "fixed-port-range",
	PortBlock: "port-block-allocation", NPTv6: "nptv6",
}

// String is FortiOS's word.
func (m Method) String() string { return methods[m] }

// Pool is an IP pool, compiled. It is immutable.
type Pool struct {
	Name    string
	Number  uint16 // of its name and family: it means the same under every configuration
	Method  Method
	AnyHost bool // permit-any-host

	first packet.Addr // n addresses from here on
	n     uint32
	lo    uint16 // of the ports
	hi    uint16
	bound bool // associated-interface: only for packets that leave by out
	out   uint16

	clients   packet.Addr // of FixedPortRange: clientsN addresses from here on
	clientsN  uint32
	perClient uint32 // ports
	perAddr   uint32 // clients

	blockSize uint16 // of PortBlock: ports
	maxBlocks int    // of a client
	linger    time.Duration
	interim   time.Duration // 0: none

	prefix prefixes // of NPTv6
}

// maxAddresses bounds a pool.
const maxAddresses = 1 << 16

// First and Last are the pool's addresses; of NPTv6 those of the outer prefix.
func (p *Pool) First() packet.Addr { return p.first }

// Last is the pool's last address.
func (p *Pool) Last() packet.Addr {
	if p.Method == NPTv6 {
		return p.prefix.last
	}
	return offset(p.first, p.n-1)
}

// Holds says whether a is an address of the pool.
func (p *Pool) Holds(a packet.Addr) bool { return !a.Less(p.First()) && !p.Last().Less(a) }

// Ports is the range of ports that the pool gives out.
func (p *Pool) Ports() (first, last uint16) { return p.lo, p.hi }

// serves says whether the pool is for packets that leave by interface out, of the
// family of a.
func (p *Pool) serves(out uint16, a packet.Addr) bool {
	return a.Is4() == p.first.Is4() && (!p.bound || p.out == out)
}

// offset is the n-th address behind a. It stays within a's family as long as the
// range does.
func offset(a packet.Addr, n uint32) packet.Addr {
	lo := a.Lo + uint64(n)
	if lo < a.Lo {
		a.Hi++
	}
	return packet.Addr{Hi: a.Hi, Lo: lo}
}

// distance is how many addresses b lies behind a, at most 2^32-1.
func distance(a, b packet.Addr) uint32 {
	hi, lo := b.Hi-a.Hi, b.Lo-a.Lo
	if b.Lo < a.Lo {
		hi--
	}
	if hi != 0 || lo>>32 != 0 {
		return 1<<32 - 1
	}
	return uint32(lo)
}

// Index are the numbers that a configuration's names have in the engine.
type Index struct {
	Interface func(name string) (uint16, bool)
	Pool      func(name string, six bool) (uint16, error) // six: of an ippool6
}

// compilePool makes the pool of an ippool.
func compilePool(c *config.IPPool, x Index) (*Pool, error) {
	p := &Pool{Name: c.Name, AnyHost: c.PermitAnyHost, first: packet.AddrFrom(c.StartIP), lo: c.StartPort, hi: c.EndPort}
	if err := p.bind(c.AssociatedInterface, x); err != nil {
		return nil, err
	}
	if err := p.size(c.StartIP, c.EndIP); err != nil {
		return nil, err
	}
	switch c.Type {
	case "one-to-one":
		p.Method = OneToOne
	case "fixed-port-range":
		return p, p.fix(c)
	case "port-block-allocation":
		p.Method = PortBlock
		p.blockSize, p.maxBlocks = c.BlockSize, int(c.NumBlocksPerUser)
		p.linger, p.interim = time.Duration(c.PBATimeout)*time.Second, time.Duration(c.PBAInterimLog)*time.Second
		if p.blockSize == 0 || uint32(p.blockSize) > p.width() {
			return nil, fmt.Errorf("block-size %d: expected at most the %d ports of the pool", p.blockSize, p.width())
		}
	}
	return p, nil
}

// window is the range of ports at an address of p, or where p is nil of an
// interface.
func (p *Pool) window(c portClass) (first, last uint16) {
	switch {
	case p != nil && (p.lo != FirstPort || p.hi != LastPort):
		return p.lo, p.hi
	case c == classICMP:
		return firstID, lastID
	}
	return FirstPort, LastPort
}

// width is how many ports an address has.
func (p *Pool) width() uint32 { return uint32(p.hi) - uint32(p.lo) + 1 }

func (p *Pool) bind(name string, x Index) error {
	if name == "" {
		return nil
	}
	var ok bool
	if p.out, ok = x.Interface(name); !ok {
		return fmt.Errorf("associated-interface %q: no such interface", name)
	}
	p.bound = true
	return nil
}

func (p *Pool) size(start, end netip.Addr) error {
	if !start.IsValid() || !end.IsValid() || end.Less(start) || start.Is4() != end.Is4() {
		return fmt.Errorf("startip and endip: expected a range of addresses of one family")
	}
	n := distance(packet.AddrFrom(start), packet.AddrFrom(end))
	if n >= maxAddresses {
		return fmt.Errorf("endip: expected at most %d addresses", maxAddresses)
	}
	p.n = n + 1
	return nil
}

// fix divides the pool's ports among its clients: as many for each as they have
// to share an address with others.
func (p *Pool) fix(c *config.IPPool) error {
	p.Method, p.clients = FixedPortRange, packet.AddrFrom(c.SourceStartIP)
	if !c.SourceStartIP.IsValid() || !c.SourceEndIP.IsValid() || c.SourceEndIP.Less(c.SourceStartIP) {
		return fmt.Errorf("source-startip and source-endip: expected a range of addresses")
	}
	p.clientsN = distance(p.clients, packet.AddrFrom(c.SourceEndIP)) + 1
	p.perAddr = (p.clientsN + p.n - 1) / p.n
	p.perClient = p.width() / p.perAddr
	if c.PortPerUser != 0 {
		p.perClient = min(c.PortPerUser, p.width())
		p.perAddr = p.width() / p.perClient
	}
	if p.perClient == 0 || p.perAddr == 0 || uint64(p.perAddr)*uint64(p.n) < uint64(p.clientsN) {
		return fmt.Errorf("source-endip: expected no more than the ports of the pool are enough for")
	}
	return nil
}

// fixed is the share of a client of FixedPortRange.
func (p *Pool) fixed(client packet.Addr) (addr packet.Addr, first, last uint16, ok bool) {
	i := distance(p.clients, client)
	if client.Less(p.clients) || i >= p.clientsN {
		return addr, 0, 0, false
	}
	low := uint32(p.lo) + i%p.perAddr*p.perClient
	return offset(p.first, i/p.perAddr), uint16(low), uint16(low + p.perClient - 1), true
}

// compilePool6 makes the pool of an ippool6.
func compilePool6(c *config.IPPool6) (*Pool, error) {
	if c.Type != "nptv6" {
		p := &Pool{Name: c.Name, first: packet.AddrFrom(c.StartIP), lo: FirstPort, hi: LastPort}
		return p, p.size(c.StartIP, c.EndIP)
	}
	x, err := newPrefixes(c.InternalPrefix, c.ExternalPrefix)
	if err != nil {
		return nil, err
	}
	return &Pool{Name: c.Name, Method: NPTv6, first: packet.AddrFrom(c.ExternalPrefix.Masked().Addr()), prefix: x, lo: 1, hi: 65535}, nil
}
