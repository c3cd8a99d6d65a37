package neighbour

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/packet"
	"portcullis/session"
)

// Layout of neighbour discovery messages (RFC 4861 section 4).
const (
	ndHopLimit = 255
	ndTarget   = 8                        // of the target address, from the ICMPv6 header
	ndOptions  = ndTarget + 16            // of the first option
	ndSize     = ndOptions + 8            // with one link-layer address option
	ndPayload  = packet.EthernetSize + 40 // of the ICMPv6 header, from the frame

	optSourceLink = 1
	optTargetLink = 2

	flagRouter    = 0x80
	flagSolicited = 0x40
	flagOverride  = 0x20
)

// IsND says whether typ is an ICMPv6 type of neighbour discovery, which concerns
// the link alone.
func IsND(typ uint8) bool { return typ >= packet.ICMPv6RouterSol && typ <= packet.ICMPv6Redirect }

// ndMessage is a neighbour solicitation or advertisement.
type ndMessage struct {
	typ              uint8
	flags            uint8
	src, dst, target packet.Addr
	link             MAC // of the option that this type may carry; zero for none
	hasLink          bool
}

// parseND checks and reads the neighbour discovery message in p as RFC 4861
// section 7.1 demands; false where it must be ignored silently.
func parseND(p *packet.Packet) (m ndMessage, ok bool) {
	ip := p.IPv6()
	b := p.Frame[p.L4:]
	if p.L4 != p.L3+header.IPv6MinimumSize || ip.HopLimit() != ndHopLimit || len(b) < ndOptions || b[1] != 0 {
		return m, false
	}
	if !p.Offload.Partial() && !ndChecksumOK(ip, b) {
		return m, false
	}
	m = ndMessage{typ: b[0], flags: b[4], src: p.Key.Src, dst: p.Key.Dst, target: packet.AddrFrom16(b[ndTarget:])}
	want := uint8(optSourceLink)
	if m.typ == packet.ICMPv6NeighborAdv {
		want = optTargetLink
	}
	if m.target.IsMulticast() || !m.readOptions(b[ndOptions:], want) {
		return m, false
	}
	return m, m.consistent()
}

// readOptions keeps the link-layer address of option type want.
func (m *ndMessage) readOptions(b []byte, want uint8) bool {
	for len(b) > 0 {
		if len(b) < 2 || b[1] == 0 || int(b[1])*8 > len(b) {
			return false
		}
		if b[0] == want && b[1] == 1 {
			m.link, m.hasLink = MAC(b[2:8]), true
		}
		b = b[int(b[1])*8:]
	}
	return !m.link.IsGroup() && (!m.hasLink || !m.link.IsZero())
}

// consistent checks what sections 7.1.1 and 7.1.2 say about addresses.
func (m *ndMessage) consistent() bool {
	if m.typ == packet.ICMPv6NeighborAdv {
		return !m.dst.IsMulticast() || m.flags&flagSolicited == 0
	}
	if m.src.IsUnspecified() {
		return m.dst == solicitedNode(m.target) && !m.hasLink
	}
	return !m.src.IsMulticast()
}

// frame builds the frame of m, sent from and to the given stations.
func (m *ndMessage) frame(from, to MAC) []byte {
	f := make([]byte, ndPayload+ndSize)
	copy(f, to[:])
	copy(f[6:], from[:])
	binary.BigEndian.PutUint16(f[12:], etherIPv6)
	src, dst := m.src.As16(), m.dst.As16()
	header.IPv6(f[packet.EthernetSize:]).Encode(&header.IPv6Fields{
		PayloadLength: ndSize, TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: ndHopLimit,
		SrcAddr: tcpip.AddrFrom16(src), DstAddr: tcpip.AddrFrom16(dst),
	})
	b := f[ndPayload:]
	b[0], b[4] = m.typ, m.flags
	m.target.Put16(b[ndTarget:])
	b[ndOptions], b[ndOptions+1] = optSourceLink, 1
	if m.typ == packet.ICMPv6NeighborAdv {
		b[ndOptions] = optTargetLink
	}
	copy(b[ndOptions+2:], m.link[:])
	binary.BigEndian.PutUint16(b[2:], ndChecksum(src, dst, b))
	return f
}

// ndChecksum is the checksum of the ICMPv6 message b, whose own field it skips.
func ndChecksum(src, dst [16]byte, b []byte) uint16 {
	return header.ICMPv6Checksum(header.ICMPv6ChecksumParams{
		Header: header.ICMPv6(b), Src: tcpip.AddrFrom16(src), Dst: tcpip.AddrFrom16(dst),
	})
}

func ndChecksumOK(ip header.IPv6, b []byte) bool {
	want := ndChecksum(ip.SourceAddress().As16(), ip.DestinationAddress().As16(), b)
	return want == binary.BigEndian.Uint16(b[2:])
}

// ND takes a received ICMPv6 message for which IsND holds, which it borrows,
// and answers or learns. It says whether the message was well-formed. Router
// solicitations, router advertisements and redirects are not acted upon.
func (t *Table) ND(now session.Tick, p *packet.Packet, out *Outbox) bool {
	switch p.ICMPType {
	case packet.ICMPv6NeighborSol, packet.ICMPv6NeighborAdv:
	default:
		return true
	}
	m, ok := parseND(p)
	if !ok {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case m.link == t.mac || t.answersFor(m.src):
		return true // an echo of ours, or someone who claims our address
	case m.typ == packet.ICMPv6NeighborSol:
		t.solicited(now, &m, out)
	default:
		t.advertised(now, &m, out)
	}
	return true
}

// solicited answers a solicitation (RFC 4861 section 7.2.3 and 7.2.4).
func (t *Table) solicited(now session.Tick, m *ndMessage, out *Outbox) {
	if !t.answersFor(m.target) {
		return
	}
	a := ndMessage{typ: packet.ICMPv6NeighborAdv, flags: flagRouter | flagSolicited, src: m.target,
		dst: m.src, target: m.target, link: t.mac}
	if t.own[m.target] {
		a.flags |= flagOverride
	}
	if m.src.IsUnspecified() { // somebody tries our address: tell all stations
		a.flags &^= flagSolicited
		a.dst = allNodes
		to, _ := GroupMAC(allNodes)
		out.send(a.frame(t.mac, to))
		return
	}
	if m.link.IsZero() { // it knows us, but do we know it?
		e := t.entries[m.src]
		if e == nil || e.mac.IsZero() {
			return
		}
		m.link = e.mac
	} else {
		t.learn(now, m.src, m.link, out)
	}
	out.send(a.frame(t.mac, m.link))
}

// advertised learns from an advertisement (RFC 4861 section 7.2.5).
func (t *Table) advertised(now session.Tick, m *ndMessage, out *Outbox) {
	e := t.entries[m.target]
	if e == nil || t.answersFor(m.target) {
		return
	}
	link := m.link
	if link.IsZero() {
		link = e.mac
	}
	solicited, override := m.flags&flagSolicited != 0, m.flags&flagOverride != 0
	switch {
	case link.IsZero():
		// Still unknown.
	case !e.mac.IsZero() && link != e.mac && !override:
		if e.state == Reachable {
			t.setState(e, now, Stale)
		}
	case solicited:
		t.confirm(now, e, link, out)
	default:
		t.override(now, m.target, link, out)
	}
}

// askND asks for a, by unicast where to is not the zero MAC.
func (t *Table) askND(a packet.Addr, to MAC, out *Outbox) {
	m := ndMessage{typ: packet.ICMPv6NeighborSol, src: t.source(a), dst: a, target: a, link: t.mac}
	if to.IsZero() {
		m.dst = solicitedNode(a)
		to, _ = GroupMAC(m.dst)
	}
	out.send(m.frame(t.mac, to))
}

// announceND tells all stations where a is (RFC 4861 section 7.2.6).
func (t *Table) announceND(a packet.Addr, out *Outbox) {
	m := ndMessage{typ: packet.ICMPv6NeighborAdv, flags: flagRouter | flagOverride, src: a, dst: allNodes, target: a, link: t.mac}
	to, _ := GroupMAC(allNodes)
	out.send(m.frame(t.mac, to))
}
