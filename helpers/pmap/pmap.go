package pmap

import (
	"encoding/binary"
	"net/netip"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// Helper is the session helper "pmap". The client is who opened the session.
var Helper = helpers.Helper{
	Name:       "pmap",
	Protocols:  []uint8{packet.ProtoUDP, packet.ProtoTCP},
	MaxExpects: 8,
	Lifetime:   5 * time.Minute, // mounts reconnect
	MaxHold:    maxRecord + markSize*maxFragments,
	LowPorts:   true, // of mount daemons and their like
	Lingers:    true,
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,

	SpellLength: spellMark,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyNoCall      = "not a call of the port mapper"
	whyNoReply     = "not a reply of ONC RPC"
	whyServerFirst = "the server spoke before the client"
)

// step is what reading one message came to.
type step uint8

const (
	stepOn      step = iota // go on behind it
	stepFound               // something was found: let it be carried out first
	stepForeign             // give up
)

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	s := (*state)(seg.State)
	if seg.Dir == packet.Reply && !s.has(spoken) {
		f.Why = whyServerFirst
		return helpers.Foreign
	}
	if seg.Proto == packet.ProtoTCP {
		return records(seg, s, f)
	}
	if message(seg, s, f, seg.Data, 0, 0) == stepForeign {
		return helpers.Foreign
	}
	return helpers.Read
}

// message reads a whole message. Its bytes are those of seg.Data behind at, where
// raw is 0; else they come from raw bytes there, which are a record.
func message(seg *helpers.Segment, s *state, f *helpers.Findings, msg []byte, at, raw int) step {
	if seg.Dir == packet.Original {
		c, ok := readCall(msg)
		if !ok {
			f.Why = whyNoCall
			return stepForeign
		}
		s.set(spoken)
		if k := c.wanted(seg.Src.Addr()); k != 0 {
			s.remember(c.xid, k)
		} else {
			s.forget(c.xid) // its number is another call's from now on
		}
		return stepOn
	}
	if !beginsReply(msg) {
		f.Why = whyNoReply
		return stepForeign
	}
	xid := binary.BigEndian.Uint32(msg)
	k := s.pending(xid)
	if k == 0 {
		return stepOn
	}
	if seg.Proto == packet.ProtoTCP { // a datagram may have been asked for twice
		s.forget(xid)
	}
	if k&isList != 0 {
		return list(seg, f, msg, at, raw)
	}
	port, off, ok := k.answer(msg, seg.Src.Addr())
	if !ok {
		return stepOn
	}
	edit := helpers.Edit{Off: at + off, Len: len(msg) - off, Kind: uint8(k)}
	if raw > 0 {
		edit = helpers.Edit{Off: at, Len: raw, Kind: uint8(k) | inRecord}
	}
	f.Announce(told(seg, k, port, edit))
	return stepFound
}

// told is the flow to a port that the answer seg to a call of kind k tells, where edit
// spells it. The port mapper tells its own port like any other (rpcinfo -p asks for it):
// who goes there asks it something, and what it answers is to be read, too.
func told(seg *helpers.Segment, k kind, port uint16, edit helpers.Edit) helpers.Expect {
	return helpers.Expect{
		Proto: k.proto(), Endpoint: netip.AddrPortFrom(seg.Src.Addr(), port), Many: true, Helped: port == seg.Src.Port(), Edit: edit,
	}
}
