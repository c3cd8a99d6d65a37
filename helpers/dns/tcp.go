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
	Resolve:    resolve,
	Memory:     1,
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

// framingSize is the size of a framing in State: got, skip, head. Behind those of
// both directions one byte says whether anything was asked, one which of the sums
// behind it is the next to be written: of the last questions that were not answered.
const (
	framingSize = 1 + 2 + lead
	asked       = 2 * framingSize
	nextSum     = asked + 1
	sums        = asked + 2
	maxSums     = 6
)

var _ [len(helpers.State{}) - sums - 4*maxSums]struct{} // they fit

// askTCP notes a question.
func askTCP(s *helpers.State, sum uint32) {
	i := int(s[nextSum])
	binary.BigEndian.PutUint32(s[sums+4*i:], sum)
	s[nextSum] = byte((i + 1) % maxSums)
}

// answeredTCP takes out the question that an answer repeats. It reports whether there
// was one.
func answeredTCP(s *helpers.State, sum uint32) bool {
	for i := range maxSums {
		if b := s[sums+4*i:][:4]; binary.BigEndian.Uint32(b) == sum {
			clear(b)
			return true
		}
	}
	return false
}

// sumTCP stands for a question and the identifier of its message; it is never 0.
func sumTCP(id uint16, question uint32) uint32 { return question ^ uint32(id)*0x9e3779b1 | 1 }

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
		if m.got == lead && !m.judge(seg, len(seg.Data)-len(data), f) {
			f.Why = whyNoMessage
			return helpers.Foreign
		}
	}
	m.keep(seg.State, seg.Dir)
	return helpers.Read
}

// judge reads the header that is there whole, and ends at at of the segment. The
// opener must ask first.
func (m *framing) judge(seg *helpers.Segment, at int, f *helpers.Findings) bool {
	size := int(binary.BigEndian.Uint16(m.head[:]))
	h, ok := readHeader(m.head[2:], size)
	if !ok || seg.State[asked] == 0 && (h.reply || seg.Dir == packet.Reply) {
		return false
	}
	seg.State[asked] = 1
	if h.question {
		look(seg, &h, at, size, f)
	}
	*m = framing{skip: size - headerSize}
	return true
}

// look reads the question of a message of size bytes whose header ends at at, as far
// as it is in the segment. An answer to one of the opener's is noted where it is there
// whole.
func look(seg *helpers.Segment, h *header, at, size int, f *helpers.Findings) {
	from, to := at-headerSize, at-headerSize+size
	sum, ok := readQuestion(seg.Data[at:min(to, len(seg.Data))])
	switch {
	case !ok:
	case !h.reply && seg.Dir == packet.Original:
		askTCP(seg.State, sumTCP(h.id, sum))
	case h.reply && seg.Dir == packet.Reply && answeredTCP(seg.State, sumTCP(h.id, sum)) && from >= 0 && to <= len(seg.Data):
		f.Answer(from, to)
	}
}

// soundTCP says whether s is what messages leave behind.
func soundTCP(s *helpers.State) bool {
	for dir := range packet.Dir(2) {
		if m := framingOf(s, dir); m.got >= lead {
			return false
		}
	}
	return s[nextSum] < maxSums
}
