package engine

import (
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// loose opens what e, announced by the sender of dir, allows of a third host that the
// helper's entry names (loose-addr): in a transfer between two FTP servers each is
// told of the other by the client of both. The receiver alone may connect there. It
// reports false where the host is not one of those, or nothing leads to it.
func (n *announcer) loose(dir packet.Dir, e *helpers.Expect) bool {
	mine := &n.s.Key[dir]
	at, port := packet.AddrFrom(e.Endpoint.Addr()), e.Endpoint.Port()
	by := n.w.rules.bindings.entryOf(n.s)
	if by == nil || !by.loose.Has(at) || at.Is4() != mine.Src.Is4() || n.w.rules.ours(at) {
		return false
	}
	if _, r := n.w.route(at); r != packet.ReasonNone || n.unfit(true, port, false) != session.NotRefused {
		return false
	}
	var x session.Expectation
	n.blank(&x, dir, e)
	x.Match.Dst, x.Match.DstPort = at, port
	x.Leave.Dst, x.Leave.DstPort = at, port
	n.insert(&x, dir, e)
	return true
}

// entryOf is the entry of the table that counts for a session which its helper reads:
// that for its port and client, else the helper's first one for the protocol; nil
// where there is none.
func (b *bindings) entryOf(s *session.Session) *helperEntry {
	at := binding{proto: s.Key[packet.Original].Proto, port: s.Key[packet.Reply].SrcPort}
	if e := ofHelper(b.table[at], s.Helper, s.Key[packet.Original].Src); e != nil {
		return e
	}
	for _, e := range b.entries {
		if e.helper == s.Helper && e.proto == at.proto {
			return e
		}
	}
	return nil
}
