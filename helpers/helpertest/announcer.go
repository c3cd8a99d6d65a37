package helpertest

import (
	"cmp"
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Translator opens everything and makes each sender known by another address and
// port, always the same for the same announcement.
type Translator struct {
	Seen    []Announced // what was announced, in order
	Cancels int         // cancellations of any kind
	Off     bool        // translate nothing
	proto   uint8       // of the session
	hosts   [2]netip.Addr
}

// translator is the one for the session of d.
func translator(d *Dialogue, off bool) *Translator {
	return &Translator{Off: off, proto: d.Proto, hosts: [2]netip.Addr{d.Client.Addr(), d.Server.Addr()}}
}

// Public is the address that the sender of dir is known by to its peer.
func Public(dir packet.Dir, like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.AddrFrom4([4]byte{203, 0, 113, 200 + byte(dir)*7})
	}
	return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 2: 0x0d, 3: 0xb8, 15: 5 + byte(dir)})
}

// Translate is the endpoint that ap becomes, which is one of the sender of dir. No
// two ports from 1024 on become one, an even port becomes an even one, and the port behind it the
// one behind that (Expect.Pair). A reserved port (512 to 1023) becomes another one.
func Translate(dir packet.Dir, ap netip.AddrPort) netip.AddrPort {
	n := ap.Port()
	if n >= 512 && n < 1024 {
		return netip.AddrPortFrom(Public(dir, ap.Addr()), 1022-n*37%211*2)
	}
	if n < 512 { // of a helper that is made up for a test: spelt longer
		return netip.AddrPortFrom(Public(dir, ap.Addr()), [...]uint16{1034, 65532, 4000, 10100, 49152, 2816, 30000}[n%7]-n%5*2)
	}
	const first, pairs = 512, 32255 // of the pairs of ports from 1024 to 65533
	pair := (uint32(n/2) + pairs - first) * 10007 % pairs
	return netip.AddrPortFrom(Public(dir, ap.Addr()), uint16(first+pair)*2+n%2)
}

// Announce implements helpers.Announcer.
func (t *Translator) Announce(dir packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	t.Seen = append(t.Seen, Announced{dir, e.Endpoint.String(), how(e, cmp.Or(t.proto, packet.ProtoTCP))})
	if t.Off {
		return e.Endpoint, true
	}
	return t.translate(dir, e.Endpoint), true
}

// translate is Translate of whoever's address it is that the sender of dir names: the
// peer's is the peer's.
func (t *Translator) translate(dir packet.Dir, ap netip.AddrPort) netip.AddrPort {
	if ap.Addr() == t.hosts[dir.Other()] {
		dir = dir.Other()
	}
	return Translate(dir, ap)
}

// Cancel implements helpers.Announcer.
func (t *Translator) Cancel() { t.Cancels++ }

// CancelTag implements helpers.Announcer.
func (t *Translator) CancelTag(uint32) { t.Cancels++ }

// EndTag implements helpers.Announcer.
func (t *Translator) EndTag(uint32) { t.Cancels++ }

// Answer implements helpers.Announcer.
func (t *Translator) Answer([]byte) {}

// Renew implements helpers.Announcer.
func (t *Translator) Renew(uint32, time.Duration) {}

// Known implements helpers.Announcer: every endpoint is known by another one. Those
// of the peer's address are the peer's, all others the sender's.
func (t *Translator) Known(dir packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) {
	if t.Off {
		return ap, true
	}
	if ap.Addr() == t.hosts[dir.Other()] {
		dir = dir.Other()
	}
	if ap.Port() == 0 {
		return netip.AddrPortFrom(Public(dir, ap.Addr()), 0), true
	}
	return Translate(dir, ap), true
}

// MayRewrite implements helpers.Announcer.
func (t *Translator) MayRewrite(packet.Dir) bool { return !t.Off }

// ends are those of d by direction, and what t makes of them.
func (t *Translator) ends(d *Dialogue) (all [2]helpers.Ends) {
	for dir := range packet.Dir(2) {
		src, dst := d.ends(dir)
		srcSeen, _ := t.Known(dir, src)
		dstSeen, _ := t.Known(dir, dst)
		all[dir] = helpers.EndsOf(src, dst, srcSeen, dstSeen)
	}
	return all
}

// Witness implements helpers.Announcer.
func (t *Translator) Witness() helpers.Witness { return nil }

// Strict refuses what the engine refuses: an address that is not the sender's own,
// and a port below 1024. It translates nothing.
type Strict struct {
	Client, Server netip.Addr
	Opened         []Announced
	Refused        []Announced
	Cancels        int
}

// Announce implements helpers.Announcer.
func (s *Strict) Announce(dir packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	own := s.Client
	if dir == packet.Reply {
		own = s.Server
	}
	a := Announced{Dir: dir, Endpoint: e.Endpoint.String()}
	if e.Endpoint.Addr() != own || e.Endpoint.Port() < 1024 {
		s.Refused = append(s.Refused, a)
		return netip.AddrPort{}, false
	}
	s.Opened = append(s.Opened, a)
	return e.Endpoint, true
}

// Cancel implements helpers.Announcer.
func (s *Strict) Cancel() { s.Cancels++ }

// CancelTag implements helpers.Announcer.
func (s *Strict) CancelTag(uint32) { s.Cancels++ }

// EndTag implements helpers.Announcer.
func (s *Strict) EndTag(uint32) { s.Cancels++ }

// Answer implements helpers.Announcer.
func (s *Strict) Answer([]byte) {}

// Renew implements helpers.Announcer.
func (s *Strict) Renew(uint32, time.Duration) {}

// Known implements helpers.Announcer.
func (s *Strict) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) { return ap, true }

// MayRewrite implements helpers.Announcer.
func (s *Strict) MayRewrite(packet.Dir) bool { return false }

// Witness implements helpers.Announcer.
func (s *Strict) Witness() helpers.Witness { return nil }
