package amanda

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// maxStreams is how many streams a reply may name: data, messages, index, state
// and commands.
const maxStreams = 5

// patience is how long a session lasts whose request was acknowledged: the reply to it
// comes when the work is done. An estimate of many disks takes long.
const patience = 30 * time.Minute

// Helper is the session helper "amanda". The backup server opened the session.
var Helper = helpers.Helper{
	Name:       "amanda",
	Protocols:  []uint8{packet.ProtoUDP},
	MaxExpects: maxStreams,
	Keeps:      true,
	Inspect:    inspect,
	Spell:      spell,
	Sound:      sound,
}

func init() { helpers.Register(&Helper) }

// Reasons to give a session up.
const (
	whyNoPacket  = "not an Amanda packet"
	whyWrongSide = "an Amanda packet of the wrong side"
)

func inspect(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	p, ok := readPacket(seg.Data)
	if !ok {
		f.Why = whyNoPacket
		return helpers.Foreign
	}
	s := (*state)(seg.State)
	switch p.kind {
	case kindRequest:
		if seg.Dir != packet.Original {
			f.Why = whyWrongSide
			return helpers.Foreign
		}
		s.ask(p.sum)
	case kindAck:
		if seg.Dir == packet.Reply && s.asked(p.sum) {
			f.Keep = patience
		}
	case kindReply:
		if seg.Dir != packet.Reply {
			f.Why = whyWrongSide
			return helpers.Foreign
		}
		if s.asked(p.sum) {
			connect(seg, f, p.body)
		}
	}
	return helpers.Read
}

// streams are the names of what a reply may have the server connect to.
var streams = [...]string{"DATA", "MESG", "INDEX", "STATE", "CMD", "CTL"}

// connect announces what a reply's line "CONNECT DATA 50000 MESG 50001 INDEX 50002"
// says. A line that says anything else announces nothing.
func connect(seg *helpers.Segment, f *helpers.Findings, at int) {
	const word = "CONNECT "
	from, to := lineOf(seg.Data, at, word)
	if from == to {
		return
	}
	var found [maxStreams]helpers.Expect
	n := 0
	for from += len(word); ; n++ {
		off, port, next := stream(seg.Data[:to], from)
		if off == 0 || n == maxStreams {
			return
		}
		found[n] = helpers.Expect{
			Proto: packet.ProtoTCP, Endpoint: netip.AddrPortFrom(seg.Src.Addr(), port),
			Edit: helpers.Edit{Off: off, Len: next - off},
		}
		if from = next + 1; next == to {
			break
		}
	}
	for _, e := range found[:n+1] {
		if e.Endpoint.Port() != 0 {
			f.Announce(e)
		}
	}
}

// lineOf finds the line from at on that begins with word: its first byte, and its
// end. Both are equal where there is none that has an end.
func lineOf(data []byte, at int, word string) (from, to int) {
	for at < len(data) {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return 0, 0
		}
		if bytes.HasPrefix(data[at:at+n], []byte(word)) {
			return at, at + n
		}
		at += n + 1
	}
	return 0, 0
}

// stream reads "DATA 50000" at data[at:], and what ends it: a space or data's end.
// It returns where the digits are; off is 0 where there is no such thing.
func stream(data []byte, at int) (off int, port uint16, next int) {
	for _, s := range streams {
		if !bytes.HasPrefix(data[at:], []byte(s)) {
			continue
		}
		off = at + len(s)
		if off >= len(data) || data[off] != ' ' {
			return 0, 0, 0
		}
		off++
		v, n := number(data[off:], 65535)
		if bytes.HasPrefix(data[off:], []byte("-1")) { // a stream that is not used
			n = 2
		}
		next = off + n
		if n == 0 || next < len(data) && (data[next] != ' ' || next+1 == len(data)) {
			return 0, 0, 0
		}
		return off, uint16(v), next
	}
	return 0, 0, 0
}

// number reads the decimal number that begins b: digits only, no leading zero, at
// most limit. It returns how many bytes it takes, 0 where there is none.
func number(b []byte, limit uint32) (v uint32, n int) {
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + uint32(b[n]-'0')
		n++
		if v > limit || n > 1 && b[0] == '0' {
			return 0, 0
		}
	}
	return v, n
}

// spell writes the port of to. Addresses are spelt nowhere.
func spell(dst, _ []byte, _ helpers.Edit, to netip.AddrPort) []byte {
	return strconv.AppendUint(dst, uint64(to.Port()), 10)
}
