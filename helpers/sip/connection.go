package sip

import "net/netip"

// connection is an address that a description spells.
type connection struct {
	addr  netip.Addr
	whose whose
	text  span
	given bool
	told  bool // it is the sender's own, and was mentioned
}

var (
	textIP4   = textOf("ip4")
	textIP6   = textOf("ip6")
	textIN    = textOf("in")
	textINIP4 = textOf("in ip4 ")
)

// read reads "IN IP4 address" into c. The address is not valid where it is a name, or of
// a group.
func (c *connection) read(b []byte, s span, ends *hosts) {
	*c = connection{given: true}
	ip4 := true
	if s = skip(b, s); textINIP4.starts(b, s) { // as nearly everybody writes it
		s.from += textINIP4.n
	} else {
		var network, kind span
		network, s = field(b, s)
		kind, s = field(b, s)
		if ip4 = textIP4.is(b, kind); !textIN.is(b, network) || !ip4 && !textIP6.is(b, kind) {
			return
		}
	}
	s = skip(b, s)
	if of, a := ends.all(b, s); a.IsValid() && a.Is4() == ip4 {
		c.whose, c.addr, c.text = of, a, s
	}
}

// connection reads where media comes to, of a description or of an m-line, and mentions
// the sender's own address.
func (r *reader) connection(c *connection, s span) {
	c.read(r.data, s, &r.ends)
	if c.told = c.whose == senders; c.told {
		r.mention(senders, 0, c.text, spellHost)
	}
}

// opens says whether the address is one that media can be sent to. On hold it is not
// (RFC 3264 section 8.4).
func (c *connection) opens() bool {
	a := c.addr
	return c.told || a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// place mentions an address that was not: with a port, one that the receiver may know
// better, since another's translation leads there.
func (r *reader) place(c *connection, port uint16) {
	switch {
	case c.told || !c.opens():
	case c.whose == senders:
		r.mention(senders, 0, c.text, spellHost)
	case port != 0:
		r.x.mention(c.addr, port, c.text, spellHost)
	}
}
