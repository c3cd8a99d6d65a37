package packettest

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
)

// greWords are the words of a GRE header.
type greWords struct {
	sum, hasKey, hasSeq, hasAck, pptp bool
	key, seq, ack                     uint32
	carries                           uint16
}

// greWord reads a word of a GRE header.
func (p *parser) greWord(w string) (done bool, err error) {
	g := &p.l.gre
	switch w {
	case "sum":
		g.sum = true
	case "key":
		g.hasKey = true
		err = p.number(&g.key)
	case "call":
		g.hasKey, g.pptp, g.carries = true, true, 0x880b
		err = p.number(&g.key)
	case "seq":
		g.hasSeq = true
		err = p.number(&g.seq)
	case "ack":
		g.hasAck = true
		err = p.number(&g.ack)
	case "carries":
		err = p.number(&g.carries)
	default:
		return false, nil
	}
	return true, wrap(w, err)
}

// greSize is the length of the header.
func (l *line) greSize() int {
	n := 4
	for _, has := range []bool{l.gre.sum, l.gre.hasKey, l.gre.hasSeq, l.gre.hasAck} {
		if has {
			n += 4
		}
	}
	return n
}

// greHeader is the header (RFC 2784, RFC 2890; of a call RFC 2637) before payload.
func (l *line) greHeader(payload []byte) []byte {
	g := &l.gre
	be := binary.BigEndian
	flags := uint16(0)
	h := make([]byte, 4, l.greSize())
	field := func(has bool, flag uint16, v uint32) {
		if has {
			flags |= flag
			h = be.AppendUint32(h, v)
		}
	}
	key := g.key
	if g.pptp {
		flags = 1
		key = uint32(len(payload))<<16 | key&0xffff
	}
	field(g.sum, 0x8000, 0)
	field(g.hasKey, 0x2000, key)
	field(g.hasSeq, 0x1000, g.seq)
	field(g.hasAck, 0x0080, g.ack)
	be.PutUint16(h, flags)
	be.PutUint16(h[2:], g.carries)
	if g.sum {
		be.PutUint16(h[4:], ^checksum.Checksum(append(h, payload...), 0))
	}
	return h
}

// greLength is the length of the GRE header whose flags h begins with.
func greLength(h []byte) int {
	flags := binary.BigEndian.Uint16(h)
	l := line{gre: greWords{sum: flags&0x8000 != 0, hasKey: flags&0x2000 != 0, hasSeq: flags&0x1000 != 0, hasAck: flags&7 == 1 && flags&0x80 != 0}}
	return l.greSize()
}

// gre prints the GRE header that h begins and returns its length.
func (w *writer) gre(h []byte) int {
	be := binary.BigEndian
	flags, at := be.Uint16(h), 4
	carries, pptp := be.Uint16(h[2:]), flags&7 == 1
	if !pptp {
		w.value("carries", uint64(carries), 0)
	}
	if flags&0x8000 != 0 {
		w.word("sum")
		at += 4
	}
	if flags&0x2000 != 0 {
		if pptp {
			w.word("call %d", be.Uint16(h[at+2:]))
		} else {
			w.word("key %d", be.Uint32(h[at:]))
		}
		at += 4
	}
	if flags&0x1000 != 0 {
		w.word("seq %d", be.Uint32(h[at:]))
		at += 4
	}
	if flags&0x0080 != 0 && pptp {
		w.word("ack %d", be.Uint32(h[at:]))
		at += 4
	}
	return at
}
