package helpertest

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"portcullis/helpers"
	"portcullis/packet"
)

// Bounds of what is made of a session that was recorded: the beginning of it.
const (
	maxRecorded      = 3000 // bytes
	recordedNetworks = 4
)

// Recorded are the sessions of a capture (pcap of Ethernet or IP) that are to a port
// over proto, each as a dialogue of what its ends said in order, up to where bytes are
// missing or there are many.
func Recorded(file string, proto uint8, port uint16) ([]Dialogue, error) {
	sessions := map[[2]netip.AddrPort]*recording{}
	var order []*recording
	err := packets(file, func(_ int, p uint8, b []byte, src, dst netip.AddrPort) {
		if p != proto {
			return
		}
		dir, key := packet.Original, [2]netip.AddrPort{src, dst}
		if sessions[key] == nil && sessions[[2]netip.AddrPort{dst, src}] != nil {
			dir, key = packet.Reply, [2]netip.AddrPort{dst, src}
		}
		s := sessions[key]
		if s == nil {
			if dst.Port() != port {
				return
			}
			s = &recording{d: Dialogue{Name: src.String(), Proto: proto, Client: src, Server: dst}}
			sessions[key] = s
			order = append(order, s)
		}
		s.hear(proto, dir, b)
	})
	var all []Dialogue
	for _, s := range order {
		if len(s.d.Turns) > 0 {
			all = append(all, s.d)
		}
	}
	return all, err
}

// recording is a session in the making.
type recording struct {
	d     Dialogue
	next  [2]uint32
	known [2]bool // next is valid
	size  int
	full  bool
}

// hear takes what one packet says, b being its transport header and what follows.
func (s *recording) hear(proto uint8, dir packet.Dir, b []byte) {
	if proto == packet.ProtoUDP {
		s.say(dir, b[8:], false)
		return
	}
	seq, data := binary.BigEndian.Uint32(b[4:]), b[min(len(b), int(b[12]>>4)*4):]
	switch {
	case b[13]&packet.TCPSyn != 0:
		s.next[dir], s.known[dir] = seq+1, true
		return
	case !s.known[dir] || len(data) == 0:
		return
	}
	again := int(int32(s.next[dir] - seq))
	switch {
	case again < 0: // something is missing
		s.full = true
	case again < len(data):
		s.next[dir] += uint32(len(data) - again)
		s.say(dir, data[again:], true)
	}
}

// say adds bytes to the dialogue. Of a stream they may go on with a turn.
func (s *recording) say(dir packet.Dir, data []byte, stream bool) {
	if s.size += len(data); s.full || s.size > maxRecorded {
		s.full = true
		return
	}
	if n := len(s.d.Turns); stream && n > 0 && s.d.Turns[n-1].Dir == dir {
		s.d.Turns[n-1].Text += string(data)
		return
	}
	s.d.Turns = append(s.d.Turns, Turn{dir, string(data)})
}

// LawsRecorded runs a dialogue that was recorded through the laws that need not know
// what it announces. It reports whether anything was.
func LawsRecorded(t *testing.T, h *helpers.Helper, d Dialogue) (announces bool) {
	t.Helper()
	d = d.filled()
	r, err := read(h, &d, whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := plainly(h, &d, r); err != nil {
		t.Error("where nothing is translated: ", err)
	}
	announces = len(r.announced(eventAnnounce)) > 0
	if d.Proto == packet.ProtoUDP {
		if err := datagrams(h, &d); err != nil {
			t.Error("through the framework: ", err)
		}
		return announces
	}
	if err := cuts(h, &d, r); err != nil {
		t.Error(err)
	}
	if err := Networks(h, d, recordedNetworks); err != nil && !errors.Is(err, errSplit) {
		t.Error(err)
	}
	return announces
}
