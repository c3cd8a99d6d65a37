package dns

import (
	"encoding/binary"

	"portcullis/helpers"
	"portcullis/packet"
)

// TCP is the session helper "dns-tcp". It follows messages by their lengths (RFC
// 1035 section 4.2.2, RFC 7766) and holds nothing back.
var TCP = helpers.Helper{
	Name:       "dns-tcp",
	Protocols:  []uint8{packet.ProtoTCP},
	MaxExpects: 1, // and it announces none
	Inspect:    inspectTCP,
	Sound:      soundTCP,
}

func init() {
	helpers.Register(&UDP)
	helpers.Register(&TCP)
}

// lead is what is kept of a message: its length and its header.
const lead = 2 + headerSize

// framing is where one direction of a connection is. A message is gathered up to
// its header's end, judged, and skipped.
type framing struct {
	got  int // bytes of head
	skip int // bytes of the message that are yet to pass
	head [lead]byte
}

// framingSize is the size of a framing in State: got, skip, head; and one byte
// behind those of both directions says whether anything was asked.
const (
	framingSize = 1 + 2 + lead
	asked       = 2 * framingSize
)

var _ [len(helpers.State{}) - asked - 1]struct{} // they fit

func framingOf(s *helpers.State, dir packet.Dir) framing {
	b := s[int(dir)*framingSize:][:framingSize]
	return framing{int(b[0]), int(binary.BigEndian.Uint16(b[1:])), [lead]byte(b[3:])}
}

func (m *framing) keep(s *helpers.State, dir packet.Dir) {
	b := s[int(dir)*framingSize:][:framingSize]
	b[0] = byte(m.got)
	binary.BigEndian.PutUint16(b[1:], uint16(m.skip))
	copy(b[3:], m.head[:])
}

func inspectTCP(seg *helpers.Segment, f *helpers.Findings) helpers.Status {
	m := framingOf(seg.State, seg.Dir)
	for data := seg.Data; len(data) > 0; {
		if m.skip > 0 {
			n := min(m.skip, len(data))
			m.skip, data = m.skip-n, data[n:]
			continue
		}
		n := copy(m.head[m.got:], data)
		m.got, data = m.got+n, data[n:]
		if m.got == lead && !m.judge(seg) {
			f.Why = whyNoMessage
			return helpers.Foreign
		}
	}
	m.keep(seg.State, seg.Dir)
	return helpers.Read
}

// judge reads the header that is there whole. The opener must ask first.
func (m *framing) judge(seg *helpers.Segment) bool {
	size := int(binary.BigEndian.Uint16(m.head[:]))
	h, ok := readHeader(m.head[2:], size)
	if !ok || seg.State[asked] == 0 && (h.reply || seg.Dir == packet.Reply) {
		return false
	}
	seg.State[asked] = 1
	*m = framing{skip: size - headerSize}
	return true
}

// soundTCP says whether s is what messages leave behind.
func soundTCP(s *helpers.State) bool {
	for dir := range packet.Dir(2) {
		if m := framingOf(s, dir); m.got >= lead {
			return false
		}
	}
	return true
}
