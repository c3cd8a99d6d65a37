package engine

import (
	"portcullis/packet"
	"portcullis/session"
)

// destination is where a first packet really goes to.
type destination struct {
	key     packet.Key // of the packet, its destination translated
	vip     uint16     // number of the virtual IP that translated it; 0: none
	altered bool       // it is translated
}

// destination decides the destination translation of p: by the virtual IP that
// takes it, or the outer prefix of an NPTv6 pool.
func (w *Worker) destination(p *Slot) destination {
	return w.rules.destination(p.In, &p.Key)
}

// destination is the destination of first packets with that key that come in by
// interface in.
func (rs *Ruleset) destination(in uint16, key *packet.Key) destination {
	if rs.virtual.Owns(key.Dst) {
		if v, to, ok := rs.virtual.Lookup(in, key); ok {
			return destination{key: to, vip: v.Number, altered: true}
		}
	}
	if inner, ok := rs.sources.Inward(key.Dst); ok && !rs.isOwn(inner) {
		d := destination{key: *key, altered: true}
		d.key.Dst = inner
		return d
	}
	return destination{key: *key}
}

// stays says whether a session still goes where first packets like its own go.
func (rs *Ruleset) stays(s *session.Session) (d destination, ok bool) {
	key := &s.Key[packet.Original]
	d = rs.destination(s.Out[packet.Reply], key)
	leave := s.Leaving(packet.Original)
	return d, d.key.Dst == leave.Dst && d.key.DstPort == leave.DstPort
}

// isOwn says whether a is an address of the box itself, which nothing leads to by
// another one.
func (rs *Ruleset) isOwn(a packet.Addr) bool {
	_, own := rs.routes.Local(a)
	return own
}

// translates says whether a is an address that the configuration translates to or
// from. What comes to it and belongs to nothing goes nowhere.
func (rs *Ruleset) translates(a packet.Addr) bool {
	return rs.virtual.Owns(a) || rs.sources.Pool(a) != nil
}

// ours says whether a session may go on under the translated address a.
func (rs *Ruleset) ours(a packet.Addr) bool {
	return rs.isOwn(a) || rs.translates(a)
}
