package dataplane

import (
	"errors"

	"portcullis/dataplane/neighbour"
	"portcullis/packet"
	"portcullis/session"
)

// lane is one goroutine's way to one port.
type lane struct {
	member *member
	sender Sender
	frames []Buffer // to be sent with the next flush
	hops   [hopCache]hop
}

// hopCache is how many next hops a lane remembers; a power of two.
const hopCache = 64

// hop is what Table.Lookup said.
type hop struct {
	addr       packet.Addr
	until      session.Tick
	generation uint32
	mac        MAC
}

// hop is the MAC of a next hop, where it is known.
func (l *lane) hop(now session.Tick, a packet.Addr) (MAC, bool) {
	h := &l.hops[(a.Lo^a.Lo>>6^a.Hi)%hopCache]
	gen := l.member.neighbours.Generation()
	if h.addr == a && now < h.until && h.generation == gen {
		return h.mac, true
	}
	if mac, ok := neighbour.GroupMAC(a); ok {
		return mac, true
	}
	mac, until, ok := l.member.neighbours.Lookup(now, a)
	if ok {
		*h = hop{addr: a, until: until, generation: gen, mac: mac}
	}
	return mac, ok
}

// flush sends the queued frames.
func (l *lane) flush(lost *losses) {
	bytes := uint64(0)
	for _, b := range l.frames {
		bytes += uint64(len(b) - packet.OffloadSize)
	}
	failed, err := l.sender.Send(l.frames)
	st := &l.member.stats
	st.txPackets.Add(uint64(len(l.frames) - failed))
	st.txBytes.Add(bytes)
	if failed > 0 {
		st.txErrors.Add(uint64(failed))
		r := packet.ReasonSendFailed
		if errors.Is(err, ErrDown) {
			r = packet.ReasonPortDown
		}
		lost.add(r, uint64(failed))
	}
	l.frames = l.frames[:0]
}
